"""Shapes that are no valid areas: repaired, and every repair told with what it changed. PURE."""

from __future__ import annotations

from dataclasses import dataclass

import shapely
from shapely.geometry import MultiPolygon, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.validation import explain_validity

from server.geo.earth import EARTH


class Hopeless(Exception):
    """Nothing with an area is left of the shape."""


@dataclass(frozen=True)
class Repair:
    """What was done to the boundary of a region. `kind`: what was wrong, in GEOS's words, with the place in degrees;
    areas are square metres on the ellipsoid as decimal text, `before` by the rings as they were drawn.
    """

    code: str
    where: str
    kind: str
    before_m2: str
    after_m2: str
    difference_m2: str
    parts_before: int
    parts_after: int


def repaired(
    area: BaseGeometry, code: str, where: str, *, unclosed: bool = False
) -> tuple[BaseGeometry, Repair | None]:
    """A valid (multi)polygon, and what had to be changed; None when it was valid. Raises Hopeless."""
    if area.is_valid and not unclosed:
        return area, None
    kind = "Ring not closed" if area.is_valid else explain_validity(area)
    whole = area if area.is_valid else _areas(shapely.make_valid(area))
    if whole is None:
        raise Hopeless(kind)
    before, after = square_metres(area), square_metres(whole)
    return whole, Repair(
        code=code,
        where=where,
        kind=kind,
        before_m2=f"{before:.2f}",
        after_m2=f"{after:.2f}",
        difference_m2=f"{after - before:.2f}",
        parts_before=len(polygons(area)),
        parts_after=len(polygons(whole)),
    )


def square_metres(area: BaseGeometry) -> float:
    """Of all polygons of a shape, holes taken off."""
    return sum(abs(float(EARTH.geometry_area_perimeter(_turned(one))[0])) for one in polygons(area))


def _turned(polygon: Polygon) -> Polygon:
    """Rings in the order that lets holes count as holes."""
    turned: Polygon = shapely.geometry.polygon.orient(polygon)
    return turned


def _areas(geometry: BaseGeometry) -> BaseGeometry | None:
    """Only what has an area: repairs may leave loose lines and points."""
    parts = polygons(geometry)
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else MultiPolygon(parts)


def polygons(geometry: BaseGeometry) -> list[Polygon]:
    """Those that a shape is made of, however deep they lie; empty ones are none."""
    if isinstance(geometry, Polygon):
        return [] if geometry.is_empty else [geometry]
    return [one for part in getattr(geometry, "geoms", ()) for one in polygons(part)]
