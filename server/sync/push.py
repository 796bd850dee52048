"""Field data comes in. Two transactions: the raw ops are committed first, then they are judged; the answer comes last.

So whatever happens in between, the ops are stored and a resend finds them. Judging crashes only on faults of ours:
it is tried again, and an op that crashed three times is set aside, so that no input can kill for ever. What a dead
server left is judged op by op, each in a transaction of its own: so the one that kills is told from its neighbours.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import bindparam, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, defer

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.tables import Install, Person
from server.failpoints import hit
from server.sending import Ready, among
from server.sync import attachments, feeds, news, quarantine
from server.sync.acks import acked_so_far, advance
from server.sync.case import Case, Verdict
from server.sync.corrections import instance_name
from server.sync.envelope import RawOp, depends_on, read_op
from server.sync.feeds import News
from server.sync.grounds import SETTLED
from server.sync.judge import open_case, read_all_the_same
from server.sync.kinds.submission import branch_name, record_name
from server.sync.raw import Parcel, count_try, forget_try, store_raw
from server.sync.record import Outcome
from server.sync.results import Result, answer_all
from server.sync.rounds import judge_round, log_crash, next_round
from server.sync.tables import OpLog
from server.sync.write import branch_of


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


def parcel(actor: Actor, elements: Sequence[object], *, bare: bool = False) -> Parcel:
    """What a sender brings, read."""
    return Parcel(actor, tuple(read_op(element) for element in elements), bare)


def push_parcels(parcels: Sequence[Parcel]) -> list[PushAnswer]:
    """As `push`, for several senders in the same two transactions; no two of them are one install or bring one op."""
    hit("push.before_raw")
    left = db.transact(lambda session: store_raw(session, parcels))
    hit("push.raw_stored")
    _judge_alone([op_id for theirs in left for op_id in theirs])
    answers = db.transact(lambda session: _judge_and_answer(session, parcels, left))
    hit("push.committed")
    return answers


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

    What the database's own trouble ended is no try.
    """
    for op_id in op_ids:
        db.transact(partial(count_try, op_id=op_id))
        try:
            db.transact(partial(_judge_left, op_id=op_id))
        except DBAPIError as error:
            if db.is_passing(error):
                db.transact(partial(forget_try, op_id=op_id))
            raise


def _judge_left(session: Session, op_id: str) -> None:
    db.lock(session, {f"op:{op_id}"})
    feeds.touch(session, _judge_all(session, _unjudged(session, [op_id])))


def _judge_and_answer(session: Session, parcels: Sequence[Parcel], left: Sequence[Sequence[str]]) -> list[PushAnswer]:
    """The second transaction; the feeds are its last statements. `left`: judged by this push already, by sender."""
    db.lock(session, {name for one in parcels for name in _locks(one)})
    senders = {op.op_id: one.actor.id for one in parcels for op in one.ops}
    todo = [row for row in _unjudged(session, senders) if row.person_id == senders[row.op_id]]
    written = _judge_all(session, todo, _sent(parcels))
    answers = [_answer(session, one, todo, done) for one, done in zip(parcels, left, strict=True)]
    hit("push.judged")
    feeds.touch(session, written)
    return answers


def _locks(parcel: Parcel) -> set[str]:
    """The install, whose numbers one at a time counts, and the ops. Who sends without one waits for nobody."""
    install_id, ops = parcel.actor.install_id, parcel.ops
    install = {f"install:{install_id}"} if install_id else set()
    return install | {f"op:{op_id}" for op in ops for op_id in _names(op)}


def _answer(session: Session, parcel: Parcel, judged: Sequence[OpLog], left: Sequence[str]) -> PushAnswer:
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


def _names(op: RawOp) -> Iterator[str]:
    """The op and those that it waits for: judged at the same moment, one must see the other's outcome."""
    yield str(op.op_id)
    yield from depends_on(op.body)


_STORED = (
    select(OpLog)
    .where(OpLog.op_id.in_(bindparam("ops", expanding=True)), OpLog.status.is_(None))
    .options(defer(OpLog.raw))
)


def _unjudged(session: Session, op_ids: Iterable[str | None]) -> list[OpLog]:
    """Those of the ops that nobody has judged, in this order."""
    wanted = list(dict.fromkeys(op_id for op_id in op_ids if op_id))
    found = {row.op_id: row for row in session.scalars(_STORED, {"ops": wanted})}
    return [found[op_id] for op_id in wanted if op_id in found]


@dataclass(frozen=True)
class Sent:
    """Who sends just now, by person and install, and the ops by their content: what is at hand need not be read."""

    actors: Mapping[tuple[str, str | None], Actor]
    ops: Mapping[str, RawOp]


def _sent(parcels: Sequence[Parcel]) -> Sent:
    actors = {(one.actor.id, one.actor.install_id): one.actor for one in parcels}
    return Sent(actors, {op.content_hash: op for one in parcels for op in one.ops})


def _judge_all(session: Session, rows: Sequence[OpLog], sent: Sent | None = None) -> list[News]:
    """Judges stored ops in this order, and those that they release; answers the news."""
    return _judge_queue(session, [_open(session, row, sent) for row in rows])


