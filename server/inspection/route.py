"""In what order households are gone to: village by village, always to the nearest that is left. PURE.

A walk by straight lines: it knows no roads and no rivers, and says so where it is shown.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol, TypeVar

Place = tuple[float, float]


class Stop(Protocol):
    """A task: it has a village and a household."""

    village_code: str
    household_id: str


S = TypeVar("S", bound=Stop)


def in_order(stops: Iterable[S], places: Mapping[str, Place]) -> list[S]:
    """The stops of a day: villages from the westernmost on, inside one from the house nearest to where one comes from.

    `places`: household → (longitude, latitude) in degrees. Houses without a place come last in their village, villages
    without any at the end, by code. Tasks of one household stay together.
    """
    villages: defaultdict[str, list[S]] = defaultdict(list)
    for stop in sorted(stops, key=lambda stop: (stop.village_code, stop.household_id)):
        villages[stop.village_code].append(stop)
    found: list[S] = []
    here: Place | None = None
    for village in _walked(_middles(villages, places)):
        some = villages[village]
        houses = {stop.household_id: places[stop.household_id] for stop in some if stop.household_id in places}
        walk = _walk(houses, here)
        rank = {household: number for number, household in enumerate(walk)}
        found += sorted(some, key=lambda stop: rank.get(stop.household_id, len(rank)))
        here = places[walk[-1]] if walk else here
    return found


def _middles(villages: Mapping[str, Sequence[S]], places: Mapping[str, Place]) -> dict[str, Place | None]:
    """Village → the middle of its houses; None where no place is known."""
    found: dict[str, Place | None] = {}
    for village, some in villages.items():
        known = sorted({places[stop.household_id] for stop in some if stop.household_id in places})
        found[village] = (
            (sum(one[0] for one in known) / len(known), sum(one[1] for one in known) / len(known)) if known else None
        )
    return found


def _walked(villages: Mapping[str, Place | None]) -> list[str]:
    known = {village: place for village, place in villages.items() if place is not None}
    return [*_walk(known), *sorted(set(villages) - set(known))]


def _walk(places: Mapping[str, Place], start: Place | None = None) -> list[str]:
    """From the place nearest to `start`, else the westernmost, always to the nearest that is left."""
    left = sorted(places, key=lambda one: (places[one], one))
    walk: list[str] = []
    here = start
    while left:
        from_here = here or places[left[0]]
        nearest = min(left, key=lambda one: (_apart(from_here, places[one]), one))
        left.remove(nearest)
        walk.append(nearest)
        here = places[nearest]
    return walk


def _apart(one: Place, other: Place) -> float:
    """Squared degrees, east shortened by the latitude: good enough to tell which neighbour is nearer."""
    east = (one[0] - other[0]) * math.cos(math.radians(one[1]))
    return east**2 + (one[1] - other[1]) ** 2
