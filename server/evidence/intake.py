"""Photos on their way in, for whoever runs the server: what waits, what fails and why, and another try for one.

Nothing here is needed for photos to come through: the worker tries each by itself (photos.ATTEMPTS times). It tells
what it could not do, so that somebody can put the cause right and have it tried again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, case, func, or_, select, tuple_, update
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.evidence.findings import in_words
from server.evidence.photos import ATTEMPTS, is_photo
from server.evidence.queue import inside
from server.evidence.reasons import may_review
from server.evidence.tables import Photo
from server.registry.paging import Rows
from server.registry.reading import Page
from server.sync.tables import Attachment, Submission, without_xml

# waiting: nobody tried yet; trying: an attempt failed or is being made; failed: all attempts did; unreadable: it was
# opened and shows no picture; unchecked: it is shown, but its checks never ended.
STAGES = ("waiting", "trying", "failed", "unreadable", "unchecked")
THROUGH = "ready"
ROLES = ("admin",)
_STAGE: ColumnElement[str] = case(
    (or_(Photo.state.is_(None), and_(Photo.state == "pending", Photo.attempts == 0)), "waiting"),
    (Photo.state == "pending", "trying"),
    (and_(Photo.state == "unreadable", Photo.attempts > ATTEMPTS), "failed"),
    (Photo.state == "unreadable", "unreadable"),
    (Photo.checked_at.is_(None), "unchecked"),
    else_=THROUGH,
)
Wire = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; None is no limit, but what is unreadable is told only where it is asked for."""

    stage: str | None = None
    region: str | None = None


def list_intake(session: Session, actor: Actor | None, wanted: Wanted, limit: int, after: str | None) -> Page | None:
    """Photos that are not through, oldest first; of all areas without an actor. None when `after` is none of them."""
    query = _rows(actor).where(*_clauses(session, wanted))
    if after is not None:
        start = session.execute(_rows(actor).where(Attachment.id == after)).one_or_none()
        if start is None:
            return None
        query = query.where(tuple_(Attachment.bound_at, Attachment.id) > (start.Attachment.bound_at, after))
    rows = session.execute(query.order_by(Attachment.bound_at, Attachment.id).limit(limit + 1)).all()
    following = rows[limit - 1].Attachment.id if len(rows) > limit else None
    people = authors(session, (row.Submission.person_id for row in rows[:limit]))
    return Page([_item(row, people) for row in rows[:limit]], following)


def count_intake(session: Session, actor: Actor | None, region: str | None) -> dict[str, int]:
    """How many photos are at each stage."""
    stages = _rows(actor).where(_STAGE != THROUGH, *inside(session, region)).with_only_columns(_STAGE.label("stage"))
    grouped = stages.subquery()
    counted = session.execute(select(grouped.c.stage, func.count()).group_by(grouped.c.stage))
    return dict.fromkeys(STAGES, 0) | {str(stage): int(count) for stage, count in counted}


def try_again(session: Session, actor: Actor | None, attachment_id: str) -> Wire | None:
    """Forgets the attempts made, and what came of them; the photo as it stands then, None when it is not to be seen.

    One that is through stays as it is, so that asking twice does no harm.
    """
    anew = {"state": "pending", "attempts": 0, "error": None, "findings": [], "checked_at": None}
    seen = _rows(actor).where(Attachment.id == attachment_id)
    if session.execute(seen).one_or_none() is None:
        return None
    mine = (Photo.attachment_id == attachment_id, Photo.state != "ready")
    session.execute(update(Photo).where(*mine).values(anew))
    row = session.execute(seen.execution_options(populate_existing=True)).one()
    return _item(row, authors(session, [row.Submission.person_id]))


def _rows(actor: Actor | None) -> Rows:
    """All photos that have their bytes, in the actor's area: (Attachment, Photo or None, Submission, stage)."""
    query: Rows = (
        select(Attachment, Photo, Submission, _STAGE.label("stage"))
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .join(Photo, Photo.attachment_id == Attachment.id, isouter=True)
        .where(Attachment.blob.is_not(None), is_photo())
        .options(without_xml())
    )
    return query if actor is None else query.where(may_review(actor, ROLES))


def _clauses(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    stages = [wanted.stage] if wanted.stage else [stage for stage in STAGES if stage != "unreadable"]
    return [_STAGE.in_(stages), *inside(session, wanted.region)]


def _item(row: Row[Any], people: Mapping[str, Wire]) -> Wire:
    attachment, submission = row.Attachment, row.Submission
    photo = row.Photo or Photo(attempts=0, findings=[])
    return {
        "id": attachment.id,
        "stage": row.stage,
        "attempts": photo.attempts,
        "most_attempts": ATTEMPTS,
        "error": photo.error,
        "findings": [in_words(finding) for finding in photo.findings],
        "name": attachment.name,
        "size": attachment.size,
        "instance_id": submission.instance_id,
        "region": submission.region_code,
        "author": people.get(submission.person_id),
        "bound_at": attachment.bound_at.isoformat() if attachment.bound_at else None,
    }
