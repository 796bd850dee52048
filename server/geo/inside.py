"""Being in an area: a region and everything below it, a box, a circle."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import Session

from server.errors import Fault, Problem
from server.geo.earth import EARTH
from server.geo.regions import code_of
from server.geo.tables import Region

# The code of a region or its beginning; a group has its number behind the code of its village.
_CODE = re.compile(r"[1-9]\d{1,11}|[1-9]\d{11}-\d{1,3}", re.ASCII)


def inside_region(session: Session, code: str) -> ColumnElement[bool]:
    """Clause on Region: at or below the region that a person names, by its code or by the beginning of it.

    9901 is a region if there is one (990100000000), else all regions whose codes begin so. What is unknown matches
    nothing, exactly as what is out of sight does. Problem request.invalid for what cannot be a code.
    """
    if not _CODE.fullmatch(code):
        fix = "Give 12 digits, or the first 2 to 11 of them; GET /regions lists the codes."
        raise Problem("request.invalid", faults=[Fault("region", "This is no code of a region.", fix)])
    # Asked for what is unknown too: else the number of statements would tell which codes there are.
    path = session.scalar(select(Region.path).where(Region.code == code_of(session, code)))
    if path is None:
        return Region.code.startswith(code, autoescape=True)
    return Region.path.startswith(path, autoescape=True)


def codes_inside(session: Session, code: str) -> Select[str]:
    """Codes of the regions that `inside_region` names."""
    return select(Region.code).where(inside_region(session, code))


def metres_between(lon: float, lat: float, other_lon: float, other_lat: float) -> float:
    """Geodesic distance of two WGS-84 positions."""
    return float(EARTH.inv(lon, lat, other_lon, other_lat)[2])


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
