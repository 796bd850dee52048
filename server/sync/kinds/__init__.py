"""The kinds of op, one module each.

A kind reads what its op says before any lock is taken (`read` fills the case; what cannot be read is its fault) and
judges it afterwards, in a savepoint of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.sync.case import Case, Verdict
from server.sync.grounds import quarantined
from server.sync.kinds import resolution, submission


@dataclass(frozen=True)
class Kind:
    """What is done with ops of one kind."""

    read: Callable[[Session, Case], None]
    judge: Callable[[Session, Case], Verdict]


def _read_unknown(_session: Session, case: Case) -> None:
    case.fault = ("op.unknown_kind", case.op.kind)


def _judge_unknown(session: Session, case: Case) -> Verdict:
    return quarantined(session, case, *(case.fault or ("op.unknown_kind", case.op.kind)))


UNKNOWN = Kind(_read_unknown, _judge_unknown)
KINDS = {
    "submission": Kind(submission.read, submission.judge),
    "resolution": Kind(resolution.read, resolution.judge),
}
