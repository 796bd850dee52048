"""The limits of places that hold in a region on a day: the dated policy `places`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from server.forms.policy_rows import in_force
from server.forms.policy_store import policy_rows

POLICY = "places"


@dataclass(frozen=True)
class PlaceLimits:
    """One version of the policy (form_definitions/policies/places.yaml); metres, counts, square metres."""

    rule: str
    good_fix_m: float
    good_fixes: int
    spread_m: float
    yard_m: float
    edge_m: float
    datum_pairs: int
    datum_shift_m: float
    datum_left_percent: float
    sliver_m2: float


def place_limits(session: Session, region: str | None, day: date) -> PlaceLimits | None:
    """None where no policy is loaded: then nothing is suggested and nothing is doubted."""
    return limits_among(policy_rows(session, POLICY), region, day)


def limits_among(rows: Sequence[Mapping[str, str]], region: str | None, day: date) -> PlaceLimits | None:
    """As `place_limits`, for who asks about many regions and has read the rows of the policy once."""
    row = in_force(rows, region or "", day)
    if row is None:
        return None
    return PlaceLimits(
        rule=row["name"],
        good_fix_m=float(row["good_fix_m"]),
        good_fixes=int(row["good_fixes"]),
        spread_m=float(row["spread_m"]),
        yard_m=float(row["yard_m"]),
        edge_m=float(row["edge_m"]),
        datum_pairs=int(row["datum_pairs"]),
        datum_shift_m=float(row["datum_shift_m"]),
        datum_left_percent=float(row["datum_left_percent"]),
        sliver_m2=float(row["sliver_m2"]),
    )
