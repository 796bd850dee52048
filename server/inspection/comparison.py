"""The record against the independent visit, item by item. PURE.

A blind form says of each question which fact of the record it asks again (`bind::ruhu:backcheck`); the dataset says how
steady that fact is (`backcheck`). Five outcomes: agrees · within (differs no more than the policy allows) · differs ·
not_asked · not_comparable. Only the first three are checked items. A difference is a question to both sides, not yet
anybody's fault: what changes honestly (`changing`) is counted apart from what does not.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Literal

from server.forms.canonical import canonical
from server.inspection.tolerance import Tolerance

Kind = Literal["fixed", "stable", "changing"]
Outcome = Literal["agrees", "within", "differs", "not_asked", "not_comparable"]
# The types of back-check surveys: 1 facts, 2 what takes skill to ask, 3 what changes by itself.
KINDS: Mapping[Kind, int] = {"fixed": 1, "stable": 2, "changing": 3}
OUTCOMES: tuple[Outcome, ...] = ("agrees", "within", "differs", "not_asked", "not_comparable")
CHECKED: tuple[Outcome, ...] = ("agrees", "within", "differs")
# Dispositions of a visit (codes/disposition.csv) in which questions were answered at all.
ANSWERED = ("complete", "partial")
NUMBERS = ("integer", "decimal")
# Answers that say that the question could not be answered, in any form.
_NO_ANSWER = frozenset({"unsure", "not_applicable", "x"})
_NONE_CHOSEN = frozenset({"none"})
_PUNCTUATION = re.compile(r"[\W_]+")


@dataclass(frozen=True)
class Fact:
    """One question of a blind form and the property that it asks again.

    `type` is the property's; `codes`: those that the record can hold (None: any text); `order`: from safe to dangerous.
    """

    question: str
    dataset: str
    property: str
    type: str
    kind: Kind
    codes: frozenset[str] | None = None
    order: Sequence[str] = ()
    tolerance: Tolerance = field(default_factory=Tolerance)


@dataclass(frozen=True)
class Item:
    """One fact of one household: both values as they were written, what came of it, and why (`comparison_words`)."""

    fact: Fact
    recorded: str | None
    found: str | None
    outcome: Outcome
    why: str

    @property
    def is_checked(self) -> bool:
        return self.outcome in CHECKED


def compare(
    facts: Iterable[Fact],
    recorded: Mapping[tuple[str, str], str | None],
    found: Mapping[str, str | None],
    disposition: str | None,
) -> list[Item]:
    """The items of one household, in the order of `facts`.

    `recorded`: (dataset, property) → value as it stood at the draw; a key that is absent stands for a record that is
    not there, or not one. `found`: path of the question → answer; absent where the form did not ask. `disposition`:
    of the visit; a visit that met nobody compares nothing.
    """
    answered = disposition in ANSWERED
    return [_item(fact, recorded, found.get(fact.question) if answered else None) for fact in facts]


def _item(fact: Fact, recorded: Mapping[tuple[str, str], str | None], answer: str | None) -> Item:
    key = (fact.dataset, fact.property)
    before = canonical(recorded.get(key), fact.type)
    found = canonical(answer, fact.type)
    outcome, why = _judged(fact, key in recorded, before, found)
    return Item(fact, before, found, outcome, why)


def _judged(fact: Fact, there: bool, before: str | None, found: str | None) -> tuple[Outcome, str]:
    if found is None:
        return "not_asked", "not_asked"
    if not there:
        return "not_comparable", "no_record"
    if before is None:
        return "not_comparable", "nothing_recorded"
    if found in _NO_ANSWER:
        return "not_comparable", "cannot_say"
    return _RULES.get(fact.type, _texts)(fact, before, found)


def _numbers(fact: Fact, before: str, found: str) -> tuple[Outcome, str]:
    try:
        one, other = Decimal(before), Decimal(found)
    except ArithmeticError:
        return "not_comparable", "unreadable"
    if one == other:
        return "agrees", "equal"
    near = abs(one - other) <= fact.tolerance.allowed(one, other)
    return ("within", "number_within") if near else ("differs", "number_differs")


def _dates(fact: Fact, before: str, found: str) -> tuple[Outcome, str]:
    try:
        apart = abs((date.fromisoformat(before) - date.fromisoformat(found)).days)
    except ValueError:
        return "not_comparable", "unreadable"
    if apart == 0:
        return "agrees", "equal"
    return ("within", "date_within") if apart <= fact.tolerance.within else ("differs", "date_differs")


def _choice(fact: Fact, before: str, found: str) -> tuple[Outcome, str]:
    if before == found:
        return "agrees", "equal"
    if fact.codes is not None and not {before, found} <= fact.codes:
        return "not_comparable", "other_codes"
    if any({before, found} <= group for group in fact.tolerance.alike):
        return "within", "choice_within"
    if before in fact.order and found in fact.order:
        apart = abs(fact.order.index(before) - fact.order.index(found))
        return ("within", "step_within") if apart <= fact.tolerance.steps else ("differs", "step_differs")
    return "differs", "choice_differs"


def _choices(fact: Fact, before: str, found: str) -> tuple[Outcome, str]:
    """What one list has alone; "none" is the empty list. A code put in place of another counts once, not twice."""
    one, other = (frozenset(text.split()) - _NONE_CHOSEN for text in (before, found))
    if one == other:
        return "agrees", "equal"
    apart = max(len(one - other), len(other - one))
    return ("within", "list_within") if apart <= fact.tolerance.codes else ("differs", "list_differs")


def _texts(fact: Fact, before: str, found: str) -> tuple[Outcome, str]:
    """Names and addresses: without regard to spaces, punctuation, width and case."""
    return ("agrees", "equal") if _folded(before) == _folded(found) else ("differs", "text_differs")


def _folded(text: str) -> str:
    return _PUNCTUATION.sub("", unicodedata.normalize("NFKC", text).casefold())


_RULES: Mapping[str, Callable[[Fact, str, str], tuple[Outcome, str]]] = {
    "integer": _numbers,
    "decimal": _numbers,
    "date": _dates,
    "select_one": _choice,
    "select_multiple": _choices,
}
