"""Inspections as the desk reads them, and as the villages read those that are published."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.errors import Problem
from server.geo.inside import codes_inside
from server.inspection import draw_record
from server.inspection.drawing import counts_of
from server.inspection.freezing import exclusions_csv
from server.inspection.planning import plan_in
from server.inspection.preview import names_of, overlap_rows
from server.inspection.rights import PLANNERS, answerable, published_to
from server.inspection.seeds import commitments
from server.inspection.tables import (
    Inspection,
    InspectionDraw,
    InspectionExclusion,
    InspectionFrame,
    InspectionTask,
    InspectionTeam,
    InspectionTeamMember,
)
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page

Wire = dict[str, Any]
FILES = {
    "frame.csv": "text/csv",
    "plan.yaml": "application/yaml",
    "freeze.json": "application/json",
    "draw.json": "application/json",
    "exclusions.csv": "text/csv",
    "redraw.py": "text/x-python",
    "bundle.zip": "application/zip",
}


def list_inspections(
    session: Session, actor: Actor, state: str | None, region: str | None, limit: int, after: str | None
) -> Page | None:
    """Inspections that the actor answers for or audits, newest first; None when `after` names none of them."""
    known: Rows = select(Inspection).where(answerable(actor))
    query = known
    if state:
        query = query.where(Inspection.state == state)
    if region:
        query = query.where(Inspection.region_code.in_(codes_inside(session, region)))
    page = newest_first(session, query, known, Inspection.made_at, Inspection.id, limit, after)
    if page is None:
        return None
    return Page([inspection_wire(session, actor, row.Inspection) for row in page.rows], page.next)


def inspection_wire(session: Session, actor: Actor, row: Inspection) -> Wire:
    """One inspection with all that is known of it at its stage."""
    frame, draw = session.get(InspectionFrame, row.id), session.get(InspectionDraw, row.id)
    people = authors(session, [row.made_by, row.opened_by, row.closed_by])
    return {
        **_told(session, row),
        "form_ids": row.form_ids,
        "recent": row.recent,
        "burden": row.burden,
        "made_by": people.get(row.made_by),
        "made_at": row.made_at.isoformat(),
        "opened_by": people.get(row.opened_by or ""),
        "closed_by": people.get(row.closed_by or ""),
        "frame": _frame(session, frame) if frame else None,
        "commitments": _commitments(session, row.id),
        "draw": _draw(session, draw) if draw else None,
        "tally": tally_of(session, row.id),
        "teams": _teams(session, row.id),
        "may_steer": session.scalar(_mine(actor, row.id)) is not None,
    }


def _mine(actor: Actor, inspection_id: str) -> Select[str]:
    return select(Inspection.id).where(Inspection.id == inspection_id, answerable(actor, PLANNERS))


def _told(session: Session, row: Inspection) -> Wire:
    """What is no secret once an inspection is published."""
    plan = plan_in(row)
    return {
        "id": row.id,
        "region": row.region_code,
        "region_names": names_of(session, [row.region_code]).get(row.region_code),
        "names": {"zh": row.name_zh, "en": row.name_en},
        "state": row.state,
        "starts_on": row.starts_on.isoformat(),
        "ends_on": row.ends_on.isoformat(),
        "plan": plan.canonical(),
        "plan_sha256": plan.sha256,
        "seed_way": row.seed_way,
        "opened_at": row.opened_at.isoformat() if row.opened_at else None,
        "closed_at": row.closed_at.isoformat() if row.closed_at else None,
    }


def _frame(session: Session, frame: InspectionFrame) -> Wire:
    return {
        "sha256": frame.sha256,
        "households": frame.households,
        "villages": frame.villages,
        "frozen_by": authors(session, [frame.frozen_by]).get(frame.frozen_by),
        "frozen_at": frame.frozen_at.isoformat(),
        "is_published": frame.freeze is not None,
        "exclusions": _exclusions(session, frame.inspection_id),
    }


def _exclusions(session: Session, inspection_id: str) -> dict[str, int]:
    """How many were named by the burden guard, by reason."""
    query = select(InspectionExclusion.reason, func.count()).where(InspectionExclusion.inspection_id == inspection_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(InspectionExclusion.reason))}


def _commitments(session: Session, inspection_id: str) -> list[Wire]:
    rows = commitments(session, inspection_id)
    names = authors(session, [row.person_id for row in rows])
    return [
        {"person": names.get(row.person_id), "sha256": row.sha256, "is_revealed": row.secret is not None}
        for row in rows
    ]


def _draw(session: Session, draw: InspectionDraw) -> Wire:
    counts = counts_of(session, draw.inspection_id)
    return {
        "seed": draw.seed,
        "record_sha256": draw.sha256,
        "drawn_by": authors(session, [draw.drawn_by]).get(draw.drawn_by),
        "drawn_at": draw.drawn_at.isoformat(),
        "main": counts.get("main", 0),
        "reserves": counts.get("reserve", 0),
    }


def tally_of(session: Session, inspection_id: str) -> dict[str, int]:
    """How many tasks are in each state."""
    query = select(InspectionTask.state, func.count()).where(InspectionTask.inspection_id == inspection_id)
    return {row[0]: row[1] for row in session.execute(query.group_by(InspectionTask.state))}


def _teams(session: Session, inspection_id: str) -> list[Wire]:
    teams = session.scalars(
        select(InspectionTeam).where(InspectionTeam.inspection_id == inspection_id).order_by(InspectionTeam.name)
    ).all()
    query = select(InspectionTeamMember).where(InspectionTeamMember.team_id.in_([team.id for team in teams]))
    members = session.scalars(query.order_by(InspectionTeamMember.person_id)).all()
    names = authors(session, [one.person_id for one in members])
    return [
        {
            "id": team.id,
            "name": team.name,
            "members": [names[one.person_id] for one in members if one.team_id == team.id],
        }
        for team in teams
    ]


def overlaps_of(session: Session, actor: Actor, row: Inspection) -> list[Wire]:
    """Other inspections about the same households in the same days; to be looked at before the draw."""
    frame = session.get(InspectionFrame, row.id)
    lines = frame.csv.decode().splitlines()[1:] if frame else []
    return overlap_rows(session, actor, row, {line.split(",", 1)[0] for line in lines})


def list_published(session: Session, actor: Actor, limit: int, after: str | None) -> Page | None:
    """What the villages read of the inspections that were opened about them: never who is sent, never an answer."""
    known: Rows = select(Inspection).where(published_to(session, actor))
    page = newest_first(session, known, known, Inspection.made_at, Inspection.id, limit, after)
    if page is None:
        return None
    return Page([published_wire(session, row.Inspection) for row in page.rows], page.next)


def published_wire(session: Session, row: Inspection) -> Wire:
    frame, draw = session.get_one(InspectionFrame, row.id), session.get_one(InspectionDraw, row.id)
    return {
        **_told(session, row),
        "frame_sha256": frame.sha256,
        "households": frame.households,
        "frozen_at": frame.frozen_at.isoformat(),
        "seed": draw.seed,
        "record_sha256": draw.sha256,
        "drawn_at": draw.drawn_at.isoformat(),
        "files": list(FILES),
    }


def published_file(session: Session, actor: Actor, inspection_id: str, name: str) -> tuple[bytes, str]:
    """A published file and its media type. Who answers for the inspection gets each as soon as it is there."""
    in_sight = select(Inspection).where(Inspection.id == inspection_id)
    row = session.scalar(in_sight.where(answerable(actor)))
    row = row or session.scalar(in_sight.where(published_to(session, actor)))
    content = file_of(session, row, name) if row is not None and name in FILES else None
    if content is None:
        raise Problem("record.not_found")
    return content, FILES[name]


def file_of(session: Session, row: Inspection, name: str) -> bytes | None:
    """The bytes of one of FILES; None while it is not there."""
    frame, draw = session.get(InspectionFrame, row.id), session.get(InspectionDraw, row.id)
    if frame is None:
        return None
    found: dict[str, Callable[[], bytes | None]] = {
        "frame.csv": lambda: frame.csv,
        "plan.yaml": lambda: row.plan.encode(),
        "freeze.json": lambda: frame.freeze,
        "draw.json": lambda: draw.record if draw else None,
        "exclusions.csv": lambda: exclusions_csv(session, row.id),
        "redraw.py": draw_record.VERIFIER.read_bytes,
        "bundle.zip": lambda: _bundle(session, frame, draw) if draw else None,
    }
    return found[name]()


def _bundle(session: Session, frame: InspectionFrame, draw: InspectionDraw) -> bytes:
    left_out = exclusions_csv(session, frame.inspection_id)
    return draw_record.bundle(draw.record, frame.csv, frame.freeze, left_out)
