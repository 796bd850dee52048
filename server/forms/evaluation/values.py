"""Judges the answers. Nearly always nothing is wrong: so all of them are looked at together first, numbers by their
bounds and the others by what must hold; only where something does not, one after another as they stand in the form.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.forms.evaluation.cells import Cell
from server.forms.evaluation.checks import Check, Holds, checks_of
from server.forms.evaluation.judge import Judge
from server.forms.evaluation.plan import FormPlan, Part
from server.forms.evaluation.sheet import Sheet
from server.forms.xpath import Expression


@dataclass(frozen=True, slots=True)
class Glance:
    """The checks of a form for all answers together, each with the index of its part.

    `numbers`: (index, least, most) where all is well with an answer that became such a number. `others`: what else must
    hold. `careful`: parts whose answers can only be judged one after another, in their order. `is_flat`: none of those
    stands in a repeat.
    """

    numbers: tuple[tuple[int, float, float], ...]
    others: tuple[tuple[int, Holds], ...]
    careful: tuple[int, ...]
    is_flat: bool


def check_values(judge: Judge) -> None:
    """Every value in document order, until there are more findings than are listed."""
    glance, cells = glance_of(judge.sheet.plan), judge.sheet.values
    if _is_well(judge, glance):
        cells = _careful(judge.sheet, glance)
    checks = checks_of(judge.sheet.plan)
    for cell in cells:
        part = cell.part
        if not cell.text:
            if part.required is not False and cell.relevant and not judge.has_required(cell):
                judge.note(cell, "required", "required", part.required_text)
        elif cell.relevant:
            _check(judge, cell, checks[part.index])
        else:
            judge.note(cell, "relevance", "relevance")
        if judge.is_full:
            return


def _careful(sheet: Sheet, glance: Glance) -> list[Cell]:
    """What a glance is not enough for, in document order."""
    if glance.is_flat:
        return [cell for index in glance.careful for cell in sheet.cells[index]]
    return [cell for cell in sheet.values if cell.part.index in glance.careful]


def _check(judge: Judge, cell: Cell, checks: tuple[Check, ...]) -> None:
    is_of_type = True
    for check in checks:
        # What has not its type is not held against the constraint.
        if (is_of_type or check.kind != "constraint") and not check.holds(judge, cell):
            judge.note(cell, check.kind, check.code, check.text, **check.told)
            is_of_type = is_of_type and check.kind != "type"


def _is_well(judge: Judge, glance: Glance) -> bool:
    """Whether nothing is wrong with any value, the careful ones left aside."""
    sheet = judge.sheet
    return _is_asked_and_answered(sheet) and _are_numbers(sheet, glance) and _holds(judge, glance)


def _is_asked_and_answered(sheet: Sheet) -> bool:
    for cell in sheet.values:
        if cell.text:
            if not cell.relevant:
                return False
        elif cell.part.required is True and cell.relevant:
            return False
    return True


def _are_numbers(sheet: Sheet, glance: Glance) -> bool:
    all_cells = sheet.cells
    for index, least, most in glance.numbers:
        for cell in all_cells[index]:
            if cell.text and not (type(value := cell.value) is float and least <= value <= most):
                return False
    return True


def _holds(judge: Judge, glance: Glance) -> bool:
    all_cells = judge.sheet.cells
    for index, holds in glance.others:
        for cell in all_cells[index]:
            if cell.text and not holds(judge, cell):
                return False
    return True


def glance_of(plan: FormPlan) -> Glance:
    """Found once per plan."""
    known: Glance | None = plan.kept.get("glance")
    if known is None:
        known = plan.kept["glance"] = _glance(plan)
    return known


def _glance(plan: FormPlan) -> Glance:
    checks = [(part.index, check) for part in plan.parts.values() for check in checks_of(plan)[part.index]]
    bounds: dict[int, tuple[float, float]] = {}
    others = []
    for index, check in checks:
        # A constraint's bounds say all there is to say only of what is a number by its type.
        if check.bounds is not None and (check.kind == "type" or index in bounds):
            least, most = bounds.get(index, check.bounds)
            bounds[index] = max(least, check.bounds[0]), min(most, check.bounds[1])
        elif not check.is_careful:
            others.append((index, check.holds))
    careful = [part for part in plan.parts.values() if not part.items and _is_careful(plan, part)]
    return Glance(
        tuple([(index, least, most) for index, (least, most) in bounds.items()]),
        tuple(others),
        tuple(sorted([part.index for part in careful])),
        all(part.is_single for part in careful),
    )


def _is_careful(plan: FormPlan, part: Part) -> bool:
    return isinstance(part.required, Expression) or any(check.is_careful for check in checks_of(plan)[part.index])
