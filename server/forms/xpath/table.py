"""A secondary instance that is a list: rows of texts, found by index."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from server.forms.xpath.numbers import number_of_text
from server.forms.xpath.tree import Node, document_of, tree_of
from server.forms.xpath.values import Atom, Value, text_of

Row = Mapping[str, str]
_NO_ROWS: Sequence[int] = ()


class Table:
    """Rows seen as /root/item/<column>: what instance('id') means for a CSV file or an external list.

    The first look-up by a column makes its index; later ones cost the same for 10 or 100,000 rows. Rows must not
    change afterwards. A column that a row does not have is an absent node there.
    """

    def __init__(self, rows: Sequence[Row]) -> None:
        self.rows = rows
        self._texts: dict[str, dict[str, list[int]]] = {}
        self._numbers: dict[str, dict[float, list[int]]] = {}
        self._document: Node | None = None

    def where(self, column: str, value: Value) -> Sequence[int]:
        """Numbers of the rows (from 0, ascending) whose `column` equals `value` as XPath's = compares them."""
        if not isinstance(value, list):
            return self._equal(column, value)
        if len(value) == 1:
            return self._equal(column, value[0].value)
        return sorted({row for node in value for row in self._equal(column, node.value)})

    def _equal(self, column: str, value: Atom) -> Sequence[int]:
        if type(value) is str:
            return self._by_text(column).get(value, _NO_ROWS)
        if isinstance(value, bool):
            # No cell is as false as an empty one.
            return [row for row, cells in enumerate(self.rows) if bool(cells.get(column)) is value]
        if isinstance(value, float):
            return _NO_ROWS if math.isnan(value) else self._by_number(column).get(value, _NO_ROWS)
        return self._by_text(column).get(text_of(value), _NO_ROWS)

    def _by_text(self, column: str) -> dict[str, list[int]]:
        index = self._texts.get(column)
        if index is None:
            index = self._texts[column] = _index((row, cells[column]) for row, cells in self._having(column))
        return index

    def _by_number(self, column: str) -> dict[float, list[int]]:
        index = self._numbers.get(column)
        if index is None:
            numbers = ((row, number_of_text(cells[column])) for row, cells in self._having(column))
            index = self._numbers[column] = _index(numbers)
        return index

    def _having(self, column: str) -> Iterable[tuple[int, Row]]:
        return ((row, cells) for row, cells in enumerate(self.rows) if column in cells)

    def item(self, row: int) -> Node:
        """The row as a node, the same one each time."""
        return self.document.children[0].children[row]

    @property
    def document(self) -> Node:
        """The node above /root."""
        if self._document is None:
            root = Node("root")
            root.children = [Item(root, row, cells) for row, cells in enumerate(self.rows)]
            root.named = {"item": root.children} if root.children else {}
            self._document = document_of(root)
        return self._document


class Item(Node):
    """A row; its cells become nodes when somebody looks at them."""

    __slots__ = ("cells", "row")

    def __init__(self, root: Node, row: int, cells: Row) -> None:
        # Without children and named: __getattr__ makes them.
        self.name = "item"
        self.value = ""
        self.attributes = {}
        self.relevant = True
        self.parent = root
        self.row = row
        self.cells = cells

    def __getattr__(self, slot: str) -> Any:
        if slot not in ("children", "named"):
            raise AttributeError(slot)
        self.children = [Node(column, text) for column, text in self.cells.items()]
        for cell in self.children:
            cell.parent = self
        self.named = {cell.name: [cell] for cell in self.children}
        return getattr(self, slot)

    @property
    def position(self) -> int:
        return self.row + 1


def instance_of(element: Any) -> Node | Table:
    """A secondary instance from its root element (lxml): a Table when it is flat (root/item/texts), else its tree."""
    return table_of(tree_of(element))


def table_of(root: Node) -> Node | Table:
    is_flat = root.name == "root" and bool(root.children) and not root.attributes and all(map(_is_row, root.children))
    if not is_flat:
        return root
    return Table([{cell.name: str(cell.value) for cell in item.children} for item in root.children])


def _is_row(item: Node) -> bool:
    return (
        item.name == "item"
        and not item.attributes
        and len(item.named) == len(item.children) > 0
        and not any(cell.children or cell.attributes for cell in item.children)
    )


def _index(pairs: Iterable[tuple[int, Any]]) -> dict[Any, list[int]]:
    index: dict[Any, list[int]] = {}
    for row, key in pairs:
        found = index.get(key)
        if found is None:
            index[key] = [row]
        else:
            found.append(row)
    return index
