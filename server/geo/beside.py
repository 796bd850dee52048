"""Whether a position lies in an area, near its edge or outside, and how far from the edge. PURE.

A boundary is drawn with some metres of error and a fix has its own: near the edge nobody can say on which side.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from shapely import Point
from shapely.geometry.base import BaseGeometry

from server.geo.earth import bearings

_FINE = 0.02  # degrees; longer edges are cut before they are bent into the plane
_DEGREE = 110_000.0  # metres; no degree of latitude is shorter
_POLAR = 89.0
_FAR = 200_000.0  # metres; from there the nearest vertex is the answer to metres, and near the antipode the plane folds


@dataclass(frozen=True)
class Beside:
    """`where`: inside, edge (within the tolerance of the boundary, on either side) or outside; `inside` says on which
    side; `metres`: geodesic distance to the boundary.
    """

    where: str
    inside: bool
    metres: float


def beside(area: BaseGeometry, lon: float, lat: float, tolerance_m: float) -> Beside:
    """Where a position lies about an area of degrees; the boundary belongs to it."""
    inside = bool(shapely.intersects_xy(area, lon, lat))
    metres = metres_to_edge(area, lon, lat)
    where = "edge" if metres <= tolerance_m else "inside" if inside else "outside"
    return Beside(where, inside, metres)


def may_reach(area: BaseGeometry, lon: float, lat: float, tolerance_m: float) -> bool:
    """Whether a position can lie in the area or within the tolerance of it, by its bounds alone: quick, and never wrong
    with no. Near the poles it always says yes.
    """
    west, south, east, north = area.bounds
    rise = tolerance_m / _DEGREE
    if max(abs(south), abs(north), abs(lat)) + rise > _POLAR:
        return True
    reach = rise / float(np.cos(np.radians(abs(lat) + rise)))
    across = any(west - reach <= lon + turn <= east + reach for turn in (-360.0, 0.0, 360.0))
    return across and south - rise <= lat <= north + rise


def metres_to_edge(area: BaseGeometry, lon: float, lat: float) -> float:
    """Geodesic metres to the boundary: its vertices are laid around the position by azimuth and distance, where
    distances to the middle are true."""

    def around(at: np.ndarray) -> np.ndarray:
        azimuths, metres = bearings(lon, lat, at[:, 0], at[:, 1])
        return np.column_stack((metres * np.sin(azimuths), metres * np.cos(azimuths)))

    edge = shapely.segmentize(area.boundary, _FINE)
    nearest = float(np.min(np.hypot(*around(shapely.get_coordinates(edge)).T)))
    return nearest if nearest > _FAR else float(shapely.transform(edge, around).distance(Point(0, 0)))
