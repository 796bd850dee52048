"""Tasks as the desk reads them: by village, household by household, with what came of each."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, or_, select, tuple_
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.accounts.tables import Person, RoleGrant
from server.inspection.discrepancies import names_of as form_names
from server.inspection.preview import names_of
from server.inspection.rights import PLANNERS, answerable
from server.inspection.tables import Inspection, InspectionTask, SampledHousehold
from server.registry.masking import shown_label, sight
from server.registry.reading import Page
from server.registry.tables import Entity
from server.sync.definitions import datasets

Wire = dict[str, Any]
_DRAWN = ("kind", "place", "stratum", "pi", "weight", "ticket")
_SAID = (
    "id", "form_id", "kind", "state", "team_id", "assignment_id", "route", "disposition", "tries", "reason",
    "instance_id", "cadre_instance_id", "replaces",
)  # fmt: skip
_ORDER = (InspectionTask.village_code, InspectionTask.household_id, InspectionTask.form_id)


@dataclass(frozen=True)
class Wanted:
    """What a list of tasks is narrowed to; None is no limit."""

    state: str | None = None
    village: str | None = None
    person_id: str | None = None
    kind: str | None = None


def list_tasks(
    session: Session, actor: Actor, inspection: Inspection, wanted: Wanted, limit: int, after: str | None
) -> Page | None:
    """Tasks by village and household; None when `after` is no task of this inspection."""
    query = select(InspectionTask).where(InspectionTask.inspection_id == inspection.id)
    for column, value in (
        (InspectionTask.state, wanted.state),
        (InspectionTask.village_code, wanted.village),
        (InspectionTask.person_id, wanted.person_id),
        (InspectionTask.kind, wanted.kind),
    ):
        query = query.where(column == value) if value else query
    if after is not None:
        last = session.get(InspectionTask, after)
        if last is None or last.inspection_id != inspection.id:
            return None
        query = query.where(tuple_(*_ORDER) > (last.village_code, last.household_id, last.form_id))
    rows = list(session.scalars(query.order_by(*_ORDER).limit(limit + 1)))
    following = rows[limit - 1].id if len(rows) > limit else None
    return Page(task_rows(session, actor, inspection, rows[:limit]), following)


def task_rows(session: Session, actor: Actor, inspection: Inspection, rows: list[InspectionTask]) -> list[Wire]:
    """Tasks on the wire, with how the household is called and its place in the draw."""
    ids = {row.household_id for row in rows}
    homes = {row.id: row for row in session.scalars(select(Entity).where(Entity.id.in_(ids)))}
    drawn = {
        row.household_id: row
        for row in session.scalars(
            select(SampledHousehold).where(
                SampledHousehold.inspection_id == inspection.id, SampledHousehold.household_id.in_(ids)
            )
        )
    }
    stands_in = select(InspectionTask.replaces, InspectionTask.id).where(
        InspectionTask.replaces.in_([row.id for row in rows])
    )
    by = {row.replaces: row.id for row in session.execute(stands_in)}
    people = authors(session, [who for row in rows for who in (row.person_id, row.ended_by)])
    clear = session.scalar(select(Inspection.id).where(Inspection.id == inspection.id, answerable(actor, PLANNERS)))
    labels = {one: label_for(home, clear is not None) for one, home in homes.items()}
    forms = form_names(session, sorted({row.form_id for row in rows}))
    return [
        _wire(row, labels, drawn[row.household_id], people, by.get(row.id)) | {"form_names": forms.get(row.form_id)}
        for row in rows
    ]


def label_for(home: Entity, clear: bool) -> str:
    """How a household is called for who steers the inspection (`clear`), or only reads it."""
    return shown_label(datasets().get(home.dataset), home.label, sight(clear))


def _wire(
    row: InspectionTask,
    labels: dict[str, str],
    drawn: SampledHousehold,
    people: dict[str, dict[str, str]],
    replaced_by: str | None,
) -> Wire:
    return {
        **{name: getattr(row, name) for name in _SAID},
        "household": {"id": row.household_id, "label": labels.get(row.household_id)},
        "village": row.village_code,
        "person": people.get(row.person_id or ""),
        "last_try_at": row.last_try_at.isoformat() if row.last_try_at else None,
        "replaced_by": replaced_by,
        "ended_by": people.get(row.ended_by or ""),
        "ended_at": row.ended_at.isoformat() if row.ended_at else None,
        "drawn": {name: getattr(drawn, name) for name in _DRAWN},
    }


def villages_of(session: Session, inspection: Inspection) -> list[Wire]:
    """Each drawn village with its tasks by state, and how many reserves are left."""
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    query = select(InspectionTask.village_code, InspectionTask.state, func.count()).where(
        InspectionTask.inspection_id == inspection.id
    )
    for village, state, count in session.execute(query.group_by(InspectionTask.village_code, InspectionTask.state)):
        counts[village][state] = count
    left = _reserves_left(session, inspection)
    names = names_of(session, counts)
    return [
        {"region": code, "names": names.get(code), "tasks": counts[code], "reserves_left": left.get(code, 0)}
        for code in sorted(counts)
    ]


def _reserves_left(session: Session, inspection: Inspection) -> dict[str, int]:
    used = select(InspectionTask.household_id).where(InspectionTask.inspection_id == inspection.id)
    query = select(SampledHousehold.village_code, func.count()).where(
        SampledHousehold.inspection_id == inspection.id,
        SampledHousehold.kind == "reserve",
        SampledHousehold.household_id.not_in(used),
    )
    return {row[0]: row[1] for row in session.execute(query.group_by(SampledHousehold.village_code))}


def inspectors_for(session: Session, inspection: Inspection) -> list[Wire]:
    """People who may be sent, with how many tasks of this inspection each has."""
    sent = (
        select(func.count())
        .where(InspectionTask.inspection_id == inspection.id, InspectionTask.person_id == Person.id)
        .where(or_(InspectionTask.state == "sent", InspectionTask.state == "done"))
        .scalar_subquery()
    )
    inspects = select(RoleGrant.person_id).where(RoleGrant.role == "inspector")
    query = select(Person, sent.label("tasks")).where(Person.active.is_(True), Person.id.in_(inspects))
    rows = session.execute(query.order_by(Person.display_name, Person.id)).all()
    names = authors(session, [row.Person.id for row in rows])
    return [{**names[row.Person.id], "tasks": row.tasks} for row in rows]
