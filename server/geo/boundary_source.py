"""The areas of a file as they were drawn: GeoJSON (RFC 7946, and the `crs` of 2008) or GeoPackage. PURE."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry

from server.geo.geopackage import MAGIC, NotAGeoPackage, read_rows


class Unreadable(Exception):
    """Why there is nothing to read; `name`: of the fault in messages.py."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(cause)
        self.name = name


@dataclass(frozen=True)
class Drawn:
    """One area. `crs`: the name of its system, "" where nothing is said; `shape`: makes the geometry, and may fail;
    `unclosed`: a ring does not end where it begins.
    """

    code: str | None
    crs: str
    kind: str
    shape: Callable[[], BaseGeometry]
    unclosed: bool = False


def read(raw: bytes) -> list[Drawn]:
    """Raises Unreadable."""
    return _of_geopackage(raw) if raw.startswith(MAGIC) else _of_geojson(raw)


def is_boundaries(raw: bytes) -> bool:
    """Whether these bytes are a file of boundaries and no table of regions."""
    return raw.startswith(MAGIC) or raw.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] in (b"{", b"[")


def _of_geojson(raw: bytes) -> list[Drawn]:
    try:
        content = json.loads(raw.decode("utf-8-sig"))
        features = content["features"]
        if not isinstance(features, list):
            raise ValueError("“features” is no list")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        cause = "“features” is missing" if isinstance(error, KeyError | TypeError) else str(error)
        raise Unreadable("geojson.unreadable", cause) from error
    crs = _crs(content)
    return [_feature(feature, crs) for feature in features]


def _crs(content: dict[str, Any]) -> str:
    """The old `crs` member's name (GeoJSON 2008); "" when there is none: then it is WGS-84 by the standard."""
    crs = content.get("crs")
    if not isinstance(crs, dict):
        return ""
    properties = crs.get("properties")
    return str(properties.get("name", "")) if isinstance(properties, dict) else str(crs)


def _feature(feature: Any, crs: str) -> Drawn:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    given: dict[str, Any] = geometry if isinstance(geometry, dict) else {}
    properties = feature.get("properties") if isinstance(feature, dict) else None
    code = _text(properties.get("code")) if isinstance(properties, dict) else None
    return Drawn(code, crs, str(given.get("type") or "null"), lambda: shape(given), _is_unclosed(given))


def _is_unclosed(geometry: dict[str, Any]) -> bool:
    """Shapely closes open rings without a word."""
    rings = geometry.get("coordinates")
    if geometry.get("type") == "MultiPolygon" and isinstance(rings, list):
        rings = [ring for part in rings if isinstance(part, list) for ring in part]
    lists = [ring for ring in rings if isinstance(ring, list) and ring] if isinstance(rings, list) else []
    return any(ring[0] != ring[-1] for ring in lists)


def _of_geopackage(raw: bytes) -> list[Drawn]:
    try:
        rows = read_rows(raw)
    except NotAGeoPackage as error:
        raise Unreadable("geopackage.unreadable", str(error)) from error
    return [Drawn(_text(row.code), row.crs, *_opened(row.wkb)) for row in rows]


def _opened(wkb: bytes | None) -> tuple[str, Callable[[], BaseGeometry]]:
    """What kind it is and how it is made. Bytes that are no geometry say so where the area is taken."""
    if wkb is None:
        return "null", shapely.Polygon
    try:
        found = shapely.from_wkb(wkb)
    except shapely.errors.ShapelyError:
        return "Polygon", lambda: shapely.from_wkb(wkb)
    return found.geom_type, lambda: found


def _text(value: object) -> str | None:
    return str(value).strip() or None if value is not None else None
