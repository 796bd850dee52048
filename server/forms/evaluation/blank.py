"""A new form as a sheet: defaults, rows to begin with, attributes that the form computes."""

from __future__ import annotations

from server.forms.evaluation.cells import Cell
from server.forms.evaluation.plan import Part
from server.forms.evaluation.sheet import MOST_CELLS, Sheet, TooLarge
from server.forms.xpath.typed import typed_value


class BlankSheet(Sheet):
    """A sheet that is being filled; rows come and go. `attributes`: computed ones by owner and name."""

    attributes: dict[tuple[int, str], Cell]

    def begin(self) -> None:
        """Makes it a new form."""
        self.attributes = {}
        for part in self.plan.root.items:
            self._start(part, self.root)

    def fresh(self, part: Part, above: Cell) -> Cell:
        """A part as a new form has it, as the last child of `above`. Raises TooLarge."""
        self.size += 1
        if self.size > MOST_CELLS:
            raise TooLarge
        made = Cell(part, above, part.default, typed_value(part.default, part.type, self.zone))
        self.cells[part.index].append(made)
        _insert(above, made)
        for attribute in part.computed.values():
            self._attribute(attribute, made)
        for below in part.items:
            self._start(below, made)
        return made

    def _start(self, part: Part, above: Cell) -> None:
        rows = 0 if part.count is not None else part.rows if part.is_repeat else 1
        for _ in range(rows):
            self.fresh(part, above)

    def _attribute(self, part: Part, owner: Cell) -> None:
        """A computed attribute: it has a place to compute from and is nobody's child."""
        made = Cell(part, owner, part.default, part.default)
        self.cells[part.index].append(made)
        self.attributes[id(owner), part.name[1:]] = made

    def attribute(self, owner: Cell, name: str) -> Cell | None:
        return self.attributes.get((id(owner), name))

    def drop(self, above: Cell, part: Part) -> set[int]:
        """Takes the last row of a repeat away; the ids of its cells, which new ones may get."""
        row = above.named[part.name][-1]
        gone = set(map(id, row.walk()))
        above.remove(row)
        self.size -= len(gone)
        for inner in part.walk():
            kept = [cell for cell in self.cells[inner.index] if id(cell) not in gone and id(cell.parent) not in gone]
            self.cells[inner.index] = kept
        return gone


def _insert(above: Cell, made: Cell) -> None:
    """In the order of the form, as the last of its name."""
    inner = above.inner()
    at = len(inner)
    while at and inner[at - 1].part.index > made.part.index:
        at -= 1
    inner.insert(at, made)
    above.named.setdefault(made.name, []).append(made)
