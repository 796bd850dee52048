"""= != < <= > >=: XPath 1.0 on node-sets (true when any node fits), JavaRosa on dates and typed answers."""

from __future__ import annotations

import operator
from collections.abc import Callable

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind, Run, RunNodes, RunTruth
from server.forms.xpath.context import Context
from server.forms.xpath.numbers import number_of_text
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Atom, Value, number_of, text_of, truth_of

_ORDERS: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def equal(left: Atom, right: Atom) -> bool:
    """Truths as truths, else numbers as numbers, else texts; a date is its ISO text, or its days to a number."""
    if type(left) is str and type(right) is str:
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return truth_of(left) is truth_of(right)
    if isinstance(left, float) or isinstance(right, float):
        return number_of(left) == number_of(right)
    return text_of(left) == text_of(right)


def compile_comparison(sign: str, left: Code, right: Code) -> Code:
    if sign in _ORDERS:
        return Code(Kind.TRUTH, _order(sign, left, right))
    return Code(Kind.TRUTH, _equality(left, right, wanted=sign == "="))


def _equality(left: Code, right: Code, *, wanted: bool) -> RunTruth:
    if left.kind is Kind.NODES and right.constant is not None:
        return _nodes_with_constant(left, right.constant, wanted)
    if right.kind is Kind.NODES and left.constant is not None:
        return _nodes_with_constant(right, left.constant, wanted)
    if _has_nodes(left) or _has_nodes(right):
        return _equality_of_any(left, right, wanted)
    if left.kind is Kind.TEXT and right.kind is Kind.TEXT:
        return _plain(operator.eq if wanted else operator.ne, left.run, right.run)
    if left.kind is Kind.NUMBER and right.kind is Kind.NUMBER:
        return _plain(operator.eq if wanted else operator.ne, left.run, right.run)
    a, b = code.atom(left), code.atom(right)
    return lambda node, context: equal(a(node, context), b(node, context)) is wanted


def _nodes(part: Code) -> RunNodes:
    return part.run  # type: ignore[return-value]


def _plain(compare: Callable[..., bool], a: Run, b: Run) -> RunTruth:
    return lambda node, context: compare(a(node, context), b(node, context))


def _has_nodes(part: Code) -> bool:
    return part.kind in (Kind.NODES, Kind.ANY)


def _nodes_with_constant(nodes: Code, fixed: Atom, wanted: bool) -> RunTruth:
    """path = 'text', path != 3: the comparisons that forms are made of."""
    if isinstance(fixed, bool):
        truth = code.truth(nodes)
        return lambda node, context: (truth(node, context) is fixed) is wanted
    find = nodes.compared or _nodes(nodes)

    def compare(node: Node, context: Context) -> bool:
        for one in find(node, context):
            value = one.value
            if (value == fixed if type(value) is type(fixed) is str else equal(value, fixed)) is wanted:
                return True
        return False

    return compare


def _equality_of_any(left: Code, right: Code, wanted: bool) -> RunTruth:
    a, b = left.compared or left.run, right.compared or right.run

    def compare(node: Node, context: Context) -> bool:
        x, y = a(node, context), b(node, context)
        if isinstance(x, bool) or isinstance(y, bool):
            return (truth_of(x) is truth_of(y)) is wanted
        return any(equal(one, other) is wanted for one in _atoms(x) for other in _atoms(y))

    return compare


def _atoms(value: Value) -> list[Atom]:
    return [node.value for node in value] if isinstance(value, list) else [value]


def _order(sign: str, left: Code, right: Code) -> RunTruth:
    compare = _ORDERS[sign]
    if left.kind is Kind.NODES and right.constant is not None and right.kind is not Kind.TRUTH:
        return _nodes_in_order(left, compare, number_of(right.constant))
    if right.kind is Kind.NODES and left.constant is not None and left.kind is not Kind.TRUTH:
        return _nodes_in_order(right, _ORDERS[_MIRRORED[sign]], number_of(left.constant))
    if not _has_nodes(left) and not _has_nodes(right):
        return _plain(compare, code.number(left), code.number(right))
    a, b = left.run, right.run

    def run(node: Node, context: Context) -> bool:
        x, y = a(node, context), b(node, context)
        if isinstance(x, bool) or isinstance(y, bool):
            return compare(number_of(x), truth_of(y)) if isinstance(x, bool) else compare(truth_of(x), number_of(y))
        if isinstance(x, list) or isinstance(y, list):
            others = list(map(number_of, _atoms(y)))
            return any(compare(number_of(one), other) for one in _atoms(x) for other in others)
        return compare(number_of(x), number_of(y))

    return run


def _nodes_in_order(nodes: Code, compare: Callable[[float, float], bool], fixed: float) -> RunTruth:
    find = _nodes(nodes)

    def run(node: Node, context: Context) -> bool:
        for one in find(node, context):
            value = one.value
            if type(value) is str:
                value = number_of_text(value)
            elif type(value) is not float:
                value = number_of(value)
            if compare(value, fixed):
                return True
        return False

    return run
