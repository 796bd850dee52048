"""The light tree that expressions walk: elements with a value, nothing of XML that forms do not use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.forms.xpath.values import Atom

_NONE: dict[str, str] = {}
_TEMPLATE = "{http://openrosa.org/javarosa}template"
# What the XML Schema and JavaRosa call blank.
_BLANKS = "".join(map(chr, range(33)))


class Node:
    """An element (or an attribute: `name` "@version") of an instance.

    name        the tag without its namespace
    value       what it holds: text, or typed by its bind (typed_value); "" when empty. A group has "".
    parent      None for the root element, whose absolute path is /name
    children    in document order; change them with append and remove only
    named       the children by name
    attributes  name → text
    relevant    False hides it from node-sets; set it on every node below a group that is not relevant, too
    """

    __slots__ = ("attributes", "children", "name", "named", "parent", "relevant", "value")

    def __init__(self, name: str, value: Atom = "", attributes: Mapping[str, str] = _NONE) -> None:
        self.name = name
        self.value = value
        self.parent: Node | None = None
        self.children = _NO_CHILDREN
        self.named = _NO_NAMES
        self.attributes = attributes
        self.relevant = True

    def append(self, child: Node) -> Node:
        """Add `child` as the last one of its name: after its like, else at the end. Returns it."""
        if self.children is _NO_CHILDREN:
            self.children, self.named = [], {}
        child.parent = self
        like = self.named.setdefault(child.name, [])
        at = self.children.index(like[-1]) + 1 if like and self.children[-1] is not like[-1] else len(self.children)
        self.children.insert(at, child)
        like.append(child)
        return child

    def remove(self, child: Node) -> None:
        self.children.remove(child)
        like = self.named[child.name]
        like.remove(child)
        if not like:
            del self.named[child.name]
        child.parent = None

    @property
    def position(self) -> int:
        """1-based place among the siblings of its name: which row of a repeat it is."""
        if self.parent is None or self.name.startswith("@"):
            return 1
        return self.parent.named[self.name].index(self) + 1

    @property
    def path(self) -> str:
        """Absolute path without positions: /data/row/name."""
        return f"{self.parent.path if self.parent else ''}/{self.name}"

    def walk(self) -> Iterator[Node]:
        """Itself and everything below in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


# Most nodes are leaves: they share these, which nobody may change.
_NO_CHILDREN: list[Node] = []
_NO_NAMES: dict[str, list[Node]] = {}


def tree_of(element: Any) -> Node:
    """The tree of an lxml element: names without namespaces, values as text.

    As in JavaRosa blanks around a value are no part of it, and rows that are templates (jr:template) are left out.
    """
    found = element.items()
    node = Node(_local(element.tag), attributes={_local(key): text for key, text in found} if found else _NONE)
    for child in element:
        if isinstance(child.tag, str) and child.get(_TEMPLATE) is None:
            _add(node, tree_of(child))
    if not node.children and element.text:
        node.value = element.text.strip(_BLANKS)
    return node


def _add(node: Node, child: Node) -> None:
    """As append, for children that come in document order."""
    if node.children is _NO_CHILDREN:
        node.children, node.named = [], {}
    child.parent = node
    node.children.append(child)
    like = node.named.get(child.name)
    if like is None:
        node.named[child.name] = [child]
    else:
        like.append(child)


def parent_of(node: Node) -> Node | None:
    """The parent; of a root element its document, of a document nothing."""
    if node.parent is not None:
        return node.parent
    return document_of(node) if node.name else None


def document_of(root: Node) -> Node:
    """The document node above a root element: where /name starts. The root keeps having no parent."""
    document = Node("")
    document.children, document.named = [root], {root.name: [root]}
    return document


def _local(name: str) -> str:
    return name.rpartition("}")[2]
