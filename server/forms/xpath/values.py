"""What an expression is worth: text, number, truth, date or nodes, and how one becomes another.

The conversions are JavaRosa's (the engine of ODK Collect), which are XPath 1.0's with dates added: a date is
its ISO text without the time, and as a number the days since 1970-01-01.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from server.forms.xpath.civil import iso_date
from server.forms.xpath.numbers import number_of_text, text_of_number

if TYPE_CHECKING:
    from server.forms.xpath.tree import Node


# Never changed, yet not frozen: that would make each three times as dear.
@dataclass(slots=True, unsafe_hash=True)
class Day:
    """A calendar day: `days` since 1970-01-01 (negative before it)."""

    days: int

    @property
    def millis(self) -> int:
        """Milliseconds since local midnight."""
        return 0


@dataclass(slots=True, unsafe_hash=True)
class Moment(Day):
    """A local date and time: the day, and `after_midnight` in milliseconds."""

    after_midnight: int

    @property
    def millis(self) -> int:
        return self.after_midnight


Atom: TypeAlias = str | float | bool | Day
Nodes: TypeAlias = "list[Node]"
Value: TypeAlias = "Atom | list[Node]"


def atom_of(value: Value) -> Atom:
    """A value that is no node-set: the value of the first node (document order), "" for none."""
    if isinstance(value, list):
        return value[0].value if value else ""
    return value


def text_of(value: Value) -> str:
    """string(value)."""
    if isinstance(value, list):
        value = value[0].value if value else ""
    if isinstance(value, str):
        return value
    if isinstance(value, float):
        return text_of_number(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return iso_date(value.days)


def number_of(value: Value) -> float:
    """number(value); NaN for what is no number."""
    if isinstance(value, list):
        value = value[0].value if value else ""
    if isinstance(value, float):
        return value
    if isinstance(value, str):
        return number_of_text(value)
    if isinstance(value, bool):
        return 1.0 if value else 0.0
    return float(value.days)


def truth_of(value: Value) -> bool:
    """boolean(value). A single node is judged by its value, as in ODK clients: an unanswered question is false."""
    if isinstance(value, list):
        if len(value) != 1:
            return bool(value)
        value = value[0].value
    if isinstance(value, bool):
        return value
    if isinstance(value, float):
        return abs(value) > 1e-12 and not math.isnan(value)
    if isinstance(value, str):
        return value != ""
    return True
