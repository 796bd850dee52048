"""What the parser makes of an expression: a small immutable tree. `at` is the place of a part in the text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Text:
    """A text in quotes."""

    text: str


@dataclass(frozen=True, slots=True)
class Number:
    number: float


@dataclass(frozen=True, slots=True)
class Call:
    """A function with its arguments."""

    name: str
    arguments: tuple[Syntax, ...]
    at: int

    @property
    def lists(self) -> tuple[str, ...]:
        """The secondary instance that the call names literally."""
        first = self.arguments[0] if self.arguments else None
        is_list = self.name in ("instance", "pulldata") and isinstance(first, Text)
        return (first.text,) if is_list and isinstance(first, Text) else ()


@dataclass(frozen=True, slots=True)
class Chain:
    """Operands of one precedence joined by operators, evaluated from the left: a + b - c."""

    operators: tuple[str, ...]
    operands: tuple[Syntax, ...]


@dataclass(frozen=True, slots=True)
class Negative:
    operand: Syntax


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a path. `test` is a name, "*", "prefix:*" or a node type: "node()", "text()", "comment()" …"""

    axis: str
    test: str
    predicates: tuple[Syntax, ...] = ()


@dataclass(frozen=True, slots=True)
class Path:
    """Steps from the root ("/"), from the context node ("") or from the nodes of an expression."""

    start: Syntax | str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True)
class Filter:
    """Nodes of an expression that satisfy the predicates."""

    base: Syntax
    predicates: tuple[Syntax, ...]


Syntax: TypeAlias = Text | Number | Call | Chain | Negative | Path | Filter

HERE = Step("self", "node()")
UP = Step("parent", "node()")
BELOW = Step("descendant-or-self", "node()")
