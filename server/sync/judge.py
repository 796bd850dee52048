"""Judges one stored op by its kind: what it says, whether its author may, and what comes of it.

Every way out is a Verdict; nothing here refuses data. An exception is a fault of ours: rounds.py catches it,
tries again and sets the op aside.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.sync.case import Case, Verdict
from server.sync.desk import Desk
from server.sync.envelope import RawOp
from server.sync.kinds import KINDS, UNKNOWN
from server.sync.op_row import OpRow


def open_case(session: Session, row: OpRow, op: RawOp, actor: Actor) -> Case:
    """Reads the op; what cannot be read is the case's `fault` (code, detail)."""
    case = Case(op, row, actor)
    if op.install_id and not row.install_id:
        case.fault = ("op.foreign_install", op.install_id)
    else:
        KINDS.get(op.kind, UNKNOWN).read(session, case)
    return case


def read_all_the_same(session: Session, case: Case) -> None:
    """Reads an op that names an install of somebody else: a supervisor answers for its being the sender's own work."""
    if case.fault is not None and case.fault[0] == "op.foreign_install":
        case.fault = None
        KINDS.get(case.op.kind, UNKNOWN).read(session, case)


def reads_ahead(case: Case) -> bool:
    """Whether ops of this kind are judged side by side."""
    return KINDS.get(case.op.kind, UNKNOWN).read_ahead is not None


def says_all(op: RawOp) -> bool:
    """Whether reading such an op asks the database for nothing that people sent: so it may be read before any lock."""
    return KINDS.get(op.kind, UNKNOWN).says_all(op)


def read_ahead(session: Session, desk: Desk, cases: Sequence[Case]) -> None:
    """What judging these ops, all of one kind, will ask for."""
    ahead = KINDS.get(cases[0].op.kind, UNKNOWN).read_ahead
    if ahead is not None:
        ahead(session, desk, cases)


def judge(session: Session, case: Case) -> Verdict:
    """The verdict on one op, and its effects in this transaction."""
    case.findings.clear()
    return KINDS.get(case.op.kind, UNKNOWN).judge(session, case)
