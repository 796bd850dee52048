"""Axes and node tests: from one node to the nodes of a step."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from server.forms.xpath.tree import Node, parent_of
from server.forms.xpath.values import Nodes, text_of

Walk = Callable[[Node], Nodes]
NOTHING: Nodes = []
# Axes that keep single start nodes apart and in order, so that nothing has to be sorted.
ORDERLY = frozenset(["child", "attribute", "self"])
# Axes that may go through the whole tree from every node.
FAR = frozenset([
    "descendant", "descendant-or-self", "following", "following-sibling", "preceding", "preceding-sibling",
])  # fmt: skip


def walk_of(axis: str, test: str) -> Walk:
    """The step as a function; nodes in the order of the axis (towards the root for the reverse ones)."""
    name = test.rpartition(":")[2]
    if axis == "attribute":
        return _attributes(name)
    if axis == "child" and name not in ("*", "node()", "text()") and not name.endswith(")"):
        return lambda node: node.named.get(name, NOTHING)
    along = _AXES[axis]
    if name in ("node()", "text()"):
        return _with_texts(axis, only_texts=name == "text()")
    if name.endswith(")"):
        # No comments or processing instructions are kept.
        return lambda node: NOTHING
    if name == "*":
        return lambda node: [found for found in along(node) if found.name[:1] not in ("@", "#", "")]
    return lambda node: [found for found in along(node) if found.name == name]


def _attributes(name: str) -> Walk:
    if name in ("*", "node()"):
        return lambda node: [_attribute(node, key) for key in node.attributes]
    return lambda node: [_attribute(node, name)] if name in node.attributes else NOTHING


def _attribute(node: Node, name: str) -> Node:
    found = Node(f"@{name}", node.attributes[name])
    found.parent, found.relevant = node, node.relevant
    return found


def _texts(node: Node) -> Nodes:
    """The text inside an element, as a node of its own; none when it is empty."""
    text = text_of(node.value)
    if not text or node.name[:1] in ("@", "#"):
        return NOTHING
    found = Node("#text", text)
    found.parent, found.relevant = node, node.relevant
    return [found]


def _with_texts(axis: str, *, only_texts: bool) -> Walk:
    below = _BELOW.get(axis) or _AXES[axis]
    is_self = axis == "descendant-or-self"

    def walk(node: Node) -> Nodes:
        found = [node, *below(node)] if is_self else list(below(node))
        return [text for text in found if text.name == "#text"] if only_texts else found

    return walk


def _children_and_texts(node: Node) -> Iterator[Node]:
    yield from _texts(node)
    yield from node.children


def _everything_below(node: Node) -> Iterator[Node]:
    yield from _texts(node)
    for child in node.children:
        yield child
        yield from _everything_below(child)


def _parent(node: Node) -> Iterator[Node]:
    parent = parent_of(node)
    if parent is not None:
        yield parent


def _ancestors(node: Node) -> Iterator[Node]:
    while (parent := parent_of(node)) is not None:
        node = parent
        yield node


def _ancestors_and_self(node: Node) -> Iterator[Node]:
    yield node
    yield from _ancestors(node)


def _descendants(node: Node) -> Iterator[Node]:
    for child in node.children:
        yield from child.walk()


def _siblings_after(node: Node) -> Iterator[Node]:
    siblings = node.parent.children if node.parent else []
    return iter(siblings[siblings.index(node) + 1 :] if node in siblings else ())


def _siblings_before(node: Node) -> Iterator[Node]:
    siblings = node.parent.children if node.parent else []
    return reversed(siblings[: siblings.index(node)] if node in siblings else ())


def _following(node: Node) -> Iterator[Node]:
    for ancestor in _ancestors_and_self(node):
        for sibling in _siblings_after(ancestor):
            yield from sibling.walk()


def _preceding(node: Node) -> Iterator[Node]:
    for ancestor in _ancestors_and_self(node):
        for sibling in _siblings_before(ancestor):
            yield from reversed(list(sibling.walk()))


_BELOW = {
    "child": _children_and_texts,
    "descendant": _everything_below,
    "descendant-or-self": _everything_below,
}
_AXES: dict[str, Callable[[Node], Iterator[Node]]] = {
    "child": lambda node: iter(node.children),
    "self": lambda node: iter((node,)),
    "parent": _parent,
    "ancestor": _ancestors,
    "ancestor-or-self": _ancestors_and_self,
    "descendant": _descendants,
    "descendant-or-self": Node.walk,
    "following-sibling": _siblings_after,
    "preceding-sibling": _siblings_before,
    "following": _following,
    "preceding": _preceding,
}
