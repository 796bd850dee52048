"""Being in an area: a region and everything below it, a box, a circle."""

from __future__ import annotations

from dataclasses import dataclass

from pyproj import Geod
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from server.geo.tables import Region

_EARTH = Geod(ellps="WGS84")


def inside_region(session: Session, code: str) -> ColumnElement[bool]:
    """Clause on Region: at or below the region with this code; nothing when there is none."""
    path = session.scalar(select(Region.path).where(Region.code == code))
    return Region.path.startswith(path, autoescape=True) if path else false()


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Geodesic distance of two WGS-84 positions."""
    return float(_EARTH.inv(lon, lat, other_lon, other_lat)[2])


@dataclass(frozen=True)
class Box:
    """Degrees, WGS-84; edges belong to it. `west` greater than `east` crosses the date line."""

    west: float
    south: float
    east: float
    north: float

    def holds(self, point: BaseGeometry | None) -> bool:
        if point is None:
            return False
        lon, lat = point.coords[0][:2]
        across = self.west <= lon <= self.east
        if self.west > self.east:
            across = lon >= self.west or lon <= self.east
        return across and self.south <= lat <= self.north


@dataclass(frozen=True)
class Circle:
    """Around a position in WGS-84 degrees; radius in metres, the rim belongs to it."""

    lon: float
    lat: float
    radius_m: float

    def holds(self, point: BaseGeometry | None) -> bool:
        if point is None:
            return False
        lon, lat = point.coords[0][:2]
        return metres_between(self.lon, self.lat, lon, lat) <= self.radius_m
