"""Where several fixes of one house say that it stands: their geometric median on the ellipsoid, and their spread. PURE.

The median of the plane would be pulled by one wild fix of many; the geometric median is not before half of them are
wild. It is reckoned by Weiszfeld's steps in an azimuthal equidistant plane around the point so far, where distances
from the middle are geodesics; so poles and the date line are no exceptions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from server.geo.earth import EARTH, bearings

_ROUNDS = 60
_STILL = 0.01  # metres; a step shorter than that ends it
_TOUCHING = 0.001  # metres; a fix nearer than that pulls no harder


@dataclass(frozen=True)
class Median:
    """WGS-84 degrees; `metres`: how far each fix lies from it, `spread_m`: the median of these."""

    lon: float
    lat: float
    spread_m: float
    metres: tuple[float, ...]


def median_place(fixes: Sequence[tuple[float, float]]) -> Median:
    """The median of at least one (lon, lat)."""
    lons, lats = np.array([lon for lon, _ in fixes]), np.array([lat for _, lat in fixes])
    # Any of them begins: the one in the middle by its distance to all others.
    start = min(range(len(fixes)), key=lambda n: float(np.sum(bearings(*fixes[n], lons, lats)[1])))
    lon, lat = float(lons[start]), float(lats[start])
    for _ in range(_ROUNDS):
        azimuths, metres = bearings(lon, lat, lons, lats)
        pull = 1 / np.maximum(metres, _TOUCHING)
        east = float(np.sum(pull * metres * np.sin(azimuths)) / np.sum(pull))
        north = float(np.sum(pull * metres * np.cos(azimuths)) / np.sum(pull))
        step = float(np.hypot(east, north))
        if step < _STILL:
            break
        lon, lat, _ = (float(part) for part in EARTH.fwd(lon, lat, np.degrees(np.arctan2(east, north)), step))
    metres = bearings(lon, lat, lons, lats)[1]
    return Median(lon, lat, float(np.median(metres)), tuple(float(one) for one in metres))
