"""The instance under evaluation, complete where the one that was sent is not."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from typing import Any

from server.forms.evaluation.cells import Absent, Cell, ToBe, Value
from server.forms.evaluation.layout import layout_of
from server.forms.evaluation.plan import FormPlan, Part
from server.forms.xpath import Context, Node, Table

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
        self.root = Cell(plan.root, None)
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
        for stretch in layout.stretches:
            self._values(above, stretch.values, elements)
            if stretch.then is None:
                return
            if stretch.places:
                self._groups(stretch.then, above, [elements[at] for at in stretch.places])
            else:
                self._blank(stretch.then, above)

    def _values(self, above: Cell, places: Sequence[tuple[Part, int | None]], elements: list[Any]) -> None:
        cells, zone = self.cells, self.zone
        named: dict[str, list[Cell]] = above.named  # type: ignore[assignment]
        made: list[Cell] = []
        for part, at in places:
            if at is None:
                cell: Cell = Absent(part, above)
            elif (text := elements[at].text) and (text := text.strip()):
                convert = part.convert
                cell = Value(part, above, text, text if convert is None else convert(text, zone))
            else:
                cell = Value(part, above)
            made.append(cell)
            named[part.name] = like = [cell]
            if part.is_single:
                cells[part.index] = like
            else:
                cells[part.index].append(cell)
        above.children += made
        self.values += made

    def _groups(self, part: Part, above: Cell, given: list[Any]) -> None:
        rows = [Cell(part, above) for _ in given]
        self.cells[part.index] += rows
        above.children += rows
        above.named[part.name] = rows  # type: ignore[assignment]
        for row, element in zip(rows, given, strict=True):
            self.read(row, element)

    def close(self) -> None:
        """Lets go of the tree. Nodes and parents hold each other: without this they would wait for the collector."""
        for cells in self.cells.values():
            for cell in cells:
                cell.parent = None

    def add_rows(self, part: Part, above: Cell, rows: int) -> None:
        """Rows that should be there and are not. Raises TooLarge."""
        for _ in range(rows):
            self._blank(part, above, ToBe)

    def _blank(self, part: Part, above: Cell, kind: type[Absent] = Absent) -> None:
        """The part where the instance has nothing: what is not asked, or left out."""
        made = kind(part, above)
        self.cells[part.index].append(made)
        like = above.named.setdefault(part.name, [])
        if like:
            above.children.insert(above.children.index(like[-1]) + 1, made)
        else:
            above.children.append(made)
        like.append(made)
        if not part.items:
            self.values.append(made)
            return
        self._make_room(len(part.items))
        for below in part.items:
            if not below.is_repeat:
                self._blank(below, made, kind)

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
