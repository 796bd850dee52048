"""The instance under evaluation: light nodes that know their part of the plan, complete where the instance is not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Any, cast

from server.forms.evaluation.plan import FormPlan, Part
from server.forms.xpath import Atom, Context, Node, Table
from server.forms.xpath.typed import typed_value

# More than any visit or village roll: what is larger is not judged.
MOST_CELLS = 20_000
MOST_STRAYS = 20
TYPED = frozenset({"int", "integer", "decimal", "date", "dateTime", "time", "boolean"})
_NO_CHILDREN: list[Node] = []
_NO_NAMES: dict[str, list[Node]] = {}


class TooLarge(Exception):
    """The instance has more nodes than are judged."""


class Cell(Node):
    """A node with its part.

    `text` is what the instance holds there, `value` what expressions read; `given`: whether the instance has the node;
    `number` counts in document order; `asked`: its own condition, whatever stands above it.
    """

    __slots__ = ("asked", "given", "number", "part", "text")

    def __init__(self, part: Part, above: Cell | None, number: int, given: bool = True, text: str = "") -> None:
        # As Node.__init__, without lists for what never has children: a form has hundreds of these.
        self.name = part.name
        self.parent = above
        self.attributes = part.attributes
        self.asked = part.relevant is not False
        self.relevant = self.asked and (above is None or above.relevant)
        self.part = part
        self.number = number
        self.given = given
        self.text = text
        self.value: Atom = text
        if part.below:
            self.children = []
            self.named = {}
        else:
            self.children = _NO_CHILDREN
            self.named = _NO_NAMES

    def inner(self) -> list[Cell]:
        """Its children, which are all cells."""
        return cast("list[Cell]", self.children)

    def everything(self) -> Iterator[Cell]:
        """Itself and all below in document order."""
        return cast("Iterator[Cell]", self.walk())

    @property
    def place(self) -> str:
        """Its path with the positions of repeats: /data/members/row[2]/name."""
        above = self.parent.place if isinstance(self.parent, Cell) else ""
        return f"{above}/{self.name}[{self.position}]" if self.part.is_repeat else f"{above}/{self.name}"


class Sheet:
    """All cells of one instance: `cells` by the index of their part, `order` in document order."""

    def __init__(self, plan: FormPlan, instances: Mapping[str, Node | Table], now: datetime) -> None:
        self.plan = plan
        self.cells: list[list[Cell]] = [[] for _ in range(len(plan.parts))]
        self.order: list[Cell] = []
        # Elements that the form does not have, or has once: (what they stand in, name, is it a second one)
        self.strays: list[tuple[Cell, str, bool]] = []
        self.zone: tzinfo = now.tzinfo or UTC
        # Computed attributes by their owner and name; only forms being filled have them.
        self.attributes: dict[tuple[int, str], Cell] = {}
        self.root = self.cell(plan.root, None)
        self.context = Context(node=self.root, root=self.root, instances=instances, now=now, version=plan.version)

    def cell(self, part: Part, above: Cell | None, given: bool = True, text: str = "") -> Cell:
        """A new cell as the last child of `above`; its children are the caller's."""
        number = len(self.order)
        if number >= MOST_CELLS:
            raise TooLarge
        made = Cell(part, above, number, given, text)
        if text and part.type in TYPED:
            made.value = typed_value(text, part.type, self.zone)
        self.order.append(made)
        self.cells[part.index].append(made)
        if above is not None:
            above.children.append(made)
            like = above.named.get(part.name)
            if like is None:
                above.named[part.name] = [made]
            else:
                like.append(made)
        return made

    def read(self, element: Any) -> None:
        """Takes over an instance (lxml, tags without namespaces)."""
        self._read(self.root, element)

    def _read(self, above: Cell, element: Any) -> None:
        found: dict[str, list[Any]] = {}
        for child in element:
            tag = child.tag
            if tag in found:
                found[tag].append(child)
            else:
                found[tag] = [child]
        for name, part in above.part.below.items():
            given = found.pop(name, None)
            if given is None:
                if not part.is_repeat:
                    self.blank(part, above)
                continue
            if not part.is_repeat and len(given) > 1:
                self.strays.append((above, name, True))
                del given[1:]
            for child in given:
                if part.below:
                    self._read(self.cell(part, above), child)
                else:
                    text = child.text
                    self.cell(part, above, True, text.strip() if text else "")
        if above.name != "meta":  # clients add their own there
            self.strays += [(above, name, False) for name in list(found)[:MOST_STRAYS]]

    def blank(self, part: Part, above: Cell) -> None:
        """The part where the instance has nothing: what is not asked, or left out."""
        made = self.cell(part, above, False)
        for below in part.below.values():
            if not below.is_repeat:
                self.blank(below, made)


    def begin(self) -> None:
        """Makes it a new form."""
        for below in self.plan.root.below.values():
            self._start(below, self.root)

    def fresh(self, part: Part, above: Cell | None) -> Cell:
        """A part as a new form has it: defaults, computed attributes, the rows that the form begins with."""
        made = self.cell(part, above, text=part.default)
        for attribute in part.computed.values():
            self._attribute(attribute, made)
        for below in part.below.values():
            self._start(below, made)
        return made

    def _start(self, part: Part, above: Cell) -> None:
        rows = 0 if part.count is not None else part.rows if part.is_repeat else 1
        for _ in range(rows):
            self.fresh(part, above)

    def _attribute(self, part: Part, owner: Cell) -> None:
        """A computed attribute: it has a place to compute from and is nobody's child."""
        made = Cell(part, owner, len(self.order), text=part.default)
        self.order.append(made)
        self.cells[part.index].append(made)
        self.attributes[id(owner), part.name[1:]] = made

    def attribute(self, owner: Cell, name: str) -> Cell | None:
        return self.attributes.get((id(owner), name))

    def drop(self, above: Cell, part: Part) -> None:
        """Takes the last row of a repeat away."""
        row = above.named[part.name][-1]
        gone = set(map(id, row.walk()))
        above.remove(row)
        for inner in part.walk():
            kept = [cell for cell in self.cells[inner.index] if id(cell) not in gone and id(cell.parent) not in gone]
            self.cells[inner.index] = kept


def hide(cell: Cell) -> None:
    """Makes a node and everything below not relevant."""
    cell.relevant = False
    for child in cell.inner():
        if child.relevant:
            hide(child)


def row_to_be(part: Part, above: Cell) -> Cell:
    """A row of a repeat that is in no sheet, to ask from: how many there should be, whether they are relevant."""
    return Cell(part, above, above.number, given=False)
