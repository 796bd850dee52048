"""Functions of truths."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind, constant
from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError
from server.forms.xpath.functions.registry import Wants, plain, special
from server.forms.xpath.functions.sets import atoms
from server.forms.xpath.java import to_int
from server.forms.xpath.syntax import Call
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Value, number_of, truth_of

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler

plain("true", gives=Kind.TRUTH)(lambda *nothing: True)
plain("false", gives=Kind.TRUTH)(lambda *nothing: False)
plain("not", wants=(Wants.TRUTH,), gives=Kind.TRUTH)(operator.not_)
plain("boolean", wants=(Wants.TRUTH,), gives=Kind.TRUTH)(bool)


@plain("boolean-from-string", wants=(Wants.TEXT,), gives=Kind.TRUTH)
def _from_text(text: str) -> bool:
    return text == "1" or text.lower() == "true"


@special("if", least=3, most=3)
def _if(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    condition, then, otherwise = arguments
    if condition.constant is not None:
        return then if truth_of(condition.constant) else otherwise
    truth, a, b = code.truth(condition), then.run, otherwise.run
    kind = then.kind if then.kind is otherwise.kind else _either(then, otherwise)
    first_a, first_b = code.atom(then), code.atom(otherwise)
    return Code(
        kind,
        lambda node, context: a(node, context) if truth(node, context) else b(node, context),
        lambda node, context: first_a(node, context) if truth(node, context) else first_b(node, context),
    )


def _either(one: Code, other: Code) -> Kind:
    has_nodes = {one.kind, other.kind} & {Kind.NODES, Kind.ANY}
    return Kind.ANY if has_nodes else Kind.ATOM


@special("coalesce", least=2, most=2, pure=True)
def _coalesce(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    """The first argument unless it is empty (or no number), else the second."""
    first, second = (argument.run for argument in arguments)

    def run(node: Node, context: Context) -> Value:
        value = first(node, context)
        return second(node, context) if _is_null(value) else value

    return Code(_either(*arguments), run)


def _is_null(value: Value) -> bool:
    if isinstance(value, list):
        value = value[0].value if value else ""
    return value == "" or value != value


@special("once", least=1, most=1)
def _once(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    """What the node already holds; only an empty one gets the value."""
    run = arguments[0].run
    kind = _either(arguments[0], arguments[0])
    return Code(kind, lambda node, context: run(node, context) if node.value == "" else node.value)


@special("depend", least=1, most=None)
def _depend(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    return arguments[0]


@special("checklist", least=2, most=None, pure=True)
def _checklist(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    """Are at least `min` and at most `max` of the conditions true? -1: no bound."""
    least, most, read = code.number(arguments[0]), code.number(arguments[1]), atoms(arguments[2:])

    def run(node: Node, context: Context) -> bool:
        low, high = to_int(least(node, context)), to_int(most(node, context))
        count = sum(map(truth_of, read(node, context)))
        return (low < 0 or count >= low) and (high < 0 or count <= high)

    return Code(Kind.TRUTH, run)


@special("weighted-checklist", least=2, most=None, step=2, pure=True)
def _weighted(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    """Is the sum of the weights of the true conditions between `min` and `max`?"""
    least, most = code.number(arguments[0]), code.number(arguments[1])
    conditions, weights = atoms(arguments[2::2]), atoms(arguments[3::2])

    def run(node: Node, context: Context) -> bool:
        flags, numbers = conditions(node, context), weights(node, context)
        if len(flags) != len(numbers):
            raise EvaluationError("lengths")
        total = sum(number_of(number) for flag, number in zip(flags, numbers, strict=True) if truth_of(flag))
        return least(node, context) <= total <= most(node, context)

    return Code(Kind.TRUTH, run)


plain("version", gives=Kind.TEXT, in_context=True)(lambda context: context.version)
# Properties of a device are not known here.
special("property", least=1, most=1)(lambda call, arguments, compiler: constant(""))
