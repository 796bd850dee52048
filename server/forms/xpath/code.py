"""Compiled parts of expressions: closures, and what is known of their values before they run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any, TypeAlias

from server.forms.xpath.values import Atom, Nodes, Value, number_of, text_of, truth_of

if TYPE_CHECKING:
    from server.forms.xpath.context import Context
    from server.forms.xpath.tree import Node

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


@dataclass(slots=True)
class Code:
    """A compiled part.

    run       (context node, context) → value
    first     the same with nodes replaced by the value of the first one, "" for none; made from `run` when absent
    compared  for paths: as `run`, but where all nodes found are hidden by relevance it gives one empty node,
              because a hidden question compares like an unanswered one
    constant  the value when it never changes
    """

    kind: Kind
    run: Run
    first: RunAtom | None = None
    compared: RunNodes | None = None
    constant: Atom | None = None


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


def text(code: Code) -> RunText:
    run: Any = atom(code)
    if code.kind is Kind.TEXT:
        return run  # type: ignore[no-any-return]
    if code.constant is not None:
        fixed = text_of(code.constant)
        return lambda node, context: fixed

    def convert(node: Node, context: Context) -> str:
        value = run(node, context)
        return value if type(value) is str else text_of(value)

    return convert


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
