"""Field data comes in. Two transactions: the raw ops are committed first, then they are judged; the answer comes last.

So whatever becomes of the server in between, the ops are stored and a resend finds them. A few new ops are judged in
good faith: as the first transaction knows them, without a savepoint. If anything fails, that is undone, and all is
judged with care: tried again, and an op that crashed three times is set aside, so that no input can kill for ever. What
a dead server left is judged op by op, each in a transaction of its own: so the one that kills is told from its
neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.failpoints import hit
from server.failures import is_passing
from server.lock_names import of_install, of_op
from server.sync import attachments, feeds
from server.sync.acks import acked_so_far, advance
from server.sync.envelope import RawOp, read_op
from server.sync.judge import says_all
from server.sync.judging import Sent, judge_queue, names_of, open_op, touched
from server.sync.op_row import OpRow, bytes_of, judged_already, stored_ops
from server.sync.raw import Parcel, Stored, count_try, forget_try, left_over, store_raw
from server.sync.results import Result, answer_all
from server.sync.rounds import unless_it_fails
from server.sync.tables import OpLog

FEW = 32  # ops that are judged in good faith: what fails costs twice


class JudgedMeanwhileError(Exception):
    """Somebody else has judged an op that was taken to be new."""


@dataclass(frozen=True)
class PushAnswer:
    """One result an op, in the order sent; `acked_seq` is None for senders without an install.

    `bound`: attachments of these ops whose bytes are here, so that photos can be prepared at once.
    """

    results: tuple[Result, ...]
    acked_seq: int | None
    bound: tuple[str, ...] = ()


def push(actor: Actor, elements: Sequence[object]) -> PushAnswer:
    """Stores and judges the ops of one sender; idempotent for each op."""
    return push_parcels([parcel(actor, elements)])[0]


def parcel(actor: Actor, elements: Sequence[object]) -> Parcel:
    """What a sender brings, read."""
    return Parcel(actor, tuple(read_op(element) for element in elements))


def push_parcels(parcels: Sequence[Parcel]) -> list[PushAnswer]:
    """As `push`, for several senders in the same two transactions; no two of them are one install or bring one op."""
    hit("push.before_raw")
    stored = store_raw(parcels)
    hit("push.raw_stored")
    answers = _in_good_faith(parcels, stored)
    if answers is None:
        left = _left_over(parcels, stored)
        _judge_alone([op_id for theirs in left for op_id in theirs])
        answers = db.transact(lambda session: _judge_and_answer(session, parcels, (), left))
    hit("push.committed")
    return answers


def _in_good_faith(parcels: Sequence[Parcel], stored: Stored) -> list[PushAnswer] | None:
    """The second transaction for a few ops that are all new. None: it is to be run with care, and nothing was done."""
    op_ids = {op.op_id for one in parcels for op in one.ops}
    if not 0 < len(op_ids) <= FEW or op_ids != stored.rows.keys():
        return None

    def judge_in_good_faith() -> list[PushAnswer]:
        left = [()] * len(parcels)
        return db.transact(lambda session: _judge_and_answer(session, parcels, stored.new_ops(), left))

    return unless_it_fails(judge_in_good_faith, "good faith failed", len(op_ids))


def _left_over(parcels: Sequence[Parcel], stored: Stored) -> list[Sequence[str]]:
    """Of each sender the ops that are to be judged alone, because a server may have died of them."""
    brought = [stored.brought_before(one) for one in parcels]
    if not any(brought):
        return [*brought]
    with db.read() as session:
        return [left_over(session, one.actor, ops) for one, ops in zip(parcels, brought, strict=True)]


def judge_left_over(older_than: timedelta = timedelta(minutes=1), limit: int = 200) -> int:
    """Judges ops whose raw bytes were stored but whose judging never ended (the server died); answers how many."""
    with db.read() as session:
        left = session.scalars(
            select(OpLog.op_id)
            .where(OpLog.status.is_(None), OpLog.received_at <= db.now() - older_than)
            .order_by(OpLog.received_at, OpLog.op_id)
            .limit(limit)
        ).all()
    _judge_alone(left)
    return len(left)


def _judge_alone(op_ids: Sequence[str]) -> None:
    """Each try is counted and committed before it begins, so that an op which kills the process is known by it.

    What the database's own trouble ended is no try; but the end of its connection is, for the op may have caused it.
    """
    for op_id in op_ids:
        db.transact(partial(count_try, op_id=op_id))
        try:
            db.transact(partial(_judge_left, op_id=op_id))
        except DBAPIError as error:
            if is_passing(error) and not error.connection_invalidated:
                db.transact(partial(forget_try, op_id=op_id))
            raise


def _judge_left(session: Session, op_id: str) -> None:
    """Judges one op, with the locks of those that it waits for: a push may judge them just now."""
    db.lock(session, {of_op(name) for name in names_of(read_op(json.loads(bytes_of(session, op_id))))})
    rows = _unjudged(session, [op_id])
    feeds.touch(session, judge_queue(session, [open_op(session, row, None) for row in rows]))


def _judge_and_answer(
    session: Session, parcels: Sequence[Parcel], new: Sequence[OpRow], left: Sequence[Sequence[str]]
) -> list[PushAnswer]:
    """The second transaction; the feeds are its last statements. `new`: all ops, taken to be unjudged in good faith."""
    db.plan_once(session)
    sent = _sent(parcels)
    early = {row.op_id: open_op(session, row, sent) for row in new if says_all(sent.ops[row.content_hash])}
    held = {name for one in parcels for name in _locks(one)} | touched(early.values())
    db.lock(session, held)
    judged = judged_already(session, [row.op_id for row in new])
    todo = new or _unjudged_of(session, parcels)
    cases = [early.get(row.op_id) or open_op(session, row, sent) for row in todo]
    written = judge_queue(session, cases, held, trusting=bool(new))
    if judged.all():
        raise JudgedMeanwhileError
    answers = [_answer(session, one, todo, done) for one, done in zip(parcels, left, strict=True)]
    hit("push.judged")
    feeds.touch(session, written)
    return answers


def _locks(parcel: Parcel) -> set[str]:
    """The install, whose numbers one at a time counts, and the ops. Who sends without one waits for nobody."""
    install_id, ops = parcel.actor.install_id, parcel.ops
    install = {of_install(install_id)} if install_id else set()
    return install | {of_op(op_id) for op in ops for op_id in names_of(op)}


def _answer(session: Session, parcel: Parcel, judged: Sequence[OpRow], left: Sequence[str]) -> PushAnswer:
    actor, ops = parcel.actor, parcel.ops
    mine = {op.op_id for op in ops}
    own = [row for row in judged if row.op_id in mine]
    results = answer_all(session, actor, ops, own, left, findings=not parcel.bare)
    return PushAnswer(results, None if parcel.bare else _acked(session, parcel), tuple(_bound(session, ops)))


def _acked(session: Session, parcel: Parcel) -> int | None:
    install_id, numbered = parcel.actor.install_id, any(op.seq for op in parcel.ops)
    return (advance if numbered else acked_so_far)(session, install_id) if install_id else None


def _bound(session: Session, ops: Sequence[RawOp]) -> list[str]:
    """Attachments of the submissions and answers among these ops. Files of drafts are no photos to prepare."""
    named = [op for op in ops if op.body.get("attachments")]
    visits = {str(op.body["instance_id"]) for op in named if op.body.get("instance_id")}
    answers = {str(op.op_id) for op in named if op.kind == "answer"}
    return attachments.bound_ids(session, visits, answers) if named else []


def _unjudged(session: Session, op_ids: Iterable[str]) -> list[OpRow]:
    """Those of the ops that nobody has judged, in this order."""
    wanted = list(dict.fromkeys(op_ids))
    found = stored_ops(session, wanted) if wanted else {}
    return [found[op_id] for op_id in wanted if op_id in found and found[op_id].status is None]


def _unjudged_of(session: Session, parcels: Sequence[Parcel]) -> list[OpRow]:
    """As `_unjudged`, for what these senders bring of their own."""
    senders = {op.op_id: one.actor.id for one in parcels for op in one.ops if op.op_id}
    return [row for row in _unjudged(session, senders) if row.person_id == senders[row.op_id]]


def _sent(parcels: Sequence[Parcel]) -> Sent:
    actors = {(one.actor.id, one.actor.install_id): one.actor for one in parcels}
    return Sent(actors, {op.content_hash: op for one in parcels for op in one.ops})
