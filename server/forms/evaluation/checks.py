"""What is to be checked in the answers to a question, found out once per form version: most ask for next to nothing."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from server.forms.evaluation.cells import Cell
from server.forms.evaluation.choices import Choices
from server.forms.evaluation.doubt import may_be_doubted
from server.forms.evaluation.judge import TROUBLE, Judge
from server.forms.evaluation.lexical import LEXICAL
from server.forms.evaluation.plan import FormPlan, Part
from server.forms.evaluation.texts import Text
from server.forms.xpath import Expression
from server.forms.xpath.code import RunTruth

Holds = Callable[[Judge, Cell], bool]
_INTS = (-(2.0**31), math.nextafter(2.0**31, 0))  # the values of an int: 32 bits
_NUMBERS = {"int": _INTS, "integer": _INTS, "decimal": (-math.inf, math.inf)}
_ONE = ("select1", "input")  # controls whose answer is one choice


@dataclass(frozen=True, slots=True)
class Check:
    """What must hold of an answer, and what is found where it does not.

    `bounds`: it holds of every answer that became a number not below the first nor above the second. `is_careful`: it
    asks whether it may be judged at all, or goes far; both have their limits, which answers use up in their order.
    """

    kind: str
    code: str
    holds: Holds
    text: Text | None = None
    told: Mapping[str, str] = field(default_factory=dict)
    bounds: tuple[float, float] | None = None
    is_careful: bool = False


def checks_of(plan: FormPlan) -> list[tuple[Check, ...]]:
    """For each part, by its index, what is checked in a filled node of it; found once per plan."""
    known: list[tuple[Check, ...]] | None = plan.kept.get("checks")
    if known is None:
        known = [()] * len(plan.parts)
        for part in plan.parts.values():
            known[part.index] = tuple(_checks(plan, part))
        # Only when it is whole: another thread may judge by the same plan.
        plan.kept["checks"] = known
    return known


def _checks(plan: FormPlan, part: Part) -> Iterator[Check]:
    of_type = LEXICAL.get(part.type) if part.convert is not None else None
    if of_type is not None:
        yield Check("type", f"type.{part.type}", _typed(part, of_type), bounds=_NUMBERS.get(part.type))
    if part.constraint is not True:
        yield _constrained(plan, part)
    if part.choices is not None:
        yield from _chosen(plan, part, part.choices)
    elif part.bounds is not None:
        yield _ranged(*part.bounds)


def _typed(part: Part, of_type: Callable[[str], bool]) -> Holds:
    least, most = _NUMBERS.get(part.type, _INTS)

    def holds(judge: Judge, cell: Cell) -> bool:
        value = cell.value
        # Numbers were read when the cell was made: what became one is one.
        return (type(value) is float and least <= value <= most) or of_type(cell.text)

    return holds


def _constrained(plan: FormPlan, part: Part) -> Check:
    constraint, text = part.constraint, part.constraint_text
    if isinstance(constraint, bool) or may_be_doubted(plan, part, constraint):
        # Only the judge can say whether it is kept.
        return Check("constraint", "constraint", Judge.keeps_constraint, text, is_careful=True)
    holds, bounds = _true(constraint.truth_at), constraint.bounds
    return Check("constraint", "constraint", holds, text, bounds=bounds, is_careful=constraint.is_far)


def _true(truth: RunTruth) -> Holds:
    def holds(judge: Judge, cell: Cell) -> bool:
        context = judge.context
        context.node = cell
        try:
            return truth(cell, context)
        except TROUBLE:
            return True

    return holds


def _chosen(plan: FormPlan, part: Part, choices: Choices) -> Iterator[Check]:
    """Every value among the choices, and none twice."""
    is_one = part.control in _ONE
    if not is_one:
        yield Check("choice", "choice.twice", _several)
    if choices.fixed is not None:
        yield Check("choice", "choice", _one_of(choices.fixed) if is_one else _some_of(choices.fixed))
    elif (list_of := choices.member or choices.nodes) is not None:
        is_doubted = may_be_doubted(plan, part, list_of)
        holds = _on_list(part, choices, list_of if is_doubted else None)
        yield Check("choice", "choice", holds, is_careful=is_doubted or list_of.is_far)


def _several(judge: Judge, cell: Cell) -> bool:
    tokens = cell.text.split()
    return len(tokens) == len(set(tokens))


def _one_of(fixed: frozenset[str]) -> Holds:
    return lambda judge, cell: cell.text in fixed


def _some_of(fixed: frozenset[str]) -> Holds:
    return lambda judge, cell: fixed.issuperset(cell.text.split())


def _on_list(part: Part, choices: Choices, doubted: Expression | None) -> Holds:
    """`doubted`: the list, where it depends on the submission whether it may be judged."""
    is_one = part.control in _ONE

    def holds(judge: Judge, cell: Cell) -> bool:
        if doubted is not None and not judge.may_judge(part, doubted):
            return True
        context = judge.context
        context.node = cell
        try:
            tokens = (cell.text,) if is_one else dict.fromkeys(cell.text.split())
            return all(choices.holds(context, token) for token in tokens)
        except TROUBLE:
            return True

    return holds


def _ranged(least: float, most: float) -> Check:
    def holds(judge: Judge, cell: Cell) -> bool:
        try:
            return least <= float(cell.text) <= most
        except ValueError:
            return True

    return Check("choice", "choice.range", holds, told={"least": f"{least:g}", "most": f"{most:g}"})
