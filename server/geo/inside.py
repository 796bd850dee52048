"""Being in an area: a region and everything below it, a box, a circle."""

from __future__ import annotations

from dataclasses import dataclass

from pyproj import Geod
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


@dataclass(frozen=True)
class Circle:
    """Around a position in WGS-84 degrees; radius in metres, the rim belongs to it."""

    lon: float
    lat: float
    radius_m: float
