"""Findings: opened once from each source, listed by area."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.db import today, upsert
from server.errors import Problem
from server.geo.inside import codes_inside
from server.geo.tables import Region
from server.inspection.finding_access import checked_by, clock_rows, visible, workflow
from server.inspection.finding_clocks import flow_in
from server.inspection.finding_course import standing
from server.inspection.finding_news import tell
from server.inspection.finding_sources import Origin, Said, invalid, origin_of
from server.inspection.finding_tables import Finding
from server.inspection.finding_wire import in_words
from server.inspection.finding_workflow import RISE, Workflow
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page
from server.sync import scope
from server.sync.review import REVIEWERS

KINDS = (
    "housing", "water", "schooling", "care", "income", "members", "measures", "identification", "procedure", "other",
)  # fmt: skip
VILLAGE_LEVELS = ("village", "group")
Wire = dict[str, Any]


@dataclass(frozen=True)
class Opening:
    """What is opened. `source`: {kind: hand|photo|rule|discrepancy, …}; `id` is the opener's own.

    `region` or `household_id` are needed by hand; the other sources say where they are.
    """

    source: dict[str, Any]
    text: str
    kind: str = "other"
    id: str | None = None
    region: str | None = None
    household_id: str | None = None


@dataclass(frozen=True)
class Wanted:
    """What a list is narrowed to; None is no limit. `risen`: at least so many levels; `mine`: opened or checked by
    the reader.
    """

    state: str | None = None
    region: str | None = None
    household_id: str | None = None
    source: str | None = None
    overdue: bool = False
    risen: int = 0
    mine: bool = False


def open_finding(session: Session, actor: Actor, wanted: Opening) -> tuple[str, bool]:
    """Its id, and whether it is new; what was opened from this source before stays as it is.

    Problems record.not_found for what the actor does not supervise, request.invalid.
    """
    given = wanted.id or str(uuid.uuid4())
    origin = origin_of(session, actor, Said(given, wanted.source, wanted.region, wanted.household_id))
    _check_village(session, actor, origin)
    new = _insert(session, actor, wanted, given, origin)
    same = (Finding.source == origin.source, Finding.source_ref == origin.ref)
    found = session.scalar(select(Finding).where(*same, visible(actor)))
    if found is None:
        raise Problem("record.not_found")
    if new:
        note(session, actor.id, "finding.opened", found.id, source=found.source, region=found.region_code)
        tell(session, found)
    return found.id, new


def _insert(session: Session, actor: Actor, wanted: Opening, given: str, origin: Origin) -> bool:
    """Whether it was not there yet: by its id, or from this source."""
    flow = flow_in(workflow(), clock_rows(session), origin.region, today())
    first = standing(flow, today(), (), today())
    statement = upsert(session, Finding).values(
        id=given,
        region_code=origin.region,
        household_id=origin.household_id,
        source=origin.source,
        source_ref=origin.ref,
        about=origin.about,
        kind=wanted.kind,
        text=wanted.text,
        photo_id=origin.photo_id,
        slot=origin.slot,
        author_id=origin.author_id,
        opened_by=actor.id,
        state=first.state,
        due_on=first.due_on,
        last=0,
    )
    return session.scalar(statement.on_conflict_do_nothing().returning(Finding.id)) is not None


def _check_village(session: Session, actor: Actor, origin: Origin) -> None:
    """A finding belongs to one village, in an area that the actor supervises."""
    here = scope.in_regions(actor, REVIEWERS, Region.code)
    region = session.scalar(select(Region).where(Region.code == origin.region, here))
    if region is None:
        raise Problem("record.not_found")
    if region.level not in VILLAGE_LEVELS:
        raise invalid("region", "A finding belongs to one village.", "Name a village, a group or a household.")


def list_findings(session: Session, actor: Actor, wanted: Wanted, limit: int, after: str | None) -> Page | None:
    """Findings in sight, newest first; None when `after` names none of them."""
    known: Rows = select(Finding).where(visible(actor))
    query = known.where(*_clauses(session, actor, wanted))
    page = newest_first(session, query, known, Finding.opened_at, Finding.id, limit, after)
    if page is None:
        return None
    return Page(in_words(session, actor, [row.Finding for row in page.rows]), page.next)


def _clauses(session: Session, actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        clauses.append(_stands_at(wanted.state, today()))
    if wanted.region is not None:
        clauses.append(Finding.region_code.in_(codes_inside(session, wanted.region)))
    if wanted.household_id is not None:
        clauses.append(Finding.household_id == wanted.household_id)
    if wanted.source is not None:
        clauses.append(Finding.source == wanted.source)
    if wanted.overdue or wanted.risen:
        flow = flow_in(workflow(), clock_rows(session), wanted.region or "", today())
        further = flow.clocks_on(today()).days[RISE] * max(0, wanted.risen - 1)
        clauses.append(_over(flow, today() - timedelta(days=further)))
    if wanted.mine:
        clauses.append(or_(Finding.opened_by == actor.id, Finding.id.in_(checked_by(actor))))
    return clauses


def _stands_at(state: str, day: date) -> ColumnElement[bool]:
    """Clause: in this state on this day, also where a clock that ran out led there."""
    known = workflow().states.get(state)
    here: ColumnElement[bool] = Finding.state == state
    if known is not None and known.then:
        return and_(here, Finding.due_on >= day)
    before = [one.name for one in workflow().states.values() if one.then == state]
    return or_(here, and_(Finding.state.in_(before), Finding.due_on < day)) if before else here


def _over(flow: Workflow, day: date) -> ColumnElement[bool]:
    """Clause: the clock that runs was over before this day. One that led on is followed by that of the next state."""
    clauses: list[ColumnElement[bool]] = []
    for state in flow.states.values():
        following = flow.states[state.then].clock if state.then else None
        more = flow.clocks_on(today()).days[following] + 1 if following else 0
        clauses.append(and_(Finding.state == state.name, Finding.due_on < day - timedelta(days=more)))
    return or_(*clauses)
