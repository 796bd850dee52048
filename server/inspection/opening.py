"""Opening an inspection publishes it to the villages; closing ends what was not done.

Nothing closes by itself: closing takes errands back and lets townships read what was answered, so somebody does it. It
is due when the last planned day (`ends_on`) is over; from then on whoever steers the inspection is reminded.
"""

from __future__ import annotations

from datetime import date

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import now
from server.inspection.planning import at_work
from server.inspection.results import read_results
from server.inspection.tables import UNDER_WAY, Inspection, InspectionTask
from server.sync import assignments, unannounced


def open_up(session: Session, actor: Actor, inspection_id: str) -> Inspection:
    """From now on the villages see frame, seed and record. Again changes nothing. Problem inspection.state."""
    inspection = at_work(session, actor, inspection_id, "drawn", "open")
    if inspection.state == "drawn":
        inspection.state, inspection.opened_by, inspection.opened_at = "open", actor.id, now()
        note(session, actor.id, "inspection.opened", inspection.id)
        session.flush()
    return inspection


def close(session: Session, actor: Actor, inspection_id: str) -> Inspection:
    """Takes back the errands that are still out; what was not done stays as it is. Problem inspection.state.

    From now on supervisors of the areas that were checked read what the inspectors answered there.
    """
    inspection = at_work(session, actor, inspection_id, "open", "closed")
    if inspection.state == "closed":
        return inspection
    read_results(session, inspection.id)
    sent = select(InspectionTask).where(InspectionTask.inspection_id == inspection.id, InspectionTask.state == "sent")
    for task in session.scalars(sent).all():
        if task.assignment_id:
            assignments.withdraw(session, actor, task.assignment_id)
        task.state = "waiting"
    unannounced.release(session, inspection.id)
    inspection.state, inspection.closed_by, inspection.closed_at = "closed", actor.id, now()
    note(session, actor.id, "inspection.closed", inspection.id)
    session.flush()
    return inspection


def days_late(row: Inspection, day: date) -> int:
    """Days since it should have been closed; 0 when it is not due on this day."""
    return max(0, (day - row.ends_on).days) if row.state in UNDER_WAY else 0


def unclosed(day: date) -> ColumnElement[bool]:
    """Clause on Inspection: closing it is due."""
    return and_(Inspection.state.in_(UNDER_WAY), Inspection.ends_on < day)
