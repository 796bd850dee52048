"""Compiled parts of expressions: closures, and what is known of their values before they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias

from server.forms.xpath.tree import Node
from server.forms.xpath.values import Atom, Nodes, Value, number_of, text_of, truth_of

if TYPE_CHECKING:
    from server.forms.xpath.context import Context

Run: TypeAlias = "Callable[[Node, Context], Value]"
RunText: TypeAlias = "Callable[[Node, Context], str]"
RunNumber: TypeAlias = "Callable[[Node, Context], float]"
RunTruth: TypeAlias = "Callable[[Node, Context], bool]"
RunAtom: TypeAlias = "Callable[[Node, Context], Atom]"
RunNodes: TypeAlias = "Callable[[Node, Context], Nodes]"


class Kind(Enum):
    """What a part is known to give. ATOM: anything but nodes; ANY: not known before it runs."""

    TEXT = auto()
    NUMBER = auto()
    TRUTH = auto()
    ATOM = auto()
    NODES = auto()
    ANY = auto()


NOTHING: Nodes = []
# Stands for a question that is hidden: empty.
HIDDEN: Nodes = [Node("hidden")]


@dataclass(slots=True)
class Code:
    """A compiled part.

    run       (context node, context) → value
    first     the same with nodes replaced by the value of the first one, "" for none; made from `run` when absent
    found     for paths: as `run`, but with the nodes that are hidden by relevance
    constant  the value when it never changes
    is_own    it is the path "."
    bounds    the truth is: the number of the context node, which is shown, is not below the first nor above the second
    """

    kind: Kind
    run: Run
    first: RunAtom | None = None
    found: RunNodes | None = None
    constant: Atom | None = None
    is_own: bool = False
    bounds: tuple[float, float] | None = None


def constant(value: Atom) -> Code:
    kind = Kind.ATOM
    if isinstance(value, str):
        kind = Kind.TEXT
    elif isinstance(value, bool):
        kind = Kind.TRUTH
    elif isinstance(value, float):
        kind = Kind.NUMBER
    return Code(kind, lambda node, context: value, constant=value)


def atom(code: Code) -> RunAtom:
    """The value, or that of the first node."""
    if code.first is not None:
        return code.first
    run: Any = code.run
    if code.kind not in (Kind.NODES, Kind.ANY):
        return run  # type: ignore[no-any-return]

    def first(node: Node, context: Context) -> Atom:
        value = run(node, context)
        if type(value) is list:
            return value[0].value if value else ""
        return value  # type: ignore[no-any-return]

    return first


def compared(code: Code) -> Run:
    """As `run`, but where all nodes found are hidden it gives one empty node: they compare like an unanswered one."""
    if code.found is None:
        return code.run
    find = code.found

    def compare(node: Node, context: Context) -> Nodes:
        found = find(node, context)
        if len(found) == 1:
            return found if found[0].relevant else HIDDEN
        return [one for one in found if one.relevant] or (HIDDEN if found else NOTHING)

    return compare


def text(code: Code) -> RunText:
    run: Any = atom(code)
    if code.kind is Kind.TEXT:
        return run  # type: ignore[no-any-return]
    if code.constant is not None:
        fixed = text_of(code.constant)
        return lambda node, context: fixed
    if code.is_own:
        return _own_text

    def convert(node: Node, context: Context) -> str:
        value = run(node, context)
        return value if type(value) is str else text_of(value)

    return convert


def _own_text(node: Node, context: Context) -> str:
    value = node.value if node.relevant else ""
    return value if type(value) is str else text_of(value)


def number(code: Code) -> RunNumber:
    run: Any = atom(code)
    if code.kind is Kind.NUMBER:
        return run  # type: ignore[no-any-return]
    if code.constant is not None:
        fixed = number_of(code.constant)
        return lambda node, context: fixed

    def convert(node: Node, context: Context) -> float:
        value = run(node, context)
        return value if type(value) is float else number_of(value)

    return convert


def truth(code: Code) -> RunTruth:
    run: Any = code.run
    if code.kind is Kind.TRUTH:
        return run  # type: ignore[no-any-return]
    if code.constant is not None:
        fixed = truth_of(code.constant)
        return lambda node, context: fixed

    def convert(node: Node, context: Context) -> bool:
        value = run(node, context)
        return value if type(value) is bool else truth_of(value)

    return convert
