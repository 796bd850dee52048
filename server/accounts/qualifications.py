"""What a person is certified for, by day: an appraisal of houses asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import Session

from server.accounts.audit import note
from server.accounts.tables import Qualification
from server.db import now, upsert
from server.errors import Problem


@dataclass(frozen=True)
class Certificate:
    """What an administrator enters. Days are whole days; `valid_until` is the last one, None while open."""

    id: str
    kind: str
    number: str
    issued_by: str
    valid_from: date
    valid_until: date | None


def holds(session: Session, person_id: str, kind: str, day: date) -> bool:
    """Whether the person holds this qualification on that day."""
    found = select(Qualification.id).where(*_holding(person_id, day), Qualification.kind == kind)
    return session.scalar(found.limit(1)) is not None


def kinds_held(session: Session, person_id: str, day: date) -> set[str]:
    return set(session.scalars(select(Qualification.kind).where(*_holding(person_id, day))))


def qualifications_of(session: Session, person_id: str) -> Sequence[Qualification]:
    """All that were not withdrawn, ended ones too, by kind and day."""
    wanted = select(Qualification).where(Qualification.person_id == person_id, Qualification.withdrawn_at.is_(None))
    return session.scalars(wanted.order_by(Qualification.kind, Qualification.valid_from, Qualification.id)).all()


def for_wire(row: Qualification) -> dict[str, Any]:
    return {
        "id": row.id,
        "kind": row.kind,
        "number": row.number,
        "issued_by": row.issued_by,
        "valid_from": row.valid_from.isoformat(),
        "valid_until": row.valid_until.isoformat() if row.valid_until else None,
    }


def qualify(session: Session, person_id: str, given: Certificate, by: str | None) -> Qualification:
    """Enters a certificate; again is harmless. Problem qualification.other_content: its id stands for another one."""
    values = {**vars(given), "person_id": person_id}
    statement = upsert(session, Qualification).values(**values, added_by=by, added_at=now()).on_conflict_do_nothing()
    is_new = session.scalar(statement.returning(Qualification.id))
    row = session.get_one(Qualification, given.id)
    if is_new:
        note(session, by, "qualification.added", person_id, **for_wire(row))
    elif row.withdrawn_at or any(getattr(row, name) != value for name, value in values.items()):
        raise Problem("qualification.other_content")
    return row


def end(session: Session, person_id: str, qualification_id: str, last_day: date | None, by: str | None) -> None:
    """Gives a certificate its last day; without one it is withdrawn: it was never right. Problem record.not_found."""
    row = session.get(Qualification, qualification_id, with_for_update=True)
    if row is None or row.person_id != person_id:
        raise Problem("record.not_found")
    if row.withdrawn_at:
        return
    if last_day is None:
        row.withdrawn_at = now()
    else:
        row.valid_until = last_day
    action = "qualification.ended" if last_day else "qualification.withdrawn"
    note(session, by, action, person_id, id=row.id, last_day=last_day.isoformat() if last_day else None)


def _holding(person_id: str, day: date) -> tuple[ColumnElement[bool], ...]:
    return (
        Qualification.person_id == person_id,
        Qualification.withdrawn_at.is_(None),
        Qualification.valid_from <= day,
        or_(Qualification.valid_until.is_(None), Qualification.valid_until >= day),
    )
