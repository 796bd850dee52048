"""Judges a filled form by the version it was filled with: findings, never a refusal.

What cannot be known here is not judged: results of once(), now(), today(), random() and uuid(), and what reads a
list that is not known as its reader saw it. Where a stored value is not what the form computes, the computed one goes
on: so everything after it is judged as a form that is opened again would.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import UTC, datetime

from server.forms.evaluation.cells import Absent, Cell, ToBe, hide
from server.forms.evaluation.doubt import doubt_of
from server.forms.evaluation.findings import Finding, sentence
from server.forms.evaluation.judge import TROUBLE, Judge, label_of
from server.forms.evaluation.lists import List, tables_of
from server.forms.evaluation.names import name_things
from server.forms.evaluation.outcome import is_same, settled, written
from server.forms.evaluation.plan import FormPlan, Part
from server.forms.evaluation.program import Instruction, program_of
from server.forms.evaluation.sheet import Sheet, TooLarge
from server.forms.evaluation.values import check_values
from server.forms.parsed import Instance
from server.forms.xpath import Context, Expression

MOST_MISSING_ROWS = 20


def check(plan: FormPlan, instance: Instance, lists: Mapping[str, List], *, now: datetime) -> list[Finding]:
    """The findings in document order, a bounded number. Never raises on what parse_instance accepts.

    `lists`: what the phone had of each list from a file, by instance id; one that is absent is unknown. `now`: the
    moment of the visit in its own time zone.
    """
    moment = now if now.tzinfo else now.replace(tzinfo=UTC)
    sheet = Sheet(plan, tables_of(plan.files, plan.instances, lists), moment)
    try:
        sheet.read(sheet.root, instance.root)
        return _judged(sheet, Judge(sheet, doubt_of(plan, lists)))
    except TooLarge:
        return [Finding(plan.root.path, "bind", sentence("too_large", label_of(plan.root)))]
    finally:
        sheet.close()


def _judged(sheet: Sheet, judge: Judge) -> list[Finding]:
    name_things(sheet)
    try:
        _run(sheet, judge)
    except TooLarge:
        judge.note(sheet.root, "bind", "too_large")
    for above, name, is_second in sheet.strays:
        _note_stray(judge, above, name, is_second)
    check_values(judge)
    return judge.found()


def _run(sheet: Sheet, judge: Judge) -> None:
    """All steps in their order."""
    inexact, context, all_cells = judge.doubt.inexact, sheet.context, sheet.cells
    for step in program_of(sheet.plan):
        kind, cells = step.kind, all_cells[step.part.index]
        if kind == "count":
            _count(sheet, judge, step)
        elif not cells:
            continue
        elif step.is_doubted and not judge.may_judge(step.part, step.expression):
            _as_it_stands(step, cells)
        elif kind == "relevant":
            _relevant(step.expression, context, cells)
        elif kind != "calculate":
            _fill_in(sheet, step, cells, may_read=step.expression not in inexact)
        elif step.expression not in inexact:
            _calculate(sheet, judge, step, cells)


def _as_it_stands(step: Instruction, cells: list[Cell]) -> None:
    """Where relevance cannot be known, what the instance has was asked, and what it has not was not."""
    if step.kind == "relevant":
        for cell in cells:
            if not cell.given:
                hide(cell)


def _relevant(relevant: Expression, context: Context, cells: list[Cell]) -> None:
    """Hides what is not relevant."""
    truth = relevant.truth_at
    for cell in cells:
        if cell.relevant:
            context.node = cell
            try:
                if not truth(cell, context):
                    hide(cell)
            except TROUBLE:
                if not cell.given:
                    hide(cell)


def _calculate(sheet: Sheet, judge: Judge, step: Instruction, cells: list[Cell]) -> None:
    """Computes, and compares with what is stored."""
    expression, context, zone = step.expression, sheet.context, sheet.zone
    kind, is_text = step.part.type, step.part.convert is None
    for cell in cells:
        if not cell.relevant:
            continue
        context.node = cell
        try:
            value = expression.value_at(cell, context)
        except TROUBLE:
            continue
        # Nearly always a text or number, and the one that was sent.
        value = value[0].value if type(value) is list and value else value
        if type(value) is str:
            if is_text and value == cell.text:
                continue
        elif type(value) is float and type(cell.value) is float and value == cell.value:
            continue
        value = settled(value, kind, zone)
        if type(cell) is ToBe:
            cell.text = written(value, kind, zone)
        elif not is_same(value, cell.text, zone):
            judge.note(cell, "bind", "bind")
        cell.value = value


def _fill_in(sheet: Sheet, step: Instruction, cells: list[Cell], may_read: bool) -> None:
    """Gives nodes what a form that is opened again would give them; nobody is asked about it.

    What a person made of a proposal stays. What is pinned by once() stays as well, unless the form takes it back:
    if(${household} = '', '', once(…)). `may_read`: whether new values may be read from its lists.
    """
    expression, part, pinned = step.expression, step.part, step.kind == "pin"
    for cell in cells:
        if not cell.relevant or not (pinned if cell.text else may_read):
            continue
        sheet.context.node = cell
        try:
            cell.value = settled(expression(sheet.context), part.type, sheet.zone)
        except TROUBLE:
            continue
        cell.text = written(cell.value, part.type, sheet.zone)


def _count(sheet: Sheet, judge: Judge, step: Instruction) -> None:
    """Compares the rows of a counted repeat with their number."""
    part, above = step.part, step.part.above
    if above is None or not judge.doubt.is_certain(step.expression):
        return
    for parent in sheet.cells[above.index]:
        if not parent.relevant:
            continue
        expected = _expected(sheet, judge, part, Absent(part, parent), step.expression)
        found = len(parent.named.get(part.name, ()))
        if expected is not None and expected != found:
            values = {"expected": str(expected), "found": str(found)}
            message = sentence("repeat_count", label_of(part), **values)
            judge.put(parent, Finding(f"{parent.place}/{part.name}", "repeat_count", message))
            # What the missing rows would ask is asked, as in a form that is opened again.
            if 0 < expected - found <= MOST_MISSING_ROWS:
                sheet.add_rows(part, parent, expected - found)


def _expected(sheet: Sheet, judge: Judge, part: Part, row: Cell, count: Expression) -> int | None:
    """How many rows there should be; None when that cannot be said, or when they are not asked."""
    sheet.context.node = row
    try:
        if isinstance(part.relevant, Expression) and (
            not judge.may_judge(part, part.relevant) or not part.relevant.truth(sheet.context)
        ):
            return None
        number = count.number(sheet.context)
    except TROUBLE:
        return None
    return max(0, int(number)) if math.isfinite(number) else None


def _note_stray(judge: Judge, above: Cell, name: str, is_second: bool) -> None:
    label = {"zh": name[:60], "en": name[:60]}
    message = sentence("bind.twice" if is_second else "bind.unknown", label)
    judge.put(above, Finding(f"{above.place}/{name[:60]}", "bind", message))
