"""What reviewers say of photos, and what came of each reason."""

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
from server.evidence.queue import inside, looks, read_look
from server.evidence.reasons import may_review
from server.evidence.tables import PhotoLook, Verdict
from server.sync import questions
from server.sync.review import REVIEWERS
from server.sync.tables import Attachment, Submission

VERDICTS = ("confirmed", "explained", "unclear", "ask")
Wire = dict[str, Any]


@dataclass(frozen=True)
class Word:
    """What a reviewer says; with `ask` the note is the question. `id` makes a repetition harmless."""

    verdict: str
    note: str
    id: str | None = None


def give_verdict(session: Session, actor: Actor, attachment_id: str, word: Word) -> Wire:
    """The photo with the verdict stored; Problem record.not_found for what the actor may not judge."""
    mine = looks(actor, REVIEWERS).where(PhotoLook.attachment_id == attachment_id)
    db.lock(session, {attachment_id})
    row = session.execute(mine).one_or_none()
    known = session.get(Verdict, word.id) if word.id else None
    if row is None or (known and (known.attachment_id, known.person_id) != (attachment_id, actor.id)):
        raise Problem("record.not_found")
    if known is None:
        _store(session, actor, row.PhotoLook, row.Submission.instance_id, word)
    answer = read_look(session, actor, attachment_id)
    if answer is None:
        raise Problem("record.not_found")
    return answer


def statistics(session: Session, actor: Actor, region: str | None) -> list[Wire]:
    """For each reason how often photos with it were confirmed, explained or unclear: what limits are tuned by."""
    query = (
        select(Verdict.codes, Verdict.verdict)
        .join(Attachment, Attachment.id == Verdict.attachment_id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(may_review(actor), *inside(session, region))
    )
    counts: dict[str, dict[str, int]] = {}
    for codes, verdict in session.execute(query):
        for code in codes or ["drawn"]:
            counts.setdefault(code, dict.fromkeys(VERDICTS, 0))[verdict] += 1
    return [{"code": code, **counts[code]} for code in sorted(counts)]


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
        person_id=actor.id,
        question_id=look.question_id if asking else None,
    )
    session.add(row)
    look.state = "asked" if asking else "done"
    note(session, actor.id, f"photo.{word.verdict}", look.attachment_id)
    session.flush()


def _ask(session: Session, actor: Actor, attachment_id: str, instance_id: str, text: str, given: str) -> str:
    if not text.strip():
        raise Problem("request.invalid", faults=[Fault("note", "A question needs words.", "Write what you ask.")])
    asked = questions.ask(session, actor, instance_id, questions.Asked(text, attachment_id=attachment_id, id=given))
    return str(asked["id"])
