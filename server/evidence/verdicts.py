"""What reviewers say of photos."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.errors import Fault, Problem
from server.evidence.queue import looks, read_look
from server.evidence.tables import PhotoCheck, PhotoLook, Verdict
from server.sync import questions
from server.sync.review import REVIEWERS

VERDICTS = ("confirmed", "explained", "unclear", "ask")
Wire = dict[str, Any]


@dataclass(frozen=True)
class Word:
    """What a reviewer says; with `ask` the note is the question. `id` makes a repetition harmless."""

    verdict: str
    note: str
    id: str | None = None


def give_verdict(session: Session, actor: Actor, attachment_id: str, word: Word) -> Wire:
    """The photo with the verdict stored; Problem record.not_found for what the actor may not judge, review.own."""
    mine = looks(actor, REVIEWERS).where(PhotoLook.attachment_id == attachment_id)
    db.lock(session, {attachment_id})
    row = session.execute(mine).one_or_none()
    known = session.get(Verdict, word.id) if word.id else None
    if row is None or (known and (known.attachment_id, known.person_id) != (attachment_id, actor.id)):
        raise Problem("record.not_found")
    if row.Submission.person_id == actor.id:
        raise Problem("review.own")
    if known is None:
        _store(session, actor, row.PhotoLook, row.Submission.instance_id, word)
    answer = read_look(session, actor, attachment_id)
    if answer is None:
        raise Problem("record.not_found")
    return answer


def _store(session: Session, actor: Actor, look: PhotoLook, instance_id: str, word: Word) -> None:
    given = word.id or str(uuid.uuid4())
    asking = word.verdict == "ask"
    if asking:
        look.question_id = _ask(session, actor, look.attachment_id, instance_id, word.note, given)
    row = Verdict(
        id=given,
        attachment_id=look.attachment_id,
        verdict=word.verdict,
        note=word.note,
        codes=look.codes,
        measured=_measured(session, look.attachment_id),
        person_id=actor.id,
        question_id=look.question_id if asking else None,
    )
    session.add(row)
    look.state = "asked" if asking else "done"
    note(session, actor.id, f"photo.{word.verdict}", look.attachment_id)
    session.flush()


def _measured(session: Session, attachment_id: str) -> Wire:
    """What each reason had measured when the word was given, {code: {level, value, limit, rule}}."""
    rows = session.scalars(select(PhotoCheck).where(PhotoCheck.attachment_id == attachment_id))
    names = ("level", "value", "limit", "rule")
    return {row.code: {name: getattr(row, name) for name in names} for row in rows}


def _ask(session: Session, actor: Actor, attachment_id: str, instance_id: str, text: str, given: str) -> str:
    if not text.strip():
        raise Problem("request.invalid", faults=[Fault("note", "A question needs words.", "Write what you ask.")])
    asked = questions.ask(session, actor, instance_id, questions.Asked(text, attachment_id=attachment_id, id=given))
    return str(asked["id"])
