"""Datums of Chinese maps, by declaration. PURE.

Phones measure WGS-84. The maps of Amap and Tencent show GCJ-02, those of Baidu BD-09: both shift a place by hundreds of
metres. A position is converted because its source says which it is, never because it looks like one. GCJ-02 has
no published definition; the constants are the reverse-engineered ones that all libraries share and that agree with the
maps to centimetres. The inverse is the fixed point p = g - shift(p), exact to micrometres after a few rounds.

Degrees, longitude before latitude. Every function takes single numbers or numpy arrays of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

WGS84, GCJ02, BD09 = "wgs84", "gcj02", "bd09"
# CGCS2000, the national datum, agrees with WGS-84 to decimetres.
NAMES = {
    "wgs84": WGS84, "wgs-84": WGS84, "epsg:4326": WGS84, "cgcs2000": WGS84, "epsg:4490": WGS84,
    "gcj02": GCJ02, "gcj-02": GCJ02, "bd09": BD09, "bd-09": BD09, "bd09ll": BD09,
}  # fmt: skip

_AXIS = 6378245.0  # metres; Krasovsky's ellipsoid, on which GCJ-02 is reckoned
_ECCENTRICITY = 0.00669342162296594323
_BAIDU = np.pi * 3000.0 / 180.0
_ROUNDS = 8  # each round wins two to three digits; four reach a micrometre

Degrees = Any  # float or numpy array
Position = tuple[Degrees, Degrees]


def named(text: object) -> str | None:
    """The datum that a declaration means: wgs84, gcj02 or bd09; None when we know none of this name."""
    return NAMES.get(str(text).strip().lower())


def to_wgs84(lon: Degrees, lat: Degrees, datum: str) -> Position:
    """The position in WGS-84. `datum` as `named` answers it; KeyError for another."""
    forward = _FORWARD[datum]
    return (lon, lat) if forward is None else _inverse(forward, lon, lat)


def from_wgs84(lon: Degrees, lat: Degrees, datum: str) -> Position:
    """The position as a map of this datum shows it."""
    forward = _FORWARD[datum]
    return (lon, lat) if forward is None else forward(lon, lat)


def _inverse(forward: Callable[[Degrees, Degrees], Position], lon: Degrees, lat: Degrees) -> Position:
    found: Position = (lon, lat)
    for _ in range(_ROUNDS):
        there = forward(*found)
        found = (found[0] + (lon - there[0]), found[1] + (lat - there[1]))
    return found


def _gcj02(lon: Degrees, lat: Degrees) -> Position:
    east, north = lon - 105.0, lat - 35.0
    waves = _wave(east * np.pi, (6, 20.0), (2, 20.0)) * 2 / 3
    shift_lat = (
        -100.0 + 2.0 * east + 3.0 * north + 0.2 * north**2 + 0.1 * east * north + 0.2 * np.sqrt(np.abs(east))
        + waves + _wave(north * np.pi, (1, 20.0), (1 / 3, 40.0)) * 2 / 3
        + _wave(north * np.pi, (1 / 12, 160.0), (1 / 30, 320.0)) * 2 / 3
    )  # fmt: skip
    shift_lon = (
        300.0 + east + 2.0 * north + 0.1 * east**2 + 0.1 * east * north + 0.1 * np.sqrt(np.abs(east))
        + waves + _wave(east * np.pi, (1, 20.0), (1 / 3, 40.0)) * 2 / 3
        + _wave(east * np.pi, (1 / 12, 150.0), (1 / 30, 300.0)) * 2 / 3
    )  # fmt: skip
    slope = np.sin(np.radians(lat))
    flat = 1 - _ECCENTRICITY * slope**2
    metres_lat = _AXIS * (1 - _ECCENTRICITY) / flat**1.5
    metres_lon = _AXIS / np.sqrt(flat) * np.cos(np.radians(lat))
    return lon + np.degrees(shift_lon / metres_lon), lat + np.degrees(shift_lat / metres_lat)


def _wave(angle: Degrees, *terms: tuple[float, float]) -> Degrees:
    return sum(height * np.sin(angle * pace) for pace, height in terms)


def _bd09(lon: Degrees, lat: Degrees) -> Position:
    x, y = _gcj02(lon, lat)
    radius = np.hypot(x, y) + 0.00002 * np.sin(y * _BAIDU)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


_FORWARD: dict[str, Callable[[Degrees, Degrees], Position] | None] = {WGS84: None, GCJ02: _gcj02, BD09: _bd09}
