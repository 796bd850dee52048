"""Where a record belongs and where it stands: region from its dataset's source, geometry from its location."""

from __future__ import annotations

import math
from collections.abc import Mapping

from shapely import Point
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.geo.tables import Region
from server.registry.tables import Entity

WGS84_NAMES = {None, "wgs84", "wgs-84", "cgcs2000"}  # CGCS2000 agrees with WGS-84 to decimetres


def point(lon: object, lat: object) -> Point | None:
    """A point in WGS-84 from decimal texts; None when they are no position on Earth."""
    try:
        x, y = float(str(lon)), float(str(lat))
    except ValueError:
        return None
    inside = math.isfinite(x) and math.isfinite(y) and abs(x) <= 180 and abs(y) <= 90
    return Point(x, y) if inside else None


def geometry_of(dataset: Dataset, values: Mapping[str, str | None]) -> Point | None:
    """The record's place, when it was measured in WGS-84; other datums are converted elsewhere, never by guess."""
    if not dataset.location:
        return None
    datum = values.get(dataset.location.get("datum", ""))
    if (datum.lower() if datum else None) not in WGS84_NAMES:
        return None
    return point(values.get(dataset.location["lon"]), values.get(dataset.location["lat"]))


def declared_point(location: Mapping[str, object] | None) -> Point | None:
    """The point of a visit or a capture record that declares WGS-84."""
    if not location:
        return None
    datum = location.get("datum")
    if (str(datum).lower() if datum else None) not in WGS84_NAMES:
        return None
    return point(location.get("lon"), location.get("lat"))


def region_by_code(session: Session, code: str | None) -> Region | None:
    return session.get(Region, code) if code else None


def wanted_region(session: Session, dataset: Dataset, values: Mapping[str, str | None]) -> str | None:
    """The region that the record's own values name, when there is one with this code."""
    code = values.get(dataset.region_source) if dataset.region_source else None
    region = region_by_code(session, code)
    return region.code if region else None


def with_children(session: Session, root_id: str) -> list[Entity]:
    """A household and everything below it."""
    return list(session.scalars(select(Entity).where(Entity.root_id == root_id).order_by(Entity.id)))
