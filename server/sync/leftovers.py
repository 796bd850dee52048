"""What interrupted uploads leave behind: finishes what is whole, ends what expired, removes files of nobody.

Safe while servers run: a file of an upload appears only after its row, and a file without a row is left alone for an
hour, in case somebody is still writing it.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import structlog
from sqlalchemy import delete, exists, or_, select
from sqlalchemy.orm import Session

from server import db
from server.db import now
from server.errors import Problem
from server.sync.blob_store import NEW, BlobStore
from server.sync.tables import BlobHolder, Upload
from server.sync.upload_life import is_over
from server.sync.uploads import look

log = structlog.get_logger()

HOUR = 3600
BATCH = 500
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Tidied:
    """What a sweep did. `bound`: attachments that got their bytes."""

    finished: int
    expired: int
    removed_files: int
    bound: tuple[str, ...]


def tidy_uploads(store: BlobStore, lifetime: timedelta, *, file_age: int = HOUR) -> Tidied:
    """One sweep. `lifetime`: how long ended uploads are remembered; `file_age`: seconds before a file is nobody's."""
    finished, bound = _finish_whole(store)
    expired = db.transact(_expire)
    db.transact(lambda session: _forget(session, lifetime))
    return Tidied(finished, expired, _remove_files(store, file_age), tuple(bound))


def _finish_whole(store: BlobStore) -> tuple[int, list[str]]:
    """Finishes uploads whose last bytes came, but whose server died before it could say so."""
    with db.read() as session:
        whole = select(Upload.id, Upload.person_id).where(Upload.state == "open", Upload.received == Upload.size)
        rows = session.execute(whole).all()
    bound: list[str] = []
    for row in rows:
        try:
            bound.extend(look(store, row.person_id, row.id).bound)
        except Problem as problem:
            log.warning("upload.not_finished", upload=row.id, code=problem.code)
    return len(rows), bound


def _expire(session: Session) -> int:
    """Ends what nobody continued in time, unless an accepted submission still waits for it."""
    late = session.scalars(
        select(Upload).where(Upload.state == "open", Upload.expires_at <= now()).with_for_update(skip_locked=True)
    )
    over = [row for row in late if is_over(session, row)] + list(_needless(session))
    for row in over:
        row.state = "expired"
    return len(over)


def _needless(session: Session) -> Iterable[Upload]:
    """Second uploads of bytes that the person has brought by now, untouched for a day; they would count as open."""
    held = exists().where(BlobHolder.sha256 == Upload.sha256, BlobHolder.person_id == Upload.person_id)
    begun = Upload.created_at <= now() - DAY
    return session.scalars(
        select(Upload)
        .where(Upload.state == "open", Upload.received < Upload.size, Upload.expires_at > now(), begun, held)
        .with_for_update(skip_locked=True)
    )


def _forget(session: Session, lifetime: timedelta) -> None:
    """Rows of finished uploads go when their time is over, of expired ones a lifetime later (410, then 404)."""
    finished = (Upload.state == "finished") & (Upload.expires_at <= now())
    expired = (Upload.state == "expired") & (Upload.expires_at <= now() - lifetime)
    session.execute(delete(Upload).where(or_(finished, expired)))


def _remove_files(store: BlobStore, file_age: int) -> int:
    """Removes staging files that belong to no open upload; how many."""
    if not store.staging.is_dir():
        return 0
    names = [path.name for path in store.staging.iterdir()]
    kept = {name for start in range(0, len(names), BATCH) for name in _open(names[start : start + BATCH])}
    nobodys = [store.staging / name for name in names if name not in kept and _is_left(store.staging / name, file_age)]
    for path in nobodys:
        path.unlink(missing_ok=True)
    return len(nobodys)


def _open(names: Sequence[str]) -> set[str]:
    with db.read() as session:
        return set(session.scalars(select(Upload.id).where(Upload.id.in_(names), Upload.state == "open")))


def _is_left(path: Path, file_age: int) -> bool:
    """Files of uploads are nobody's at once; others only after some time."""
    if not path.name.startswith(NEW):
        return True
    try:
        return path.stat().st_mtime <= time.time() - file_age
    except FileNotFoundError:
        return False
