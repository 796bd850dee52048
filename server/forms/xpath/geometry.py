"""Distances and areas on the Earth as ODK clients compute them. Places are (latitude, longitude) in degrees."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

Place = tuple[float, float]
# Metres; JavaRosa's GeoUtils.
RADIUS = 6_378_100.0
_CIRCUMFERENCE = 2 * RADIUS * math.pi


def area(places: Sequence[Place]) -> float:
    """Square metres: a flat polygon with longitudes shortened by latitude (mathworld.wolfram.com/PolygonArea)."""
    if len(places) < 3:
        return 0.0
    top, left = places[0]
    east = [(x - left) * _CIRCUMFERENCE * math.cos(math.radians(y)) / 360.0 for y, x in places[1:]]
    north = [(y - top) * _CIRCUMFERENCE / 360.0 for y, x in places[1:]]
    corners = pairwise(zip(east, north, strict=True))
    return abs(sum((y1 * x2 - x1 * y2) / 2 for (x1, y1), (x2, y2) in corners))


def distance(places: Sequence[Place]) -> float:
    """Metres along the places: the spherical law of cosines."""
    return sum((_between(one, other) for one, other in pairwise(places)), 0.0)


def _between(one: Place, other: Place) -> float:
    """NaN when rounding takes the cosine beyond 1, which both other engines share."""
    a, b = math.radians(one[0]), math.radians(other[0])
    turn = math.radians(one[1] - other[1])
    cosine = math.sin(a) * math.sin(b) + math.cos(a) * math.cos(b) * math.cos(turn)
    return math.acos(cosine) * RADIUS if abs(cosine) <= 1 else math.nan


def is_inside(place: Place, polygon: Sequence[Place]) -> bool:
    """Even-odd rule (W. R. Franklin, pnpoly); the polygon's last place repeats its first."""
    y, x = place
    inside = False
    for (y1, x1), (y2, x2) in pairwise(polygon):
        if (y2 > y) != (y1 > y) and x < (x1 - x2) * (y - y2) / (y1 - y2) + x2:
            inside = not inside
    return inside


def crosses_itself(places: Sequence[Place]) -> bool:
    """Do two stretches of the line touch anywhere but where one goes on into the next?"""
    stretches = [pair for pair in pairwise(places) if pair[0] != pair[1]]
    is_closed = len(stretches) > 2 and stretches[0][0] == stretches[-1][1]
    for i, one in enumerate(stretches):
        for j in range(i + 1, len(stretches)):
            other = stretches[j]
            if j == i + 1:
                touches = _folds_back(one, other)
            elif is_closed and i == 0 and j == len(stretches) - 1:
                touches = _folds_back(other, one)
            else:
                touches = _meet(one, other)
            if touches:
                return True
    return False


_Stretch = tuple[Place, Place]


def _side(a: Place, b: Place, c: Place) -> float:
    """Positive when c lies to the left of a → b, 0 on its line."""
    return (b[1] - a[1]) * (c[0] - a[0]) - (b[0] - a[0]) * (c[1] - a[1])


def _folds_back(one: _Stretch, other: _Stretch) -> bool:
    """Does the second stretch run back over the first, whose end it starts from?"""
    (a, b), (_, c) = one, other
    on_line = _side(a, b, c) == 0
    return on_line and (c[0] - b[0]) * (b[0] - a[0]) + (c[1] - b[1]) * (b[1] - a[1]) < 0


def _meet(one: _Stretch, other: _Stretch) -> bool:
    (a, b), (c, d) = one, other
    sides = _side(a, b, c), _side(a, b, d), _side(c, d, a), _side(c, d, b)
    if sides[0] * sides[1] < 0 and sides[2] * sides[3] < 0:
        return True
    ends = zip(sides, (one, one, other, other), (c, d, a, b), strict=True)
    return any(side == 0 and _within(stretch, place) for side, stretch, place in ends)


def _within(stretch: _Stretch, place: Place) -> bool:
    """Is a place of the line between the ends of the stretch?"""
    (y1, x1), (y2, x2) = stretch
    return min(y1, y2) <= place[0] <= max(y1, y2) and min(x1, x2) <= place[1] <= max(x1, x2)
