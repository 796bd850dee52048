"""The kinds of op, one module each.

A kind reads what its op says before any lock is taken (`read` fills the case; what cannot be read is its fault) and
judges it afterwards, in a savepoint. A kind that can read ahead for many ops has them judged side by side (rounds.py).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.sync.case import Case, Verdict
from server.sync.desk import Desk
from server.sync.envelope import RawOp
from server.sync.grounds import quarantined
from server.sync.kinds import (
    answer,
    contact_attempt,
    draft,
    feedback,
    place,
    resolution,
    revocation_ack,
    submission,
)
from server.sync.kinds.reading_ahead import read_ahead


@dataclass(frozen=True)
class Kind:
    """What is done with ops of one kind. `says_all`: whether `read` asks the database for nothing that people sent."""

    read: Callable[[Session, Case], None]
    judge: Callable[[Session, Case], Verdict]
    read_ahead: Callable[[Session, Desk, Sequence[Case]], None] | None = None
    says_all: Callable[[RawOp], bool] = lambda _op: False


def _read_unknown(_session: Session, case: Case) -> None:
    case.fault = ("op.unknown_kind", case.op.kind)


def _judge_unknown(session: Session, case: Case) -> Verdict:
    return quarantined(session, case, *(case.fault or ("op.unknown_kind", case.op.kind)))


UNKNOWN = Kind(_read_unknown, _judge_unknown)
KINDS = {
    "submission": Kind(submission.read, submission.judge, read_ahead, submission.says_all),
    "resolution": Kind(resolution.read, resolution.judge),
    "answer": Kind(answer.read, answer.judge),
    "contact_attempt": Kind(contact_attempt.read, contact_attempt.judge),
    "draft": Kind(draft.read, draft.judge),
    "feedback": Kind(feedback.read, feedback.judge),
    "place": Kind(place.read, place.judge),
    "revocation_ack": Kind(revocation_ack.read, revocation_ack.judge),
}
