"""What a supervisor asks the author of a submission, and the answers. Questions reach the author's phone.

A question belongs to its submission: who may see that one sees the question, and whoever may write where it lies may
answer, so that somebody can who takes over a lost phone.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.accounts.audit import note
from server.db import now, upsert
from server.errors import Fault, Problem
from server.geo.inside import codes_inside
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page
from server.sync import attachments, feeds, scope
from server.sync.envelope import File
from server.sync.feeds import News
from server.sync.office_tables import Answer, Question
from server.sync.op_row import OpRow
from server.sync.review import REVIEWERS
from server.sync.tables import Attachment, Submission, without_xml
from server.sync.write import WRITING

STATES = ("open", "answered", "closed")
Wire = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """What a supervisor asks; `id` is the asker's own, so that a repetition asks once."""

    text: str
    path: str | None = None
    attachment_id: str | None = None
    id: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; None is no limit."""

    state: str | None = None
    region: str | None = None
    instance_id: str | None = None


def ask(session: Session, actor: Actor, instance_id: str, asked: Asked) -> Wire:
    """The question as stored, with its news; Problem record.not_found for what the actor may not review."""
    mine = (scope.in_regions(actor, REVIEWERS, Submission.region_code), scope.announced(actor, REVIEWERS))
    submission = session.scalar(select(Submission).where(Submission.instance_id == instance_id, *mine))
    if submission is None:
        raise Problem("record.not_found")
    if asked.attachment_id is not None and not _belongs(session, asked.attachment_id, instance_id):
        fix = "Name a file of this submission, or leave it out."
        raise Problem("request.invalid", faults=[Fault("attachment_id", "It is not one of its files.", fix)])
    question_id = asked.id or str(uuid.uuid4())
    statement = upsert(session, Question).values(
        id=question_id,
        instance_id=instance_id,
        attachment_id=asked.attachment_id,
        path=asked.path,
        text=asked.text,
        asked_by=actor.id,
    )
    new = session.scalar(statement.on_conflict_do_nothing(index_elements=["id"]).returning(Question.id))
    question = session.get_one(Question, question_id)
    if new is None and (question.instance_id, question.asked_by) != (instance_id, actor.id):
        raise Problem("record.not_found")
    if new is not None:
        note(session, actor.id, "submission.asked", instance_id)
        feeds.touch(session, [told(session, question)])
    return _wire(question, submission, authors(session, [actor.id, submission.person_id]), [])


def _belongs(session: Session, attachment_id: str, instance_id: str) -> bool:
    row = session.get(Attachment, attachment_id)
    return row is not None and row.instance_id == instance_id


def told(session: Session, question: Question) -> News:
    """The question for the phone of its submission's author, which it leaves when it is answered."""
    submission = session.get_one(Submission, question.instance_id)
    user = f"user:{submission.person_id}"
    if question.state != "open":
        return feeds.eviction(user, "question", question.id, "question")
    asker = authors(session, [question.asked_by])[question.asked_by]
    payload = _plain(question, submission) | {"asked_by": asker, "attachment": _about(session, question)}
    present = {name: value for name, value in payload.items() if value is not None}
    return News(user, "question", question.id, "question", present)


def _about(session: Session, question: Question) -> Wire | None:
    """The file asked about, as its author's phone knows it: by name, slot and hash."""
    row = session.get(Attachment, question.attachment_id) if question.attachment_id else None
    return {"name": row.name, "slot": row.slot, "sha256": row.sha256} if row is not None else None


def find(session: Session, actor: Actor, question_id: str) -> Question | None:
    """The question, when this person may answer it."""
    query = select(Question).join(Submission, Submission.instance_id == Question.instance_id)
    return session.scalar(query.where(Question.id == question_id, scope.visible_submissions(actor, WRITING)))


def close(session: Session, actor: Actor, question_id: str, why: str) -> Wire:
    """Ends a question that needs no answer any more; it leaves the author's phone. Again is harmless.

    Problems record.not_found (out of sight, or not the actor's to review), question.answered.
    """
    mine = (scope.in_regions(actor, REVIEWERS, Submission.region_code), scope.announced(actor, REVIEWERS))
    query = select(Question, Submission).join(Submission, Submission.instance_id == Question.instance_id)
    row: Any = session.execute(query.where(Question.id == question_id, *mine)).first()
    if row is None:
        raise Problem("record.not_found")
    question: Question = row.Question
    session.refresh(question, with_for_update=True)  # an answer may be on its way
    if question.state == "answered":
        raise Problem("question.answered")
    if question.state == "open":
        question.state, question.closed_by, question.closed_at, question.closed_why = "closed", actor.id, now(), why
        note(session, actor.id, "submission.question_closed", question.instance_id, why=why)
        feeds.touch(session, [told(session, question)])
    return _items(session, [row])[0]


