"""Nodes that know their part of the plan. Made by the hundred for every instance: as light as they can be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from server.forms.evaluation.plan import Part
from server.forms.xpath import Atom, Node

_NOBODY: list[Node] = []
_NO_NAMES: dict[str, list[Node]] = {}


class Cell(Node):
    """A node with its part.

    `text` is what the instance holds there, `value` what expressions read. `given`: whether the instance has the node.
    Cells of values share their empty children: they never get any.
    """

    __slots__ = ("part", "text")
    given = True

    def __init__(self, part: Part, above: Cell | None, text: str = "", value: Atom = "") -> None:
        # Not Node.__init__: it makes lists and a dict that most cells never need.
        self.name = part.name
        self.parent = above
        self.part = part
        self.text = text
        self.value = value
        self.relevant = part.relevant is not False and (above is None or above.relevant)
        if part.items:
            self.children = []
            self.named = {}
        else:
            self.children = _NOBODY
            self.named = _NO_NAMES

    @property
    def attributes(self) -> Mapping[str, str]:  # type: ignore[override]
        """Those that the form declares; what a client wrote there is not evaluated."""
        return self.part.attributes

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


class Group(Cell):
    """A group or row as the instance has it: `named` is put together of its children when somebody asks for one."""

    __slots__ = ()

    def __init__(self, part: Part, above: Cell | None) -> None:
        # Without named: __getattr__ makes it.
        self.name = part.name
        self.parent = above
        self.part = part
        self.text = self.value = ""
        self.relevant = part.relevant is not False and (above is None or above.relevant)
        self.children = []

    def __getattr__(self, slot: str) -> Any:
        if slot != "named":
            raise AttributeError(slot)
        self.named = {}
        for child in self.children:
            self.named.setdefault(child.name, []).append(child)
        return self.named


class Value(Cell):
    """A node that holds a value, as the instance has it: most cells are.

    Whoever makes one of a part that is never relevant says so himself.
    """

    __slots__ = ()
    children = _NOBODY
    named = _NO_NAMES

    def __init__(self, part: Part, above: Cell, text: str, value: Atom) -> None:
        self.name = part.name
        self.parent = above
        self.part = part
        self.text = text
        self.value = value
        self.relevant = above.relevant


class AbsentValue(Value):
    """As Absent, of a part that holds a value."""

    __slots__ = ()
    given = False


class Absent(Cell):
    """A node that the instance does not have: not asked, or left out."""

    __slots__ = ()
    given = False


class ToBe(Absent):
    """A node of a row that a count asks for and the instance does not have: what the person would see next."""

    __slots__ = ()


def hide(cell: Cell) -> None:
    """Makes a node and everything below not relevant."""
    cell.relevant = False
    for child in cell.children:
        if child.relevant:
            if child.children:
                hide(cast("Cell", child))
            else:
                child.relevant = False
