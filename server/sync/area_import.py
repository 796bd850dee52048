"""A file of regions or boundaries from the desk: looked over first, and nothing outside the own area is touched."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import today
from server.errors import Fault, Problem
from server.geo.boundaries import Declared
from server.geo.boundary_source import is_boundaries
from server.geo.region_file import read_region_file
from server.geo.regions import RegionImport, import_regions
from server.geo.tables import Region
from server.registry.place_limits import place_limits
from server.sync.administered import is_of_county

ADMINS = ("admin",)
_ELSEWHERE = (
    "不在您的区域里，或者上级不在您的区域里 / It is not in your area, or what is above it is not",
    "从文件里去掉这一行，或请上级管理员导入 / Take it out of the file, or ask an administrator above you to import it",
)


@dataclass(frozen=True)
class Files:
    """A table, boundaries, or both; what is declared of the boundaries' system."""

    name: str
    table: bytes | None
    boundaries: bytes | None
    declared: Declared

    @classmethod
    def of(cls, name: str, file: bytes, boundaries: bytes | None, declared: Declared) -> Files:
        """One file alone may be either."""
        alone = boundaries is None and is_boundaries(file)
        return cls(name, None if alone else file, file if alone else boundaries, declared)


def import_areas(session: Session, actor: Actor, files: Files) -> RegionImport:
    """Brings the tree to what the files say. Whoever only looks leaves the transaction without a commit.

    Problems auth.forbidden (not of a whole county), region.invalid with every fault.
    """
    if not is_of_county(session, actor):
        raise Problem("auth.forbidden")
    strange = _strange(session, actor)
    named = {row.code for row in read_region_file(files.table).rows} if files.table is not None else set()
    _refuse(named & (strange.keys() - actor.above(ADMINS)))  # what leads to the own area may be named, as it stands
    limits = place_limits(session, None, today())
    done = import_regions(session, files.table, files.boundaries, files.declared, limits.sliver_m2 if limits else 0.0)
    _refuse(_touched(session, actor, strange))
    if done.new or done.changed or done.boundaries:
        repairs = [asdict(repair) for repair in done.repairs]
        note(session, actor.id, "region.import", files.name, new=done.new, changed=done.changed, repairs=repairs)
    notes = tuple(text for text in done.notes if not any(code in text for code in strange))
    return replace(done, notes=notes)


def _strange(session: Session, actor: Actor) -> dict[str, tuple[object, ...]]:
    """The regions outside of the actor's area, as they stand."""
    rows = session.scalars(select(Region)).all()
    return {row.code: _state(row) for row in rows if not actor.covers(row.path, ADMINS)}


def _state(row: Region) -> tuple[object, ...]:
    return (
        row.parent_code, row.path, row.name_zh, row.name_en, row.valid_from, row.valid_to,
        row.boundary.wkb if row.boundary is not None else None,
    )  # fmt: skip


def _touched(session: Session, actor: Actor, strange: dict[str, tuple[object, ...]]) -> set[str]:
    """Regions outside of the area that the files changed, made or moved there."""
    rows = session.scalars(select(Region)).all()
    outside = [row for row in rows if not actor.covers(row.path, ADMINS)]
    changed = {row.code for row in outside if strange.get(row.code) != _state(row)}
    return changed | {row.code for row in rows if row.code in strange and strange[row.code] != _state(row)}


def _refuse(codes: Collection[str]) -> None:
    if codes:
        why, fix = _ELSEWHERE
        raise Problem("region.invalid", faults=[Fault(code, why, fix) for code in sorted(codes)])
