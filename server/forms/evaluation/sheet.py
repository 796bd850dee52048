"""The instance under evaluation, complete where the one that was sent is not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any

from server.forms.evaluation.cells import Absent, Cell, ToBe
from server.forms.evaluation.plan import FormPlan, Part
from server.forms.xpath import Atom, Context, Node, Table
from server.forms.xpath.typed import typed_value

# More than any visit or village roll: what is larger is not judged.
MOST_CELLS = 20_000
MOST_STRAYS = 20


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
        items = above.part.items
        children = list(element)
        self._make_room(max(len(items), len(children)))
        for part, given in _in_order(items, children) or self._sorted(above, children):
            if not given:
                if not part.is_repeat:
                    self._blank(part, above)
            elif part.items:
                self._groups(part, above, given)
            else:
                self._value(part, above, given)

    def _sorted(self, above: Cell, children: list[Any]) -> list[tuple[Part, list[Any]]]:
        """The elements by part, where they do not come as the form has them."""
        found: dict[str, list[Any]] = {}
        for child in children:
            found.setdefault(child.tag, []).append(child)
        pairs = [(part, found.pop(part.name, [])) for part in above.part.items]
        if above.name != "meta":  # clients add their own there
            self.strays += [(above, name, False) for name in list(found)[:MOST_STRAYS]]
        return pairs

    def _groups(self, part: Part, above: Cell, given: list[Any]) -> None:
        if not part.is_repeat and len(given) > 1:
            self.strays.append((above, part.name, True))
            del given[1:]
        cells, children = self.cells[part.index], above.children
        above.named[part.name] = rows = []
        for element in given:
            made = Cell(part, above)
            cells.append(made)
            children.append(made)
            rows.append(made)
            self.read(made, element)

    def _value(self, part: Part, above: Cell, given: list[Any]) -> None:
        if len(given) > 1:
            self.strays.append((above, part.name, True))
        text = given[0].text
        if text:
            text = text.strip()
            value: Atom = typed_value(text, part.type, self.zone) if part.is_typed else text
            made = Cell(part, above, text, value)
        else:
            made = Cell(part, above)
        self.cells[part.index].append(made)
        self.values.append(made)
        above.children.append(made)
        above.named[part.name] = [made]

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


def _in_order(items: tuple[Part, ...], children: list[Any]) -> list[tuple[Part, list[Any]]] | None:
    """The elements by part when they stand in the form's order, as clients write them; None when they do not."""
    pairs = []
    at, end = 0, len(children)
    tag = children[0].tag if end else None
    for part in items:
        start = at
        while tag == part.name:
            at += 1
            tag = children[at].tag if at < end else None
        pairs.append((part, children[start:at]))
    return pairs if at == end else None
