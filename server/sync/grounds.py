"""Grounds on which an op is not applied now, the same for every kind of op."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.sync.case import Case, Verdict
from server.sync.envelope import depends_on
from server.sync.quarantine import area_of
from server.sync.record_rows import RecordRow
from server.sync.tables import OpLog

BATCH = 500
SETTLED = ("applied", "merged", "conflicted", "duplicate")


def quarantined(session: Session, case: Case, code: str, detail: str = "") -> Verdict:
    return Verdict("quarantined", code, detail or None, region=region_of(session, case))


def stopped(session: Session, case: Case) -> Verdict | None:
    """The verdict on an op that cannot be read, comes from a revoked install, or waits for another; None: go on.

    Who answers for an op (`sponsor`) lets it through without what it waits for, and from a revoked install.
    """
    if case.fault is not None:
        return quarantined(session, case, *case.fault)
    if case.sponsor is not None:
        return None
    if case.actor.revoked:
        return quarantined(session, case, "device.revoked")
    waits_for = unsettled(session, case, depends_on(case.op.body))
    if waits_for is None:
        return None
    return Verdict("held", detail=waits_for, waits_for=waits_for, region=region_of(session, case))


def lost(case: Case) -> Verdict:
    """Foreign and unknown records answer alike; who may see the record sees that the op was set aside."""
    record = next((entity.region_code for entity, _ in case.known.values()), None)
    return Verdict("quarantined", "scope.lost", region=record)


def known_base(case: Case, entity: RecordRow, base_version: int) -> int | None:
    """The base as our history has it; None: a version that we do not know (a restored server), a person is to look.

    Where a supervisor answers for the op, it stands beside what is here, as if its author had seen nothing of it.
    """
    if base_version <= entity.version:
        return base_version
    return 0 if case.sponsor is not None else None


def region_of(session: Session, case: Case) -> str | None:
    """The region of the first record that is the author's to work on, else the author's area."""
    return next((entity.region_code for entity in case.in_sight()), None) or area_of(session, case.actor)


def unsettled(session: Session, case: Case, op_ids: Sequence[str]) -> str | None:
    """The first of these ops that is not there or has no outcome yet. One query for many: the list may be long."""
    named = list(dict.fromkeys(op_ids))
    for start in range(0, len(named), BATCH):
        batch = named[start : start + BATCH]
        mine = (OpLog.op_id.in_(batch), OpLog.person_id == case.row.person_id, OpLog.status.in_(SETTLED))
        settled = set(session.scalars(select(OpLog.op_id).where(*mine)))
        if len(settled) < len(batch):
            return next(op_id for op_id in batch if op_id not in settled)
    return None
