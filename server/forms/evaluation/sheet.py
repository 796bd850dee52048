"""The instance under evaluation, complete where the one that was sent is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from server.forms.evaluation.cells import Absent, Cell, Group, ToBe
from server.forms.evaluation.layout import Stretch, layout_of
from server.forms.evaluation.plan import FormPlan, Part
from server.forms.xpath import Atom, Context, Node, Table
from server.forms.xpath.context import no_name

# More than any visit or village roll: what is larger is not judged.
MOST_CELLS = 20_000


class TooLarge(Exception):
    """The instance has more nodes than are judged."""


class Sheet:
    """All cells of one instance: `cells` by the index of their part, `values` those that hold values, in order.

    `strays`: elements that the form does not have, or has once: (what they stand in, name, is it a second one).
    """

    def __init__(self, plan: FormPlan, instances: Mapping[str, Node | Table], now: datetime) -> None:
        self.plan = plan
        self.zone: tzinfo = now.tzinfo or UTC
        self.cells: defaultdict[int, list[Cell]] = defaultdict(list)
        self.values: list[Cell] = []
        self.size = 0
        self.strays: list[tuple[Cell, str, bool]] = []
        self.root: Cell = Group(plan.root, None)
        self.cells[plan.root.index].append(self.root)
        self.context = Context(
            node=self.root, root=self.root, instances=instances, now=now, version=plan.version,
            places=_places(plan), slots=self.cells,
        )  # fmt: skip

    def read(self, above: Cell, element: Any) -> None:
        """Takes over what stands in an element of an instance (lxml, tags without namespaces)."""
        elements = list(element)
        self._make_room(max(len(above.part.items), len(elements)))
        layout = layout_of(above.part, tuple([child.tag for child in elements]))
        if layout.strays:
            self.strays += [(above, name, is_second) for name, is_second in layout.strays]
        texts = [text.strip() if (text := child.text) else "" for child in elements]
        texts.append("")  # of what is absent
        for stretch in layout.stretches:
            if stretch.parts:
                self._values(above, stretch, texts)
            if stretch.then is None:
                return
            if stretch.rows:
                self._groups(stretch.then, above, [elements[at] for at in stretch.rows])
            else:
                above.children.append(self._missing(stretch.then, above))

    def _values(self, above: Cell, stretch: Stretch, texts: list[str]) -> None:
        zone = self.zone
        own = [texts[place] for place in stretch.places]
        values: list[Atom] = [*own]
        for at, convert in stretch.typed:
            if text := own[at]:
                values[at] = convert(text, zone)
        made: list[Cell] = [
            make(part, above, text, value)
            for make, part, text, value in zip(stretch.makers, stretch.parts, own, values, strict=True)
        ]
        for at in stretch.never:
            made[at].relevant = False
        alone = [[cell] for cell in made]
        above.children += made
        self.values += made
        if stretch.is_single:
            self.cells.update(zip(stretch.indexes, alone, strict=True))
        else:
            for cell in made:
                self.cells[cell.part.index].append(cell)

    def _groups(self, part: Part, above: Cell, given: list[Any]) -> None:
        rows = [Group(part, above) for _ in given]
        self.cells[part.index] += rows
        above.children += rows
        for row, element in zip(rows, given, strict=True):
            self.read(row, element)

    def close(self) -> None:
        """Lets go of the tree. Nodes and parents hold each other, as do the sheet and who names things in it: without
        this they would wait for the collector.
        """
        self.context.texts, self.context.choice_name = {}, no_name
        for index in _groups(self.plan):
            for cell in self.cells[index]:
                cell.children.clear()
                cell.named = {}

    def add_rows(self, part: Part, above: Cell, rows: int) -> None:
        """Rows that should be there and are not. Raises TooLarge."""
        for _ in range(rows):
            made = ToBe(part, above)
            like = above.named.setdefault(part.name, [])
            at = above.children.index(like[-1]) + 1 if like else len(above.children)
            above.children.insert(at, made)
            like.append(made)
            self._fill(made)

    def _missing(self, part: Part, above: Cell) -> Cell:
        """The group where the instance has nothing: what is not asked, or left out."""
        made = Absent(part, above)
        self._fill(made)
        return made

    def _fill(self, made: Absent) -> None:
        """What stands below something that is absent is absent as well."""
        part = made.part
        self.cells[part.index].append(made)
        if not part.items:
            self.values.append(made)
            return
        self._make_room(len(part.items))
        for below in part.items:
            if not below.is_repeat:
                inner = type(made)(below, made)
                made.children.append(inner)
                made.named[below.name] = [inner]
                self._fill(inner)

    def _make_room(self, cells: int) -> None:
        self.size += cells
        if self.size > MOST_CELLS:
            raise TooLarge


def _places(plan: FormPlan) -> Mapping[str, int]:
    """The indexes of the parts that have one node only, by their paths; found once per plan."""
    known: dict[str, int] | None = plan.kept.get("places")
    if known is None:
        single = [part for part in plan.parts.values() if part.is_single and not part.name.startswith("@")]
        known = plan.kept["places"] = {part.path: part.index for part in single}
    return known


def _groups(plan: FormPlan) -> tuple[int, ...]:
    """The indexes of the parts that hold others; found once per plan."""
    known: tuple[int, ...] | None = plan.kept.get("groups")
    if known is None:
        known = plan.kept["groups"] = tuple([part.index for part in plan.parts.values() if part.items])
    return known
