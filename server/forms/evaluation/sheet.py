"""The instance under evaluation, complete where the one that was sent is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from server.forms.evaluation.cells import Absent, Cell, ToBe
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
        self.cells: list[list[Cell]] = [[] for _ in range(len(plan.parts))]
        self.values: list[Cell] = []
        self.size = 0
        self.strays: list[tuple[Cell, str, bool]] = []
        self.root = Cell(plan.root, None)
        self.cells[plan.root.index].append(self.root)
        self.context = Context(node=self.root, root=self.root, instances=instances, now=now, version=plan.version)

    def read(self, above: Cell, element: Any) -> None:
        """Takes over what stands in an element of an instance (lxml, tags without namespaces)."""
        elements = list(element)
        part = above.part
        self._make_room(max(len(part.items), len(elements)))
        layout = layout_of(part, tuple([child.tag for child in elements]))
        if layout.strays:
            self.strays += [(above, name, is_second) for name, is_second in layout.strays]
        for below, given in layout.places:
            if not given:
                if not below.is_repeat:
                    self._blank(below, above)
            elif below.items:
                self._groups(below, above, [elements[at] for at in given])
            else:
                self._value(below, above, elements[given[0]].text)

    def _groups(self, part: Part, above: Cell, given: list[Any]) -> None:
        cells, children = self.cells[part.index], above.children
        above.named[part.name] = rows = []
        for element in given:
            made = Cell(part, above)
            cells.append(made)
            children.append(made)
            rows.append(made)
            self.read(made, element)

    def _value(self, part: Part, above: Cell, text: str | None) -> None:
        if text:
            text = text.strip()
            convert = part.convert
            made = Cell(part, above, text, convert(text, self.zone) if convert is not None and text else text)
        else:
            made = Cell(part, above)
        self.cells[part.index].append(made)
        self.values.append(made)
        above.children.append(made)
        above.named[part.name] = [made]

    def close(self) -> None:
        """Lets go of the tree. Nodes and parents hold each other: without this they would wait for the collector."""
        for cells in self.cells:
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
