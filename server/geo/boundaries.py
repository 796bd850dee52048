"""Reading boundaries (GeoJSON, RFC 7946): areas in WGS-84 whose property `code` names the region. Pure.

An invalid shape is repaired and the repair is told; what cannot be repaired is a fault.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import shapely
from pyproj import Geod
from shapely.errors import ShapelyError
from shapely.geometry import MultiPolygon, Polygon, shape
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from server.errors import Fault
from server.geo.messages import at_feature, fault, note

_WGS84_NAMES = ("CRS84", "EPSG::4326", "EPSG:4326", "EPSG::4490", "EPSG:4490")
_EARTH = Geod(ellps="WGS84")


@dataclass
class BoundaryFile:
    """What a file of boundaries says: valid (multi)polygons by region code, everything wrong, and remarks."""

    shapes: dict[str, BaseGeometry] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_boundaries(raw: bytes, known: Collection[str]) -> BoundaryFile:
    """All boundaries and all faults; `known`: codes of the regions that may have one."""
    found = BoundaryFile()
    numbers: dict[str, int] = {}
    for number, feature in enumerate(_features(raw, found), 1):
        code = _code(feature)
        where = at_feature(number, code)
        if code is None:
            found.faults.append(fault("feature.code", where))
        elif code not in known:
            found.faults.append(fault("feature.unknown", where, code=code))
        elif code in numbers:
            found.faults.append(fault("feature.twice", where, code=code, number=numbers[code]))
        else:
            numbers[code] = number
            _take(feature, code, where, found)
    return found


def _features(raw: bytes, found: BoundaryFile) -> list[Any]:
    try:
        content = json.loads(raw.decode("utf-8-sig"))
        features = content["features"]
        if not isinstance(features, list):
            raise ValueError("“features” is no list")
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        cause = "“features” is missing" if isinstance(error, KeyError | TypeError) else str(error)
        found.faults.append(fault("geojson.unreadable", "1", cause=cause))
        return []
    crs = _crs(content)
    if crs and not crs.endswith(_WGS84_NAMES):
        found.faults.append(fault("geojson.crs", "crs", crs=crs))
        return []
    return features


def _crs(content: dict[str, Any]) -> str:
    """The old `crs` member's name (GeoJSON 2008); "" when there is none."""
    crs = content.get("crs")
    if not isinstance(crs, dict):
        return ""
    properties = crs.get("properties")
    return str(properties.get("name", "")) if isinstance(properties, dict) else str(crs)


def _code(feature: Any) -> str | None:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    code = properties.get("code") if isinstance(properties, dict) else None
    return str(code).strip() or None if code is not None else None


def _take(feature: dict[str, Any], code: str, where: str, found: BoundaryFile) -> None:
    geometry = feature.get("geometry") or {}
    kind = geometry.get("type") if isinstance(geometry, dict) else None
    if kind not in ("Polygon", "MultiPolygon"):
        found.faults.append(fault("feature.kind", where, kind=kind or "null"))
        return
    try:
        area = shapely.force_2d(shape(geometry))
    except (ShapelyError, ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        found.faults.append(fault("feature.broken", where, cause=str(error)))
        return
    if _on_earth(area, where, found):
        repaired = _valid(area, where, found)
        if repaired is not None:
            found.shapes[code] = repaired


def _on_earth(area: BaseGeometry, where: str, found: BoundaryFile) -> bool:
    if area.is_empty:
        found.faults.append(fault("feature.hopeless", where, cause="empty"))
        return False
    west, south, east, north = area.bounds
    if -180 <= west <= east <= 180 and -90 <= south <= north <= 90:
        return True
    found.faults.append(fault("feature.range", where, x=round(east, 3), y=round(north, 3)))
    return False


def _valid(area: BaseGeometry, where: str, found: BoundaryFile) -> BaseGeometry | None:
    """The area, repaired when it was invalid (said in the notes); None when nothing with an area is left."""
    if area.is_valid:
        return area
    cause = explain_validity(area)
    repaired = _areas(shapely.make_valid(area))
    if repaired is None:
        found.faults.append(fault("feature.hopeless", where, cause=cause))
        return None
    found.notes.append(
        note("boundary.repaired", where=where, cause=cause, before=_km2(area), after=_km2(repaired))
    )
    return repaired


def _areas(geometry: BaseGeometry) -> BaseGeometry | None:
    """Only what has an area: repairs may leave loose lines and points."""
    parts = [part for part in _flat(geometry) if isinstance(part, Polygon)]
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def _flat(geometry: BaseGeometry) -> list[BaseGeometry]:
    parts = getattr(geometry, "geoms", None)
    return [geometry] if parts is None else [piece for part in parts for piece in _flat(part)]


def _km2(area: BaseGeometry) -> str:
    square_metres, _ = _EARTH.geometry_area_perimeter(area)
    return f"{abs(square_metres) / 1e6:.2f}"
