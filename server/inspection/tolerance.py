"""How far an independent answer may lie from the record: the dated policy `comparison`, read for one fact. PURE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

POLICY = "comparison"
ZERO = Decimal(0)


@dataclass(frozen=True)
class Tolerance:
    """What one fact may differ by, under `rule` (name of the policy's version; empty where no policy holds).

    `within`: in the unit of the fact; `percent`: of the larger of the two values; the wider of both holds. `steps`:
    places in the order of the codes. `codes`: choices that only one of two lists has. `alike`: codes that count as one.
    """

    rule: str = ""
    within: Decimal = ZERO
    percent: Decimal = ZERO
    steps: int = 0
    codes: int = 0
    alike: tuple[frozenset[str], ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether two values must be equal to agree."""
        return not (self.within or self.percent or self.steps or self.codes)

    def allowed(self, one: Decimal, other: Decimal) -> Decimal:
        """The widest difference of these two numbers that is no error."""
        return max(self.within, max(abs(one), abs(other)) * self.percent / 100)


def tolerance_of(row: Mapping[str, str] | None, property: str) -> Tolerance:
    """What a row of the policy says of one property; without a row only equal values agree."""
    if row is None:
        return Tolerance()
    return Tolerance(
        rule=row["name"],
        within=Decimal(row.get(f"{property}_within") or 0),
        percent=Decimal(row.get(f"{property}_percent") or 0),
        steps=int(row.get(f"{property}_steps") or 0),
        codes=int(row.get(f"{property}_codes") or 0),
        alike=_groups(row.get(f"{property}_alike") or ""),
    )


def _groups(text: str) -> tuple[frozenset[str], ...]:
    """`A B|C D`: A and B count as one, and so do C and D."""
    return tuple(frozenset(group.split()) for group in text.split("|") if group.strip())
