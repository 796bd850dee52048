"""Applying an import that was looked over: batches with a transaction each, so that it goes on after a kill."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.config import Settings
from server.db import now
from server.errors import Problem
from server.failpoints import hit
from server.imports.job import BATCH, Datasets, Job, Progress, importer, open_job, silent, staging_path
from server.imports.listing import find
from server.imports.merging import Merging, keep_keys, known_keys
from server.imports.staging import Unit
from server.imports.tables import ImportSource, RegisterImport
from server.imports.tally import Tally, added
from server.sync import feeds, news


def start(session: Session, actor: Actor | None, import_id: str) -> RegisterImport:
    """Lets an import begin that was looked over; again is harmless.

    Problems record.not_found, import.state, import.busy.
    """
    row = find(session, actor, import_id)
    db.lock(session, {f"import:{row.source}"})
    session.refresh(row, with_for_update=True)
    if row.state in ("applying", "applied"):
        return row
    if row.state != "previewed":
        raise Problem("import.state", detail=row.state)
    others = select(RegisterImport.id).where(RegisterImport.source == row.source, RegisterImport.state == "applying")
    if session.scalar(others.limit(1)) is not None:
        raise Problem("import.busy")
    source = session.get_one(ImportSource, row.source)
    source.number += 1
    importer(session)
    row.number, row.state, row.beat_at = source.number, "applying", now()
    row.applied_counts = row.counts.get("unplaced", {})
    note(
        session, actor.id if actor else None, "register.applied", row.id, source=row.source, number=row.number,
        filename=row.filename, file_hash=row.file_hash, counts=row.counts,
    )  # fmt: skip
    session.flush()
    return row


def go_on(settings: Settings, datasets: Datasets, import_id: str, progress: Progress | None = None) -> bool:
    """Applies what is left of a started import, batch by batch; whether it came to the end."""
    tell = progress or silent
    with db.read() as session:
        row = session.get_one(RegisterImport, import_id)
        if row.state != "applying":
            return False
    if not staging_path(settings, import_id).is_file():
        # Restored from a backup, which holds no staging files: the register has to come again, and goes on by its keys.
        db.transact(lambda session: _lost(session, import_id))
        return False
    with db.read() as session:
        job = open_job(session, settings, datasets, row)
    try:
        if not _apply_all(job, row, tell):
            return False  # somebody else is at it
        db.transact(lambda session: _applied(session, import_id))
        job.staging.drop_rows()
        return True
    finally:
        job.staging.close()


def _apply_all(job: Job, row: RegisterImport, tell: Progress) -> bool:
    reached: int | None = row.reached
    while reached is not None and (units := job.staging.units(reached, BATCH)):
        tell("applying", reached, row.households)
        reached = db.transact(partial(_apply, job=job, units=units, at=reached))
        hit("import.batch_committed")
    return reached is not None


def _lost(session: Session, import_id: str) -> None:
    row = session.get_one(RegisterImport, import_id)
    row.state, row.error, row.ended_at = "failed", "import.state", now()


def _apply(session: Session, *, job: Job, units: Sequence[Unit], at: int) -> int | None:
    """One batch with its place; None when another worker has done it. The feeds are its last statements."""
    row = session.get_one(RegisterImport, job.id, with_for_update=True)
    if row.state != "applying" or row.reached != at:
        return None
    tally = Tally()
    batch = Merging(session, job, known_keys(session, job, units), tally).merge(units)
    keep_keys(session, batch)
    row.reached, row.beat_at = units[-1].n, now()
    row.applied_counts = added(row.applied_counts, tally.counts)
    hit("import.batch_written")
    feeds.touch(session, news.of_outcomes(session, batch.outcomes))
    return row.reached


def _applied(session: Session, import_id: str) -> None:
    row = session.get_one(RegisterImport, import_id)
    row.state, row.ended_at = "applied", now()
