"""A supervisor's word on a submission: approved, has issues, rejected. It reaches the author's phone with its comments.

Rejecting withdraws what the submission wrote: what only it had replaced is shown again, and where later work has seen
it, a person decides. Nothing is deleted, so taking a rejection back puts everything where it would be without it.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.errors import Problem
from server.registry.tables import Head
from server.sync import feeds, news, scope
from server.sync.corrections import line_of, records_written, replaced
from server.sync.definitions import datasets
from server.sync.desk import open_desk
from server.sync.feeds import News
from server.sync.heads import empty_key, keys_of, write_of
from server.sync.merge import add, withdraw
from server.sync.record import Edit, Origin, Outcome, RecordWrite
from server.sync.record_rows import RecordRow, records_by_id
from server.sync.state import with_state
from server.sync.store import outcome_of, store
from server.sync.tables import Review, Submission

STATES = ("approved", "has_issues", "rejected")
REVIEWERS = ("supervisor", "admin")
Step = Callable[[Session, Review, str, RecordRow], Outcome | None]


@dataclass(frozen=True)
class Word:
    """What a reviewer says: comments are {text, path?}."""

    state: str
    comments: Sequence[Mapping[str, str]]


def review(session: Session, actor: Actor, instance_id: str, word: Word) -> list[Outcome]:
    """Stores the review with its effects and news; Problem record.not_found for what the actor may not review, and
    review.own where somebody approves a visit of their own.

    The same word again changes nothing.
    """
    asked = _reviewed(session, actor, instance_id)
    if word.state == "approved" and asked.person_id == actor.id:
        raise Problem("review.own")
    line = line_of(session, asked)
    ids = {id for one in line for id in records_written(session, one.op_id)}
    db.lock(session, {*ids, *(one.instance_id for one in line)})
    row = session.get_one(Submission, instance_id, populate_existing=True)
    last = _last(session, instance_id)
    if last and (last.state, last.comments, last.person_id) == (word.state, list(word.comments), actor.id):
        return []
    comments = [dict(comment) for comment in word.comments]
    found = Review(
        id=str(uuid.uuid4()), instance_id=instance_id, person_id=actor.id, state=word.state, comments=comments
    )
    session.add(found)
    session.flush()
    row.review, row.first_review_at = word.state, row.first_review_at or found.at
    session.flush()
    with open_desk(session):
        outcomes = [outcome for one in line for outcome in _bring_in_line(session, found, one)]
    note(session, actor.id, f"submission.{word.state}", instance_id)
    feeds.touch(session, [*news.of_outcomes(session, outcomes), _told(row, found)])
    return outcomes


def comments_of(session: Session, instance_id: str) -> list[Review]:
    """All reviews of a submission, newest first."""
    rows = select(Review).where(Review.instance_id == instance_id).order_by(Review.at.desc(), Review.id)
    return list(session.scalars(rows))


def _last(session: Session, instance_id: str) -> Review | None:
    return next(iter(comments_of(session, instance_id)), None)


def _reviewed(session: Session, actor: Actor, instance_id: str) -> Submission:
    mine = (scope.in_regions(actor, REVIEWERS, Submission.region_code), scope.announced(actor, REVIEWERS))
    row = session.scalar(select(Submission).where(Submission.instance_id == instance_id, *mine))
    if row is None:
        raise Problem("record.not_found")
    return row


def _bring_in_line(session: Session, found: Review, row: Submission) -> list[Outcome]:
    """A submission counts unless it was rejected or a standing correction is in its place; records as they follow."""
    counts = row.review != "rejected" and not replaced(session, row)
    step: Step = _put_back if counts else _take_back
    ids = records_written(session, row.op_id)
    entities = records_by_id(session, sorted(ids)).values()
    return [outcome for entity in entities if (outcome := step(session, found, row.op_id, entity)) is not None]


def _take_back(session: Session, found: Review, op_id: str, entity: RecordRow) -> Outcome | None:
    """The record as if the submission had not been made."""
    keys = keys_of(session, datasets()[entity.dataset], entity)
    edits = [Edit(name, key, after, None) for name, key in keys.items() if (after := withdraw(key, {op_id})) is not key]
    return _stored(session, found, entity, with_state(session, entity, keys, edits)) if edits else None


def _put_back(session: Session, found: Review, op_id: str, entity: RecordRow) -> Outcome | None:
    dataset = datasets()[entity.dataset]
    gone = (Head.entity_id == entity.id, Head.op_id == op_id, Head.withdrawn_at.is_not(None), Head.implied.is_(False))
    keys = keys_of(session, dataset, entity)
    edits = []
    for row in session.scalars(select(Head).where(*gone)).all():
        without = keys.get(row.key) or empty_key(dataset, row.key)
        edits.append(Edit(row.key, without, add(without, replace(write_of(row), closed_by=None)), None))
    return _stored(session, found, entity, with_state(session, entity, keys, edits)) if edits else None


def _stored(session: Session, found: Review, entity: RecordRow, edits: list[Edit]) -> Outcome:
    dataset = datasets()[entity.dataset]
    origin = Origin(found.id, found.person_id, f"op:{found.id}", None, found.instance_id)
    write = RecordWrite(entity.dataset, entity.id, {}, base_version=entity.version)
    return outcome_of(session, entity, edits, store(session, dataset, origin, write, entity, edits))


def _told(row: Submission, found: Review) -> News:
    payload: dict[str, Any] = {"instance_id": row.instance_id, "state": found.state, "comments": found.comments}
    if row.root_id:
        payload["entity_id"] = row.root_id
    return News(f"user:{row.person_id}", "review", row.instance_id, "review", payload)
