"""Where a record belongs and where it stands: region from its dataset's source, geometry from its location."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

import numpy as np
from shapely import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session, defer

from server.accounts.actor import Actor
from server.db import ask, once
from server.forms.dataset import Dataset
from server.geo import datum
from server.geo.inside import metres_between
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sending import Ready
from server.sync.record_rows import RecordRow, find_records

HOME_LEVELS = ("village", "group")  # regions that households belong to


def point(lon: object, lat: object) -> Point | None:
    """A point in WGS-84 from decimal texts; None when they are no position on Earth."""
    try:
        x, y = float(str(lon)), float(str(lat))
    except ValueError:
        return None
    inside = math.isfinite(x) and math.isfinite(y) and abs(x) <= 180 and abs(y) <= 90
    return Point(x, y) if inside else None


def length(stated: object) -> float | None:
    """Metres from what a phone declared; None when that is no length."""
    try:
        metres = float(str(stated))
    except ValueError:
        return None
    return metres if 0 <= metres < 1e6 else None


def geometry_of(dataset: Dataset, values: Mapping[str, str | None]) -> Point | None:
    """The record's place in WGS-84, by its declared datum; None without a place, or with a datum that nobody knows."""
    if not dataset.location:
        return None
    lon, lat = (values.get(dataset.location[name]) for name in ("lon", "lat"))
    return _by_declaration(lon, lat, values.get(dataset.location.get("datum", "")))


def stands_elsewhere(dataset: Dataset, before: Mapping[str, str | None], after: Mapping[str, str | None]) -> bool:
    """Whether anything has changed that the record's place is read from."""
    return any(before.get(name) != after.get(name) for name in (dataset.location or {}).values())


def declared_point(location: Mapping[str, object] | None) -> Point | None:
    """The point of a visit or a capture record in WGS-84, by its declared datum."""
    if not location:
        return None
    return _by_declaration(location.get("lon"), location.get("lat"), location.get("datum"))


def _by_declaration(lon: object, lat: object, declared: object) -> Point | None:
    """Without a declaration a position is a phone's, so WGS-84. Where another datum means nothing (the shift of GCJ-02
    has no bounds far from China, at the poles it is none) there is no point.
    """
    stated = point(lon, lat)
    named = datum.named(declared) if declared else datum.WGS84
    if stated is None or named is None:
        return None
    if named == datum.WGS84:
        return stated
    with np.errstate(all="ignore"):
        x, y = datum.to_wgs84(stated.x, stated.y, named)
    return point(float(x), float(y))


BARE = (defer(Region.boundary),)  # without the border, which is large and seldom needed


def region_by_code(session: Session, code: str | None) -> Region | None:
    """The region of this code, BARE."""
    return once(session, ("region", code), lambda: session.get(Region, code, options=BARE)) if code else None


_PATH = Ready(select(Region.path).where(Region.code == bindparam("code")))


def path_of(session: Session, code: str | None) -> str | None:
    """The path of the region of this code; None where there is no such region."""
    if not code:
        return None
    return once(session, ("path", code), lambda: next(iter(ask(session, _PATH, {"code": code}).scalars()), None))


def remember_path(session: Session, code: str, path: str) -> None:
    """It was read with something else: nobody need ask for it any more in this transaction."""
    session.info["path", code] = path


def metres_from(shown: BaseGeometry | None, where: BaseGeometry | None) -> float | None:
    """Metres between a record's place and another one, both WGS-84; None where one is missing."""
    if shown is None or where is None:
        return None
    return round(metres_between(*shown.coords[0][:2], *where.coords[0][:2]), 1)


def in_area(session: Session, actor: Actor, code: str | None, roles: Iterable[str]) -> bool:
    """Whether this is a region's code, and the region lies where the person has one of the roles."""
    path = path_of(session, code)
    return path is not None and actor.covers(path, roles)


def wanted_region(session: Session, dataset: Dataset, values: Mapping[str, str | None]) -> str | None:
    """The region that the record's own values name, when there is one with this code."""
    code = values.get(dataset.region_source) if dataset.region_source else None
    return code if path_of(session, code) is not None else None


def with_children(session: Session, root_id: str) -> list[RecordRow]:
    """A household and everything below it."""
    return find_records(session, Entity.root_id == root_id)
