"""A filled form judged again by another row of a policy: what depends on the policy is computed anew, nothing else.

Every answer, and every computed value that the policy does not reach, stays as it was filled in. Where an expression
cannot be computed here (it asks the clock, or reads another list than the policy's), what the form holds stands.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from server.forms.evaluation.cells import Cell, hide
from server.forms.evaluation.doubt import list_readers
from server.forms.evaluation.judge import TROUBLE
from server.forms.evaluation.lists import Row, tables_of
from server.forms.evaluation.names import name_things
from server.forms.evaluation.outcome import settled, written
from server.forms.evaluation.plan import FormPlan
from server.forms.evaluation.program import Instruction, program_of
from server.forms.evaluation.recompute import readers_of
from server.forms.evaluation.sheet import Sheet
from server.forms.parsed import Instance

# Whatever day and place the form holds: the one row that it is given is the one that holds.
_ALWAYS = {"area": "", "from_day": "-9999999", "until_day": "9999999", "rank": "1"}
_MOMENT = datetime(2000, 1, 1, tzinfo=UTC)  # no expression that asks the clock is computed


@dataclass(frozen=True)
class Rejudging:
    """What of a form depends on a list from a file: computations in their order, and indexes of the parts that change.

    `shown_by`: indexes of parts whose own relevance, or that of a group above them, depends on it.
    """

    plan: FormPlan
    list: str
    steps: tuple[Instruction, ...]
    parts: frozenset[int]
    shown_by: frozenset[int]


def rejudging(plan: FormPlan, list: str) -> Rejudging:
    """For the list with this id among the form's instances; found once per plan."""
    key = f"rejudging {list}"
    known: Rejudging | None = plan.kept.get(key)
    if known is None:
        reached = _reached(plan, list)
        steps = tuple(step for step in program_of(plan) if (step.part.index, id(step.expression)) in reached)
        shown = [step.part for step in steps if step.kind == "relevant"]
        known = plan.kept[key] = Rejudging(
            plan,
            list,
            steps,
            frozenset(step.part.index for step in steps if step.kind == "calculate"),
            frozenset(below.index for part in shown for below in part.walk()),
        )
    return known


def judged_by(how: Rejudging, instance: Instance, row: Row | None, paths: Iterable[str]) -> dict[str, str]:
    """The texts at these paths, were this row (None: no row at all) the one that held. Raises TooLarge.

    A path that stands in a repeat answers for its first row.
    """
    rows = [{**row, **_ALWAYS}] if row is not None else []
    plan = how.plan
    sheet = Sheet(plan, tables_of(plan.files, plan.instances, {how.list: rows}), _MOMENT)
    try:
        sheet.read(sheet.root, instance.root)
        name_things(sheet)
        for step in how.steps:
            for cell in sheet.cells[step.part.index]:
                _run(sheet, how, step, cell)
        return {path: _text(sheet.cells[plan.parts[path].index]) for path in paths}
    finally:
        sheet.close()


def _run(sheet: Sheet, how: Rejudging, step: Instruction, cell: Cell) -> None:
    if not cell.relevant or not (cell.given or step.part.index in how.shown_by):
        return
    sheet.context.node = cell
    try:
        if step.kind == "relevant":
            if not step.expression.truth(sheet.context):
                hide(cell)
            return
        cell.value = settled(step.expression(sheet.context), step.part.type, sheet.zone)
    except TROUBLE:
        return
    cell.text = written(cell.value, step.part.type, sheet.zone)


def _text(cells: list[Cell]) -> str:
    return cells[0].text if cells and cells[0].relevant else ""


def _reached(plan: FormPlan, list: str) -> set[tuple[int, int]]:
    """(index of the part, id of the expression) of the steps that read the list, or what comes from it."""
    foreign = {id(one.expression) for one in list_readers(plan) if one.lists - {list}}
    able = {
        (step.part.index, id(step.expression)): step
        for step in program_of(plan)
        if step.kind in ("relevant", "calculate") and id(step.expression) not in foreign
    }
    own = {id(one.expression) for one in list_readers(plan) if list in one.lists}
    readers = _readers(plan)
    waiting = [key for key in able if key[1] in own]
    reached: set[tuple[int, int]] = set()
    while waiting:
        key = waiting.pop()
        if key not in reached:
            reached.add(key)
            step = able[key]
            changed = step.part.walk() if step.kind == "relevant" else (step.part,)
            waiting += [reader for part in changed for reader in readers.get(part.index, ()) if reader in able]
    return reached


def _readers(plan: FormPlan) -> Mapping[int, tuple[tuple[int, int], ...]]:
    return {
        index: tuple((plan.steps[at].part.index, id(plan.steps[at].expression)) for at in steps)
        for index, steps in readers_of(plan).items()
    }
