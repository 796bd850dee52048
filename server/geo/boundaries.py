"""Reading boundaries (GeoJSON, GeoPackage): areas whose property `code` names the region, brought to WGS-84. Pure.

An invalid shape is repaired and the repair is told; what cannot be repaired or brought to WGS-84 is a fault. What the
file does not say of its coordinates, a person may: system, datum, order of axes. Nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np
import shapely
from shapely.errors import ShapelyError
from shapely.geometry.base import BaseGeometry

from server.errors import Fault
from server.geo import boundary_source
from server.geo.boundary_source import Drawn, Unreadable
from server.geo.messages import at_feature, fault, note
from server.geo.projecting import NoWay, Way, way_from
from server.geo.repair import Hopeless, Repair, repaired, square_metres

_LEAST = 1.0  # square metre; an area below it was not drawn in the system that it declares


@dataclass(frozen=True)
class Declared:
    """What a person says of a file. `crs`: the system, in place of the file's own word; `datum`: GCJ-02 or BD-09 of
    degrees; `swapped`: the northern coordinate comes first.
    """

    crs: str = ""
    datum: str = ""
    swapped: bool = False


@dataclass
class BoundaryFile:
    """What a file of boundaries says: valid (multi)polygons by region code, everything wrong, remarks and repairs."""

    shapes: dict[str, BaseGeometry] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    repairs: list[Repair] = field(default_factory=list)


def read_boundaries(raw: bytes, known: Collection[str], declared: Declared | None = None) -> BoundaryFile:
    """All boundaries and all faults; `known`: codes of the regions that may have one."""
    found = BoundaryFile()
    said = declared or Declared()
    numbers: dict[str, int] = {}
    try:
        drawn = boundary_source.read(raw)
    except Unreadable as error:
        found.faults.append(fault(error.name, "1", cause=str(error)))
        return found
    ways = {name: _way(name, found) for name in dict.fromkeys(_system(one, said) for one in drawn)}
    for number, one in enumerate(drawn, 1):
        where = at_feature(number, one.code)
        if one.code is None:
            found.faults.append(fault("feature.code", where))
        elif one.code not in known:
            found.faults.append(fault("feature.unknown", where, code=one.code))
        elif one.code in numbers:
            found.faults.append(fault("feature.twice", where, code=one.code, number=numbers[one.code]))
        else:
            numbers[one.code] = number
            _take(one, one.code, where, ways[_system(one, said)], said.swapped, found)
    return found


def _system(one: Drawn, said: Declared) -> str:
    """A person's word goes before the file's."""
    return said.datum or said.crs or one.crs


def _way(name: str, found: BoundaryFile) -> Way | None:
    """The way to WGS-84, told where it changes coordinates; a fault once for all areas of a system."""
    try:
        way = way_from(name)
    except NoWay as error:
        found.faults.append(fault("boundary.crs", "crs", crs=name[:80], cause=str(error)[:200]))
        return None
    if not way.plain:
        metres = "?" if way.metres is None else f"{way.metres:g}"
        found.notes.append(note("boundary.moved", crs=way.name, metres=metres))
    return way


def _take(one: Drawn, code: str, where: str, way: Way | None, swapped: bool, found: BoundaryFile) -> None:
    if one.kind not in ("Polygon", "MultiPolygon"):
        found.faults.append(fault("feature.kind", where, kind=one.kind))
        return
    try:
        area = shapely.force_2d(one.shape())
    except (ShapelyError, ValueError, TypeError, LookupError, AttributeError, OverflowError) as error:
        found.faults.append(fault("feature.broken", where, cause=str(error)))
        return
    if area.is_empty:
        found.faults.append(fault("feature.hopeless", where, cause="empty"))
    elif way is not None and (brought := _brought(area, way, where, swapped, found)) is not None:
        _keep(brought, code, where, one.unclosed, found)


def _brought(area: BaseGeometry, way: Way, where: str, swapped: bool, found: BoundaryFile) -> BaseGeometry | None:
    """The area in WGS-84; None where its coordinates are not of the declared system: said when they would be with their
    axes swapped.
    """
    brought = _on_earth(area, way, swapped)
    if brought is None:
        _, _, east, north = area.bounds
        name = "feature.range" if _on_earth(area, way, not swapped) is None else "feature.swapped"
        found.faults.append(fault(name, where, x=round(east, 3), y=round(north, 3), crs=way.name))
    return brought


def _on_earth(area: BaseGeometry, way: Way, swapped: bool) -> BaseGeometry | None:
    """The area in WGS-84; None where that is no place, or none where the system is used."""
    if not all(np.isfinite(area.bounds)):
        return None
    brought = way.bring(area, swapped=swapped)
    if not all(np.isfinite(brought.bounds)):
        return None
    west, south, east, north = brought.bounds
    there = -180 <= west <= east <= 180 and -90 <= south <= north <= 90 and way.holds(brought)
    return brought if there else None


def _keep(area: BaseGeometry, code: str, where: str, unclosed: bool, found: BoundaryFile) -> None:
    try:
        whole, repair = repaired(area, code, where, unclosed=unclosed)
    except Hopeless as error:
        found.faults.append(fault("feature.hopeless", where, cause=str(error)))
        return
    if square_metres(whole) < _LEAST:
        found.faults.append(fault("feature.tiny", where))
        return
    if repair is not None:
        found.repairs.append(repair)
        found.notes.append(
            note(
                "boundary.repaired", where=where, cause=repair.kind, before=repair.before_m2, after=repair.after_m2,
                difference=repair.difference_m2, parts_before=repair.parts_before, parts_after=repair.parts_after,
            )
        )  # fmt: skip
    found.shapes[code] = whole
