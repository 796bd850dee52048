"""Predicates: which of the nodes found stay."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind
from server.forms.xpath.context import Context
from server.forms.xpath.syntax import Call, Chain, Filter, Negative, Number, Path, Syntax, Text
from server.forms.xpath.values import Nodes, Value, truth_of

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler

Sieve = Callable[[Nodes, Context], Nodes]


def sieves(predicates: tuple[Syntax, ...], compiler: Compiler) -> list[Sieve]:
    return [_sieve(predicate, compiler.code(predicate)) for predicate in predicates]


def _sieve(predicate: Syntax, compiled: Code) -> Sieve:
    if isinstance(predicate, Number):
        return _at(predicate.number)
    if asks_place(predicate):
        return _placed(compiled)
    if compiled.kind in (Kind.ATOM, Kind.ANY, Kind.NUMBER, Kind.NODES):
        return _open(compiled)
    truth = code.truth(compiled)
    return lambda nodes, context: [node for node in nodes if truth(node, context)]


def _at(place: float) -> Sieve:
    """[3]: the third."""
    index = int(place) - 1 if place.is_integer() else -1
    return lambda nodes, context: nodes[index : index + 1] if index >= 0 else []


def _open(compiled: Code) -> Sieve:
    run = compiled.run

    def sieve(nodes: Nodes, context: Context) -> Nodes:
        return [node for place, node in enumerate(nodes, 1) if _holds(run(node, context), place)]

    return sieve


def _holds(value: Value, place: int) -> bool:
    """A number means a place, nodes that there are some; anything else is judged by its truth."""
    if type(value) is float:
        return value == place
    return bool(value) if type(value) is list else truth_of(value)


def _placed(compiled: Code) -> Sieve:
    """The predicate calls position() or last()."""
    run = compiled.run

    def sieve(nodes: Nodes, context: Context) -> Nodes:
        before = context.position, context.size
        kept = []
        try:
            context.size = len(nodes)
            for place, node in enumerate(nodes, 1):
                context.position = place
                if _holds(run(node, context), place):
                    kept.append(node)
        finally:
            context.position, context.size = before
        return kept

    return sieve


def parts(syntax: Syntax) -> tuple[Syntax, ...]:
    """The direct parts that are evaluated at the same context node; predicates and later steps are not."""
    if isinstance(syntax, Call):
        return syntax.arguments
    if isinstance(syntax, Chain):
        return syntax.operands
    if isinstance(syntax, Negative):
        return (syntax.operand,)
    if isinstance(syntax, Filter):
        return (syntax.base,)
    if isinstance(syntax, Path) and not isinstance(syntax.start, str):
        return (syntax.start,)
    return ()


def asks_place(syntax: Syntax) -> bool:
    """Does it call position() or last() of its own node-set?"""
    is_place = isinstance(syntax, Call) and syntax.name in ("position", "last") and not syntax.arguments
    return is_place or any(map(asks_place, parts(syntax)))


# Without arguments these speak of the context node.
_OF_CONTEXT = frozenset(["string", "number", "string-length", "normalize-space", "name", "local-name", "namespace-uri"])


def asks_context(syntax: Syntax) -> bool:
    """Does its value depend on the context node of a predicate (current() does not)?"""
    if isinstance(syntax, Text | Number):
        return False
    if isinstance(syntax, Path) and syntax.start == "":
        return True
    is_of_context = isinstance(syntax, Call) and (
        syntax.name in ("once", "lang") or (syntax.name in _OF_CONTEXT and not syntax.arguments)
    )
    return is_of_context or asks_place(syntax) or any(map(asks_context, parts(syntax)))
