"""Exports: asked for now, written later by the worker, fetched by the same person with the same rights.

Functions with a session never commit. `run` opens its own transactions, because writing takes minutes.
"""

from __future__ import annotations

import re
import shutil
import sqlite3
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.audit import note
from server.accounts.tables import Person
from server.config import Settings
from server.db import now
from server.errors import Problem
from server.forms.dataset import Dataset
from server.geo.inside import inside_region
from server.reports.answer_export import NoForm
from server.reports.kinds import KINDS, Asked, Job, Written
from server.reports.selection import areas_of, still_covers
from server.reports.tables import Export
from server.sealing.files import seal_file

log = structlog.get_logger()

MOST_WAITING = 5  # of one person
KEPT = timedelta(days=7)
GIVEN_UP = timedelta(hours=2)  # what runs longer has lost its worker
READERS = ("supervisor", "admin", "auditor")


def folder_of(settings: Settings) -> Path:
    return settings.var / "exports"


def ask(session: Session, actor: Actor, kind: str, asked: Asked, reason: str | None = None) -> Export:
    """Puts an export on the list. Problems: form.not_found, request.too_many, request.invalid (region),
    export.too_large.

    `asked`: what kinds.py reads of it; texts, as JSON keeps them. `reason` goes into the audit, where it is sealed.
    """
    if asked["region"] is not None:
        inside_region(session, asked["region"])
    KINDS[kind].check(session, actor, asked)
    open_ones = (Export.person_id == actor.id, Export.state.in_(("waiting", "running")))
    if (session.scalar(select(func.count()).select_from(Export).where(*open_ones)) or 0) >= MOST_WAITING:
        raise Problem("request.too_many", retry_after=60)
    row = Export(id=str(uuid.uuid4()), person_id=actor.id, kind=kind, asked=dict(asked), areas=areas_of(actor))
    row.filename = _filename(kind, asked, row.id)
    session.add(row)
    told = {"reason": reason} if reason else {}
    note(session, actor.id, "export.asked", row.id, kind=kind, **asked, **told)
    session.flush()
    return row


def _filename(kind: str, asked: Asked, export_id: str) -> str:
    """A name for the reader's disk; what is no code (there is no such region) is not part of it."""
    region = re.sub(r"[^\w-]", "", asked.get("region") or "", flags=re.ASCII) or "all"
    return f"{KINDS[kind].name(asked)}-{region}-{export_id[:8]}.{KINDS[kind].file(asked)[0]}"


def mine(session: Session, actor: Actor) -> Sequence[Export]:
    """The person's exports, newest first."""
    wanted = select(Export).where(Export.person_id == actor.id).order_by(Export.asked_at.desc(), Export.id)
    return session.scalars(wanted.limit(50)).all()


def find(session: Session, actor: Actor, export_id: str) -> Export:
    """One of the person's exports. Problem record.not_found, also for another's."""
    row = session.get(Export, export_id)
    if row is None or row.person_id != actor.id:
        raise Problem("record.not_found")
    return row


def written_so_far(settings: Settings, row: Export) -> int | None:
    """Bytes of the file that is being written; None where none is, or nothing is on the disk yet."""
    if row.state != "running":
        return None
    try:
        return _draft(settings, row).stat().st_size
    except FileNotFoundError:
        return None


def _draft(settings: Settings, row: Export) -> Path:
    return folder_of(settings) / f".{row.id}"


def download(session: Session, settings: Settings, actor: Actor, export_id: str) -> tuple[Export, Path]:
    """The file, if the person may still see all that is in it. Problems: record.not_found, export.not_ready."""
    row = find(session, actor, export_id)
    if not actor.has(*READERS) or not still_covers(actor, row.areas):
        raise Problem("record.not_found")
    path = folder_of(settings) / row.id
    if row.state != "ready" or not path.is_file():
        raise Problem("export.not_ready", detail=row.state)
    note(session, actor.id, "export.downloaded", row.id, kind=row.kind, **row.asked)
    return row, path


def media_type(row: Export) -> str:
    return KINDS[row.kind].file(row.asked)[1]


def run(settings: Settings, datasets: Mapping[str, Dataset], export_id: str) -> bool:
    """Writes one export that waits; whether there is a file now. Whoever comes second finds nothing to do."""
    row = db.transact(lambda session: _start(session, export_id))
    if row is None:
        return False
    target = folder_of(settings) / row.id
    draft = _draft(settings, row)
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        written = _write(settings, row, datasets, draft)
        size = draft.stat().st_size
        file_key = seal_file(draft, target)
    except (OSError, ValueError, NoForm, Problem, sqlite3.Error) as error:
        why = f"{type(error).__name__}: {error}"[:300]
        log.warning("reports.export_failed", export=export_id, kind=type(error).__name__)
        db.transact(lambda session: _end(session, export_id, "failed", error=why))
        return False
    finally:
        draft.unlink(missing_ok=True)
    found = {"rows": written.rows, "size": size, "file_key": file_key, "made": written.made}
    db.transact(lambda session: _end(session, export_id, "ready", **found))
    return True


def _start(session: Session, export_id: str) -> Export | None:
    row = session.get(Export, export_id, with_for_update=True, populate_existing=True)
    if row is None or row.state != "waiting":
        return None
    row.state, row.started_at = "running", now()
    return row


def _write(settings: Settings, row: Export, datasets: Mapping[str, Dataset], target: Path) -> Written:
    """With the rights that the person has now, not those of when it was asked."""
    with db.read() as session:
        actor = load_actor(session, session.get_one(Person, row.person_id))
        if not still_covers(actor, row.areas):
            raise ValueError("the person's area changed")
        return KINDS[row.kind].write(session, Job(settings, actor, datasets, row.id, row.asked, target))


def _end(session: Session, export_id: str, state: str, **found: Any) -> None:
    row = session.get_one(Export, export_id)
    row.state, row.ended_at = state, now()
    for name, value in found.items():
        setattr(row, name, value)
    if row.made is not None:
        note(session, row.person_id, "export.written", row.id, **row.made)


def waiting(session: Session) -> Sequence[str]:
    return session.scalars(select(Export.id).where(Export.state == "waiting").order_by(Export.asked_at)).all()


def sweep(settings: Settings) -> None:
    """Takes old files away and ends what lost its worker."""
    db.transact(lambda session: _sweep(session, settings))
    _remove_drafts(folder_of(settings))


def _remove_drafts(folder: Path) -> None:
    """What a worker that was killed left half written, not yet sealed."""
    before = (now() - GIVEN_UP).timestamp()
    for path in folder.iterdir() if folder.is_dir() else ():
        if not is_export_id(path.name) and path.stat().st_mtime < before:
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def is_export_id(name: str) -> bool:
    return re.fullmatch(r"[0-9a-f-]{36}", name) is not None


def _sweep(session: Session, settings: Settings) -> None:
    old = Export.ended_at < now() - KEPT
    lost = (Export.state == "running") & (Export.started_at < now() - GIVEN_UP)
    plain = Export.file_key.is_(None)  # written before files were sealed
    for row in session.scalars(select(Export).where(or_((Export.state == "ready") & or_(old, plain), lost))):
        row.state = "gone" if row.state == "ready" else "failed"
        row.ended_at = row.ended_at or now()
        (folder_of(settings) / row.id).unlink(missing_ok=True)
