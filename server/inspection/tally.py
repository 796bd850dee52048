"""Items counted: how many were checked, how many were wrong, by whatever one asks for. PURE.

Error rate = wrong items / checked items (25 of 649 is 3.85 %). What was not asked or could not be compared is in
neither number, and is told beside them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from server.inspection.comparison import CHECKED, OUTCOMES, Item, Outcome

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Tally:
    """How often each outcome came."""

    counts: Mapping[Outcome, int]

    @property
    def checked(self) -> int:
        return sum(self.counts.get(outcome, 0) for outcome in CHECKED)

    @property
    def wrong(self) -> int:
        return self.counts.get("differs", 0)

    @property
    def rate(self) -> float | None:
        """Wrong among checked items; None where none was checked."""
        return self.wrong / self.checked if self.checked else None

    def as_json(self) -> dict[str, object]:
        return {**{outcome: self.counts.get(outcome, 0) for outcome in OUTCOMES}, "checked": self.checked,
                "rate": self.rate}  # fmt: skip


def tally(items: Iterable[Item]) -> Tally:
    return Tally(Counter(item.outcome for item in items))


def tally_by(parts: Iterable[tuple[K, Mapping[Outcome, int]]]) -> dict[K, Tally]:
    """The tally of each key, in the order in which keys first come, from counts that were taken before."""
    counts: dict[K, Counter[Outcome]] = {}
    for key, part in parts:
        counts.setdefault(key, Counter()).update(part)
    return {key: Tally(found) for key, found in counts.items()}


def counted(items: Iterable[Item], is_changing_counted: bool) -> list[Item]:
    """The items that an error rate is made of: without those that change honestly, unless the policy counts them."""
    return [item for item in items if is_changing_counted or item.fact.kind != "changing"]
