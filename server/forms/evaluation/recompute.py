"""What an answer sets in motion: the computations that read what changed, in their order, until nothing changes."""

from __future__ import annotations

import heapq
import math
from collections.abc import Iterable, Iterator, Mapping

from server.forms.evaluation.blank import BlankSheet
from server.forms.evaluation.cells import Absent, Cell
from server.forms.evaluation.judge import TROUBLE
from server.forms.evaluation.outcome import settled, written
from server.forms.evaluation.plan import FormPlan, Part, Step

# A form whose computations never come to rest is a mistake of its author.
MOST_ROUNDS = 50


class Unsettled(RuntimeError):
    """The computations of the form never come to rest."""


class Recompute:
    """Keeps a sheet as its form wants it. `made` collects rows that a count brought into being."""

    def __init__(self, sheet: BlankSheet) -> None:
        self.sheet, self.plan = sheet, sheet.plan
        self.readers = readers_of(self.plan)
        self.made: list[Cell] = []
        # Rows that went when a count became smaller, as on our phone (JavaRosa keeps them).
        self.dropped = 0
        # Cells whose own condition says no, whatever stands above them.
        self.hidden: set[int] = set()
        self._pending: list[int] = []
        self._queued: set[int] = set()

    def all(self) -> None:
        """As when a form is opened."""
        self._queue(range(len(self.plan.steps)))
        self._settle()

    def changed(self, parts: Iterable[Part]) -> None:
        """After these parts have other values, rows or relevance."""
        for part in parts:
            self._queue(self.readers.get(part.index, ()))
        self._settle()

    def born(self, row: Cell) -> None:
        """After a row was added: its own computations, and those that look at the repeat."""
        inside = {part.index for part in row.part.walk()}
        self._queue(at for at, step in enumerate(self.plan.steps) if step.part.index in inside)
        self.changed(row.part.walk())

    def _queue(self, steps: Iterable[int]) -> None:
        for at in steps:
            if at not in self._queued:
                self._queued.add(at)
                heapq.heappush(self._pending, at)

    def _settle(self) -> None:
        left = MOST_ROUNDS * (len(self.plan.steps) + 1)
        while self._pending:
            left -= 1
            if left < 0:
                raise Unsettled
            at = heapq.heappop(self._pending)
            self._queued.discard(at)
            step = self.plan.steps[at]
            for part in self._run(step):
                self._queue(self.readers.get(part.index, ()))

    def _run(self, step: Step) -> set[Part]:
        """Runs one computation for all its nodes; the parts that changed by it."""
        if step.kind == "count":
            return self._count(step)
        run = self._relevant if step.kind == "relevant" else self._calculate
        changed: set[Part] = set()
        for cell in list(self.sheet.cells[step.part.index]):
            if run(step, cell):
                changed |= {step.part} if step.kind == "calculate" else set(step.part.walk())
        return changed

    def _relevant(self, step: Step, cell: Cell) -> bool:
        self.sheet.context.node = cell
        try:
            own = step.expression.truth(self.sheet.context)
        except TROUBLE:
            own = False
        if own is (id(cell) not in self.hidden):
            return False
        (self.hidden.discard if own else self.hidden.add)(id(cell))
        return self.spread(cell)

    def spread(self, cell: Cell) -> bool:
        """Hands the relevance of a cell down to all below; whether anything changed."""
        above = cell.parent.relevant if cell.parent is not None else True
        relevant = above and cell.part.relevant is not False and id(cell) not in self.hidden
        if cell.relevant is relevant:
            return False
        cell.relevant = relevant
        for child in cell.inner():
            self.spread(child)
        return True

    def _calculate(self, step: Step, cell: Cell) -> bool:
        self.sheet.context.node = cell
        try:
            value = settled(step.expression(self.sheet.context), step.part.type, self.sheet.zone)
        except TROUBLE:
            value = ""
        text = written(value, step.part.type, self.sheet.zone)
        if text == cell.text and value == cell.value:
            return False
        cell.text, cell.value = text, value
        return True

    def _count(self, step: Step) -> set[Part]:
        part = step.part
        if part.above is None:
            return set()
        changed = False
        for above in list(self.sheet.cells[part.above.index]):
            wanted = self._wanted(step, above)
            rows = above.named.get(part.name, [])
            while wanted is not None and len(rows) > wanted:
                self.hidden -= self.sheet.drop(above, part)
                self.dropped += 1
                changed = True
            while wanted is not None and len(above.named.get(part.name, ())) < wanted:
                self.made.append(self.sheet.fresh(part, above))
                changed = True
        if not changed:
            return set()
        self._queue(at for at, one in enumerate(self.plan.steps) if part in one.part.repeats_above() and one != step)
        return set(part.walk())

    def _wanted(self, step: Step, above: Cell) -> int | None:
        self.sheet.context.node = Absent(step.part, above)
        try:
            number = step.expression.number(self.sheet.context)
        except TROUBLE:
            return None
        return max(0, int(number)) if math.isfinite(number) else None


def readers_of(plan: FormPlan) -> Mapping[int, tuple[int, ...]]:
    """The steps that read a part, by its index; found once per plan."""
    known: dict[int, tuple[int, ...]] | None = plan.kept.get("readers_of")
    if known is None:
        found: dict[int, set[int]] = {}
        for at, step in enumerate(plan.steps):
            for part in _read(plan, step):
                found.setdefault(part.index, set()).add(at)
        known = plan.kept["readers_of"] = {index: tuple(sorted(steps)) for index, steps in found.items()}
    return known


def _read(plan: FormPlan, step: Step) -> Iterator[Part]:
    for path in step.expression.reads(step.part.path):
        if path.endswith("/*"):
            above = plan.parts.get(path[:-2])
            yield from above.walk() if above else ()
        elif path in plan.parts:
            yield plan.parts[path]
