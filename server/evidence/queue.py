"""The reviewers' queue of photos: what weighs most first, then what has waited longest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.evidence.reasons import READERS, may_review, reasons_of
from server.evidence.series import household_name, named_by, same_slot, with_household
from server.evidence.tables import Photo, PhotoCheck, PhotoLook, Verdict
from server.geo.inside import codes_inside
from server.registry.paging import Rows
from server.registry.reading import Page
from server.sync.office_tables import Question
from server.sync.tables import Attachment, Submission, without_xml

STATES = ("open", "asked", "done")
Wire = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What the queue is narrowed to; None is no limit. `code`: a reason; `drawn`: only those drawn by lot."""

    state: str = "open"
    region: str | None = None
    code: str | None = None
    drawn: bool = False


def list_looks(session: Session, actor: Actor, wanted: Wanted, limit: int, after: str | None) -> Page | None:
    """Photos to look at in the reader's area; None when `after` names none of them."""
    # First which ones, then all of them: sorting whole rows of a large queue takes many times as long.
    query = _joined(actor, READERS, PhotoLook.attachment_id).where(*_clauses(session, wanted))
    if after is not None:
        start = session.execute(looks(actor).where(PhotoLook.attachment_id == after)).one_or_none()
        if start is None:
            return None
        query = query.where(_behind(start.PhotoLook))
    order = (PhotoLook.weight.desc(), PhotoLook.opened_at, PhotoLook.attachment_id)
    ids = session.scalars(query.order_by(*order).limit(limit + 1)).all()
    rows = session.execute(looks(actor).where(PhotoLook.attachment_id.in_(ids)).order_by(*order)).all()
    following = rows[limit - 1].PhotoLook.attachment_id if len(rows) > limit else None
    return Page(_items(session, actor, rows[:limit]), following)


def read_look(session: Session, actor: Actor, attachment_id: str) -> Wire | None:
    """One photo with its verdicts, the same slot of the household in other visits, and the photos that reasons name."""
    row = session.execute(looks(actor).where(PhotoLook.attachment_id == attachment_id)).one_or_none()
    if row is None:
        return None
    item = _items(session, actor, [row])[0]
    return {
        **item,
        "verdicts": _verdicts(session, attachment_id),
        "same_slot": same_slot(session, actor, row.Attachment, row.Submission),
        "others": named_by(session, actor, item["reasons"]),
    }


def looks(actor: Actor, roles: tuple[str, ...] = READERS) -> Rows:
    """All photos to look at in the actor's area: (PhotoLook, Photo, Attachment, Submission, Question or None) and the
    household (series.with_household)."""
    query = _joined(actor, roles, PhotoLook, Photo, Attachment, Submission, Question)
    return with_household(actor, query.options(without_xml()))


def _joined(actor: Actor, roles: tuple[str, ...], *columns: Any) -> Rows:
    query: Rows = (
        select(*columns)
        .select_from(PhotoLook)
        .join(Attachment, Attachment.id == PhotoLook.attachment_id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .join(Photo, Photo.attachment_id == PhotoLook.attachment_id)
        .join(Question, Question.id == PhotoLook.question_id, isouter=True)
        .where(may_review(actor, roles))
    )
    return query


def inside(session: Session, region: str | None) -> list[ColumnElement[bool]]:
    """Clauses on Submission: in a region, when one is named."""
    if region is None:
        return []
    return [Submission.region_code.in_(codes_inside(session, region))]


def _clauses(session: Session, wanted: Wanted) -> list[ColumnElement[bool]]:
    answered = and_(PhotoLook.state == "asked", Question.state == "answered")
    state = {
        "open": or_(PhotoLook.state == "open", answered),
        "asked": and_(PhotoLook.state == "asked", Question.state != "answered"),
        "done": PhotoLook.state == "done",
    }[wanted.state]
    clauses = [state, *inside(session, wanted.region)]
    if wanted.code is not None:
        having = select(PhotoCheck.attachment_id).where(PhotoCheck.code == wanted.code)
        clauses.append(PhotoLook.attachment_id.in_(having))
    if wanted.drawn:
        clauses.append(PhotoLook.drawn.is_(True))
    return clauses


def _behind(look: PhotoLook) -> ColumnElement[bool]:
    """What comes after this photo in the queue's order."""
    later = tuple_(PhotoLook.opened_at, PhotoLook.attachment_id) > tuple_(look.opened_at, look.attachment_id)
    return or_(PhotoLook.weight < look.weight, and_(PhotoLook.weight == look.weight, later))


def _items(session: Session, actor: Actor, rows: Sequence[Row[Any]]) -> list[Wire]:
    people = authors(session, (row.Submission.person_id for row in rows))
    reasons = reasons_of(session, actor, [row.PhotoLook.attachment_id for row in rows])
    return [_item(row, people, reasons.get(row.PhotoLook.attachment_id, [])) for row in rows]


def _item(row: Row[Any], people: Mapping[str, Wire], reasons: list[Wire]) -> Wire:
    look, photo, attachment, submission = row.PhotoLook, row.Photo, row.Attachment, row.Submission
    question = row.Question
    answered = question is not None and question.state == "answered"
    return {
        "id": look.attachment_id,
        "state": "open" if look.state == "asked" and answered else look.state,
        "weight": look.weight,
        "drawn": look.drawn,
        "opened_at": look.opened_at.isoformat(),
        "reasons": reasons,
        "question_id": look.question_id,
        "instance_id": submission.instance_id,
        "entity_id": submission.root_id,
        "household": household_name(row),
        "region": submission.region_code,
        "form_id": submission.form_id,
        "author": people.get(submission.person_id),
        "slot": attachment.slot,
        "name": attachment.name,
        "taken_at": photo.taken_at.isoformat() if photo.taken_at else None,
        "place": photo.place,
        "width": photo.width,
        "height": photo.height,
        "photo_state": photo.state,
    }


def _verdicts(session: Session, attachment_id: str) -> list[Wire]:
    """What was said of the photo, newest first."""
    mine = select(Verdict).where(Verdict.attachment_id == attachment_id).order_by(Verdict.at.desc(), Verdict.id)
    rows = session.scalars(mine).all()
    people = authors(session, (row.person_id for row in rows))
    return [
        {
            "id": row.id, "verdict": row.verdict, "note": row.note, "codes": row.codes, "at": row.at.isoformat(),
            "author": people.get(row.person_id), "question_id": row.question_id,
        }
        for row in rows
    ]  # fmt: skip
