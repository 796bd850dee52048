"""Regions that get another name, or another region above them, from a day on; households, feeds and rights follow.

A region keeps its code when it moves, so records, feeds (`region:<village>`) and roles of the village stay as they are:
only who looks after it from above changes, and with it what phones of the old township may hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, authors
from server.accounts.audit import note
from server.accounts.tables import Install, RoleGrant
from server.db import now, today
from server.errors import Problem
from server.geo.tables import LEVELS, Region, RegionChange
from server.registry.tables import Entity
from server.sync import holdings
from server.sync.office_tables import InstallScope
from server.sync.scope import visible_regions

ADMINS = ("admin",)
KINDS = ("renamed", "moved")
Wire = dict[str, Any]


@dataclass(frozen=True)
class Change:
    """What an administrator wants: `parent` of a move, `name_zh` and `name_en` of a new name, from `day` on."""

    id: str
    region: str
    kind: str
    day: date
    reason: str
    parent: str | None = None
    name_zh: str | None = None
    name_en: str | None = None


def _administered(session: Session, actor: Actor, code: str | None) -> Region:
    """Problem record.not_found for a region elsewhere exactly as for an unknown one."""
    region = session.get(Region, code or "")
    if region is None or not actor.covers(region.path, ADMINS):
        raise Problem("record.not_found")
    return region


def look_over(session: Session, actor: Actor, wanted: Change) -> Wire:
    """What the change would do: names and places before and after, and what lies in the region.

    Problems record.not_found, region.no_change, region.wrong_level.
    """
    region = _administered(session, actor, wanted.region)
    if wanted.kind == "moved":
        _may_hang(region, _administered(session, actor, wanted.parent))
    elif not wanted.name_zh or (region.name_zh, region.name_en) == (wanted.name_zh, wanted.name_en or ""):
        raise Problem("region.no_change")
    inside = select(Region.code).where(Region.path.startswith(region.path, autoescape=True))
    households = (Entity.region_code.in_(inside), Entity.dataset == "household", Entity.state == "active")
    return {
        **_on_wire(_row(actor, region, wanted), {}),
        "regions": session.scalar(select(func.count()).select_from(inside.subquery())),
        "households": session.scalar(select(func.count(Entity.id)).where(*households)),
        "people": session.scalar(
            select(func.count(RoleGrant.person_id.distinct())).where(RoleGrant.region_code.in_(inside))
        ),
        "at_once": wanted.day <= today(),
    }


def _may_hang(region: Region, above: Region) -> None:
    if region.parent_code == above.code:
        raise Problem("region.no_change")
    fits = LEVELS.index(above.level) == LEVELS.index(region.level) - 1
    if not fits or region.level == "group":  # a group's code begins with its village's
        raise Problem("region.wrong_level")


def _row(actor: Actor, region: Region, wanted: Change) -> RegionChange:
    return RegionChange(
        id=wanted.id,
        region_code=region.code,
        kind=wanted.kind,
        day=wanted.day,
        reason=wanted.reason,
        parent_before=region.parent_code,
        parent_after=wanted.parent if wanted.kind == "moved" else region.parent_code,
        name_zh_before=region.name_zh,
        name_en_before=region.name_en,
        name_zh_after=(wanted.name_zh or "") if wanted.kind == "renamed" else region.name_zh,
        name_en_after=(wanted.name_en or "") if wanted.kind == "renamed" else region.name_en,
        made_by=actor.id,
        made_at=now(),
    )


def make(session: Session, actor: Actor, wanted: Change) -> Wire:
    """Enters the change; it holds at once when its day has come. Again is harmless. Problems as look_over."""
    db.lock(session, {"regions"})
    known = session.get(RegionChange, wanted.id)
    if known is not None:
        _administered(session, actor, known.region_code)
        return _on_wire(known, authors(session, {known.made_by}))
    look_over(session, actor, wanted)
    row = _row(actor, session.get_one(Region, wanted.region), wanted)
    session.add(row)
    more = {"to": row.parent_after} if row.kind == "moved" else {"name": row.name_zh_after}
    note(session, actor.id, f"region.{row.kind}", row.region_code, day=row.day.isoformat(), reason=row.reason, **more)
    session.flush()
    if row.day <= today():
        _apply(session, row)
    return _on_wire(row, authors(session, {row.made_by}))


def apply_due(session: Session) -> int:
    """Applies what was entered for today or before; how many."""
    due = (RegionChange.applied_at.is_(None), RegionChange.withdrawn_at.is_(None), RegionChange.day <= today())
    if session.scalar(select(RegionChange.id).where(*due).limit(1)) is None:
        return 0
    db.lock(session, {"regions"})
    rows = session.scalars(
        select(RegionChange).where(*due).order_by(RegionChange.day, RegionChange.made_at, RegionChange.id)
    ).all()
    for row in rows:
        _apply(session, row)
    return len(rows)


def _apply(session: Session, row: RegionChange) -> None:
    """What was before is what stands now: another change may have come between entering and its day."""
    region = session.get_one(Region, row.region_code)
    row.applied_at = now()
    if row.kind == "renamed":
        row.name_zh_before, row.name_en_before = region.name_zh, region.name_en
        region.name_zh, region.name_en = row.name_zh_after, row.name_en_after
    else:
        row.parent_before, region.parent_code = region.parent_code, row.parent_after
        _move_paths(session, region, session.get_one(Region, region.parent_code))
    session.flush()
    if row.kind == "moved":
        _notice_holders(session, region)


def _move_paths(session: Session, region: Region, above: Region) -> None:
    before = region.path
    below = session.scalars(select(Region).where(Region.path.startswith(before, autoescape=True))).all()
    for one in below:
        one.path = f"{above.path}{region.code}/{one.path.removeprefix(before)}"


def _notice_holders(session: Session, region: Region) -> None:
    """Phones that hold a feed of the region are to hand it over, if their person no longer sees it."""
    codes = session.scalars(select(Region.code).where(Region.path.startswith(region.path, autoescape=True)))
    scopes = [f"region:{code}" for code in codes]
    holders = select(Install.person_id).join(InstallScope, InstallScope.install_id == Install.id)
    people = session.scalars(holders.where(InstallScope.scope.in_(scopes), InstallScope.state != "wiped").distinct())
    for person_id in sorted(people.all()):
        holdings.notice_person(session, person_id)


def withdraw(session: Session, actor: Actor, change_id: str) -> None:
    """Ends a change whose day has not come. Problems record.not_found, region.applied."""
    row = session.get(RegionChange, change_id, with_for_update=True)
    _administered(session, actor, row.region_code if row else "")
    if row is None:
        raise Problem("record.not_found")
    if row.applied_at is not None:
        raise Problem("region.applied")
    if row.withdrawn_at is None:
        row.withdrawn_at = now()
        note(session, actor.id, "region.change_withdrawn", row.region_code, id=row.id)


def list_changes(session: Session, actor: Actor, region: str | None) -> list[Wire]:
    """Changes of regions in sight, the latest day first: what was called what, and lay where, until when."""
    query = select(RegionChange).join(Region, Region.code == RegionChange.region_code).where(visible_regions(actor))
    if region is not None:
        query = query.where(or_(Region.code == region, Region.path.contains(f"/{region}/", autoescape=True)))
    rows: Sequence[RegionChange] = session.scalars(
        query.order_by(RegionChange.day.desc(), RegionChange.made_at.desc()).limit(500)
    ).all()
    names = authors(session, {row.made_by for row in rows})
    return [_on_wire(row, names) for row in rows]


def _on_wire(row: RegionChange, names: dict[str, dict[str, str]]) -> Wire:
    return {
        "id": row.id,
        "region": row.region_code,
        "kind": row.kind,
        "day": row.day.isoformat(),
        "reason": row.reason,
        "before": {"parent": row.parent_before, "names": {"zh": row.name_zh_before, "en": row.name_en_before}},
        "after": {"parent": row.parent_after, "names": {"zh": row.name_zh_after, "en": row.name_en_after}},
        "by": names.get(row.made_by or ""),
        "made_at": row.made_at.isoformat(),
        "state": "withdrawn" if row.withdrawn_at else "applied" if row.applied_at else "waiting",
    }

