"""In what order households are gone to: village by village, and inside one always to the nearest that is left. PURE."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Protocol, TypeVar

Place = tuple[float, float]


class Stop(Protocol):
    """A task: it has a village and a household."""

    village_code: str
    household_id: str


S = TypeVar("S", bound=Stop)


def in_order(stops: Iterable[S], places: Mapping[str, Place]) -> list[S]:
    """The stops by village code; inside a village a walk from the westernmost house, those without a place last.

    `places`: household → (longitude, latitude) in degrees. Tasks of one household stay together.
    """
    ordered = sorted(stops, key=lambda stop: (stop.village_code, stop.household_id))
    found: list[S] = []
    for _, village in groupby(ordered, key=lambda stop: stop.village_code):
        here = list(village)
        walk = _walk(sorted({stop.household_id for stop in here if stop.household_id in places}), places)
        rank = {household: number for number, household in enumerate(walk)}
        found += sorted(here, key=lambda stop: rank.get(stop.household_id, len(rank)))
    return found


def _walk(households: Sequence[str], places: Mapping[str, Place]) -> list[str]:
    left = sorted(households, key=lambda one: (places[one], one))
    walk = left[:1]
    left = left[1:]
    while left:
        here = places[walk[-1]]
        nearest = min(left, key=lambda one: (_apart(here, places[one]), one))
        left.remove(nearest)
        walk.append(nearest)
    return walk


def _apart(one: Place, other: Place) -> float:
    """Squared degrees, east shortened by the latitude: good enough to tell which neighbour is nearer."""
    east = (one[0] - other[0]) * math.cos(math.radians(one[1]))
    return east**2 + (one[1] - other[1]) ** 2
