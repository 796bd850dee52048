"""Which visits have taken place in the demo county: who, where, when, what had changed, what was photographed. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta, timezone
from random import Random

from server.demo.county import County
from server.demo.homes import Household
from server.demo.land import DEGREE_M, STRETCH
from server.demo.seed import chance, days_ago, dice, new_id, weighted
from server.demo.words import NOTES, REQUESTS

CHINA = timezone(timedelta(hours=8))
PLAIN_VISITS = 36
CONTESTED = 3  # households where lead and deputy, both offline, wrote down different phone numbers
AWAY_M = 420  # two photos taken at the wrong place, in metres from the house


@dataclass(frozen=True)
class Shot:
    """A photo to draw. `with_exif`: the camera app wrote its position; `with_capture`: the phone app did.

    `sent`: the bytes have arrived.
    """

    slot: str
    name: str
    seed: int
    place: tuple[float, float]
    taken: datetime
    with_exif: bool
    with_capture: bool
    sent: bool = True


@dataclass(frozen=True)
class Visit:
    """One filled form. `changes`: household properties that differ from the record; `born`: a new member."""

    number: int
    worker: str
    household: Household
    started: datetime
    ended: datetime
    mode: str
    place: tuple[float, float] | None
    accuracy_m: int
    changes: dict[str, str] = field(default_factory=dict)
    income_asked: bool = False
    requests: str = ""
    notes: str = ""
    born: bool = False
    shots: tuple[Shot, ...] = ()


def plan_visits(county: County) -> tuple[Visit, ...]:
    """All visits, in the order of time."""
    throw = dice("visits")
    helped = throw.sample(county.households, PLAIN_VISITS + CONTESTED)
    found = [_plain(throw, household, k) for k, household in enumerate(helped[:PLAIN_VISITS])]
    for household in helped[PLAIN_VISITS:]:
        found += _contested(throw, household)
    ordered = sorted(found, key=lambda visit: visit.started)
    return tuple(_numbered(visit, number) for number, visit in enumerate(ordered, 1))


def _numbered(visit: Visit, number: int) -> Visit:
    return Visit(**{**vars(visit), "number": number})


def _plain(throw: Random, household: Household, k: int) -> Visit:
    mode = "phone" if k % 9 == 8 else "proxy" if k % 18 == 11 else "in_person"
    changes = dict(_changes(throw, household)) if mode == "in_person" else {}
    return _visit(throw, household, household.lead, throw.randint(2, 44), mode, changes, k)


def _contested(throw: Random, household: Household) -> Iterator[Visit]:
    days = throw.randint(3, 20)
    for k, worker in enumerate((household.lead, household.deputy)):
        changes = {"contact_phone": f"1990001{throw.randint(0, 9999):04}"}
        yield _visit(throw, household, worker, days - k, "in_person", changes, 50 + k)


def _visit(
    throw: Random, household: Household, worker: str, days: int, mode: str, changes: dict[str, str], k: int
) -> Visit:
    started = datetime.combine(days_ago(days), time(throw.randint(9, 19), throw.randint(0, 59)), CHINA)
    ended = started + timedelta(minutes=throw.randint(14, 55))
    place = _beside(throw, household, AWAY_M if k in (4, 13) else 6) if mode == "in_person" else None
    return Visit(
        number=0, worker=worker, household=household, started=started, ended=ended, mode=mode, place=place,
        accuracy_m=throw.randint(4, 22), changes=changes, income_asked=k % 3 == 0 and mode == "in_person",
        requests=throw.choice(REQUESTS), notes=throw.choice(NOTES), born=k in (2, 16),
        shots=tuple(_shots(throw, household, place, started, changes, k)) if place else (),
    )  # fmt: skip


def _changes(throw: Random, household: Household) -> Iterator[tuple[str, str]]:
    """What a visitor may find changed; often nothing."""
    known = household.values
    if chance(throw, 0.25):
        yield "contact_phone", f"1990002{throw.randint(0, 9999):04}"
    if chance(throw, 0.35):
        yield "water_shortage_days", str(throw.choice((0, 3, 7, 12, 20)))
    if chance(throw, 0.12) and known["house_grade"] in "AB":
        yield "house_grade", weighted(throw, {"B": 6, "C": 3, "D": 1})
    if chance(throw, 0.1):
        yield "water_looks_clean", "no" if known["water_looks_clean"] == "yes" else "yes"


def _beside(throw: Random, household: Household, metres: float) -> tuple[float, float]:
    """A place about this far from the house."""
    east, north = throw.gauss(0, 1), throw.gauss(0, 1)
    length = (east**2 + north**2) ** 0.5 / metres
    lon = float(household.values["lon"]) + east / length / DEGREE_M * STRETCH
    return round(lon, 6), round(float(household.values["lat"]) + north / length / DEGREE_M, 6)


def _shots(
    throw: Random, household: Household, place: tuple[float, float], started: datetime, changes: dict[str, str], k: int
) -> Iterator[Shot]:
    """At least the front; the dangerous part and the back of a C or D house; the water where the form asks for it."""
    now = household.values | changes
    slots = ["house_front"]
    if now["house_grade"] in "CD":
        slots += ["house_danger", "house_back"]
    asks_water = now["water_supply_mode"] != "town_network" or int(now["water_shortage_days"]) > 18
    if asks_water or now["water_looks_clean"] == "no":
        slots.append("water_source")
    for position, slot in enumerate(slots[:3]):
        camera_app = chance(throw, 0.3)
        yield Shot(
            slot=slot,
            name=f"{new_id(throw)}.jpg",
            seed=throw.getrandbits(32),
            place=(round(place[0] + throw.gauss(0, 3e-5), 6), round(place[1] + throw.gauss(0, 3e-5), 6)),
            taken=started + timedelta(minutes=4 + 3 * position),
            with_exif=camera_app,
            with_capture=not camera_app,
            sent=not (k == 7 and position == len(slots[:3]) - 1),
        )
