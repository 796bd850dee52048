"""How a batch was answered: reasons to look at single records, for a person who then asks. PURE.

A reason names records, never people: nobody is ranked and nobody gets a number. It is told only where a batch is large
enough to say what is usual in it. `worker` is an opaque key that keeps the records of one worker together, because
travel, variety and copies are only meaningful within one person's records; it leaves this module by no way.
Formulas and start values: field.md, "Fabrication indicators"; limits: the dated policy `answer_patterns`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from math import log
from statistics import median
from typing import Any

from server.geo.earth import EARTH

POLICY = "answer_patterns"
CHINA = timezone(timedelta(hours=8))
LEVELLED = 1.4826  # of the median absolute deviation, so that it is a standard deviation where times are normal


@dataclass(frozen=True)
class Spot:
    """WGS-84 degrees; error in metres."""

    lon: float
    lat: float
    accuracy_m: float = 0.0

    def metres_to(self, other: Spot) -> float:
        return float(EARTH.inv(self.lon, self.lat, other.lon, other.lat)[2])


@dataclass(frozen=True)
class Record:
    """One filled form. `answers`: what was really asked and chosen, without prefilled facts; `amounts`: of money.

    `place`: where the phone was, `house`: where the household is registered.
    """

    id: str
    worker: str
    village: str
    started: datetime | None = None
    ended: datetime | None = None
    place: Spot | None = None
    house: Spot | None = None
    answers: Mapping[str, str] = field(default_factory=dict)
    amounts: Sequence[float] = ()

    @property
    def minutes(self) -> float | None:
        if self.started is None or self.ended is None or self.ended <= self.started:
            return None
        return (self.ended - self.started).total_seconds() / 60


@dataclass(frozen=True)
class Reason:
    """Why to look: what was measured against which limit, in which records. `facts`: what its sentence names."""

    code: str
    records: tuple[str, ...]
    value: float
    limit: float
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Limits:
    """One row of the policy."""

    rule: str
    values: Mapping[str, float]

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Limits:
        fixed = ("name", "label", "area", "status", "valid_from", "valid_until")
        return cls(row["name"], {name: float(text) for name, text in row.items() if name not in fixed and text})

    def __getitem__(self, name: str) -> float:
        return self.values[name]


Look = Callable[[Sequence[Record], Limits], Iterator[Reason]]


def by_worker(records: Iterable[Record]) -> list[list[Record]]:
    """The records of each worker, in the order of time; workers in the order of their first record."""
    found: dict[str, list[Record]] = defaultdict(list)
    for record in sorted(records, key=_when):
        found[record.worker].append(record)
    return list(found.values())


def _when(record: Record) -> tuple[datetime, str]:
    return record.started or datetime.max.replace(tzinfo=UTC), record.id


def short(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """Far quicker than the batch: by the robust deviation of log time, or under a share of the median."""
    timed = [(record, minutes) for record in records if (minutes := record.minutes)]
    if len(timed) < limits["least_records"]:
        return
    usual = median(minutes for _, minutes in timed)
    spread = LEVELLED * median(abs(log(minutes / usual)) for _, minutes in timed)
    for record, minutes in sorted(timed, key=lambda one: _when(one[0])):
        deviations = log(minutes / usual) / spread if spread else 0.0
        if deviations < -limits["short_spread"] or minutes < usual * limits["short_percent"] / 100:
            yield Reason("short", (record.id,), round(minutes, 1), round(usual, 1))


def night(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """Begun in the night, by the clock of China. Work in the evening is ordinary; it is only told."""
    first, last = limits["night_from_hour"], limits["night_to_hour"]
    for record in sorted(records, key=_when):
        hour = record.started.astimezone(CHINA).hour if record.started else 12
        if hour >= first or hour < last:
            yield Reason("night", (record.id,), hour, first, {"until": last})


def overlap(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """Two households of one worker at the same time."""
    for one, other in _neighbours(records):
        if one.ended and other.started and other.started < one.ended:
            minutes = (min(one.ended, other.ended or one.ended) - other.started).total_seconds() / 60
            yield Reason("overlap", (one.id, other.id), round(minutes, 1), 0)


def travel(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """Less time between two households than the way takes, after the errors of both positions are taken off."""
    for one, other in _neighbours(records):
        if not (one.place and other.place and one.ended and other.started) or other.started < one.ended:
            continue
        slack = one.place.accuracy_m + other.place.accuracy_m
        metres = one.place.metres_to(other.place) - slack
        hours = (other.started - one.ended).total_seconds() / 3600
        if metres > 0 and metres / 1000 > limits["travel_kmh"] * hours:
            facts = {"metres": round(metres), "minutes": round(hours * 60, 1)}
            yield Reason("travel", (one.id, other.id), round(metres), limits["travel_kmh"], facts)


def _neighbours(records: Sequence[Record]) -> Iterator[tuple[Record, Record]]:
    """Records of one worker that follow each other."""
    for mine in by_worker(record for record in records if record.started):
        yield from pairwise(mine)


def many(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """More households in a day than are usual."""
    days: dict[tuple[str, str], list[str]] = defaultdict(list)
    for mine in by_worker(records):
        for record in mine:
            if record.started:
                days[record.worker, record.started.astimezone(CHINA).date().isoformat()].append(record.id)
    for (_, day), ids in days.items():
        if len(ids) > limits["day_records"]:
            yield Reason("many", tuple(ids), len(ids), limits["day_records"], {"day": day})


def one_spot(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """Several households answered from one spot, though their houses stand apart."""
    for mine in by_worker(records):
        placed = [one for one in mine if one.place and one.house and one.place.accuracy_m <= limits["spot_accuracy_m"]]
        told: set[str] = set()
        for start in placed:
            near = [one for one in placed if one.id not in told and _metres(one.place, start.place) <= limits["spot_m"]]
            apart = _apart(near, limits["spot_apart_m"])
            if start.id not in told and len(apart) >= limits["spot_records"]:
                told.update(one.id for one in near)
                facts = {"metres": limits["spot_m"], "apart": limits["spot_apart_m"]}
                yield Reason("one_spot", tuple(one.id for one in near), len(apart), limits["spot_records"], facts)


def _apart(near: Sequence[Record], metres: float) -> list[Record]:
    """As many of them as have their houses that far from each other."""
    kept: list[Record] = []
    for one in near:
        if all(_metres(one.house, other.house) >= metres for other in kept):
            kept.append(one)
    return kept


def _metres(one: Spot | None, other: Spot | None) -> float:
    return one.metres_to(other) if one and other else float("inf")
