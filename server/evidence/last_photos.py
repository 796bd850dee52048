"""The last photo of each slot of a household, as a small copy to stand on the same spot with at the next visit.

What a person gets is what the person may see of submissions: a colleague's photo of the village, a helper's of the
household, an inspector's own alone. So nobody who checks the village's work sees its photos first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.config import Settings
from server.evidence.photos import copy_path
from server.evidence.tables import Photo
from server.sync.scope import visible_submissions
from server.sync.tables import Attachment, Submission

MOST_SLOTS = 8
EDGE = 320  # px, the longer side
MOST_BYTES = 20_000
QUALITIES = (70, 50, 35, 20)
# Of signed or listed people, not of a spot to stand on.
NOT_A_PLACE = ("signature", "attendance_sheet")


@dataclass(frozen=True)
class LastPhoto:
    """The newest photo of one slot. `who` took part in it as its author."""

    attachment_id: str
    slot: str
    sha256: str
    taken_at: datetime
    who: dict[str, str] | None

    def as_json(self) -> dict[str, Any]:
        taken = self.taken_at.isoformat()
        return {"slot": self.slot, "attachment_id": self.attachment_id, "taken_at": taken, "author": self.who}


def last_photos(session: Session, actor: Actor, household_ids: Sequence[str]) -> Mapping[str, list[LastPhoto]]:
    """Of each household in sight its newest photos, one a slot, newest first; a household without any is absent."""
    newest = _newest(actor, household_ids).subquery()
    query = select(newest).where(newest.c.place == 1).order_by(newest.c.taken_at.desc(), newest.c.id)
    rows = session.execute(query).all()
    names = authors(session, {row.person_id for row in rows})
    found: dict[str, list[LastPhoto]] = defaultdict(list)
    for row in rows:
        photo = LastPhoto(row.id, row.slot, row.blob, row.taken_at, names.get(row.person_id))
        found[row.root_id].append(photo)
    return {household: photos[:MOST_SLOTS] for household, photos in found.items()}


def _newest(actor: Actor, household_ids: Sequence[str]) -> Any:
    """The ready photos of these households, numbered in each slot from the newest on."""
    taken_at = func.coalesce(Photo.taken_at, Submission.ended_at, Submission.received_at, type_=Photo.taken_at.type)
    place = func.row_number().over(
        partition_by=(Submission.root_id, Attachment.slot), order_by=(taken_at.desc(), Attachment.id)
    )
    return (
        select(
            Attachment.id,
            Attachment.slot,
            Attachment.blob,
            Submission.root_id,
            Submission.person_id,
            taken_at.label("taken_at"),
            place.label("place"),
        )
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .join(Photo, Photo.attachment_id == Attachment.id)
        .where(Submission.root_id.in_(household_ids), visible_submissions(actor))
        .where(Attachment.blob.is_not(None), Attachment.slot.is_not(None), Attachment.slot.not_in(NOT_A_PLACE))
        .where(Photo.state == "ready", Submission.review != "rejected")
    )


def small_copy(settings: Settings, sha256: str) -> bytes | None:
    """JPEG of at most 320 px and 20 kB; None where the copy was thrown away (it is made again when it is looked at)."""
    path = copy_path(settings, sha256, EDGE)
    if not path.is_file():
        return None
    content = path.read_bytes()
    return content if len(content) <= MOST_BYTES else _coarser(path)


def _coarser(path: Path) -> bytes:
    """The best quality that fits; at the lowest a few bytes more are let through."""
    content = b""
    with Image.open(path, formats=["JPEG"]) as image:
        for quality in QUALITIES:
            out = BytesIO()
            image.save(out, "JPEG", quality=quality, optimize=True)
            content = out.getvalue()
            if len(content) <= MOST_BYTES:
                break
    return content
