"""From the coordinates that a file declares to WGS-84: by its reference system or by its datum, never by looks. PURE.

CGCS2000, the national system, agrees with WGS-84 to decimetres and is taken as it. Older national systems (Beijing
1954, Xi'an 1980) have no published exact way; where PROJ knows none the file is refused rather than shifted by guess.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError
from shapely.geometry.base import BaseGeometry

from server.geo import datum

_SAME = ("WGS 84", "WGS_1984", "China 2000", "China Geodetic Coordinate System 2000", "CGCS2000", "CGCS_2000")
_NATIONAL = 0.5  # metres; by how much CGCS2000 and WGS-84 may differ


class NoWay(Exception):
    """Why the declared coordinates cannot be brought to WGS-84."""


@dataclass(frozen=True)
class Way:
    """How coordinates come to WGS-84. `name`: of the declared system; `plain`: they are WGS-84 already; `metres`: the
    accuracy of the way as far as it is known; `area`: west, south, east, north of the system's use.
    """

    name: str
    plain: bool
    move: Callable[[np.ndarray], np.ndarray]
    metres: float | None = None
    area: tuple[float, float, float, float] = (-180.0, -90.0, 180.0, 90.0)

    def bring(self, shape: BaseGeometry, *, swapped: bool = False) -> BaseGeometry:
        """The shape in WGS-84, longitude first. `swapped`: the file gives the northern coordinate first."""

        def moved(at: np.ndarray) -> np.ndarray:
            return self.move(at[:, ::-1] if swapped else at)

        return shape if self.plain and not swapped else shapely.transform(shape, moved)

    def holds(self, shape: BaseGeometry) -> bool:
        """Whether a shape in WGS-84 touches the area where the system is used; a degree of slack."""
        west, south, east, north = self.area
        return bool(shape.intersects(shapely.box(west - 1, max(south - 1, -90), east + 1, min(north + 1, 90))))


@lru_cache(maxsize=32)
def way_from(declared: str) -> Way:
    """The way from a system's name (EPSG:4547, an URN, WKT, GCJ-02 …); "" is WGS-84. Raises NoWay."""
    named = datum.named(declared) if declared else datum.WGS84
    if named is not None:
        return Way(declared or "WGS 84", named == datum.WGS84, lambda at: _undone(at, named))
    try:
        crs = CRS.from_user_input(declared).to_2d()
    except CRSError as error:
        raise NoWay(str(error)) from error
    return _by_crs(crs)


def _undone(at: np.ndarray, named: str) -> np.ndarray:
    return np.column_stack(datum.to_wgs84(at[:, 0], at[:, 1], named))


def _by_crs(crs: CRS) -> Way:
    """First off the map sheet onto the ellipsoid, which is exact; then, where the datum is another one, to WGS-84."""
    base = crs.geodetic_crs
    if base is None or crs.is_geocentric:  # metres from the middle of the Earth draw no area
        raise NoWay(f"{crs.name}: not tied to the Earth")
    steps: list[Transformer] = []
    metres: float | None = 0.0 if "84" in base.name else _NATIONAL
    try:
        if not crs.is_geographic:
            steps.append(Transformer.from_crs(crs, base, always_xy=True))
        if not _is_same(base):
            last = Transformer.from_crs(base, CRS.from_epsg(4326), always_xy=True, allow_ballpark=False)
            metres = last.accuracy if last.accuracy >= 0 else None
            steps.append(last)
    except ProjError as error:
        raise NoWay(f"{crs.name}: no exact way to WGS-84 is published") from error
    used = crs.area_of_use
    area = used.bounds if used else (-180.0, -90.0, 180.0, 90.0)
    return Way(crs.name, not steps and not _turned(crs), lambda at: _stepped(at, steps), metres, area)


def _is_same(base: CRS) -> bool:
    frame = base.datum.name if base.datum else ""
    return any(name.lower() in f"{frame} {base.name}".lower() for name in _SAME)


def _turned(crs: CRS) -> bool:
    """Degrees of a file are always longitude first, whatever the system's own order is; other units are not ours."""
    return any(axis.unit_name != "degree" for axis in crs.axis_info)


def _stepped(at: np.ndarray, steps: list[Transformer]) -> np.ndarray:
    x, y = at[:, 0], at[:, 1]
    for step in steps:
        x, y = step.transform(x, y)
    return np.column_stack((x, y))
