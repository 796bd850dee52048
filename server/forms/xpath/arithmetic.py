"""+ - * div mod and the minus sign, in IEEE 754 as Java computes them."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind, RunNumber
from server.forms.xpath.context import Context
from server.forms.xpath.numbers import NAN
from server.forms.xpath.tree import Node

Operation = Callable[[float, float], float]


def divide(a: float, b: float) -> float:
    if b != 0:
        return a / b
    if a == 0 or math.isnan(a) or math.isnan(b):
        return NAN
    return math.copysign(math.inf, a) * math.copysign(1.0, b)


def remainder(a: float, b: float) -> float:
    """With the sign of the dividend."""
    if math.isinf(a) or b == 0:
        return NAN
    return math.fmod(a, b)


_OPERATIONS: dict[str, Operation] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "div": divide,
    "mod": remainder,
}


def compile_arithmetic(signs: tuple[str, ...], operands: list[Code]) -> Code:
    runs = [code.number(operand) for operand in operands]
    operations = [_OPERATIONS[sign] for sign in signs]
    if len(runs) == 2:
        return Code(Kind.NUMBER, _of_two(operations[0], runs[0], runs[1]))
    first, rest = runs[0], list(zip(operations, runs[1:], strict=True))

    def run(node: Node, context: Context) -> float:
        result = first(node, context)
        for operation, operand in rest:
            result = operation(result, operand(node, context))
        return result

    return Code(Kind.NUMBER, run)


def _of_two(operation: Operation, a: RunNumber, b: RunNumber) -> RunNumber:
    if operation is operator.add:
        return lambda node, context: a(node, context) + b(node, context)
    if operation is operator.sub:
        return lambda node, context: a(node, context) - b(node, context)
    return lambda node, context: operation(a(node, context), b(node, context))


def compile_negative(operand: Code) -> Code:
    run = code.number(operand)
    return Code(Kind.NUMBER, lambda node, context: -run(node, context))
