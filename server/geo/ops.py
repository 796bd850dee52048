"""Where things are, asked in the same words of PostGIS and of SQLite: near, distance, box, within, nearest, tile.

Each answers a clause for any query on the layer's table, so the caller's area scope stays beside it. Distances are
geodesics on the WGS-84 ellipsoid, in metres; edges and rims belong to what they enclose. SQLite finds candidates in its
R*Tree and looks at each exactly (spots.py); PostGIS does the same within itself.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Float, and_, func, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.db import is_sqlite
from server.geo.column import WGS84
from server.geo.inside import Box, Circle, metres_between
from server.geo.spots import spot_table, tree_table
from server.geo.tile import MARGIN, Tile

_DEGREE = 110_500.0  # metres; no degree of latitude is shorter
_POLAR = 6_335_000.0  # metres; no radius of curvature is shorter, so angles come out large enough
_HALFWAY = 20_004_000.0  # metres; nothing on Earth is farther away
_FIRST_LOOK = 200.0

@dataclass(frozen=True)
class Layer:
    """A table with a text key and a point."""

    key: InstrumentedAttribute[str]
    place: InstrumentedAttribute[Any]

    @property
    def name(self) -> str:
        return str(self.key.class_.__tablename__)


def distance(session: Session, layer: Layer, lon: float, lat: float) -> ColumnElement[float]:
    """Metres from a position to the layer's points; NULL where there is none."""
    if is_sqlite(session):
        return func.ruhu_metres(layer.place, lon, lat, type_=Float)
    return func.ST_Distance(_geography(layer.place), _position(lon, lat), True, type_=Float)


def in_tile(session: Session, layer: Layer, tile: Tile) -> ColumnElement[bool]:
    """In a tile of the map, with its margin."""
    return in_box(session, layer, tile.box(MARGIN))


def in_box(session: Session, layer: Layer, box: Box) -> ColumnElement[bool]:
    """In a box of degrees; one whose west lies east of its east crosses the date line."""
    return or_(*(_in_plain_box(session, layer, part) for part in _plain(box)))


def near(session: Session, layer: Layer, circle: Circle) -> ColumnElement[bool]:
    """Within the circle's radius."""
    if not is_sqlite(session):
        return func.ST_DWithin(_geography(layer.place), _position(circle.lon, circle.lat), circle.radius_m, True)
    candidates = or_(*(_candidates(layer, part) for part in _plain(_around(circle))))
    return and_(candidates, func.ruhu_metres(layer.place, circle.lon, circle.lat) <= circle.radius_m)


def within(session: Session, layer: Layer, area: BaseGeometry) -> ColumnElement[bool]:
    """In a polygon of degrees or on its edge."""
    if not is_sqlite(session):
        wkb = func.ST_GeomFromWKB(shapely.to_wkb(area), WGS84)
        return func.ST_Covers(wkb, layer.place)
    west, south, east, north = area.bounds
    return and_(
        _candidates(layer, Box(west, south, east, north)), func.ruhu_covers(shapely.to_wkb(area), layer.place) == 1
    )


def nearest(
    session: Session, layer: Layer, lon: float, lat: float, count: int, where: ColumnElement[bool] | None = None
) -> list[tuple[str, float]]:
    """The nearest `count` (key, metres), nearest first; `where`: what else must hold. Looks in growing circles."""
    radius = _FIRST_LOOK
    while True:
        found = _measured(session, layer, Circle(lon, lat, radius), where)
        if len(found) >= count or radius >= _HALFWAY:
            return found[:count]
        radius = min(radius * 4, _HALFWAY)


def _measured(
    session: Session, layer: Layer, circle: Circle, where: ColumnElement[bool] | None
) -> list[tuple[str, float]]:
    wanted = (near(session, layer, circle), true() if where is None else where)
    rows = session.execute(select(layer.key, layer.place).where(*wanted))
    found = [(key, metres_between(circle.lon, circle.lat, place.x, place.y)) for key, place in rows]
    return sorted(found, key=lambda item: (item[1], item[0]))


def _in_plain_box(session: Session, layer: Layer, box: Box) -> ColumnElement[bool]:
    x, y = coordinates(session, layer)
    exact = and_(x >= box.west, x <= box.east, y >= box.south, y <= box.north)
    if is_sqlite(session):
        return and_(_candidates(layer, box), exact)
    envelope = func.ST_MakeEnvelope(box.west, box.south, box.east, box.north, WGS84)
    return and_(layer.place.op("&&")(envelope), exact)


def coordinates(session: Session, layer: Layer) -> Sequence[Any]:
    """Longitude and latitude of the layer's points, as expressions."""
    names = ("ruhu_lon", "ruhu_lat") if is_sqlite(session) else ("ST_X", "ST_Y")
    return [getattr(func, name)(layer.place) for name in names]


def _candidates(layer: Layer, box: Box) -> ColumnElement[bool]:
    """What SQLite's tree finds in a box: everything that is there, and now and then a neighbour."""
    spot, tree = spot_table(layer.name), tree_table(layer.name)
    inside = (
        tree.c.west <= box.east, tree.c.east >= box.west,
        tree.c.south <= box.north, tree.c.north >= box.south,
    )  # fmt: skip
    return layer.key.in_(select(spot.c.ref).join(tree, tree.c.n == spot.c.n).where(*inside))


def _plain(box: Box) -> tuple[Box, ...]:
    """The box in parts that do not cross the date line."""
    if box.west <= box.east:
        return (box,)
    return (Box(box.west, box.south, 180.0, box.north), Box(-180.0, box.south, box.east, box.north))


def _around(circle: Circle) -> Box:
    """A box that holds the circle: all longitudes where it holds a pole."""
    rise = circle.radius_m / _DEGREE
    south, north = circle.lat - rise, circle.lat + rise
    reach = math.sin(min(circle.radius_m / _POLAR, math.pi / 2)) / max(math.cos(math.radians(circle.lat)), 1e-12)
    if south <= -90 or north >= 90 or reach >= 1:
        return Box(-180.0, max(south, -90.0), 180.0, min(north, 90.0))
    half = math.degrees(math.asin(reach))
    return Box(_turned(circle.lon - half), south, _turned(circle.lon + half), north)


def _turned(lon: float) -> float:
    return (lon + 180.0) % 360.0 - 180.0 if abs(lon) > 180 else lon


def _geography(place: Any) -> Any:
    return func.geography(place)


def _position(lon: float, lat: float) -> Any:
    return func.geography(func.ST_SetSRID(func.ST_MakePoint(lon, lat), WGS84))
