"""One filled form of the demo county: who, where, when, and what the story of it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from random import Random
from typing import Literal

from server.demo.homes import Household
from server.demo.land import DEGREE_M, STRETCH

CHINA = timezone(timedelta(hours=8))
Fix = Literal["exact", "coarse", "refused"]  # what the phone may know of its place


@dataclass(frozen=True)
class Work:
    """`household` is None where the form is about the village `village`. `story`: answers by question name.

    `photos`: at most so many are taken. `metres`: how far from the house. `stale`: its author had not yet received the
    work on this household that lies before it. `unsent`: the last photo is still on the phone. `ahead_s`: how far the
    phone's clock is ahead; the times of the work are by that clock. `reuses`: its first photo is an old one.
    """

    form: str
    worker: str
    village: str
    household: Household | None
    started: datetime
    ended: datetime
    mode: str
    accuracy_m: int
    place: tuple[float, float] | None
    story: Mapping[str, str] = field(default_factory=dict)
    photos: int = 1
    stale: bool = False
    unsent: bool = False
    fix: Fix = "exact"
    ahead_s: int = 0
    reuses: bool = False
    # Rows that are added by hand: path of the repeat → how many.
    rows: Mapping[str, int] = field(default_factory=dict)
    number: int = 0


def work(
    throw: Random,
    form: str,
    worker: str,
    household: Household,
    day: date,
    story: Mapping[str, str],
    *,
    mode: str = "in_person",
    photos: int = 1,
    metres: float = 6,
    stale: bool = False,
    unsent: bool = False,
) -> Work:
    """A form about a household, filled on `day` at an hour of that day."""
    started = datetime.combine(day, time(throw.randint(9, 18), throw.randint(0, 59)), CHINA)
    return Work(
        form=form, worker=worker, village=household.village, household=household, started=started,
        ended=started + timedelta(minutes=throw.randint(12, 50)), mode=mode, accuracy_m=throw.randint(4, 22),
        place=beside(throw, household, metres) if mode == "in_person" else None, story=story, photos=photos,
        stale=stale, unsent=unsent,
    )  # fmt: skip


def beside(throw: Random, household: Household, metres: float) -> tuple[float, float]:
    """A place about this far from the house."""
    east, north = throw.gauss(0, 1), throw.gauss(0, 1)
    length = (east**2 + north**2) ** 0.5 / metres
    lon = float(household.values["lon"]) + east / length / DEGREE_M * STRETCH
    return round(lon, 6), round(float(household.values["lat"]) + north / length / DEGREE_M, 6)
