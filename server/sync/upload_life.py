"""How long an upload lives, and how many of them a person may have at the same time."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import Session

from server import db
from server.db import now
from server.errors import Problem
from server.sealing.columns import UnreadableBytes
from server.sync.tables import Attachment, OpLog, Upload

_HASHES = re.compile(rb"[0-9a-f]{64}")
# Their files have rows once they are judged, or they have none; those of other kinds are looked up in the op itself.
_JUDGED = ("submission", "draft", "resolution", "contact_attempt", "revocation_ack", "place", "feedback")
_BATCH = 100


@dataclass(frozen=True)
class Quota:
    """`lifetime`: how long an upload waits for its next bytes; `count` and `size` (bytes) of one person's open ones."""

    lifetime: timedelta
    count: int
    size: int


def is_over(session: Session, row: Upload) -> bool:
    """Whether an unfinished upload has run out of time."""
    unfinished = row.state == "open" and row.received < row.size
    return unfinished and row.expires_at <= now() and not awaited(session, row)


def awaited(session: Session, row: Upload) -> bool:
    """Whether something that this person sent still waits for these bytes; then they never expire."""
    waiting = exists().where(
        Attachment.person_id == row.person_id, Attachment.sha256 == row.sha256, Attachment.blob.is_(None)
    )
    if session.scalar(select(waiting)):
        return True
    try:
        return row.sha256 in set(named_by_ops(session, [row.person_id]))
    except Problem:
        return True


def named_by_ops(session: Session, people: Collection[str] | None = None) -> Iterator[str]:
    """Hashes in ops whose files are no attachments yet: not judged, held, set aside, or of another kind.

    Any 64 hex digits count, wherever they stand: what is unknown must not cost somebody a photo. `people`: of these
    authors only. Problem keys.wrong: an op does not open, so nobody can say what it names.
    """
    waits = or_(OpLog.status.is_(None), OpLog.status.in_(("held", "quarantined")), OpLog.kind.not_in(_JUDGED))
    authors: tuple[ColumnElement[bool], ...] = () if people is None else (OpLog.person_id.in_(people),)
    rows = session.scalars(select(OpLog.raw).where(waits, *authors).execution_options(yield_per=_BATCH))
    for raw in rows:
        if isinstance(raw, UnreadableBytes):
            raise Problem("keys.wrong", detail="op_log.raw")
        for found in _HASHES.findall(raw):
            yield found.decode()


def check_quota(session: Session, person_id: str, size: int, quota: Quota) -> None:
    """One more upload of this size; Problems upload.too_many, upload.too_much say what to do. Locks the person's."""
    db.lock(session, {f"uploads:{person_id}"})
    open_ones = select(func.count(), func.coalesce(func.sum(Upload.size), 0)).where(
        Upload.person_id == person_id, Upload.state == "open"
    )
    count, announced = session.execute(open_ones).one()
    if count >= quota.count:
        raise Problem("upload.too_many", detail=f"{count} ≥ {quota.count}", retry_after=3600)
    if announced + size > quota.size:
        raise Problem("upload.too_much", detail=f"{announced} + {size} > {quota.size} bytes")