def judge_again(session: Session, row: OpLog, sponsor: Actor, placed: str | None = None) -> list[News] | None:
    """Judges an op that was held or set aside with the rights of a supervisor who answers for it; answers the news.

    `placed`: see Case. None: it got its outcome in another way while we waited for our turn.
    """
    case, status = _open(session, row, None), row.status
    read_all_the_same(session, case)
    db.lock(session, {f"op:{row.op_id}"} | case.touches)
    session.refresh(row, ["status"])
    if row.status != status:
        return None
    case.sponsor, case.placed = sponsor, placed
    row.attempts = 1
    return _judge_queue(session, [case])


def _judge_queue(session: Session, queue: list[Case]) -> list[News]:
    db.lock(session, {name for case in queue for name in case.touches})
    written: list[News] = []
    while queue:
        cases, queue = next_round(queue)
        judged = judge_round(session, cases)
        written += _records_news(session, [verdict.outcomes for _, verdict in judged])
        for case, verdict in judged:
            written += [*verdict.news, *_write_down(session, case, verdict)]
        session.flush()
        queue += _released(session, judged)
    return written


def _records_news(session: Session, outcomes: Sequence[tuple[Outcome, ...]]) -> list[News]:
    """News of what was written: of all ops at once, or op by op where a record left the feed that it was told in."""
    moved = any(outcome.moves for ops in outcomes for outcome in ops)
    together = outcomes if moved else [tuple(outcome for ops in outcomes for outcome in ops)]
    return [item for ops in together for item in news.of_outcomes(session, ops)]


def _open(session: Session, row: OpLog, sent: Sent | None) -> Case:
    """An op with its author as the author may act now."""
    op = sent.ops.get(row.content_hash) if sent else None
    op = op or read_op(json.loads(row.raw))
    actor = sent.actors.get((row.person_id, row.install_id)) if sent else None
    if actor is not None:
        return _read(session, row, op, actor)
    person = session.get_one(Person, row.person_id)
    install = session.get(Install, row.install_id) if row.install_id else None
    revoked = bool(install and install.revoked_at)
    actor = load_actor(session, person, install_id=row.install_id, revoked=revoked)
    return _read(session, row, op, actor)


def _read(session: Session, row: OpLog, op: RawOp, actor: Actor) -> Case:
    """The op, read. One that our reading fails on is set aside at once: it fails before any lock, for all its batch."""
    try:
        return open_case(session, row, op, actor)
    except DBAPIError:
        raise
    except Exception as error:
        case = Case(op, row, actor, fault=("op.unjudgeable", type(error).__name__))
        log_crash(case, error)
        return case


def _write_down(session: Session, case: Case, verdict: Verdict) -> list[News]:
    """The verdict in the op's row; the end of a waiting is news to its author."""
    row = case.row
    was_waiting = row.status in ("held", "quarantined")
    row.status, row.code, row.detail = verdict.status, verdict.code, verdict.detail
    row.waits_for, row.region_code = verdict.waits_for, verdict.region or row.region_code
    row.entities = [outcome.for_wire() for outcome in verdict.outcomes]
    row.judged_at = db.now()
    if verdict.status == "quarantined" and verdict.code:
        _set_aside(session, case, verdict, verdict.code)
    ended = was_waiting and verdict.status != "held"
    return [news.of_op(row.person_id, row.op_id, verdict.status, verdict.code)] if ended else []


def _set_aside(session: Session, case: Case, verdict: Verdict, code: str) -> None:
    quarantine.keep(
        session,
        case.actor,
        code,
        case.op.raw,
        op_id=case.row.op_id,
        region=verdict.region,
        detail=verdict.detail,
        instance_id=case.submission.instance_id if case.submission else None,
        install_id=case.row.install_id,
    )


_WAITING = Ready(select(OpLog.op_id).where(among(OpLog.waits_for, "names"), OpLog.status == "held"))


def _released(session: Session, judged: Sequence[tuple[Case, Verdict]]) -> list[Case]:
    """Held ops that waited for one of these, for a branch step that it took or a record that it made."""
    names = {name for case, verdict in judged if verdict.status in SETTLED for name in _awaited(case)}
    if not names:
        return []
    waiting = db.ask(session, _WAITING, {"names": list(names)}).scalars()  # mostly none
    rows = session.scalars(
        select(OpLog).where(OpLog.op_id.in_(waiting)).order_by(OpLog.received_at, OpLog.op_id)
    ).all() if waiting else ()
    cases = [_open(session, row, None) for row in rows]
    db.lock(session, {name for case in cases for name in (f"op:{case.row.op_id}", *case.touches)})
    return [case for case in cases if _still_held(session, case.row)]


def _still_held(session: Session, row: OpLog) -> bool:
    """Whether nobody let it through by hand while we waited for our turn."""
    session.refresh(row, ["status"])
    return row.status == "held"


def _awaited(case: Case) -> Iterator[str]:
    """What held ops may be waiting for in this one."""
    yield case.row.op_id
    yield from (branch_name(*branch) for write in case.writes if (branch := branch_of(write)))
    yield from (record_name(write.id) for write in case.writes if write.create)
    if case.submission is not None:
        yield instance_name(case.submission.instance_id)
