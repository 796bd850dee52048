"""Imports as people and the worker find them, and what is taken away after a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.config import Settings
from server.db import now
from server.errors import Problem
from server.imports.files import copies_of, forget
from server.imports.job import LEASE, staging_path
from server.imports.tables import RegisterImport

KEPT = timedelta(days=30)


def find(session: Session, actor: Actor | None, import_id: str) -> RegisterImport:
    """One of the person's imports; the command line sees all. Problem record.not_found."""
    row = session.get(RegisterImport, import_id)
    if row is None or (actor is not None and row.person_id != actor.id):
        raise Problem("record.not_found")
    return row


def mine(session: Session, actor: Actor | None) -> Sequence[RegisterImport]:
    """The person's imports, newest first."""
    wanted = select(RegisterImport).order_by(RegisterImport.asked_at.desc(), RegisterImport.id)
    if actor is not None:
        wanted = wanted.where(RegisterImport.person_id == actor.id)
    return session.scalars(wanted.limit(50)).all()


def unfinished(session: Session, wanted: RegisterImport) -> str | None:
    """An import of the same files by the same mapping, by the same person within the same area, that was begun and not
    ended.
    """
    rows = select(RegisterImport).where(
        RegisterImport.file_hash == wanted.file_hash,
        RegisterImport.state == "applying",
        RegisterImport.area == wanted.area,
        RegisterImport.person_id.is_not_distinct_from(wanted.person_id),
    )
    return next((row.id for row in session.scalars(rows) if row.mapping == wanted.mapping), None)


def waiting(session: Session) -> Sequence[tuple[str, str]]:
    """(id, state) of imports that nobody works on."""
    idle = RegisterImport.beat_at <= now() - LEASE
    wanted = or_(
        RegisterImport.state == "waiting",
        RegisterImport.state.in_(("reading", "applying")) & idle,
    )
    query = select(RegisterImport.id, RegisterImport.state).where(wanted).order_by(RegisterImport.asked_at)
    return [(row.id, row.state) for row in session.execute(query)]


def sweep(settings: Settings) -> None:
    """Takes away what was looked over and never applied, and lists that are old."""
    old = db.transact(_expire)
    for import_id in old:
        forget([*copies_of(settings, import_id), staging_path(settings, import_id)])


def _expire(session: Session) -> list[str]:
    rows = session.scalars(
        select(RegisterImport).where(
            RegisterImport.beat_at <= now() - KEPT, RegisterImport.state.in_(("previewed", "applied", "failed"))
        )
    ).all()
    for row in rows:
        row.state = "expired" if row.state == "previewed" else row.state
        row.problems, row.beat_at = [], now() + timedelta(days=36500)  # never again
    return [row.id for row in rows]


def on_wire(row: RegisterImport) -> dict[str, Any]:
    """The import as people see it; counts and problems, no record."""
    counts = {name: one for name, one in row.counts.items() if name not in ("listed", "unplaced")}
    listed = row.counts.get("listed", {"refused": 0, "vanished": 0})
    return {
        "import_id": row.id,
        "state": row.state,
        "source": row.source,
        "number": row.number,
        "filename": row.filename,
        "file_hash": row.file_hash,
        "counts": counts,
        "applied": row.applied_counts,
        "households": row.households,
        "reached": row.reached,
        "refused_rows": listed["refused"],
        "vanished": listed["vanished"],
        "problems": row.problems,
        "notes": row.notes,
        "error": row.error,
        "asked_at": row.asked_at.isoformat(),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
    }
