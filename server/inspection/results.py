"""What came of tasks: answers and tries that arrived are read into them; the desk gives up what was tried enough."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Select, not_, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import now, today
from server.errors import Fault, Problem
from server.forms.instance import parse_instance
from server.forms.issue import InstanceUnreadable
from server.forms.policy_rows import in_force
from server.forms.policy_store import policy_rows
from server.inspection.candidates import below
from server.inspection.planning import at_work
from server.inspection.tables import Inspection, InspectionDraw, InspectionTask
from server.sync import assignments, contacts
from server.sync.contacts import AGAIN, REACHED
from server.sync.office_tables import Assignment, ContactAttempt
from server.sync.tables import Submission
from server.sync.unannounced import kept_from

COMPLETE = "complete"


@dataclass(frozen=True)
class Pace:
    """How often, and how far apart, a household is tried before it is given up (policy `contact`)."""

    attempts: int = 3
    apart: timedelta = timedelta(hours=2)


@dataclass(frozen=True)
class Try:
    """One try to reach a household; `instance_id` when it came with a filled form, `again`: which asks for another."""

    at: datetime
    disposition: str
    instance_id: str | None = None
    again: bool = False


def pace_in(session: Session, region: str) -> Pace:
    row = in_force(policy_rows(session, "contact"), region, today())
    return Pace(int(row["attempts"]), timedelta(hours=int(row["callback_hours"]))) if row else Pace()


def counted(tries: Iterable[Try], apart: timedelta) -> list[Try]:
    """Tries without success that count: each at least `apart` after the one that counted before."""
    found: list[Try] = []
    for one in sorted(tries, key=lambda one: one.at):
        if one.disposition not in REACHED and (not found or one.at - found[-1].at >= apart):
            found.append(one)
    return found


def read_results(session: Session, inspection_id: str) -> None:
    """Brings the open tasks of an inspection up to what has arrived; again changes nothing."""
    db.lock(session, {f"inspection:{inspection_id}"})
    inspection = session.get(Inspection, inspection_id)
    draw = session.get(InspectionDraw, inspection_id)
    if inspection is None or draw is None:
        return
    query = select(InspectionTask, Assignment.done_by).where(
        InspectionTask.inspection_id == inspection_id,
        InspectionTask.state.in_(("waiting", "sent")),
    )
    rows = session.execute(query.join(Assignment, Assignment.id == InspectionTask.assignment_id)).all()
    tries = _tries(session, inspection, [task for task, _ in rows], draw.drawn_at)
    apart = pace_in(session, inspection.region_code).apart
    for task, answered_by in rows:
        _read_into(task, tries[task.household_id, task.form_id], answered_by, apart)
    session.flush()


def _read_into(task: InspectionTask, tries: Sequence[Try], answered_by: str | None, apart: timedelta) -> None:
    """`answered_by`: the instance that the task's errand ended with."""
    if not tries:
        return
    last = max(tries, key=lambda one: (one.at, one.instance_id or ""))
    without = counted(tries, apart)
    task.tries, task.last_try_at, task.disposition = len(without), last.at, last.disposition
    done_by = next((one for one in tries if one.instance_id and one.instance_id == answered_by), None)
    if done_by is None:
        return
    if done_by.again:
        task.state = "waiting"
    else:
        task.state, task.instance_id, task.disposition = "done", done_by.instance_id, done_by.disposition
        task.ended_at = done_by.at


def _tries(
    session: Session, inspection: Inspection, tasks: Sequence[InspectionTask], since: datetime
) -> defaultdict[tuple[str, str], list[Try]]:
    """(household, form) → the tries of inspectors since the draw. A try without a form counts for a visit.

    Those of another inspection that is still kept from this one's region do not count.
    """
    mine = below(session, inspection.region_code)
    found: defaultdict[tuple[str, str], list[Try]] = defaultdict(list)
    for row in session.scalars(_forms(mine, {task.household_id for task in tasks}, since)):
        found[row.root_id or "", row.form_id].append(_try_of(row, row.ended_at or row.received_at))
    visits = {task.household_id: task.form_id for task in tasks if task.kind == "visit"}
    for one in session.scalars(_attempts(mine, visits, since)):
        when = one.ended_at or one.started_at or one.received_at
        found[one.entity_id, visits[one.entity_id]].append(Try(when, one.disposition))
    return found


