"""Node-sets: each node once, in document order."""

from __future__ import annotations

from collections.abc import Iterable

from server.forms.xpath.tree import Node
from server.forms.xpath.values import Nodes

_Place = tuple[int, ...]


def in_order(nodes: Iterable[Node]) -> Nodes:
    """Each node once, in document order. Nodes of several trees: tree by tree, the first found first."""
    found = {_identity(node): node for node in nodes}
    if len(found) < 2:
        return list(found.values())
    places = _Places()
    return sorted(found.values(), key=places.of)


def _identity(node: Node) -> object:
    """Documents, attributes and texts are made anew each time they are read: known by where they stand."""
    if not node.name:
        return id(node.children[0]), ""
    return (id(node.parent), node.name) if node.name[:1] in ("@", "#") else id(node)


class _Places:
    """Where nodes stand: the path of child indexes from the top. Looks at each parent's children once."""

    def __init__(self) -> None:
        self.indexes: dict[int, dict[int, int]] = {}
        self.trees: dict[int, int] = {}

    def of(self, node: Node) -> _Place:
        place: list[int] = []
        while (parent := node.parent) is not None:
            place.append(self.index(parent, node))
            node = parent
        if node.name:
            place.append(0)
        else:
            node = node.children[0]
        place.append(self.trees.setdefault(id(node), len(self.trees)))
        return tuple(reversed(place))

    def index(self, parent: Node, node: Node) -> int:
        if node.name.startswith("@"):
            # Before all children, in the order they are written.
            return list(parent.attributes).index(node.name[1:]) - len(parent.attributes) - 1
        if node.name == "#text":
            return 0
        children = self.indexes.get(id(parent))
        if children is None:
            children = self.indexes[id(parent)] = {id(child): at for at, child in enumerate(parent.children)}
        return children[id(node)]
