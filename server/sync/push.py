"""Field data comes in. Two transactions: the raw ops are committed first, then they are judged; the answer comes last.

So whatever happens in between, the ops are stored and a resend finds them. Judging crashes only on faults of ours:
it is tried again, and an op that crashed three times is set aside, so that no input can kill for ever. What a dead
server left is judged op by op, each in a transaction of its own: so the one that kills is told from its neighbours.
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import ColumnElement, select, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.tables import Install, Person
from server.failpoints import hit
from server.sync import attachments, feeds, news, quarantine
from server.sync.acks import advance
from server.sync.case import Case, Verdict
from server.sync.envelope import RawOp, read_op
from server.sync.feeds import News, upsert
from server.sync.grounds import SETTLED
from server.sync.judge import judge, open_case
from server.sync.kinds.submission import branch_name, record_name
from server.sync.results import Result, answer_all, seq_of
from server.sync.tables import OpLog
from server.sync.write import branch_of

TRIES = 3
LEASE = timedelta(minutes=1)  # no judging takes so long: what began before and has no end has crashed
log = structlog.get_logger()


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
    ops = [read_op(element) for element in elements]
    hit("push.before_raw")
    left = db.transact(lambda session: _store_raw(session, actor, ops))
    hit("push.raw_stored")
    _judge_alone(left)
    answer = db.transact(lambda session: _judge_and_answer(session, actor, ops, left))
    hit("push.committed")
    return answer


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
    """Each try is counted and committed before it begins, so that an op which kills the process is known by it."""
    for op_id in op_ids:
        db.transact(partial(_count_try, op_id=op_id))
        db.transact(partial(_judge_left, op_id=op_id))


def _judge_left(session: Session, op_id: str) -> None:
    db.lock(session, {f"op:{op_id}"})
    feeds.touch(session, _judge_all(session, _unjudged(session, [op_id])))


def _store_raw(session: Session, actor: Actor, ops: Sequence[RawOp]) -> list[str]:
    """The first transaction: an op id that is stored already stays as it is. Answers what a crash left unjudged."""
    left = _left(session, actor, ops)
    rows: dict[str, dict[str, Any]] = {}
    installs = _own_installs(session, actor, ops)
    for op in ops:
        if op.op_id is None:
            seq = seq_of(actor, op)
            quarantine.keep(session, actor, "op.unreadable", op.raw, install_id=actor.install_id, seq=seq)
        else:
            rows.setdefault(op.op_id, _row(actor, op, installs))
    if rows:
        statement = upsert(session, OpLog).on_conflict_do_nothing(index_elements=["op_id"])
        session.execute(statement, list(rows.values()))
    return left


def _left(session: Session, actor: Actor, ops: Sequence[RawOp]) -> list[str]:
    """The sender's ops whose judging began long ago and never ended, in the order sent."""
    wanted = list(dict.fromkeys(op.op_id for op in ops if op.op_id))
    mine = (OpLog.op_id.in_(wanted), OpLog.person_id == actor.id, OpLog.status.is_(None), _tried_long_ago())
    found = set(session.scalars(select(OpLog.op_id).where(*mine)))
    return [op_id for op_id in wanted if op_id in found]


def _own_installs(session: Session, actor: Actor, ops: Sequence[RawOp]) -> set[str]:
    """The installs among those named that are the sender's own. A revoked one speaks for no other."""
    named = {op.install_id for op in ops if op.install_id} - {actor.install_id}
    own = {actor.install_id} if actor.install_id else set()
    if named and not actor.revoked:
        own |= set(session.scalars(select(Install.id).where(Install.person_id == actor.id, Install.id.in_(named))))
    return own


def _row(actor: Actor, op: RawOp, installs: set[str]) -> dict[str, Any]:
    """An op's row; an install that is not the sender's own counts for nothing (see judge.open_case).

    An op that names none is of the install that sends it: otherwise leaving it out would be a way around a revocation.
    """
    install_id = op.install_id or actor.install_id
    own = install_id in installs
    return {
        "op_id": op.op_id,
        "install_id": install_id if own else None,
        "seq": op.seq if own else None,
        "person_id": actor.id,
        "kind": op.kind,
        "raw": op.raw,
        "content_hash": op.content_hash,
        "received_at": db.now(),
        "attempts": 1,
        "tried_at": db.now(),
    }


def _count_try(session: Session, op_id: str) -> None:
    session.execute(
        update(OpLog)
        .where(OpLog.op_id == op_id, OpLog.status.is_(None), _tried_long_ago())
        .values(attempts=OpLog.attempts + 1, tried_at=db.now())
    )


def _tried_long_ago() -> ColumnElement[bool]:
    """Senders of one op at the same moment share one try: it counts as a crash only when it began long ago."""
    return OpLog.tried_at.is_(None) | (OpLog.tried_at <= db.now() - LEASE)


def _judge_and_answer(session: Session, actor: Actor, ops: Sequence[RawOp], left: Sequence[str]) -> PushAnswer:
    """The second transaction; the feeds are its last statements. `left`: judged by this push already."""
    db.lock(session, {f"install:{actor.install_id}"} | {f"op:{op.op_id}" for op in ops})
    todo = [row for row in _unjudged(session, (op.op_id for op in ops)) if row.person_id == actor.id]
    written = _judge_all(session, todo, actor)
    results = answer_all(session, actor, ops, {row.op_id for row in todo}.union(left))
    acked = advance(session, actor.install_id) if actor.install_id else None
    hit("push.judged")
    named = {str(op.body.get("instance_id")) for op in ops if op.body.get("attachments")}
    bound = attachments.bound_ids(session, named) if named else []
    feeds.touch(session, written)
    return PushAnswer(results, acked, tuple(bound))


