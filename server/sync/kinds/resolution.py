"""Ops of kind `resolution`: a person's decision on a conflict."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.accounts.audit import note
from server.failpoints import hit
from server.sync.case import Case, Verdict
from server.sync.grounds import quarantined, stopped
from server.sync.record import Origin
from server.sync.resolve import Resolution, read_resolution, records_of, resolve


def read(session: Session, case: Case) -> None:
    case.said = said = read_resolution(case.op.body)
    if said is None:
        case.fault = ("op.incomplete", "conflict_id, choose, reason or seen")
    else:
        case.touches |= records_of(session, said)


def judge(session: Session, case: Case) -> Verdict:
    """What cannot be decided is set aside, a conflict out of sight like an unknown one."""
    kept = stopped(session, case)
    if kept is not None or not isinstance(case.said, Resolution):
        return kept or quarantined(session, case, "op.incomplete")
    hit("push.judging")
    origin = Origin(case.row.op_id, case.row.person_id, case.lineage, case.row.seq)
    outcomes = resolve(session, case.powers, origin, case.said)
    if isinstance(outcomes, str):
        return quarantined(session, case, outcomes, case.said.conflict_id)
    note(session, case.row.person_id, "conflict.resolved", case.said.conflict_id, op_id=case.row.op_id)
    contested = any(outcome.contested for outcome in outcomes)
    return Verdict("conflicted" if contested else "applied", outcomes=outcomes)
