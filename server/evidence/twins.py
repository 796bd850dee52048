"""The photos of other visits that look like one, with what tells a burst or the same house from a second use."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.evidence.alike import Alike, alike, hashes_of_photo
from server.evidence.checks import Check, Limits, Twin
from server.evidence.looks import POINTS
from server.evidence.tables import Photo, PhotoCheck
from server.evidence.whereabouts import shutter_time
from server.sync.tables import Attachment, Submission

MUTUAL = ("DUP_EXACT", "DUP_NEAR")  # reasons that two photos have together
MOST = 200  # photos alike that are looked at


def twins_of(
    session: Session, attachment: Attachment, submission: Submission, visit: Collection[str], limits: Limits
) -> tuple[bool, list[Twin]]:
    """Whether the photo is plain, and its twins, nearest first. Photos with the very same bytes are told elsewhere.

    `visit`: the submissions that are one visit with its own.
    """
    hashes = hashes_of_photo(session, attachment.id)
    if hashes is None or hashes.plain:
        return hashes is not None, []
    found = {one.attachment_id: one for one in alike(session, hashes, int(limits["near_bits"]))[:MOST]}
    rows = session.execute(
        select(Attachment, Submission.root_id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(Attachment.id.in_(found), Attachment.instance_id.not_in(visit))
        .where(Attachment.blob.is_distinct_from(attachment.blob))
    )
    twins = [_twin(found[row.Attachment.id], attachment, submission, row, limits) for row in rows]
    return False, sorted(twins, key=lambda twin: (twin.distance, twin.attachment_id))


def _twin(one: Alike, attachment: Attachment, submission: Submission, row: Any, limits: Limits) -> Twin:
    same_house = submission.root_id is not None and row.root_id == submission.root_id
    same_moment = _same_moment(attachment, row.Attachment, limits["same_moment_s"])
    return Twin(one.attachment_id, one.distance, one.variant, same_house, same_moment)


def _same_moment(one: Attachment, other: Attachment, seconds: float) -> bool:
    """By the shutters of one worker. A picked photo has no shutter: it was chosen then, not taken."""
    this, that = _shutter(one), _shutter(other)
    if one.person_id != other.person_id or this is None or that is None:
        return False
    return abs(this - that) <= timedelta(seconds=seconds)


def _shutter(attachment: Attachment) -> datetime | None:
    capture = attachment.capture or {}
    return None if capture.get("source") == "gallery" else shutter_time(capture)


def mark_others(session: Session, found: Sequence[Check]) -> None:
    """Has the photos that these reasons name checked again where they do not know it, whichever came first.

    The mark stands with the reasons' own transaction; the worker, or the sweep after it, does the rest.
    """
    for one in found:
        if one.code not in MUTUAL or not POINTS[one.level]:
            continue
        others = one.inputs["others"]
        known = select(PhotoCheck.attachment_id, PhotoCheck.level).where(
            PhotoCheck.attachment_id.in_(others), PhotoCheck.code == one.code
        )
        knowing = {row.attachment_id for row in session.execute(known) if POINTS[row.level] >= POINTS[one.level]}
        unaware = sorted(set(others) - knowing)
        session.execute(update(Photo).where(Photo.attachment_id.in_(unaware)).values(checked_at=None))


def named(found: Sequence[Check]) -> set[str]:
    """The photos that these reasons are about, beside the photo itself."""
    return {other for one in found if one.code in MUTUAL for other in one.inputs["others"]}
