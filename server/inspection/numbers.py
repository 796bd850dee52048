"""One telephone number for one call: shown to who is sent to call, with a reason, and noted in the audit.

On loan a number comes masked; a back-check by telephone needs it whole once, and only then.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.errors import Problem
from server.inspection.tables import InspectionTask
from server.registry.masking import mask
from server.registry.tables import Entity
from server.sync import loans

NUMBER = "contact_phone"


@dataclass(frozen=True)
class Number:
    """`number` is None where none is on record."""

    number: str | None
    masked: str | None


def reveal_number(session: Session, actor: Actor, assignment_id: str, reason: str) -> Number:
    """The number of the household that the actor is to call. Problem record.not_found for anybody and anything else."""
    task = session.scalar(
        select(InspectionTask).where(
            InspectionTask.assignment_id == assignment_id,
            InspectionTask.person_id == actor.id,
            InspectionTask.kind == "phone",
            InspectionTask.state == "sent",
        )
    )
    if task is None or not loans.is_lent(session, actor, task.household_id):
        raise Problem("record.not_found")
    number = session.get_one(Entity, task.household_id).values.get(NUMBER)
    note(session, actor.id, "inspection.number_shown", task.household_id, task=task.id, reason=reason)
    return Number(number, mask(number) if number else None)
