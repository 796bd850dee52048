"""Derives all photos again: after a new version of what reads them, or from a backup without copies.

What is known of a photo stands until it was derived again, so nothing is lost when this is killed; how far it came is
in a file, and the same order goes on from there. Photos that nobody derived yet are left to the worker.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from server import db
from server.config import Settings
from server.evidence import tasks
from server.evidence.queue import inside
from server.evidence.tables import Photo
from server.sync.tables import Attachment, Submission

BATCH = 50

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Wanted:
    """Which photos: of a region (None: all); and whether only their hashes are made."""

    region: str | None = None
    hashes_only: bool = False


@dataclass
class Rebuilt:
    """Photos derived again, and those that could not be: what was known of these stands."""

    done: int = 0
    failed: int = 0


def rebuild(settings: Settings, wanted: Wanted, progress: Progress) -> Rebuilt:
    """Goes on where the same order was interrupted. Problem request.invalid for what is no region's code."""
    mark = settings.var / "photo-rebuild.json"
    after, made = _read(mark, wanted), Rebuilt()
    with db.read() as session:
        total = session.scalar(select(func.count()).select_from(_ids(session, wanted, after).subquery())) or 0
    while ids := _batch(wanted, after):
        for attachment_id in ids:
            went_well = tasks.renew(settings, attachment_id, hashes_only=wanted.hashes_only)
            made.done += went_well
            made.failed += not went_well
            progress("photos", made.done + made.failed, total)
        after = ids[-1]
        _write(mark, wanted, after)
    mark.unlink(missing_ok=True)
    return made


def _batch(wanted: Wanted, after: str) -> list[str]:
    with db.read() as session:
        return list(session.scalars(_ids(session, wanted, after).limit(BATCH)))


def _ids(session: Session, wanted: Wanted, after: str) -> Select[str]:
    known: list[ColumnElement[bool]] = [Photo.state != "pending", Photo.attachment_id > after]
    return (
        select(Photo.attachment_id)
        .join(Attachment, Attachment.id == Photo.attachment_id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(*known, *inside(session, wanted.region))
        .order_by(Photo.attachment_id)
    )


def _read(mark: Path, wanted: Wanted) -> str:
    """The last photo that the same order came to, "" for another order or none."""
    try:
        kept = json.loads(mark.read_text())
    except (FileNotFoundError, ValueError):
        return ""
    return str(kept["after"]) if kept.get("wanted") == asdict(wanted) else ""


def _write(mark: Path, wanted: Wanted, after: str) -> None:
    draft = mark.with_suffix(".draft")
    draft.write_text(json.dumps({"wanted": asdict(wanted), "after": after}))
    draft.replace(mark)