def _unjudged(session: Session, op_ids: Iterable[str | None]) -> list[OpLog]:
    """Those of the ops that nobody has judged, in this order."""
    wanted = list(dict.fromkeys(op_id for op_id in op_ids if op_id))
    rows = session.scalars(select(OpLog).where(OpLog.op_id.in_(wanted), OpLog.status.is_(None)))
    found = {row.op_id: row for row in rows}
    return [found[op_id] for op_id in wanted if op_id in found]


def _judge_all(session: Session, rows: Sequence[OpLog], sender: Actor | None = None) -> list[News]:
    """Judges stored ops in this order, and those that they release; answers the news."""
    return _judge_queue(session, [_open(session, row, sender) for row in rows])


def judge_again(session: Session, row: OpLog, sponsor: Actor) -> list[News]:
    """Judges an op that was held or set aside with the rights of a supervisor who answers for it; answers the news."""
    db.lock(session, {f"op:{row.op_id}"})
    case = _open(session, row, None)
    case.sponsor = sponsor
    row.attempts = 1
    return _judge_queue(session, [case])


def _judge_queue(session: Session, queue: list[Case]) -> list[News]:
    db.lock(session, {name for case in queue for name in case.touches})
    written: list[News] = []
    while queue:
        case = queue.pop(0)
        verdict = _judge_one(session, case)
        was_waiting = case.row.status in ("held", "quarantined")
        _write_down(session, case, verdict)
        written += news.of_outcomes(session, verdict.outcomes)
        if was_waiting and verdict.status != "held":
            written.append(news.of_op(case.row.person_id, case.row.op_id, verdict.status, verdict.code))
        queue += _released(session, case, verdict)
    return written


def _open(session: Session, row: OpLog, sender: Actor | None) -> Case:
    """An op with its author as the author may act now."""
    if sender is not None and (sender.id, sender.install_id) == (row.person_id, row.install_id):
        return _read(session, row, sender)
    person = session.get_one(Person, row.person_id)
    install = session.get(Install, row.install_id) if row.install_id else None
    revoked = bool(install and install.revoked_at)
    actor = load_actor(session, person, install_id=row.install_id, revoked=revoked)
    return _read(session, row, actor)


def _read(session: Session, row: OpLog, actor: Actor) -> Case:
    """The op, read. One that our reading fails on is set aside at once: it fails before any lock, for all its batch."""
    op = read_op(json.loads(row.raw))
    try:
        return open_case(session, row, op, actor)
    except DBAPIError:
        raise
    except Exception as error:
        case = Case(op, row, actor, fault=("op.unjudgeable", type(error).__name__))
        _log_crash(case, error)
        return case


def _judge_one(session: Session, case: Case) -> Verdict:
    """The verdict, within a savepoint of its own: one op never changes what happens to its neighbours."""
    for _ in range(case.row.attempts, TRIES + 1):
        try:
            with session.begin_nested():
                return judge(session, case)
        except DBAPIError as error:
            if db.try_again(error):
                raise
            _log_crash(case, error)
        except Exception as error:
            _log_crash(case, error)
    return Verdict("quarantined", "op.unjudgeable", f"{TRIES}", region=quarantine.area_of(session, case.actor))


def _log_crash(case: Case, error: Exception) -> None:
    # Kind and place only: the text may hold what the op says about people.
    frame = traceback.extract_tb(error.__traceback__)[-1]
    log.error("judging crashed", op_id=case.row.op_id, kind=type(error).__name__, place=f"{frame.name}:{frame.lineno}")


def _write_down(session: Session, case: Case, verdict: Verdict) -> None:
    row = case.row
    row.status, row.code, row.detail = verdict.status, verdict.code, verdict.detail
    row.waits_for = verdict.waits_for
    row.entities = [outcome.for_wire() for outcome in verdict.outcomes]
    row.judged_at = db.now()
    if verdict.status == "quarantined" and verdict.code:
        quarantine.keep(
            session,
            case.actor,
            verdict.code,
            row.raw,
            op_id=row.op_id,
            region=verdict.region,
            detail=verdict.detail,
            instance_id=case.submission.instance_id if case.submission else None,
            install_id=row.install_id,
        )
    session.flush()


def _released(session: Session, case: Case, verdict: Verdict) -> list[Case]:
    """Held ops that waited for this one, or for a branch step that it took."""
    if verdict.status not in SETTLED:
        return []
    steps = [branch_name(*branch) for write in case.writes if (branch := branch_of(write))]
    names = [case.row.op_id, *steps, *(record_name(write.id) for write in case.writes if write.create)]
    rows = session.scalars(
        select(OpLog).where(OpLog.waits_for.in_(names), OpLog.status == "held").order_by(OpLog.received_at, OpLog.op_id)
    ).all()
    cases = [_open(session, row, None) for row in rows]
    db.lock(session, {name for case in cases for name in case.touches})
    return cases
