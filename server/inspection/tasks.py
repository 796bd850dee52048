"""Tasks of an inspection: one form in one drawn household, who is sent there, and in what order the villages are gone.

Sending uses the errands that phones know (sync/assignments.py): the household is lent, blind, until the errand is due.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, load_actor
from server.accounts.audit import note
from server.accounts.tables import Person
from server.db import today
from server.errors import Problem
from server.inspection.days import check_to_come
from server.inspection.planning import at_work, kind_of
from server.inspection.route import in_order
from server.inspection.tables import (
    Inspection,
    InspectionExclusion,
    InspectionTask,
    InspectionTeam,
    InspectionTeamMember,
    SampledHousehold,
)
from server.registry.tables import Entity, EntityVersion
from server.sync import assignments, unannounced
from server.sync.administered import nameable
from server.sync.assignments import Errand
from server.sync.tables import Submission

_NAMES = uuid.UUID("0a2f2f0e-6f1c-4c2b-9a51-1f6f3c1f5a16")
BATCH = 500
LATE = timedelta(days=7)  # of an errand that is sent after the last planned day


def make_tasks(
    session: Session, inspection: Inspection, sampled: Sequence[SampledHousehold], drawn_at: datetime
) -> None:
    """One task for each drawn household and form, with what the village had sent by then."""
    rows = [
        row
        for start in range(0, len(sampled), BATCH)
        for row in _rows(session, inspection, sampled[start : start + BATCH], drawn_at)
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(InspectionTask), rows[start : start + BATCH])


def _rows(
    session: Session, inspection: Inspection, some: Sequence[SampledHousehold], drawn_at: datetime
) -> list[dict[str, Any]]:
    ids = [one.household_id for one in some]
    sent, versions = _last_sent(session, ids, drawn_at), _versions(session, ids, drawn_at)
    shared = _shared(session, inspection.id, ids)
    kinds = {form_id: kind_of(session, form_id) for form_id in inspection.form_ids}
    return [
        {
            "id": task_id(inspection.id, one.household_id, form_id),
            "inspection_id": inspection.id,
            "household_id": one.household_id,
            "village_code": one.village_code,
            "form_id": form_id,
            "kind": kinds[form_id],
            "state": "shared" if (one.household_id, form_id) in shared else "waiting",
            "instance_id": shared.get((one.household_id, form_id)),
            "cadre_instance_id": sent.get(one.household_id),
            "cadre_version": versions.get(one.household_id),
        }
        for one in some
        for form_id in inspection.form_ids
    ]


def row_for(
    session: Session, inspection: Inspection, one: SampledHousehold, form_id: str, drawn_at: datetime
) -> dict[str, Any]:
    """The task of one household and form, as a row to insert."""
    return next(row for row in _rows(session, inspection, [one], drawn_at) if row["form_id"] == form_id)


def task_id(inspection_id: str, household_id: str, form_id: str) -> str:
    """The same for everybody, so that nothing makes a task twice."""
    return str(uuid.uuid5(_NAMES, f"{inspection_id} {household_id} {form_id}"))


def _last_sent(session: Session, ids: Collection[str], drawn_at: datetime) -> dict[str | None, str]:
    """Household → the village's newest submission that stood at the draw."""
    query = select(Submission.root_id, Submission.instance_id).where(
        Submission.root_id.in_(ids),
        Submission.independent.is_(False),
        Submission.received_at <= drawn_at,
        Submission.review != "rejected",
    )
    rows = session.execute(query.order_by(Submission.received_at, Submission.instance_id))
    return {row.root_id: row.instance_id for row in rows}


def _versions(session: Session, ids: Collection[str], drawn_at: datetime) -> dict[str, int]:
    """Household → its version at the draw."""
    newest = func.max(EntityVersion.version).label("newest")
    query = select(EntityVersion.entity_id, newest).where(EntityVersion.entity_id.in_(ids))
    rows = session.execute(query.where(EntityVersion.at <= drawn_at).group_by(EntityVersion.entity_id))
    return {row.entity_id: row.newest for row in rows}


def _shared(session: Session, inspection_id: str, ids: Collection[str]) -> dict[tuple[str, str], str]:
    """(household, form) → the earlier answers that stand instead of a second visit."""
    query = (
        select(InspectionExclusion.household_id, Submission.form_id, Submission.instance_id)
        .join(Submission, Submission.instance_id == InspectionExclusion.earlier_instance_id)
        .where(InspectionExclusion.inspection_id == inspection_id, InspectionExclusion.treatment == "shared")
        .where(InspectionExclusion.household_id.in_(ids))
    )
    return {(household, form_id): instance for household, form_id, instance in session.execute(query)}


