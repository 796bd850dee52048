"""Paths of plain names (/data/age, ../age, current()/../age): nearly all paths of a form, without any ceremony."""

from __future__ import annotations

from collections.abc import Callable

from server.forms.xpath.code import NOTHING, Code, Kind
from server.forms.xpath.context import Context
from server.forms.xpath.syntax import HERE, UP, Call, Path, Step
from server.forms.xpath.tree import Node, parent_of
from server.forms.xpath.values import Atom, Nodes

Find = Callable[[Node, Context], Nodes]


def quick_path(path: Path) -> Code | None:
    """The code of a path that is only parents and names; None for any other."""
    steps = [step for step in path.steps if step is not HERE]
    ups = next((at for at, step in enumerate(steps) if step is not UP), len(steps))
    names = tuple(name_of(step) for step in steps[ups:])
    if any(name is None for name in names):
        return None
    plain = tuple(name for name in names if name is not None)
    if path.start == "/":
        return of_find(absolute(plain)) if plain and not ups else None
    if path.start == "":
        return of_find(_relative(ups, plain)) if ups or plain else _own()
    if isinstance(path.start, Call) and path.start.name == "current" and not path.start.arguments:
        find = _relative(ups, plain)
        return of_find(lambda node, context: find(context.node, context))
    return None


def name_of(step: Step) -> str | None:
    """The name of a step that is child::name without predicates."""
    is_plain = step.axis == "child" and not step.predicates and not step.test.endswith((")", "*"))
    return step.test.rpartition(":")[2] if is_plain else None


def of_find(find: Find) -> Code:
    """The code of a path whose nodes `find` gives, hidden ones included."""

    def run(node: Node, context: Context) -> Nodes:
        found = find(node, context)
        if len(found) == 1:
            return found if found[0].relevant else NOTHING
        return [one for one in found if one.relevant]

    def first(node: Node, context: Context) -> Atom:
        for one in find(node, context):
            if one.relevant:
                return one.value
        return ""

    return Code(Kind.NODES, run, first, find)


def _own() -> Code:
    """The context node itself: what constraints are about."""
    return Code(
        Kind.NODES,
        lambda node, context: [node] if node.relevant else NOTHING,
        lambda node, context: node.value if node.relevant else "",
        lambda node, context: [node],
        is_own=True,
    )


def _relative(ups: int, names: tuple[str, ...]) -> Find:
    if ups == 1 and len(names) == 1:
        return _sibling(names[0])

    def find(node: Node, context: Context) -> Nodes:
        start = node
        for _ in range(ups):
            parent = parent_of(start)
            if parent is None:
                return NOTHING
            start = parent
        return descend(start, names) if names else [start]

    return find


def _sibling(name: str) -> Find:
    def find(node: Node, context: Context) -> Nodes:
        parent = node.parent or parent_of(node)
        return NOTHING if parent is None else parent.named.get(name, NOTHING)

    return find


def descend(node: Node, names: tuple[str, ...]) -> Nodes:
    """The nodes at the end of plain names."""
    found = [node]
    for name in names:
        if len(found) == 1:
            found = found[0].named.get(name, NOTHING)
        else:
            found = [child for one in found for child in one.named.get(name, NOTHING)]
    return found


def absolute(names: tuple[str, ...]) -> Find:
    """An absolute path means the row of the context node wherever it goes through the same repeats (JavaRosa)."""
    top, below = names[0], names[1:]
    path = "/" + "/".join(names)

    def find(node: Node, context: Context) -> Nodes:
        place = context.places.get(path)
        if place is not None:
            return context.slots[place]  # type: ignore[return-value]
        one = context.root
        if one.name != top:
            return NOTHING
        for at, name in enumerate(below):
            like = one.named.get(name, NOTHING)
            if len(like) == 1:
                one = like[0]
                continue
            own = _own_row(node, one, name) if like else None
            if own is None:
                return [found for row in like for found in descend(row, below[at + 1 :])]
            one = own
        return [one]

    return find


def _own_row(node: Node, parent: Node, name: str) -> Node | None:
    """The row of `parent` that the context node stands in."""
    one: Node | None = node
    while one is not None and one.parent is not parent:
        one = one.parent
    return one if one is not None and one.name == name else None
