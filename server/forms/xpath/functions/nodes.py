"""Functions of nodes: where they stand, other instances, rows of repeats."""

from __future__ import annotations

from typing import TYPE_CHECKING

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind
from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError
from server.forms.xpath.functions.registry import Wants, plain, special
from server.forms.xpath.shuffle import seed_of, shuffled
from server.forms.xpath.syntax import Call
from server.forms.xpath.table import Table
from server.forms.xpath.tree import Node, document_of
from server.forms.xpath.values import Nodes, text_of

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler

_TEXT = Wants.TEXT


@special("current", least=0, most=0)
def _current(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    return Code(Kind.NODES, lambda node, context: [context.node])


@special("instance", least=1, most=1)
def _instance(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    """The document of a secondary instance: /root is its child."""
    read = code.text(arguments[0])
    return Code(Kind.NODES, lambda node, context: [document(context, read(node, context))])


def document(context: Context, name: str) -> Node:
    """The document of the instance `name`. Raises EvaluationError when there is none."""
    found = context.instances.get(name)
    if found is None:
        raise EvaluationError("no_instance", name=name)
    return found.document if isinstance(found, Table) else document_of(found)


@special("position", least=0, most=1)
def _position(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    """Of a node: which of its like it is (a row of a repeat); without one: the place in the predicate."""
    if not arguments:
        return Code(Kind.NUMBER, lambda node, context: float(context.position or node.position))
    find = compiler.need_nodes(arguments[0], call.name, call.at)

    def run(node: Node, context: Context) -> float:
        found = find(node, context)
        return float(found[0].position) if found else 0.0

    return Code(Kind.NUMBER, run)


@special("last", least=0, most=0)
def _last(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    return Code(Kind.NUMBER, lambda node, context: float(context.size or 1))


def _named(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    if not arguments:
        return Code(Kind.TEXT, lambda node, context: _name(node))
    find = compiler.need_nodes(arguments[0], call.name, call.at)

    def run(node: Node, context: Context) -> str:
        found = find(node, context)
        return _name(found[0]) if found else ""

    return Code(Kind.TEXT, run)


def _name(node: Node) -> str:
    return "" if node.name.startswith("#") else node.name.removeprefix("@")


special("name", least=0, most=1)(_named)
special("local-name", least=0, most=1)(_named)
# The tree keeps no namespaces.
plain("namespace-uri", wants=(Wants.ATOM,), gives=Kind.TEXT, optional=1, in_context=True)(lambda *any: "")


@plain("id", wants=(Wants.ATOM,), gives=Kind.NODES, in_context=True)
def _id(context: Context, value: object) -> Nodes:
    """Nothing: an instance has no DTD that would declare ids."""
    return []


@special("lang", least=1, most=1)
def _lang(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    read = code.text(arguments[0])

    def run(node: Node, context: Context) -> bool:
        wanted = read(node, context).lower()
        one: Node | None = node
        while one is not None and "lang" not in one.attributes:
            one = one.parent
        given = one.attributes["lang"].lower() if one else ""
        return given == wanted or given.startswith(f"{wanted}-")

    return Code(Kind.TRUTH, run)


@special("randomize", least=1, most=2)
def _randomize(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    """The nodes in random order; the same order for the same seed, on every kind of client."""
    find = compiler.need_nodes(arguments[0], call.name, call.at)
    if len(arguments) == 1:
        return Code(Kind.NODES, lambda node, context: shuffled(find(node, context), None))
    seed = code.atom(arguments[1])
    return Code(Kind.NODES, lambda node, context: shuffled(find(node, context), seed_of(seed(node, context))))


@plain("pulldata", wants=(_TEXT, _TEXT, _TEXT, _TEXT), gives=Kind.TEXT, in_context=True)
def _pulldata(context: Context, name: str, column: str, key: str, value: str) -> str:
    """The `column` of the first row whose `key` is `value`; "" when there is none."""
    found = context.instances.get(name) or context.instances.get(name.removesuffix(".csv"))
    if found is None:
        raise EvaluationError("no_instance", name=name)
    if isinstance(found, Table):
        rows = found.where(key, value)
        return found.rows[rows[0]].get(column, "") if rows else ""
    for item in found.named.get("item", ()):
        if any(text_of(cell.value) == value for cell in item.named.get(key, ())):
            return text_of(item.named.get(column, []))
    return ""
