"""Rounds of judging: ops that touch nothing in common are judged side by side, on one desk and in one savepoint.

So many ops cost a few statements. If anything fails there, it is as if the round had never been: each of its ops is
then judged in a round of its own, three times at most. One op never changes what happens to its neighbours.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Sequence
from typing import TypeVar

import structlog
from sqlalchemy.orm import Session

from server import db
from server.failures import is_passing
from server.sync import quarantine
from server.sync.case import Case, Verdict
from server.sync.desk import open_desk
from server.sync.envelope import depends_on
from server.sync.judge import judge, read_ahead, reads_ahead

T = TypeVar("T")
TRIES = 3
log = structlog.get_logger()


def next_round(queue: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """The first case with all that can be judged beside it, and what is left; both in their order.

    Whoever shares a name with an earlier one waits for a later round, and so does all behind an op that stands alone.
    """
    taken, left, named = [queue[0]], list[Case](), _names(queue[0])
    alone = _stands_alone(queue[0])
    for case in queue[1:]:
        alone = alone or _stands_alone(case)
        own = _names(case)
        (left if alone or not named.isdisjoint(own) else taken).append(case)
        named |= own
    return taken, left


def _stands_alone(case: Case) -> bool:
    return not reads_ahead(case) or case.sponsor is not None or case.row.attempts > 1


def _names(case: Case) -> set[str]:
    needed = depends_on(case.op.body)
    return {*case.touches, *(f"op:{op_id}" for op_id in (case.row.op_id, *needed))}


def judge_round(session: Session, cases: Sequence[Case], *, trusting: bool = False) -> list[tuple[Case, Verdict]]:
    """The verdicts on ops that touch nothing in common, and their effects in this transaction.

    `trusting`: whatever fails is for the caller, who undoes the whole transaction.
    """
    if trusting:
        return list(zip(cases, _judge_on_desk(session, cases), strict=True))
    verdicts = _judge_together(session, cases) if len(cases) > 1 else None
    return list(zip(cases, verdicts or [_judge_one(session, case) for case in cases], strict=True))


def _judge_together(session: Session, cases: Sequence[Case]) -> list[Verdict] | None:
    """None: something failed, and nothing of it was done."""

    def work() -> list[Verdict]:
        with db.savepoint(session):
            return _judge_on_desk(session, cases)

    return unless_it_fails(work, "round fell apart", len(cases))


def unless_it_fails(work: Callable[[], T], told: str, ops: int) -> T | None:
    """What the work brings; None when it failed: whoever it was is found, tried again and logged when each is judged by
    itself. The database's own trouble is for the caller.
    """
    try:
        return work()
    except Exception as error:
        if is_passing(error):
            raise
        log.warning(told, ops=ops, kind=type(error).__name__)
    return None


def _judge_one(session: Session, case: Case) -> Verdict:
    """The verdict within a savepoint of its own; an op that crashed its judging three times is set aside."""
    for _ in range(case.row.attempts, TRIES + 1):
        try:
            with db.savepoint(session):
                return _judge_on_desk(session, [case])[0]
        except Exception as error:
            if is_passing(error):
                raise
            log_crash(case, error)
    return Verdict("quarantined", "op.unjudgeable", f"{TRIES}", region=quarantine.area_of(session, case.actor))


def _judge_on_desk(session: Session, cases: Sequence[Case]) -> list[Verdict]:
    with open_desk(session) as desk:
        read_ahead(session, desk, cases)
        return [judge(session, case) for case in cases]


def log_crash(case: Case, error: Exception) -> None:
    """Kind and place only: the text may hold what the op says about people."""
    frame = traceback.extract_tb(error.__traceback__)[-1]
    log.error("judging crashed", op_id=case.row.op_id, kind=type(error).__name__, place=f"{frame.name}:{frame.lineno}")
