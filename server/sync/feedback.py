"""Complaints and suggestions of the people who work with the app, for the administrators of their area."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.accounts.audit import note
from server.db import now, upsert
from server.errors import Problem
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page
from server.sync import scope
from server.sync.office_tables import Feedback
from server.sync.op_row import OpRow

ABOUT = ("complaint", "suggestion")
STATES = ("open", "read")
READERS = ("admin",)  # not supervisors: a complaint may be about them
Wire = dict[str, Any]


def keep(session: Session, op: OpRow, said: Mapping[str, str], region: str | None) -> None:
    """Keeps what an op says (`about`, `text`, `app_build`); again is harmless."""
    statement = upsert(session, Feedback).values(
        op_id=op.op_id, person_id=op.person_id, region_code=region, received_at=op.received_at, **said
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["op_id"]))


def list_feedback(session: Session, actor: Actor, state: str | None, limit: int, after: str | None) -> Page | None:
    """What came from the administrator's area, newest first; None when `after` names none of it."""
    known: Rows = select(Feedback).where(scope.in_regions(actor, READERS, Feedback.region_code))
    query = known
    if state is not None:
        query = query.where(Feedback.read_at.is_(None) if state == "open" else Feedback.read_at.is_not(None))
    page = newest_first(session, query, known, Feedback.received_at, Feedback.op_id, limit, after)
    if page is None:
        return None
    rows = [row.Feedback for row in page.rows]
    names = authors(session, {row.person_id for row in rows} | {row.read_by for row in rows})
    return Page([_wire(row, names) for row in rows], page.next)


def mark_read(session: Session, actor: Actor, op_id: str) -> Wire:
    """Somebody has read it; the first reader stands. Problem record.not_found for what is out of sight."""
    mine = scope.in_regions(actor, READERS, Feedback.region_code)
    row = session.scalar(select(Feedback).where(Feedback.op_id == op_id, mine).with_for_update())
    if row is None:
        raise Problem("record.not_found")
    if row.read_at is None:
        row.read_at, row.read_by = now(), actor.id
        note(session, actor.id, "feedback.read", op_id)
    return _wire(row, authors(session, {row.person_id, row.read_by}))


def _wire(row: Feedback, names: Mapping[str, Wire]) -> Wire:
    return {
        "op_id": row.op_id,
        "about": row.about,
        "text": row.text,
        "app_build": row.app_build,
        "author": names.get(row.person_id),
        "region": row.region_code,
        "received_at": row.received_at.isoformat(),
        "state": "read" if row.read_at else "open",
        "read_at": row.read_at.isoformat() if row.read_at else None,
        "read_by": names.get(row.read_by or ""),
    }
