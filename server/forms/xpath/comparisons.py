"""= != < <= > >=: XPath 1.0 on node-sets (true when any node fits), JavaRosa on dates and typed answers."""

from __future__ import annotations

import operator
from collections.abc import Callable

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind, Run, RunNodes, RunTruth
from server.forms.xpath.context import Context
from server.forms.xpath.literals import any_fits, beside, bounds_of, equal, equal_to, within
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Atom, Value, number_of, truth_of

Compare = Callable[[float, float], bool]
_ORDERS: dict[str, Compare] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_MIRRORED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}


def compile_comparison(sign: str, left: Code, right: Code) -> Code:
    if sign in _ORDERS:
        return _order(sign, left, right)
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


def _plain(compare: Callable[..., bool], a: Run, b: Run) -> RunTruth:
    return lambda node, context: compare(a(node, context), b(node, context))


def _has_nodes(part: Code) -> bool:
    return part.kind in (Kind.NODES, Kind.ANY)


def _nodes_with_constant(nodes: Code, fixed: Atom, wanted: bool) -> RunTruth:
    """path = 'text', path != 3."""
    if isinstance(fixed, bool):
        truth = code.truth(nodes)
        return lambda node, context: (truth(node, context) is fixed) is wanted
    fits = equal_to(fixed, wanted=wanted)
    return any_fits(nodes, fits, hidden=fits(""))


def _equality_of_any(left: Code, right: Code, wanted: bool) -> RunTruth:
    a, b = code.compared(left), code.compared(right)

    def compare(node: Node, context: Context) -> bool:
        x, y = a(node, context), b(node, context)
        if type(x) is bool or type(y) is bool:
            return (truth_of(x) is truth_of(y)) is wanted
        others = _atoms(y)
        for one in _atoms(x):
            for other in others:
                if equal(one, other) is wanted:
                    return True
        return False

    return compare


def _atoms(value: Value) -> list[Atom]:
    return [node.value for node in value] if isinstance(value, list) else [value]


def _order(sign: str, left: Code, right: Code) -> Code:
    compare = _ORDERS[sign]
    if left.kind is Kind.NODES and right.constant is not None and right.kind is not Kind.TRUTH:
        return _nodes_beside(sign, left, number_of(right.constant))
    if right.kind is Kind.NODES and left.constant is not None and left.kind is not Kind.TRUTH:
        return _nodes_beside(_MIRRORED[sign], right, number_of(left.constant))
    if not _has_nodes(left) and not _has_nodes(right):
        return Code(Kind.TRUTH, _order_of_two(compare, left, right))
    if left.is_own and not _has_nodes(right):
        return Code(Kind.TRUTH, _own_beside_value(compare, right))
    if left.kind is Kind.NODES and not _has_nodes(right):
        return Code(Kind.TRUTH, _nodes_beside_value(compare, left, right))
    return Code(Kind.TRUTH, _order_of_any(compare, left.run, right.run))


def _order_of_two(compare: Compare, left: Code, right: Code) -> RunTruth:
    a = code.number(left)
    if right.constant is None:
        return _plain(compare, a, code.number(right))
    fixed = number_of(right.constant)
    return lambda node, context: compare(a(node, context), fixed)


def _nodes_beside(sign: str, nodes: Code, fixed: float) -> Code:
    """path < 3, and 3 < path."""
    bounds = bounds_of(sign, fixed) if nodes.is_own else None
    if bounds is not None:
        return within(*bounds)
    return Code(Kind.TRUTH, any_fits(nodes, beside(_ORDERS[sign], fixed), hidden=False))


def _own_beside_value(compare: Compare, other: Code) -> RunTruth:
    """. <= today()."""
    read = other.run

    def run(node: Node, context: Context) -> bool:
        own, value = node.value, read(node, context)
        if type(value) is bool:
            return compare(node.relevant and truth_of(own), number_of(value))
        own = own if type(own) is float else number_of(own)
        return node.relevant and compare(own, value if type(value) is float else number_of(value))

    return run


def _nodes_beside_value(compare: Compare, nodes: Code, other: Code) -> RunTruth:
    """path <= formula."""
    find: RunNodes = nodes.run  # type: ignore[assignment]
    read = other.run

    def run(node: Node, context: Context) -> bool:
        found, value = find(node, context), read(node, context)
        if type(value) is bool:
            return compare(truth_of(found), number_of(value))
        number = value if type(value) is float else number_of(value)
        for one in found:
            own = one.value
            if compare(own if type(own) is float else number_of(own), number):
                return True
        return False

    return run


def _order_of_any(compare: Compare, a: Run, b: Run) -> RunTruth:
    def run(node: Node, context: Context) -> bool:
        x, y = a(node, context), b(node, context)
        if type(x) is bool or type(y) is bool:
            return compare(number_of(x), truth_of(y)) if type(x) is bool else compare(truth_of(x), number_of(y))
        others = _numbers(y)
        for one in _numbers(x):
            for other in others:
                if compare(one, other):
                    return True
        return False

    return run


def _numbers(value: Value) -> list[float]:
    return [number_of(node.value) for node in value] if isinstance(value, list) else [number_of(value)]
