"""The division tree in the database: imported as a whole file or not at all, read by path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.errors import Problem
from server.geo.boundaries import BoundaryFile, read_boundaries
from server.geo.region_file import RegionFile, RegionRow, read_region_file
from server.geo.region_tree import paths, tree_faults
from server.geo.tables import LEVELS, Region


@dataclass(frozen=True)
class RegionImport:
    """What an import did: counts of regions, boundaries that were set anew, and remarks for a person."""

    new: int
    changed: int
    unchanged: int
    boundaries: int
    notes: tuple[str, ...]


def code_of(session: Session, given: str) -> str | None:
    """The code of the region that a person names: by its code, or by its beginning alone (990101 is a county).

    None when there is none.
    """
    wanted = {given, given.ljust(12, "0")} if given.isdigit() else {given}
    found = set(session.scalars(select(Region.code).where(Region.code.in_(wanted))))
    return given if given in found else next(iter(found), None)


def import_regions(session: Session, table: bytes, boundaries: bytes | None = None) -> RegionImport:
    """Brings the tree to what the files say; regions that they do not name stay.

    Problem region.invalid carries every fault of both files; then nothing was changed. Importing the same
    files again changes nothing.
    """
    db.lock(session, {"regions"})  # one import after the other, so reading first and writing later is safe
    stored = {region.code: region for region in session.scalars(select(Region))}
    file = read_region_file(table)
    levels = {code: region.level for code, region in stored.items()}
    file.faults += tree_faults(file.rows, levels, file.spoiled)
    areas = _areas(boundaries, file, stored)
    faults = [*file.faults, *areas.faults]
    if faults:
        raise Problem("region.invalid", faults=faults)
    new, changed = _store(session, stored, file.rows)
    return RegionImport(
        new=new,
        changed=changed,
        unchanged=len(file.rows) - new - changed,
        boundaries=_store_boundaries(stored, areas),
        notes=(*file.notes, *areas.notes),
    )


def _areas(boundaries: bytes | None, file: RegionFile, stored: dict[str, Region]) -> BoundaryFile:
    if boundaries is None or not file.rows:
        return BoundaryFile()
    return read_boundaries(boundaries, {*stored, *file.spoiled, *(row.code for row in file.rows)})


def _store(session: Session, stored: dict[str, Region], rows: Sequence[RegionRow]) -> tuple[int, int]:
    """(new, changed); `stored` gains the new ones, and every path is right afterwards."""
    parents = {code: region.parent_code for code, region in stored.items()}
    where = paths({**parents, **{row.code: row.parent for row in rows}})
    known = [row for row in rows if row.code in stored]
    new = [row for row in rows if row.code not in stored]
    for row in sorted(new, key=lambda row: LEVELS.index(row.level)):  # parents first
        stored[row.code] = Region(code=row.code, level=row.level, path=where[row.code])
        _fill(stored[row.code], row)
        session.add(stored[row.code])
    session.flush()
    changed = sum(_fill(stored[row.code], row) for row in known)
    for code, region in stored.items():  # a region that moved takes everything below it along
        region.path = where[code]
    session.flush()
    return len(new), changed


def _fill(region: Region, row: RegionRow) -> bool:
    """Whether the row said anything new."""
    values = {
        "parent_code": row.parent, "name_zh": row.name_zh, "name_en": row.name_en,
        "valid_from": row.valid_from, "valid_to": row.valid_to,
    }  # fmt: skip
    news = {name: value for name, value in values.items() if getattr(region, name, None) != value}
    for name, value in news.items():
        setattr(region, name, value)
    return bool(news)


def _store_boundaries(stored: dict[str, Region], areas: BoundaryFile) -> int:
    return sum(_set_boundary(stored[code], area) for code, area in areas.shapes.items())


def _set_boundary(region: Region, area: BaseGeometry) -> bool:
    before = region.boundary
    if before is not None and before.equals_exact(area, 0):
        return False
    region.boundary = area
    return True
