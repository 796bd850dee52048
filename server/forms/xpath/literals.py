"""Comparisons with a literal: . >= 0, ${kind} = 'a', ${name} != ''. The conditions of forms are made of them."""

from __future__ import annotations

import math
from collections.abc import Callable

from server.forms.xpath.code import Code, Kind, RunNodes, RunTruth
from server.forms.xpath.context import Context
from server.forms.xpath.numbers import number_of_text
from server.forms.xpath.tree import Node
from server.forms.xpath.values import Atom, number_of, text_of, truth_of

Fits = Callable[[Atom], bool]


def equal(left: Atom, right: Atom) -> bool:
    """Truths as truths, else numbers as numbers, else texts; a date is its ISO text, or its days to a number."""
    if type(left) is str and type(right) is str:
        return left == right
    if isinstance(left, bool) or isinstance(right, bool):
        return truth_of(left) is truth_of(right)
    if isinstance(left, float) or isinstance(right, float):
        return number_of(left) == number_of(right)
    return text_of(left) == text_of(right)


def equal_to(fixed: Atom, *, wanted: bool) -> Fits:
    """Whether a value equals `fixed` (no truth), or does not."""
    if not isinstance(fixed, str | float):
        return lambda value: equal(value, fixed) is wanted
    if fixed == "":
        return lambda value: (value == "" or value is False) is wanted
    number = number_of(fixed)
    is_text = isinstance(fixed, str)

    def fits(value: Atom) -> bool:
        if type(value) is str:
            return (value == fixed if is_text else number_of_text(value) == number) is wanted
        if type(value) is float:
            return (value == number) is wanted
        return equal(value, fixed) is wanted

    return fits


def beside(compare: Callable[[float, float], bool], fixed: float) -> Fits:
    """Whether a value stands to `fixed` as an order says."""

    def fits(value: Atom) -> bool:
        return compare(value if type(value) is float else number_of(value), fixed)

    return fits


def any_fits(nodes: Code, fits: Fits, *, hidden: bool) -> RunTruth:
    """Whether any node fits. `hidden`: the answer where all that are there are hidden."""
    find = nodes.found
    if find is None:
        return _any_of(nodes.run, fits)  # type: ignore[arg-type]
    if nodes.is_own:
        return lambda node, context: fits(node.value) if node.relevant else hidden

    def compare(node: Node, context: Context) -> bool:
        is_hidden = is_shown = False
        for one in find(node, context):
            if not one.relevant:
                is_hidden = True
            elif fits(one.value):
                return True
            else:
                is_shown = True
        return hidden and is_hidden and not is_shown

    return compare


def _any_of(run: RunNodes, fits: Fits) -> RunTruth:
    return lambda node, context: any(fits(one.value) for one in run(node, context))


def within(least: float, most: float) -> Code:
    """Whether the context node holds a number between these, both included."""

    def run(node: Node, context: Context) -> bool:
        value = node.value
        if type(value) is not float:
            value = number_of(value)
        return least <= value <= most and node.relevant

    return Code(Kind.TRUTH, run, bounds=(least, most))


def bounds_of(sign: str, fixed: float) -> tuple[float, float] | None:
    """The numbers that stand to `fixed` as this order says; None where there are no such bounds."""
    if not math.isfinite(fixed):
        return None
    if sign in (">", ">="):
        return (math.nextafter(fixed, math.inf) if sign == ">" else fixed, math.inf)
    return (-math.inf, math.nextafter(fixed, -math.inf) if sign == "<" else fixed)
