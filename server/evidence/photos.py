"""What is known of the photos: which ones wait, what came of one, who may see it.

A photo is derived from an attachment that has its bytes. Starting is counted and committed first, so that a photo
which kills its process cannot do it for ever; a result always stands, whatever was counted.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, func, or_, select, update
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.config import Settings
from server.db import now, upsert
from server.errors import Problem
from server.evidence.alike import keep_hashes
from server.evidence.dhash import Hashes
from server.evidence.findings import Finding
from server.evidence.images import SIZES
from server.evidence.tables import Photo
from server.evidence.whereabouts import whereabouts
from server.sync.attachments import storable
from server.sync.office_tables import OpFile
from server.sync.scope import visible_submissions
from server.sync.tables import Attachment, Submission

ATTEMPTS = 3
NO_WORD = "every attempt ended without a word"
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".heic", ".heif")


@dataclass(frozen=True)
class Job:
    """One photo to derive, with what was stated about it."""

    attachment_id: str
    sha256: str
    media_type: str
    capture: dict[str, Any] | None
    visit: dict[str, Any] | None
    visit_at: datetime | None


@dataclass(frozen=True)
class PhotoFile:
    """An attachment as one person may see it. `state` is None while nothing was derived."""

    id: str
    name: str
    sha256: str
    state: str | None
    format: str | None
    taken_at: datetime | None
    place: dict[str, Any] | None
    root_id: str | None
    region_code: str | None


def copy_path(settings: Settings, sha256: str, edge: int) -> Path:
    """The re-encoded copy with this long edge in pixels; equal bytes share it."""
    return settings.derived / sha256[:2] / sha256[2:4] / f"{sha256}-{edge}.jpg"


def copies(settings: Settings, sha256: str) -> dict[int, Path]:
    return {edge: copy_path(settings, sha256, edge) for edge in SIZES}


def is_photo() -> ColumnElement[bool]:
    """Clause on Attachment: those that somebody calls a picture, or that were asked for as one (`slot`), whatever the
    phone calls them; sound, films and tables are only kept.
    """
    called = (Attachment.media_type.like("image/%"), *(Attachment.name.ilike(f"%{end}") for end in ENDINGS))
    return or_(*called, Attachment.slot.is_not(None))


def waiting(session: Session, before: datetime, limit: int) -> list[str]:
    """Ids of attachments whose bytes came before this moment and that have no result yet; oldest first."""
    rows = session.scalars(
        select(Attachment.id)
        .join(Photo, Photo.attachment_id == Attachment.id, isouter=True)
        .where(Attachment.blob.is_not(None), Attachment.bound_at <= before, is_photo())
        .where(or_(Photo.state.is_(None), Photo.state == "pending"))
        .order_by(Attachment.bound_at, Attachment.id)
        .limit(limit)
    )
    return list(rows)


def unchecked(session: Session, before: datetime, limit: int) -> list[str]:
    """Ids of photos that were derived before this moment and whose checks never ended; oldest first."""
    rows = session.scalars(
        select(Photo.attachment_id)
        .where(Photo.checked_at.is_(None), Photo.derived_at <= before)
        .order_by(Photo.derived_at, Photo.attachment_id)
        .limit(limit)
    )
    return list(rows)


def unchecked_of(session: Session, attachment_ids: Collection[str]) -> list[str]:
    """Those of these photos that are to be checked."""
    mine = (Photo.attachment_id.in_(attachment_ids), Photo.checked_at.is_(None), Photo.derived_at.is_not(None))
    return list(session.scalars(select(Photo.attachment_id).where(*mine).order_by(Photo.attachment_id)))


def start(session: Session, attachment_id: str) -> Job | None:
    """Counts an attempt; None when there is nothing to derive (done, no photo, no bytes, too many attempts)."""
    job = job_of(session, attachment_id)
    attempt = _count(session, attachment_id) if job else None
    if job is None or attempt is None:
        return None
    if attempt > ATTEMPTS:
        _give_up(session, attachment_id)
        return None
    return job


def job_of(session: Session, attachment_id: str) -> Job | None:
    """What there is to derive; None for what is no photo or has no bytes."""
    row = session.execute(
        select(Attachment, Submission)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(Attachment.id == attachment_id, Attachment.blob.is_not(None), is_photo())
    ).one_or_none()
    if row is None or row.Attachment.blob is None:
        return None
    attachment, visit = row.Attachment, row.Submission
    return Job(
        attachment.id, attachment.blob, attachment.media_type, attachment.capture, visit.location, visit.started_at
    )


def _count(session: Session, attachment_id: str) -> int | None:
    """Which attempt this is; None when there is a result."""
    statement = upsert(session, Photo).values(attachment_id=attachment_id, state="pending", findings=[], attempts=1)
    statement = statement.on_conflict_do_update(
        index_elements=["attachment_id"], set_={"attempts": Photo.attempts + 1}, where=Photo.state == "pending"
    )
    attempt: int | None = session.scalar(statement.returning(Photo.attempts))
    return attempt


def _give_up(session: Session, attachment_id: str) -> None:
    finding = Finding("photo.not_derived", "fail", ATTEMPTS, ATTEMPTS)
    session.execute(
        update(Photo)
        .where(Photo.attachment_id == attachment_id)
        .values(
            state="unreadable",
            findings=[finding.as_json()],
            error=func.coalesce(Photo.error, NO_WORD),
            derived_at=now(),
        )
    )


def record(session: Session, job: Job, made: dict[str, Any]) -> None:
    """Stores what came of a photo (images.Derived as JSON) together with its place, its time and its hashes."""
    exif = storable(made["exif"])
    known = whereabouts(job.capture, exif, job.visit, job.visit_at)
    session.execute(
        update(Photo)
        .where(Photo.attachment_id == job.attachment_id)
        .values(
            state=made["state"],
            format=made["format"],
            width=made["width"],
            height=made["height"],
            exif=exif,
            place=known.place,
            place_source=known.source,
            geom=known.geom,
            taken_at=known.taken_at,
            error=None,
            findings=made["findings"] + [finding.as_json() for finding in known.findings],
            derived_at=now(),
        )
    )
    record_hashes(session, job, made)


def record_again(session: Session, job: Job, made: dict[str, Any]) -> None:
    """Replaces what is known of a photo; its checks are to be made again, by whoever comes first."""
    record(session, job, made)
    anew = {"checked_at": None, "attempts": 1}
    session.execute(update(Photo).where(Photo.attachment_id == job.attachment_id).values(anew))


def record_hashes(session: Session, job: Job, made: dict[str, Any]) -> None:
    """Stores the picture hashes alone."""
    keep_hashes(session, job.attachment_id, Hashes.of_hex(made["hashes"], made["plain"]) if made["hashes"] else None)


def note_error(session: Session, attachment_id: str, error: str) -> None:
    """Keeps why an attempt failed; the next sweep tries again."""
    session.execute(
        update(Photo).where(Photo.attachment_id == attachment_id, Photo.state == "pending").values(error=error[:500])
    )


def derive_again(session: Session, attachment_id: str) -> None:
    """Copies were thrown away: as if nothing had been derived yet."""
    session.execute(update(Photo).where(Photo.attachment_id == attachment_id).values(state="pending", attempts=0))


def find(session: Session, actor: Actor, attachment_id: str) -> PhotoFile:
    """The attachment with its bytes. Problems: record.not_found (also when foreign), photo.missing."""
    row = session.execute(
        select(Attachment, Submission.root_id, Submission.region_code, Photo)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .join(Photo, Photo.attachment_id == Attachment.id, isouter=True)
        .where(Attachment.id == attachment_id, visible_submissions(actor))
    ).one_or_none()
    if row is None:
        raise Problem("record.not_found")
    attachment, root_id, region_code, photo = row
    if attachment.blob is None:
        raise Problem("photo.missing")
    # An attachment that nobody calls a photo has no row for ever; the queue answers the same.
    known = photo or Photo(state="pending" if is_called_photo(attachment) else None)
    return PhotoFile(
        attachment.id,
        attachment.name,
        attachment.blob,
        known.state,
        known.format,
        known.taken_at,
        known.place,
        root_id,
        region_code,
    )


def is_called_photo(file: Attachment | OpFile) -> bool:
    """As is_photo, of one that was read."""
    called = file.media_type.startswith("image/") or file.name.lower().endswith(ENDINGS)
    return called or file.slot is not None
