"""A form filled as a person would: defaults, triggers, calculations and relevance follow every answer.

    fill = Filling(plan, {"household": rows}, now=now, username="li")
    fill.answer("/data/household", household_id)
    fill.add_repeat("/data/members/row")
    fill.violations(), fill.xml()
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from server.forms.evaluation.blank import BlankSheet
from server.forms.evaluation.cells import Cell
from server.forms.evaluation.doubt import Doubt
from server.forms.evaluation.judge import TROUBLE, Judge
from server.forms.evaluation.lists import List, tables_of
from server.forms.evaluation.names import name_things
from server.forms.evaluation.outcome import settled, written
from server.forms.evaluation.plan import Action, FormPlan, Part
from server.forms.evaluation.recompute import Recompute
from server.forms.evaluation.writing import instance_xml
from server.forms.xpath.typed import typed_value

FIRST_LOAD, NEW_REPEAT, CHANGED = "odk-instance-first-load", "odk-new-repeat", "xforms-value-changed"


class NotAsked(LookupError):
    """Nobody could answer this now: the form does not have it, does not show it, or fills it in itself."""


@dataclass(frozen=True)
class Violation:
    """A question that stands in the way of finishing: `kind` is required or constraint."""

    path: str
    kind: str


class Filling:
    """One new instance of a form. Paths carry positions where there are several rows; the first needs none."""

    def __init__(
        self, plan: FormPlan, lists: Mapping[str, List], *, now: datetime, username: str = "", device: str = "",
        instance_id: str | None = None, language: str | None = None,
    ) -> None:
        self.plan = plan
        self.sheet = BlankSheet(plan, tables_of(plan.files, plan.instances, lists), now)
        name_things(self.sheet, language)
        self._properties = {"username": username, "deviceid": device}
        self._instance_id = instance_id or f"uuid:{uuid.uuid4()}"
        self._recompute = Recompute(self.sheet)
        self.sheet.begin()
        self._preload(self.sheet.root)
        for action in plan.actions:
            if FIRST_LOAD in action.events:
                self._act(action, self.sheet.cells[action.target.index])
        self._recompute.all()
        self._welcome()

    # What a person does

    def answer(self, path: str, value: str) -> None:
        """Gives an answer; "" takes it back. Raises NotAsked."""
        cell = self._asked(path)
        text = value.strip()
        if text == cell.text:
            return
        cell.text, cell.value = text, typed_value(text, cell.part.type, self.sheet.zone)
        self._after({cell})

    def add_repeat(self, path: str) -> None:
        """Adds a row to a repeat. Raises NotAsked: no repeat there, a counted one, or not shown."""
        above_path, _, name = path.rpartition("/")
        above = self._find(above_path)
        part = above.part.below.get(name) if above is not None else None
        if above is None or part is None or not part.is_repeat or part.count is not None or not above.relevant:
            raise NotAsked(path)
        row = self.sheet.fresh(part, above)
        self._prepare(row)
        self._recompute.born(row)
        self._welcome()

    # What a person sees

    def value(self, path: str) -> str:
        """The text at a path ("…/@id" is an attribute); "" when it is not relevant or not there."""
        cell = self._find(path)
        return cell.text if cell is not None and cell.relevant else ""

    def is_relevant(self, path: str) -> bool:
        cell = self._find(path)
        return cell is not None and cell.relevant

    def rows(self, path: str) -> int:
        """How many rows a repeat has."""
        above_path, _, name = path.rpartition("/")
        above = self._find(above_path)
        return len(above.named.get(name, ())) if above is not None else 0

    @property
    def dropped_rows(self) -> int:
        """How many rows went because a count became smaller."""
        return self._recompute.dropped

    def choices(self, path: str) -> list[str] | None:
        """The values that a select offers now; None for other questions."""
        cell = self._find(path)
        if cell is None or cell.part.choices is None:
            return None
        self.sheet.context.node = cell
        try:
            return list(cell.part.choices.values(self.sheet.context))
        except TROUBLE:
            return []

    def questions(self) -> Iterator[str]:
        """The paths of the questions that are shown now, in order."""
        for cell in self.sheet.root.everything():
            if cell.relevant and cell.part.control is not None:
                yield cell.place

    def violations(self) -> list[Violation]:
        """Every shown question that lacks a required answer or breaks its constraint, in order."""
        judge = Judge(self.sheet, Doubt())
        found = []
        for cell in self.sheet.root.everything():
            if not cell.relevant or cell.part.control is None:
                continue
            if cell.text and not judge.keeps_constraint(cell):
                found.append(Violation(cell.place, "constraint"))
            elif not cell.text and not judge.has_required(cell):
                found.append(Violation(cell.place, "required"))
        return found

    def xml(self) -> str:
        """The instance as it would be sent: what is not relevant is left out."""
        return instance_xml(self.sheet)

    # Inside

    def _asked(self, path: str) -> Cell:
        cell = self._find(path)
        if cell is None or cell.part.control is None:
            raise NotAsked(f"{path}: no question")
        if not cell.relevant:
            raise NotAsked(f"{path}: not shown")
        if cell.part.readonly is True:
            raise NotAsked(f"{path}: read only")
        return cell

    def _find(self, path: str) -> Cell | None:
        top, *steps = path.strip("/").split("/")
        cell: Cell | None = self.sheet.root if top == self.sheet.root.name else None
        for step in steps:
            if cell is None:
                return None
            cell = self.sheet.attribute(cell, step[1:]) if step[:1] == "@" else _child(cell, step)
        return cell

    def _after(self, changed: set[Cell]) -> None:
        """What follows from answers: first the computations, then the actions that hang on what changed."""
        self._recompute.changed({cell.part for cell in changed})
        self._welcome()
        for action in self.plan.actions:
            if CHANGED in action.events:
                for cell in [cell for cell in changed if cell.part is action.trigger]:
                    self._act(action, _in_row_of(cell, self.sheet.cells[action.target.index]), settle=True)

    def _act(self, action: Action, targets: Iterable[Cell], settle: bool = False) -> None:
        for target in list(targets):
            if self._set(action, target) and settle:
                self._after({target})

    def _set(self, action: Action, target: Cell) -> bool:
        """Sets the value of an action; whether it is another one."""
        self.sheet.context.node = target
        try:
            found = action.value if isinstance(action.value, str) else action.value(self.sheet.context)
        except TROUBLE:
            found = ""
        value = settled(found, target.part.type, self.sheet.zone)
        text = written(value, target.part.type, self.sheet.zone)
        if text == target.text:
            return False
        target.text, target.value = text, value
        return True

    def _welcome(self) -> None:
        """Prepares the rows that counts have made, and computes again what they then say."""
        while self._recompute.made:
            row = self._recompute.made.pop(0)
            self._prepare(row)
            self._recompute.born(row)

    def _prepare(self, row: Cell) -> None:
        self._recompute.spread(row)
        self._preload(row)
        for action in self.plan.actions:
            if NEW_REPEAT in action.events and row.part in action.target.repeats_above():
                self._act(action, _in_row_of(row, self.sheet.cells[action.target.index]))

    def _preload(self, top: Cell) -> None:
        for node in top.everything():
            if node.part.preload is not None:
                node.text = self._preloaded(*node.part.preload)
                node.value = typed_value(node.text, node.part.type, self.sheet.zone)

    def _preloaded(self, kind: str, parameter: str) -> str:
        now = self.sheet.context.now
        if kind == "uid":
            return self._instance_id
        if kind == "timestamp":
            return now.isoformat(timespec="milliseconds")
        if kind == "date":
            return now.date().isoformat()
        return self._properties.get(parameter, "") if kind == "property" else ""


def _child(cell: Cell, step: str) -> Cell | None:
    name, _, position = step.partition("[")
    like = cell.named.get(name, ())
    at = int(position[:-1] or 1) - 1 if position else 0
    found = like[at] if 0 <= at < len(like) else None
    return found if isinstance(found, Cell) else None


def _in_row_of(cell: Cell, targets: Iterable[Cell]) -> list[Cell]:
    """The targets in the same row as the cell: none of another row of any repeat that both are in."""
    rows = set(_rows(cell))
    parts = {row.part for row in rows}
    return [target for target in targets if all(row in rows for row in _rows(target) if row.part in parts)]


def _rows(cell: Cell) -> Iterator[Cell]:
    """The rows that a cell is in, itself included."""
    at: Cell | None = cell
    while at is not None:
        if at.part.is_repeat:
            yield at
        at = at.parent if isinstance(at.parent, Cell) else None


__all__ = ["Filling", "NotAsked", "Part", "Violation"]
