"""What is shown of a property that several people wrote, and whether a rule decides it. Pure.

A policy is declared in the dataset, for a property or a merge group. It gets the heads: written values that nobody has
seen. It never invents: what it shows was written by somebody, or is put together from what was written (`union`,
`append`). A policy that decides is recorded as the one who decided; `review` and `worst` leave it to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Protocol

Value = Mapping[str, str | None]


class Candidate(Protocol):
    """A head, as the policies look at it. `rank`: authority of its author; `observed`: the visit's UTC time when the
    phone's clock can be believed, else None; `saw`: what its author had before him.
    """

    @property
    def op_id(self) -> str: ...
    @property
    def value(self) -> Value: ...
    @property
    def saw(self) -> Value | None: ...
    @property
    def version(self) -> int: ...
    @property
    def rank(self) -> int: ...
    @property
    def observed(self) -> str | None: ...


# Sources of a place that a person stated; every other one was measured (codes of the wire contract).
PINNED = ("manual_pin", "corrected")


@dataclass(frozen=True)
class Policy:
    """`by`: the property of the group that decides (its grade, its accuracy); `order`: its codes, from safe to
    dangerous or from first to last. `source`, of a place: the property that says who found it; `sharp`: metres of
    error up to which a measured place may take the place of a pinned one.
    """

    name: str = "review"
    by: str = ""
    order: tuple[str, ...] = ()
    source: str = ""
    sharp: Decimal = Decimal()

    def stands(self, earlier: Value, later: Value) -> bool:
        """Whether a pinned place stands against a coarse fix, although who measured had the pin before him."""
        if not self.source or earlier.get(self.source) not in PINNED or later.get(self.source) in PINNED:
            return False
        metres = _number(later.get(self.by))
        return not metres or metres > self.sharp


@dataclass(frozen=True)
class Decision:
    """`value` is shown. `op_id`: whose it is; None when it is put together from several. `by_rule`: the policy decided
    between different values, so nobody is asked.
    """

    value: Value
    op_id: str | None
    by_rule: bool = False


REVIEW = Policy()
Heads = Sequence[Candidate]


def decide(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    """What is shown of these heads (at least one). `shown`: the op whose value was shown before, which stays if nothing
    speaks for another: people are not to see values jump.
    """
    if len(heads) == 1:
        return Decision(heads[0].value, heads[0].op_id)
    ordered = sorted(heads, key=lambda head: (head.version, head.op_id))
    if len(_distinct(ordered)) == 1:
        return _first(ordered, shown)
    return _RULES[policy.name](policy, ordered, shown)


def _distinct(heads: Heads) -> list[Value]:
    values: list[Value] = []
    for head in heads:
        if head.value not in values:
            values.append(head.value)
    return values


def _first(heads: Heads, shown: str | None, by_rule: bool = False) -> Decision:
    head = next((head for head in heads if head.op_id == shown), heads[0])
    return Decision(head.value, head.op_id, by_rule)


def _review(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    return _first(heads, shown)


def _immutable(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    return _first(heads, None)


def _derived(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    """A witness until it is reckoned anew (derive.py); by op id, which no order of arrival changes."""
    last = max(heads, key=lambda head: head.op_id)
    return Decision(last.value, last.op_id, by_rule=True)


def _best(heads: Heads, marks: Sequence[object | None], shown: str | None) -> Decision:
    """The heads with the highest mark. A person is asked when a mark is missing or the best differ."""
    if any(mark is None for mark in marks):
        return _first(heads, shown)
    highest = max(marks)  # type: ignore[type-var]
    best = [head for head, mark in zip(heads, marks, strict=True) if mark == highest]
    return _first(best, shown, by_rule=len(_distinct(best)) == 1)


def _authority(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    return _best(heads, [head.rank for head in heads], shown)


def _last_observed(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    return _best(heads, [head.observed for head in heads], shown)


def _most_precise(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    """What a person pinned comes before what phones measured; two different pins are for a person."""
    pinned = [head for head in heads if head.value.get(policy.source) in PINNED]
    if pinned:
        return _best(pinned, [0] * len(pinned), shown)
    accuracies = [_number(head.value.get(policy.by)) for head in heads]
    # No fix is without any error: 0 says that nothing was measured.
    return _best(heads, [-metres if metres else None for metres in accuracies], shown)


def _monotone(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    return _best(heads, [_place(policy, head.value) for head in heads], shown)


def _worst(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    """The most dangerous is shown until a person decides; a grade that is not in the order counts as the safest."""
    marks = [_place(policy, head.value) for head in heads]
    decision = _best(heads, [-1 if mark is None else mark for mark in marks], shown)
    return Decision(decision.value, decision.op_id)


def _union(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    """All codes that somebody chose, but those that an author saw and took away while nobody else put them in anew."""
    return _together(heads, lambda text: text.split(), " ", sorted)


def _append(policy: Policy, heads: Heads, shown: str | None) -> Decision:
    """Every line once, in the same way; by op id, which no order of arrival changes."""
    in_order = sorted(heads, key=lambda head: head.op_id)
    return _together(in_order, lambda text: [line for line in text.split("\n") if line.strip()], "\n", list)


def _together(
    heads: Heads, parts: Callable[[str], list[str]], joint: str, order: Callable[[list[str]], list[str]]
) -> Decision:
    name = next(iter(heads[0].value))
    found: list[str] = []
    added, removed = set[str](), set[str]()
    for head in heads:
        had, has = (parts(value.get(name) or "") for value in (head.saw or {}, head.value))
        found += [part for part in has if part not in found]
        added |= set(has) - set(had)
        removed |= set(had) - set(has)
    kept = order([part for part in found if part in added or part not in removed])
    return Decision({name: joint.join(kept) or None}, None, by_rule=True)


def _place(policy: Policy, value: Value) -> int | None:
    code = value.get(policy.by)
    return policy.order.index(code) if code in policy.order else None


def _number(text: str | None) -> Decimal | None:
    try:
        number = Decimal(text) if text else None
    except InvalidOperation:
        return None
    return number if number is not None and number.is_finite() and number >= 0 else None


_RULES: dict[str, Callable[[Policy, Heads, str | None], Decision]] = {
    "review": _review,
    "authority": _authority,
    "worst": _worst,
    "union": _union,
    "append": _append,
    "last_observed": _last_observed,
    "most_precise": _most_precise,
    "monotone": _monotone,
    "immutable": _immutable,
    "derived": _derived,
}
# What these show holds the values of all heads, so who saw it has seen them all.
COMPOSING = ("union", "append")
# These never decide between values that differ: they leave it to a person.
ASKING = ("review", "immutable", "worst")
