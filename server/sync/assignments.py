"""Errands: a form that a person is to fill for a household by a day, and why. They reach the phone by `user:<id>`.

Whoever does not see the household gets it on loan until the errand is due. A submission of the form for the household
by this person closes the errand, unless it met nobody: then it is a try, and the errand stays.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, and_, not_, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors, load_actor
from server.accounts.audit import note
from server.accounts.tables import Person, RoleGrant
from server.db import upsert
from server.errors import Problem
from server.geo.inside import codes_inside
from server.geo.tables import Region
from server.registry.masking import shown_label, sight
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page
from server.registry.tables import Entity
from server.sending import among
from server.sync import contacts, feeds, loans, scope
from server.sync.administered import nameable
from server.sync.case import Case
from server.sync.definitions import datasets
from server.sync.desk import afterwards
from server.sync.feeds import News
from server.sync.loans import Lending
from server.sync.office_tables import Assignment
from server.sync.review import REVIEWERS

CALLERS = ("supervisor", "admin", "cadre", "inspector")  # who calls households by their whole name
STATES = ("open", "done", "withdrawn")
Wire = dict[str, Any]


@dataclass(frozen=True)
class Errand:
    """What is to be done; `id` is the asker's own, so that a repetition assigns once. `stop`: place in the walk."""

    person_id: str
    form_id: str
    entity_id: str
    due: date | None
    reason: str
    id: str | None = None
    reason_en: str | None = None
    stop: int | None = None


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; None is no limit."""

    state: str | None = None
    person_id: str | None = None
    region: str | None = None


def assign(session: Session, actor: Actor, errand: Errand) -> Wire:
    """The assignment as stored, with its news. Problems as loans.lend."""
    here = scope.in_regions(actor, REVIEWERS)
    entity = session.scalar(select(Entity).where(Entity.id == errand.entity_id, Entity.root_id == Entity.id, here))
    person = nameable(session, actor, errand.person_id)
    if entity is None:
        raise Problem("record.not_found")
    row_id = errand.id or str(uuid.uuid4())
    statement = upsert(session, Assignment).values(
        id=row_id,
        person_id=person.id,
        form_id=errand.form_id,
        entity_id=entity.id,
        due=errand.due,
        reason=errand.reason,
        reason_en=errand.reason_en,
        stop=errand.stop,
        made_by=actor.id,
    )
    new = session.scalar(statement.on_conflict_do_nothing(index_elements=["id"]).returning(Assignment.id))
    row = session.get_one(Assignment, row_id)
    if (row.person_id, row.entity_id, row.form_id) != (person.id, entity.id, errand.form_id):
        raise Problem("record.not_found")
    if new is not None:
        _let_see(session, actor, person, row)
        note(session, actor.id, "household.assigned", entity.id, to=person.id, form=row.form_id)
        feeds.touch(session, [_told(row)])
    return _wire(row, authors(session, [row.person_id, row.made_by]), entity.region_code)


def _let_see(session: Session, actor: Actor, person: Person, row: Assignment) -> None:
    """Lends the household to whoever would not see it, for this errand: another loan may end before."""
    seen = scope.find_entity(session, load_actor(session, person), row.entity_id) is not None
    if not seen:
        loans.lend(session, actor, Lending(person.id, row.entity_id, row.form_id, row.due, row.id))


def withdraw(session: Session, actor: Actor, row_id: str) -> Wire:
    """Takes an errand back, and the loan that came with it."""
    row = session.get(Assignment, row_id)
    mine = (Assignment.id == row_id, _led(actor))
    query = select(Entity).join(Assignment, Assignment.entity_id == Entity.id).where(*mine)
    entity = session.scalar(query)
    if row is None or entity is None:
        raise Problem("record.not_found")
    if row.state == "open":
        row.state = "withdrawn"
        session.flush()
        loan = loans.to_be_ended(session, row.id)
        note(session, actor.id, "household.assignment_withdrawn", row.entity_id, of=row.person_id)
        feeds.touch(session, [_closed(row), *loans.end(session, [loan] if loan else [])])
    return _wire(row, authors(session, [row.person_id, row.made_by]), entity.region_code)


OPEN = (among(Assignment.person_id, "people"), Assignment.state == "open", among(Assignment.form_id, "forms"))


def read_open(session: Session, cases: Sequence[Case], ids: Sequence[str]) -> None:
    """Gives each submission the errands that it may fulfil, of those with these ids (see OPEN)."""
    rows = session.scalars(select(Assignment).where(Assignment.id.in_(ids))).all() if ids else ()
    for case in cases if rows else ():
        households = {entity.root_id for entity, _ in case.known.values()}
        case.errands = tuple(row for row in rows if row.entity_id in households and _is_of(row, case))


def _is_of(row: Assignment, case: Case) -> bool:
    form_id = case.submission.form_id if case.submission else None
    return (row.person_id, row.form_id) == (case.row.person_id, form_id)


def fulfilled(session: Session, case: Case, instance_id: str) -> tuple[News, ...]:
    """Closes the open errands that a submission does, and tells so; one that met nobody does none."""
    if not case.errands or case.instance is None or contacts.asks_again(case.instance.root):
        return ()
    afterwards(session, partial(_close, session, case.errands, instance_id))
    return tuple(_closed(row) for row in case.errands)


def _close(session: Session, rows: Sequence[Assignment], instance_id: str) -> None:
    for row in rows:
        row.state, row.done_by = "done", instance_id
    session.flush()


def _told(row: Assignment) -> News:
    payload = {
        "id": row.id,
        "form_id": row.form_id,
        "entity_id": row.entity_id,
        "due": row.due.isoformat() if row.due else None,
        "reason": row.reason,
        "reason_en": row.reason_en,
        "stop": row.stop,
    }
    return News(f"user:{row.person_id}", "assignment", row.id, "assignment", payload)


def _closed(row: Assignment) -> News:
    """It leaves the phone."""
    return feeds.eviction(f"user:{row.person_id}", "assignment", row.id, "assignment")


def list_assignments(session: Session, actor: Actor, wanted: Wanted, limit: int, after: str | None) -> Page | None:
    """Errands of the actor, and those in the areas that the actor supervises, newest first."""
    known: Rows = select(Assignment, Entity.region_code).join(Entity, Entity.id == Assignment.entity_id)
    known = known.where(_mine(actor))
    query = known
    if wanted.state is not None:
        query = query.where(Assignment.state == wanted.state)
    if wanted.person_id is not None:
        query = query.where(Assignment.person_id == wanted.person_id)
    if wanted.region is not None:
        query = query.where(Entity.region_code.in_(codes_inside(session, wanted.region)))
    page = newest_first(session, query, known, Assignment.made_at, Assignment.id, limit, after)
    if page is None:
        return None
    people = {person for row in page.rows for person in (row.Assignment.person_id, row.Assignment.made_by)}
    names, called = authors(session, people), _called(session, actor, {row.Assignment.entity_id for row in page.rows})
    places = _places(session, {row.region_code for row in page.rows})
    wires = [
        _wire(row.Assignment, names, row.region_code)
        | {"household": called.get(row.Assignment.entity_id), "region_names": places.get(row.region_code)}
        for row in page.rows
    ]
    return Page(wires, page.next)


def _places(session: Session, codes: Collection[str]) -> dict[str, Wire]:
    """{zh, en} of regions: who was sent there knows where it was, also when the loan is over."""
    rows = session.execute(select(Region.code, Region.name_zh, Region.name_en).where(Region.code.in_(codes)))
    return {row.code: {"zh": row.name_zh, "en": row.name_en or row.name_zh} for row in rows}


def _called(session: Session, actor: Actor, ids: Collection[str]) -> dict[str, str]:
    """Household → how it is called, of those that this person sees or has on loan."""
    here = or_(scope.visible_entities(actor), Entity.id.in_(loans.lent_to(actor)))
    rows = session.scalars(select(Entity).where(Entity.id.in_(ids), here))
    return {row.id: shown_label(datasets().get(row.dataset), row.label, sight(actor.has(*CALLERS))) for row in rows}


def _mine(actor: Actor) -> ColumnElement[bool]:
    return or_(Assignment.person_id == actor.id, _led(actor))


def _led(actor: Actor) -> ColumnElement[bool]:
    """Clause on Assignment joined with its Entity: in an area that the actor supervises.

    Inspectors who were sent by somebody of a larger area come unannounced to the smaller one too.
    """
    wider = RoleGrant.region_code.not_in(scope.regions_below(actor.paths(REVIEWERS)))
    above = select(RoleGrant.person_id).where(RoleGrant.role.in_(REVIEWERS), wider)
    unannounced = Assignment.person_id.in_(scope.inspectors())
    hidden = and_(unannounced, Assignment.made_by.in_(above), Assignment.made_by != actor.id)
    return and_(scope.in_regions(actor, REVIEWERS), not_(hidden))


def _wire(row: Assignment, names: dict[str, dict[str, str]], region: str) -> Wire:
    return {
        "id": row.id,
        "person": names.get(row.person_id),
        "form_id": row.form_id,
        "entity_id": row.entity_id,
        "region": region,
        "due": row.due.isoformat() if row.due else None,
        "reason": row.reason,
        "reason_en": row.reason_en,
        "stop": row.stop,
        "state": row.state,
        "made_by": names.get(row.made_by),
        "made_at": row.made_at.isoformat(),
        "done_by": row.done_by,
    }