def _forms(mine: Select[str], households: Collection[str], since: datetime) -> Select[Submission]:
    """What inspectors filled in there. `mine`: codes of the regions whose readers ask."""
    return select(Submission).where(
        Submission.root_id.in_(households),
        Submission.independent.is_(True),
        Submission.received_at >= since,
        not_(kept_from(mine, Submission.person_id, Submission.root_id)),
    )


def _attempts(mine: Select[str], households: Collection[str], since: datetime) -> Select[ContactAttempt]:
    """Their tries that came without a form."""
    return select(ContactAttempt).where(
        ContactAttempt.entity_id.in_(households),
        ContactAttempt.independent.is_(True),
        ContactAttempt.instance_id.is_(None),
        ContactAttempt.received_at >= since,
        not_(kept_from(mine, ContactAttempt.person_id, ContactAttempt.entity_id)),
    )


def _try_of(submission: Submission, when: datetime) -> Try:
    root = _root_of(submission)
    if root is None:
        return Try(when, COMPLETE, submission.instance_id)
    return Try(when, contacts.ended(root) or COMPLETE, submission.instance_id, contacts.asks_again(root))


def disposition_of(submission: Submission) -> str:
    """How the interview ended; a form that says nothing of it was filled to its end."""
    root = _root_of(submission)
    return (contacts.ended(root) if root is not None else None) or COMPLETE


def _root_of(submission: Submission) -> Any:
    """The filled form; None where it cannot be read."""
    try:
        return parse_instance(submission.instance_xml).root
    except InstanceUnreadable:
        return None


def task_in(session: Session, inspection: Inspection, task_id: str) -> InspectionTask:
    """Problem record.not_found."""
    task = session.get(InspectionTask, task_id)
    if task is None or task.inspection_id != inspection.id:
        raise Problem("record.not_found")
    return task


def give_up(
    session: Session, actor: Actor, inspection_id: str, task_id: str, disposition: str, reason: str
) -> InspectionTask:
    """Ends a task without answers. Problems: inspection.task_over, inspection.not_tried, request.invalid."""
    inspection = at_work(session, actor, inspection_id, "drawn", "open")
    read_results(session, inspection.id)
    task = task_in(session, inspection, task_id)
    if disposition not in contacts.dispositions() or disposition in REACHED:
        fix = "Give a code of the list `disposition` that is not complete or partial."
        raise Problem("request.invalid", faults=[Fault("disposition", "It does not say why nobody answered.", fix)])
    if task.state == "done" and task.disposition == disposition:
        return task
    if task.state not in ("waiting", "sent"):
        raise Problem("inspection.task_over")
    wanted = pace_in(session, inspection.region_code).attempts if disposition in AGAIN else 1
    if task.tries < wanted:
        raise not_tried(task, wanted)
    _end(session, actor, task, disposition, reason)
    return task


def not_tried(task: InspectionTask, wanted: int) -> Problem:
    """Says how often it was tried, and how often it has to be."""
    why = f"有效联系 {task.tries} 次，要 {wanted} 次 / {task.tries} tries that count, {wanted} are wanted"
    fix = "隔够时间再去 / Go again after the time between tries"
    return Problem("inspection.not_tried", faults=[Fault("tries", why, fix)])


def _end(session: Session, actor: Actor, task: InspectionTask, disposition: str, reason: str) -> None:
    if task.state == "sent" and task.assignment_id:
        assignments.withdraw(session, actor, task.assignment_id)
    task.state, task.disposition, task.reason = "done", disposition, reason
    task.ended_by, task.ended_at = actor.id, now()
    note(session, actor.id, "inspection.given_up", task.id, disposition=disposition, reason=reason)
    session.flush()