@dataclass(frozen=True)
class Sending:
    """Who goes to which tasks until when. `id`: the desk's own, so that a repetition sends once. `due` None: to the
    last planned day; where that is over and the inspection goes on, for LATE more.
    """

    id: str
    task_ids: tuple[str, ...]
    person_id: str
    team_id: str | None = None
    due: date | None = None


def send(session: Session, actor: Actor, inspection_id: str, sending: Sending) -> list[InspectionTask]:
    """The tasks with their errands. All or none.

    Problems: record.not_found, inspection.state, inspection.no_inspector, inspection.task_over, loan.own_area,
    request.invalid (a day that is over).
    """
    check_to_come(sending.due)
    inspection = at_work(session, actor, inspection_id, "drawn", "open")
    inspector = inspector_of(session, actor, sending.person_id)
    _team(session, inspection, sending.team_id, inspector.id)
    tasks = _named(session, inspection, sending.task_ids)
    stop = _stops(session, inspection, inspector.id)
    for task in in_order(tasks, places_of(session, tasks)):
        stop += 1
        _send_one(session, actor, inspection, task, sending, stop)
    session.flush()
    return tasks


def _send_one(
    session: Session, actor: Actor, inspection: Inspection, task: InspectionTask, sending: Sending, stop: int
) -> None:
    errand_id = str(uuid.uuid5(_NAMES, f"{sending.id} {task.id}"))
    if task.assignment_id == errand_id:
        return
    if task.state not in ("waiting", "sent"):
        raise Problem("inspection.task_over")
    if task.state == "sent" and task.assignment_id:
        assignments.withdraw(session, actor, task.assignment_id)
    due = sending.due or (inspection.ends_on if inspection.ends_on >= today() else today() + LATE)
    zh, en = f"抽查：{inspection.name_zh}", f"Inspection: {inspection.name_en or inspection.name_zh}"
    errand = Errand(sending.person_id, task.form_id, task.household_id, due, zh, errand_id, en, stop)
    assignments.assign(session, actor, errand)
    unannounced.keep(
        session, errand_id, sending.person_id, task.household_id, inspection.id, inspection.region_code
    )
    task.assignment_id, task.person_id = errand_id, sending.person_id
    task.team_id = sending.team_id or _own_team(session, task, sending.person_id)
    task.state, task.route = "sent", stop
    note(session, actor.id, "inspection.task_sent", task.id, to=sending.person_id, inspection=inspection.id)


def inspector_of(session: Session, actor: Actor, person_id: str) -> Person:
    """Only inspectors go: they have no area and help nobody, so they judge no work of their own."""
    person = nameable(session, actor, person_id)
    if not load_actor(session, person).has("inspector"):
        raise Problem("inspection.no_inspector")
    return person


def _team(session: Session, inspection: Inspection, team_id: str | None, person_id: str) -> None:
    if team_id is None:
        return
    team = session.get(InspectionTeam, team_id)
    member = session.get(InspectionTeamMember, (team_id, person_id))
    if team is None or team.inspection_id != inspection.id or member is None:
        raise Problem("record.not_found")


def _own_team(session: Session, task: InspectionTask, person_id: str) -> str | None:
    """The team that the village was given to, when the person goes with it."""
    belongs = task.team_id is not None and session.get(InspectionTeamMember, (task.team_id, person_id)) is not None
    return task.team_id if belongs else None


def _named(session: Session, inspection: Inspection, ids: Iterable[str]) -> list[InspectionTask]:
    wanted = set(ids)
    query = select(InspectionTask).where(InspectionTask.inspection_id == inspection.id, InspectionTask.id.in_(wanted))
    found = list(session.scalars(query.order_by(InspectionTask.village_code, InspectionTask.id)))
    if len(found) != len(wanted):
        raise Problem("record.not_found")
    return found


def _stops(session: Session, inspection: Inspection, person_id: str) -> int:
    """How many stops the person has already."""
    query = select(func.max(InspectionTask.route)).where(
        InspectionTask.inspection_id == inspection.id, InspectionTask.person_id == person_id
    )
    return session.scalar(query) or 0


def places_of(session: Session, tasks: Sequence[InspectionTask]) -> dict[str, tuple[float, float]]:
    """Household → longitude and latitude, where a place is known."""
    ids = {task.household_id for task in tasks}
    rows = session.execute(select(Entity.id, Entity.geom).where(Entity.id.in_(ids), Entity.geom.is_not(None)))
    return {row.id: (row.geom.x, row.geom.y) for row in rows if row.geom is not None}
