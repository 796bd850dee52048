"""The division tree in the database: imported as a whole file or not at all, read by path."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from shapely.geometry.base import BaseGeometry
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.errors import Problem
from server.geo.boundaries import BoundaryFile, Declared, read_boundaries
from server.geo.messages import note
from server.geo.neighbours import Misfit, misfits
from server.geo.region_file import RegionFile, RegionRow, read_region_file
from server.geo.region_tree import paths, tree_faults
from server.geo.repair import Repair
from server.geo.tables import LEVELS, Region


@dataclass(frozen=True)
class RegionImport:
    """What an import did: counts of regions, boundaries that were set anew, and remarks for a person.

    `repairs` and `misfits`: what was changed in the boundaries to make them valid, and how they lie about each other.
    """

    new: int
    changed: int
    unchanged: int
    boundaries: int
    notes: tuple[str, ...]
    repairs: tuple[Repair, ...] = ()
    misfits: tuple[Misfit, ...] = ()


def code_of(session: Session, given: str) -> str | None:
    """The code of the region that a person names: by its code, or by its beginning alone (990101 is a county).

    None when there is none.
    """
    wanted = {given, given.ljust(12, "0")} if given.isdigit() else {given}
    found = set(session.scalars(select(Region.code).where(Region.code.in_(wanted))))
    return given if given in found else next(iter(found), None)


def import_regions(
    session: Session,
    table: bytes | None,
    boundaries: bytes | None = None,
    declared: Declared | None = None,
    sliver_m2: float = 0.0,
) -> RegionImport:
    """Brings the tree to what the files say; regions that they do not name stay. `table` None: boundaries alone.

    Problem region.invalid carries every fault of both files; then nothing was changed. Importing the same
    files again changes nothing. `sliver_m2`: overlaps and gaps up to that size are not told.
    """
    db.lock(session, {"regions"})  # one import after the other, so reading first and writing later is safe
    stored = {region.code: region for region in session.scalars(select(Region))}
    file, areas = _read(table, boundaries, stored, declared)
    new, changed = _store(session, stored, file.rows)
    fresh = _store_boundaries(stored, areas)
    odd = _misfits(stored, areas, sliver_m2)
    return RegionImport(
        new=new,
        changed=changed,
        unchanged=len(file.rows) - new - changed,
        boundaries=fresh,
        notes=(*file.notes, *areas.notes, *map(_told, odd)),
        repairs=tuple(areas.repairs),
        misfits=tuple(odd),
    )


def _read(
    table: bytes | None, boundaries: bytes | None, stored: dict[str, Region], declared: Declared | None
) -> tuple[RegionFile, BoundaryFile]:
    """Both files, checked against each other and against the tree. Problem region.invalid with every fault."""
    file = read_region_file(table) if table is not None else RegionFile()
    levels = {code: region.level for code, region in stored.items()}
    file.faults += tree_faults(file.rows, levels, file.spoiled)
    areas = _areas(boundaries, file, stored, declared) if table is None or file.rows else BoundaryFile()
    faults = [*file.faults, *areas.faults]
    if faults:
        raise Problem("region.invalid", faults=faults)
    return file, areas


def _misfits(stored: dict[str, Region], areas: BoundaryFile, sliver_m2: float) -> list[Misfit]:
    """Where the boundaries that came now do not fit those around them."""
    drawn = {code: region.boundary for code, region in stored.items() if region.boundary is not None}
    parents = {code: region.parent_code for code, region in stored.items()}
    return misfits(drawn, parents, set(areas.shapes), sliver_m2)


def _told(misfit: Misfit) -> str:
    return note(f"misfit.{misfit.kind}", codes=" / ".join(misfit.codes), m2=misfit.m2)


def _areas(
    boundaries: bytes | None, file: RegionFile, stored: dict[str, Region], declared: Declared | None
) -> BoundaryFile:
    if boundaries is None:
        return BoundaryFile()
    return read_boundaries(boundaries, {*stored, *file.spoiled, *(row.code for row in file.rows)}, declared)


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