def answer(session: Session, question: Question, op: OpRow, text: str, files: Sequence[File]) -> None:
    """Keeps the answer with its files, which lie with those of the submission under the op's own names."""
    statement = upsert(session, Answer).values(
        op_id=op.op_id, question_id=question.id, person_id=op.person_id, text=text, received_at=op.received_at
    )
    session.execute(statement.on_conflict_do_nothing(index_elements=["op_id"]))
    question.state = "answered"
    specs = [
        attachments.AttachmentSpec(
            f"{op.op_id}/{file.name}",
            file.sha256,
            file.size,
            file.media_type,
            file.slot,
            dict(file.capture) if file.capture is not None else None,
        )
        for file in files
    ]
    attachments.add_attachments(session, question.instance_id, op.person_id, specs)
    named = Attachment.name.in_([spec.name for spec in specs])
    session.execute(
        update(Attachment).where(Attachment.instance_id == question.instance_id, named).values(answer_id=op.op_id)
    )
    session.flush()


def list_questions(session: Session, actor: Actor, wanted: Wanted, limit: int, after: str | None) -> Page | None:
    """Questions about submissions in sight, newest first, with their answers; None when `after` names none of them."""
    known: Rows = select(Question, Submission).join(Submission, Submission.instance_id == Question.instance_id)
    known = known.where(scope.visible_submissions(actor)).options(without_xml())
    query = known
    if wanted.state is not None:
        query = query.where(Question.state == wanted.state)
    if wanted.instance_id is not None:
        query = query.where(Question.instance_id == wanted.instance_id)
    if wanted.region is not None:
        inside = codes_inside(session, wanted.region)
        query = query.where(Submission.region_code.in_(inside))
    page = newest_first(session, query, known, Question.asked_at, Question.id, limit, after)
    return Page(_items(session, page.rows), page.next) if page else None


def _items(session: Session, rows: Sequence[Row[Any]]) -> list[Wire]:
    given = _answers(session, [row.Question.id for row in rows])
    people = {row.Question.asked_by for row in rows} | {row.Submission.person_id for row in rows}
    people |= {row.Question.closed_by for row in rows if row.Question.closed_by}
    people |= {one.person_id for answers in given.values() for one, _ in answers}
    names = authors(session, people)
    return [_wire(row.Question, row.Submission, names, given[row.Question.id]) for row in rows]


_Given = tuple[Answer, list[Attachment]]


def _answers(session: Session, question_ids: Sequence[str]) -> dict[str, list[_Given]]:
    """The answers of each question, oldest first, with their files."""
    answers = select(Answer).where(Answer.question_id.in_(question_ids)).order_by(Answer.received_at, Answer.op_id)
    found: dict[str, list[_Given]] = defaultdict(list)
    files: dict[str, list[Attachment]] = {}
    for one in session.scalars(answers):
        files[one.op_id] = []
        found[one.question_id].append((one, files[one.op_id]))
    for row in session.scalars(select(Attachment).where(Attachment.answer_id.in_(files)).order_by(Attachment.name)):
        files[row.answer_id or ""].append(row)
    return found


def _plain(question: Question, submission: Submission) -> Wire:
    return {
        "id": question.id,
        "instance_id": question.instance_id,
        "entity_id": submission.root_id,
        "attachment_id": question.attachment_id,
        "path": question.path,
        "text": question.text,
        "state": question.state,
        "asked_at": question.asked_at.isoformat(),
    }


def _wire(question: Question, submission: Submission, names: Mapping[str, Wire], given: Sequence[_Given]) -> Wire:
    return _plain(question, submission) | {
        "region": submission.region_code,
        "asked_by": names.get(question.asked_by),
        "author": names.get(submission.person_id),
        "closed": _closed(question, names),
        "answers": [
            {
                "op_id": one.op_id,
                "text": one.text,
                "author": names.get(one.person_id),
                "received_at": one.received_at.isoformat(),
                "attachments": [_file(row) for row in files],
            }
            for one, files in given
        ],
    }


def _closed(question: Question, names: Mapping[str, Wire]) -> Wire | None:
    if question.closed_at is None:
        return None
    by = names.get(question.closed_by or "")
    return {"by": by, "at": question.closed_at.isoformat(), "why": question.closed_why}


def _file(row: Attachment) -> Wire:
    name = row.name.partition("/")[2]
    return {"id": row.id, "name": name, "sha256": row.sha256, "state": "complete" if row.blob else "missing"}
