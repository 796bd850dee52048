"""What an expression depends on: paths of the primary instance and functions, found without evaluating it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.forms.xpath.axes import FAR
from server.forms.xpath.quick import name_of
from server.forms.xpath.syntax import Call, Chain, Filter, Negative, Path, Step, Syntax, Text

_UNSTABLE = frozenset(["now", "today", "random", "once", "uuid"])


@dataclass(frozen=True, slots=True)
class Reference:
    """A path without predicates: `ups` steps up from the expression's node (None: absolute), then names.

    A last name "*" stands for everything below.
    """

    ups: int | None
    names: tuple[str, ...]

    def __str__(self) -> str:
        if self.ups is None:
            return "/" + "/".join(self.names)
        return "/".join([".."] * self.ups + list(self.names)) or "."

    def at(self, path: str) -> str:
        """The absolute path when the expression belongs to the node `path`."""
        if self.ups is None:
            return str(self)
        names = path.split("/")[1:]
        return "/" + "/".join((*names[: len(names) - self.ups], *self.names))

    def step(self, step: Step) -> Reference:
        name = name_of(Step(step.axis, step.test))
        if self.names[-1:] == ("*",) or step.axis in ("self", "attribute") or step.test == "text()":
            return self
        if name is not None:
            return Reference(self.ups, (*self.names, name))
        if step.axis != "parent":
            return Reference(self.ups, (*self.names, "*"))
        if self.names or self.ups is None:
            return Reference(self.ups, self.names[:-1])
        return Reference(self.ups + 1, ())


_OWN = Reference(0, ())
# A row of a list, told apart from the expression's own node.
_ITEM = Reference(0, ("",))


def references(syntax: Syntax) -> frozenset[Reference]:
    return frozenset(_references(syntax, _OWN))


def _references(syntax: Syntax, base: Reference | None) -> Iterator[Reference]:
    """`base`: the context node; None inside another instance."""
    if isinstance(syntax, Path):
        yield from _of_path(syntax, base)
    elif isinstance(syntax, Filter):
        yield from _references(syntax.base, base)
        for predicate in syntax.predicates:
            yield from _references(predicate, None)
    else:
        for part in _parts(syntax):
            yield from _references(part, base)


def _of_path(path: Path, base: Reference | None) -> Iterator[Reference]:
    here: Reference | None
    if path.start == "/":
        here = Reference(None, ())
    elif path.start == "":
        here = base
    elif isinstance(path.start, Call) and path.start.name == "current":
        here = _OWN
    else:
        here = None
        if not isinstance(path.start, str):
            yield from _references(path.start, base)
    for step in path.steps:
        here = here.step(step) if here is not None else None
        for predicate in step.predicates:
            yield from _references(predicate, here)
    if here is not None and (here.names or here.ups is not None):
        yield here


def _parts(syntax: Syntax) -> tuple[Syntax, ...]:
    if isinstance(syntax, Call):
        return syntax.arguments
    if isinstance(syntax, Chain):
        return syntax.operands
    return (syntax.operand,) if isinstance(syntax, Negative) else ()


def calls(syntax: Syntax) -> Iterator[Call]:
    """Every function call, those in predicates too."""
    if isinstance(syntax, Call):
        yield syntax
    for part in _below(syntax):
        yield from calls(part)


def _below(syntax: Syntax) -> list[Syntax]:
    """The direct parts, those in predicates too."""
    below = list(_parts(syntax))
    if isinstance(syntax, Path):
        below += [predicate for step in syntax.steps for predicate in step.predicates]
        below += [] if isinstance(syntax.start, str) else [syntax.start]
    elif isinstance(syntax, Filter):
        below += [syntax.base, *syntax.predicates]
    return below


def columns(syntax: Syntax) -> Iterator[tuple[str, str]]:
    """(list, column) of every column of a secondary instance: instance('list')/root/item[…]/…, pulldata('list', …)"""
    yield from _pulled(syntax)
    for path in _paths(syntax):
        if not isinstance(path.start, Call) or not path.start.lists or len(path.steps) < 2:
            continue
        item = path.steps[1]
        read = [name_of(step) for step in path.steps[2:3]]
        for predicate in item.predicates:
            below = (one.names for one in _references(predicate, _ITEM))
            read += [names[1] for names in below if names[:1] == _ITEM.names and len(names) > 1]
        yield from ((path.start.lists[0], name) for name in read if name is not None and name != "*")


def _pulled(syntax: Syntax) -> Iterator[tuple[str, str]]:
    for call in calls(syntax):
        if call.name == "pulldata" and call.lists:
            yield from ((call.lists[0], one.text) for one in call.arguments[1:3] if isinstance(one, Text))


def _paths(syntax: Syntax) -> Iterator[Path]:
    if isinstance(syntax, Path):
        yield syntax
    for part in _below(syntax):
        yield from _paths(part)


def is_far(syntax: Syntax) -> bool:
    """Is an axis in it that may go through the whole tree?"""
    return any(step.axis in FAR for path in _paths(syntax) for step in path.steps)


def is_stable(found: list[Call]) -> bool:
    """Do the calls give the same result when they are made again?"""
    return not any(call.name in _UNSTABLE or (call.name == "randomize" and len(call.arguments) == 1) for call in found)
