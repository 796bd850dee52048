"""The judging of ops within one transaction: in rounds, with those that they release, and the news of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.tables import Install, Person
from server.lock_names import of_op
from server.sending import Ready, among
from server.sync import news, quarantine
from server.sync.awaited import awaited
from server.sync.case import Case, Verdict
from server.sync.envelope import RawOp, depends_on, read_op
from server.sync.feeds import News
from server.sync.grounds import SETTLED
from server.sync.judge import open_case, read_all_the_same
from server.sync.op_row import OpRow, bytes_of, status_of, stored_ops, write_down
from server.sync.rounds import judge_round, log_crash, next_round
from server.sync.tables import OpLog


@dataclass(frozen=True)
class Sent:
    """Who sends just now, by person and install, and the ops by their content: what is at hand need not be read."""

    actors: Mapping[tuple[str, str | None], Actor]
    ops: Mapping[str, RawOp]


def names_of(op: RawOp) -> Iterator[str]:
    """The op and those that it waits for: judged at the same moment, one must see the other's outcome."""
    yield str(op.op_id)
    yield from depends_on(op.body)


def judge_again(session: Session, stored: OpLog, sponsor: Actor, placed: str | None = None) -> list[News] | None:
    """Judges an op that was held or set aside with the rights of a supervisor who answers for it; answers the news.

    `placed`: see Case. None: it got its outcome in another way while we waited for our turn.
    """
    row = stored_ops(session, [stored.op_id])[stored.op_id]
    case = open_op(session, row, None)
    read_all_the_same(session, case)
    db.lock(session, {of_op(row.op_id)} | case.touches)
    if status_of(session, row.op_id) != stored.status:
        session.refresh(stored, ["status"])
        return None
    case.sponsor, case.placed = sponsor, placed
    row.attempts = 1
    written = judge_queue(session, [case])
    session.refresh(stored)
    return written


def judge_queue(
    session: Session, queue: list[Case], held: Set[str] = frozenset(), *, trusting: bool = False
) -> list[News]:
    """Judges ops in this order, and those that they release; answers the news. `held`: names locked already."""
    db.lock(session, touched(queue) - held)
    written, rows = list[News](), {case.row.op_id: case.row for case in queue}
    while queue:
        cases, queue = next_round(queue)
        judged = judge_round(session, cases, trusting=trusting)
        written += news.of_outcomes(session, [outcome for _, verdict in judged for outcome in verdict.outcomes])
        for case, verdict in judged:
            written += [*verdict.news, *_settle(session, case, verdict)]
        session.flush()
        write_down(session, [case.row for case in cases])
        queue += _released(session, judged, rows)
    return written


def touched(cases: Iterable[Case]) -> set[str]:
    return {name for case in cases for name in case.touches}


def open_op(session: Session, row: OpRow, sent: Sent | None) -> Case:
    """An op with its author as the author may act now."""
    op = sent.ops.get(row.content_hash) if sent else None
    op = op or read_op(json.loads(bytes_of(session, row.op_id)))
    actor = sent.actors.get((row.person_id, row.install_id)) if sent else None
    if actor is not None:
        return _read(session, row, op, actor)
    person = session.get_one(Person, row.person_id)
    install = session.get(Install, row.install_id) if row.install_id else None
    revoked = bool(install and install.revoked_at)
    actor = load_actor(session, person, install_id=row.install_id, revoked=revoked)
    return _read(session, row, op, actor)


def _read(session: Session, row: OpRow, op: RawOp, actor: Actor) -> Case:
    """The op, read. One that our reading fails on is set aside at once: it fails before any lock, for all its batch."""
    try:
        return open_case(session, row, op, actor)
    except DBAPIError:
        raise
    except Exception as error:
        case = Case(op, row, actor, fault=("op.unjudgeable", type(error).__name__))
        log_crash(case, error)
        return case


def _settle(session: Session, case: Case, verdict: Verdict) -> list[News]:
    """The verdict in the op's row; the end of a waiting is news to its author."""
    row = case.row
    row.status, row.code, row.detail = verdict.status, verdict.code, verdict.detail
    row.waits_for, row.region_code = verdict.waits_for, verdict.region or row.region_code
    row.entities = [outcome.for_wire() for outcome in verdict.outcomes]
    row.judged_at = db.now()
    if verdict.status == "quarantined" and verdict.code:
        _set_aside(session, case, verdict, verdict.code)
    ended = row.before in ("held", "quarantined") and verdict.status != "held"
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


def _released(session: Session, judged: Sequence[tuple[Case, Verdict]], rows: dict[str, OpRow]) -> list[Case]:
    """Held ops that waited for one of these, for a branch step that it took or a record that it made.

    `rows`: of ops judged in this transaction; those that are released are added.
    """
    waiting = _waiting(session, judged)
    unknown = waiting - rows.keys()
    rows |= stored_ops(session, unknown) if unknown else {}
    released = sorted((rows[op_id] for op_id in waiting), key=lambda row: (row.received_at, row.op_id))
    cases = [open_op(session, row, None) for row in released]
    db.lock(session, touched(cases) | {of_op(op_id) for case in cases for op_id in names_of(case.op)})
    # Nobody let it through by hand while we waited for our turn.
    return [case for case in cases if status_of(session, case.row.op_id) == "held"]


def _waiting(session: Session, judged: Sequence[tuple[Case, Verdict]]) -> set[str]:
    """The ops that wait for one of these, also among these themselves."""
    settled = [case for case, verdict in judged if verdict.status in SETTLED]
    names = {name for case in settled for name in awaited(case)}
    ahead = [case.waiting for case in settled if case.waiting is not None]
    if len(ahead) < len(settled):
        return set(db.ask(session, _WAITING, {"names": list(names)}).scalars())
    here = {case.row.op_id for case, verdict in judged if verdict.waits_for in names}
    return here.union(*ahead)
