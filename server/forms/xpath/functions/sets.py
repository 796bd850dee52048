"""Functions of several values: sum, min, max, count."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from server.forms.xpath.code import Code, Kind, Run
from server.forms.xpath.context import Context
from server.forms.xpath.functions.registry import special
from server.forms.xpath.numbers import NAN
from server.forms.xpath.syntax import Call
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Atom, number_of

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler


def atoms(arguments: list[Code]) -> Callable[[Node, Context], list[Atom]]:
    """The values of the arguments, node-sets with all their nodes."""
    runs: list[Run] = [argument.run for argument in arguments]

    def read(node: Node, context: Context) -> list[Atom]:
        found: list[Atom] = []
        for run in runs:
            value = run(node, context)
            if isinstance(value, list):
                found.extend(one.value for one in value)
            else:
                found.append(value)
        return found

    return read


@special("sum", least=1, most=1)
def _sum(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    """What is no number counts nothing; 0 for none."""
    find = compiler.need_nodes(arguments[0], call.name, call.at)

    def run(node: Node, context: Context) -> float:
        total = 0.0
        for one in find(node, context):
            value = number_of(one.value)
            if value == value:
                total += value
        return total

    return Code(Kind.NUMBER, run)


@special("count", least=1, most=1)
def _count(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    find = compiler.need_nodes(arguments[0], call.name, call.at)
    return Code(Kind.NUMBER, lambda node, context: float(len(find(node, context))))


@special("count-non-empty", least=1, most=1)
def _count_non_empty(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    find = compiler.need_nodes(arguments[0], call.name, call.at)

    def run(node: Node, context: Context) -> float:
        return float(sum(one.value != "" or bool(one.children) for one in find(node, context)))

    return Code(Kind.NUMBER, run)


def _extreme(choose: Callable[[list[float]], float]) -> Callable[[Call, list[Code], Compiler], Code]:
    """NaN when there is nothing, or something that is no number."""

    def build(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
        read = atoms(arguments)

        def run(node: Node, context: Context) -> float:
            numbers = list(map(number_of, read(node, context)))
            return choose(numbers) if numbers and not any(map(math.isnan, numbers)) else NAN

        return Code(Kind.NUMBER, run)

    return build


special("max", least=1, most=None, pure=True)(_extreme(max))
special("min", least=1, most=None, pure=True)(_extreme(min))
