"""Reserves stand in for households that could not be reached: by the order of their tickets, and with a reason."""

from __future__ import annotations

from sqlalchemy import Select, insert, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.errors import Fault, Problem
from server.inspection import tasks
from server.inspection.planning import at_work, plan_in
from server.inspection.results import not_tried, read_results, task_in
from server.inspection.tables import Inspection, InspectionDraw, InspectionTask, SampledHousehold
from server.sync.contacts import REACHED


def substitute(
    session: Session, actor: Actor, inspection_id: str, task_id: str, reason: str, household_id: str | None = None
) -> InspectionTask:
    """The task of the next reserve, in place of one that ended without answers; asked again it is the same.

    `household_id`: whom the desk thinks is next. Problems: inspection.not_tried (it is not over), inspection.reached,
    inspection.task_over (a reserve stands in), inspection.out_of_order, inspection.no_reserve.
    """
    inspection = at_work(session, actor, inspection_id, "drawn", "open")
    read_results(session, inspection.id)
    task = task_in(session, inspection, task_id)
    done = session.scalar(select(InspectionTask).where(InspectionTask.replaces == task.id))
    if done is not None and household_id in (None, done.household_id):
        return done
    _may_be_replaced(task)
    reserve = session.scalar(reserves_for(inspection, _drawn(session, task), task.form_id).limit(1))
    if reserve is None:
        raise Problem("inspection.no_reserve")
    if household_id not in (None, reserve.household_id):
        fault = Fault("household_id", reserve.household_id, "按这个编号替换 / Take the household with this id")
        raise Problem("inspection.out_of_order", faults=[fault])
    return _stand_in(session, actor, inspection, task, reserve, reason)


def _may_be_replaced(task: InspectionTask) -> None:
    if task.state in ("waiting", "sent"):
        raise not_tried(task, task.tries + 1)
    if task.state != "done":
        raise Problem("inspection.task_over")
    if task.disposition in REACHED:
        raise Problem("inspection.reached")


def _drawn(session: Session, task: InspectionTask) -> SampledHousehold:
    return session.get_one(SampledHousehold, (task.inspection_id, task.household_id))


def reserves_for(
    inspection: Inspection, drawn: SampledHousehold, form_id: str
) -> Select[SampledHousehold]:
    """The reserves of the same list that are not used for this form, the first by ticket first."""
    used = select(InspectionTask.household_id).where(
        InspectionTask.inspection_id == inspection.id, InspectionTask.form_id == form_id
    )
    query = select(SampledHousehold).where(
        SampledHousehold.inspection_id == inspection.id,
        SampledHousehold.kind == "reserve",
        SampledHousehold.stratum == drawn.stratum,
        SampledHousehold.household_id.not_in(used),
    )
    if plan_in(inspection).design == "two_stage":
        query = query.where(SampledHousehold.village_code == drawn.village_code)
    return query.order_by(SampledHousehold.place)


def _stand_in(
    session: Session,
    actor: Actor,
    inspection: Inspection,
    task: InspectionTask,
    reserve: SampledHousehold,
    reason: str,
) -> InspectionTask:
    drawn_at = session.get_one(InspectionDraw, inspection.id).drawn_at
    row = tasks.row_for(session, inspection, reserve, task.form_id, drawn_at)
    session.execute(insert(InspectionTask), [{**row, "replaces": task.id}])
    task.state, task.reason = "replaced", reason
    told = {"inspection": inspection.id, "household": reserve.household_id, "why": reason}
    note(session, actor.id, "inspection.replaced", task.id, **told)
    session.flush()
    return session.get_one(InspectionTask, row["id"])
