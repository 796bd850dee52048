"""The light tree that expressions walk: elements with a value, nothing of XML that forms do not use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from server.forms.xpath.values import Atom

_NONE: dict[str, str] = {}


class Node:
    """An element (or an attribute: `name` "@version") of an instance.

    name        the tag without its namespace
    value       what it holds: text as it stands in the XML, or typed by its bind (typed_value); "" when empty.
                A group has "".
    parent      None for the root element, whose absolute path is /name
    children    in document order; change them with append and remove only
    attributes  name → text
    relevant    False hides it from node-sets; set it on every node below a group that is not relevant, too
    """

    __slots__ = ("attributes", "children", "name", "named", "parent", "relevant", "value")

    def __init__(self, name: str, value: Atom = "", attributes: Mapping[str, str] = _NONE) -> None:
        self.name = name
        self.value = value
        self.parent: Node | None = None
        self.children: list[Node] = []
        self.named: dict[str, list[Node]] = {}
        self.attributes = attributes
        self.relevant = True

    def append(self, child: Node) -> Node:
        """Add `child` as the last one of its name: after its like, else at the end. Returns it."""
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
        return self.parent.named[self.name].index(self) + 1 if self.parent else 1

    @property
    def path(self) -> str:
        """Absolute path without positions: /data/row/name."""
        return f"{self.parent.path if self.parent else ''}/{self.name}"

    def walk(self) -> Iterator[Node]:
        """Itself and everything below in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


def tree_of(element: Any) -> Node:
    """The tree of an lxml element: names without namespaces, values as text, jr:template rows left out."""
    raise NotImplementedError
