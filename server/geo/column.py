"""One geometry column for both databases.

On PostgreSQL it is PostGIS's geometry(…, 4326); on SQLite the same shape lies as WKB, because stock Pythons cannot
load SpatiaLite. In Python it is a Shapely geometry, longitude before latitude, WGS-84.
"""

from __future__ import annotations

from math import isfinite
from struct import Struct
from typing import Any

import shapely
from geoalchemy2 import Geometry, WKBElement
from geoalchemy2.shape import to_shape
from shapely import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Dialect, LargeBinary, TypeDecorator

WGS84 = 4326


_WKB, _EWKB = Struct("<BIdd"), Struct("<BIIdd")
_LITTLE_ENDIAN, _POINT, _WITH_SRID = 1, 1, 0x20000000


def _written(x: float, y: float, dialect: Dialect) -> bytes | str | None:
    """A point as the database takes it. Each visit writes one; by way of Shapely it takes twenty times as long."""
    if not (isfinite(x) and isfinite(y)):
        return None
    if dialect.name == "sqlite":
        return _WKB.pack(_LITTLE_ENDIAN, _POINT, x, y)
    return _EWKB.pack(_LITTLE_ENDIAN, _WITH_SRID | _POINT, WGS84, x, y).hex()


class Shape(TypeDecorator[BaseGeometry]):
    """A Shapely geometry in WGS-84 or NULL."""

    impl = Geometry
    cache_ok = True

    def __init__(self, kind: str = "GEOMETRY") -> None:
        super().__init__(kind, srid=WGS84, spatial_index=False)

    def load_dialect_impl(self, dialect: Dialect | None) -> Any:
        # GeoAlchemy2 asks with None while it builds the table.
        if dialect is not None and dialect.name == "sqlite":
            return dialect.type_descriptor(LargeBinary())
        return self.impl

    def process_bind_param(self, value: BaseGeometry | None, dialect: Dialect) -> Any:
        if value is None or value.is_empty:
            return None
        if isinstance(value, Point) and not value.has_z:
            return _written(value.x, value.y, dialect)
        if not all(map(isfinite, value.bounds)):  # of no numbers: nowhere
            return None
        if dialect.name == "sqlite":
            return shapely.to_wkb(value)
        return WKBElement(shapely.to_wkb(value), srid=WGS84)

    def process_result_value(self, value: Any, dialect: Dialect) -> BaseGeometry | None:
        if value is None:
            return None
        found: BaseGeometry = shapely.from_wkb(value) if isinstance(value, bytes) else to_shape(value)
        return None if found.is_empty else found
