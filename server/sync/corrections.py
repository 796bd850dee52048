"""Corrections: a submission that names the one that it replaces (`deprecatedID`) takes that one's place.

It is judged as if it had been sent in its stead: what its author saw is what he saw then, and whoever saw the old
values has not seen the new ones. What the old one had written and the new one does not say is taken back. Two
corrections of one submission stand beside each other like the work of two people. A rejected submission stays
withdrawn, and one that a standing correction replaces stays replaced (docs/decisions/2026-11-22-corrections-take-the-
place.md). Of several that correct each other none is applied until a person lets one through; that one stands for
itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.registry.tables import Head
from server.sync.desk import carry_off
from server.sync.grounds import SETTLED
from server.sync.record import RecordWrite, Stead
from server.sync.record_rows import records_by_id
from server.sync.tables import OpLog, Submission


def corrected(session: Session, person_id: str, deprecated_id: str | None) -> str | None:
    """The op of the submission that a correction replaces: of the same author, with an outcome. None: not there."""
    if not deprecated_id:
        return None
    carry_off(session)
    mine = (Submission.instance_id == deprecated_id, Submission.person_id == person_id, OpLog.status.in_(SETTLED))
    joined = select(Submission.op_id).join(OpLog, OpLog.op_id == Submission.op_id)
    return session.scalar(joined.where(*mine))


def in_a_circle(session: Session, person_id: str, instance_id: str) -> bool:
    """Whether a submission corrects itself, or another one that in the end corrects it."""
    carry_off(session)
    seen = [instance_id]
    while True:
        mine = (Submission.instance_id == seen[-1], Submission.person_id == person_id)
        before = session.scalar(select(Submission.deprecated_id).where(*mine))
        if before is None or before in seen:
            return before == instance_id
        seen.append(before)


def records_written(session: Session, op_id: str | None) -> set[str]:
    """The records that an op wrote, also where it was withdrawn since."""
    if op_id is None:
        return set()
    carry_off(session)
    return set(session.scalars(select(Head.entity_id).where(Head.op_id == op_id).distinct()))


def steads(session: Session, op_id: str | None) -> dict[str, Stead]:
    """The place that an op has in each record that it wrote."""
    if op_id is None:
        return {}
    carry_off(session)
    rows = session.scalars(select(Head).where(Head.op_id == op_id, Head.implied.is_(False))).all()
    keys: dict[str, set[str]] = {}
    for row in rows:
        keys.setdefault(row.entity_id, set()).add(row.key)
    return {
        row.entity_id: Stead(op_id, row.version, row.base_version, row.lineage, row.seq, frozenset(keys[row.entity_id]))
        for row in rows
    }


def taken_back(session: Session, places: dict[str, Stead], writes: Iterable[RecordWrite]) -> list[RecordWrite]:
    """What a correction no longer says: records (a removed repeat) that the submission before it had written."""
    gone = places.keys() - {write.id for write in writes}
    records = records_by_id(session, sorted(gone)).values()
    return [RecordWrite(one.dataset, one.id, {}, places[one.id].base_version, stead=places[one.id]) for one in records]


def replaced(session: Session, row: Submission) -> bool:
    """Whether a correction stands in the place of this submission."""
    return any(one.review != "rejected" or replaced(session, one) for one in _corrections(session, row))


def _corrections(session: Session, row: Submission) -> Sequence[Submission]:
    """Its corrections that were applied."""
    mine = (Submission.deprecated_id == row.instance_id, Submission.person_id == row.person_id)
    joined = select(Submission).join(OpLog, OpLog.op_id == Submission.op_id)
    return session.scalars(joined.where(*mine, OpLog.status.in_(SETTLED)).order_by(Submission.instance_id)).all()


def line_of(session: Session, row: Submission) -> list[Submission]:
    """The submission and those before it that it corrects, in turn."""
    found = [row]
    while found[-1].deprecated_id and found[-1].deprecated_id not in {one.instance_id for one in found}:
        before = session.get(Submission, found[-1].deprecated_id)
        if before is None or before.person_id != row.person_id:
            break
        found.append(before)
    return found
