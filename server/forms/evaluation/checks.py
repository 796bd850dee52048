"""What is to be checked in the answers to a question, found out once per form version: most ask for next to nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from server.forms.evaluation.cells import Cell
from server.forms.evaluation.choices import Choices
from server.forms.evaluation.doubt import may_be_doubted
from server.forms.evaluation.judge import TROUBLE, Judge
from server.forms.evaluation.lexical import LEXICAL
from server.forms.evaluation.plan import FormPlan, Part
from server.forms.xpath import Expression
from server.forms.xpath.code import RunTruth

Check = Callable[[Judge, Cell], None]
_LARGEST_INT = 2.0**31
_ONE = ("select1", "input")  # controls whose answer is one choice


def check_values(judge: Judge) -> None:
    """Every value in document order, until there are more findings than are listed."""
    checks = checks_of(judge.sheet.plan)
    for cell in judge.sheet.values:
        part = cell.part
        if not cell.text:
            if part.required is not False and cell.relevant and not judge.has_required(cell):
                judge.note(cell, "required", "required", part.required_text)
        elif cell.relevant:
            for check in checks[part.index]:
                check(judge, cell)
        else:
            judge.note(cell, "relevance", "relevance")
        if judge.is_full:
            return


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
    if of_type is not None or part.constraint is not True:
        yield _answered(part, of_type, _truth_of_constraint(plan, part))
    if part.choices is not None:
        yield from _chosen(plan, part, part.choices)
    elif part.bounds is not None:
        yield _ranged(*part.bounds)


def _truth_of_constraint(plan: FormPlan, part: Part) -> RunTruth | None:
    """The constraint as code; None where there is none, or where only the judge can say whether it is kept."""
    constraint = part.constraint
    is_plain = isinstance(constraint, Expression) and not may_be_doubted(plan, part, constraint)
    return constraint.truth_at if isinstance(constraint, Expression) and is_plain else None


def _answered(part: Part, of_type: Callable[[str], bool] | None, truth: RunTruth | None) -> Check:
    """The type, and the constraint where the type is right."""
    is_decimal, is_asked = part.type == "decimal", part.constraint is not True and truth is None

    def check(judge: Judge, cell: Cell) -> None:
        if of_type is not None:
            value = cell.value
            # Numbers were read when the cell was made: what became one is one, but an int has 32 bits.
            is_number = type(value) is float and (is_decimal or -_LARGEST_INT <= value < _LARGEST_INT)
            if not is_number and not of_type(cell.text):
                judge.note(cell, "type", f"type.{part.type}")
                return
        if truth is not None:
            context = judge.context
            context.node = cell
            try:
                if truth(cell, context):
                    return
            except TROUBLE:
                return
        elif not is_asked or judge.keeps_constraint(cell):
            return
        judge.note(cell, "constraint", "constraint", part.constraint_text)

    return check


def _chosen(plan: FormPlan, part: Part, choices: Choices) -> Iterator[Check]:
    """Every value among the choices, and none twice."""
    if part.control not in _ONE:
        yield _several
    if choices.fixed is not None:
        yield _one_of(choices.fixed) if part.control in _ONE else _some_of(choices.fixed)
    elif (list_of := choices.member or choices.nodes) is not None:
        yield _on_list(part, choices, None if not may_be_doubted(plan, part, list_of) else list_of)


def _several(judge: Judge, cell: Cell) -> None:
    tokens = cell.text.split()
    if len(tokens) != len(set(tokens)):
        judge.note(cell, "choice", "choice.twice")


def _one_of(fixed: frozenset[str]) -> Check:
    def check(judge: Judge, cell: Cell) -> None:
        if cell.text not in fixed:
            judge.note(cell, "choice", "choice")

    return check


def _some_of(fixed: frozenset[str]) -> Check:
    def check(judge: Judge, cell: Cell) -> None:
        if not fixed.issuperset(cell.text.split()):
            judge.note(cell, "choice", "choice")

    return check


def _on_list(part: Part, choices: Choices, doubted: Expression | None) -> Check:
    """`doubted`: the list, where it depends on the submission whether it may be judged."""
    is_one = part.control in _ONE

    def check(judge: Judge, cell: Cell) -> None:
        if doubted is not None and not judge.may_judge(part, doubted):
            return
        context = judge.context
        context.node = cell
        try:
            for token in (cell.text,) if is_one else dict.fromkeys(cell.text.split()):
                if not choices.holds(context, token):
                    judge.note(cell, "choice", "choice")
                    return
        except TROUBLE:
            return

    return check


def _ranged(least: float, most: float) -> Check:
    def check(judge: Judge, cell: Cell) -> None:
        try:
            inside = least <= float(cell.text) <= most
        except ValueError:
            return
        if not inside:
            judge.note(cell, "choice", "choice.range", least=f"{least:g}", most=f"{most:g}")

    return check
