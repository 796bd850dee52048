"""What a supervisor looks for among households, as clauses on Entity: unsafe houses and water, late errands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, select

from server import db
from server.accounts.actor import Actor
from server.registry.tables import Entity
from server.sync.office_tables import Assignment
from server.sync.scope import inspectors, visible_submissions
from server.sync.tables import Submission

CURRENT = and_(Entity.dataset == "household", Entity.state == "active")


def house() -> ColumnElement[bool]:
    """A dangerous house: grade C or D (JGJ 125)."""
    unsafe: ColumnElement[bool] = Entity.values["house_grade"].as_string().in_(("C", "D"))
    return unsafe


def water() -> ColumnElement[bool]:
    """Unsafe by the verdict of the water form."""
    unsafe: ColumnElement[bool] = Entity.values["water_verdict"].as_string() == "unsafe"
    return unsafe


def overdue() -> ColumnElement[bool]:
    """Somebody was to go there by a day that has passed, and has not; unannounced inspectors do not count."""
    late = (Assignment.state == "open", Assignment.due < db.today())
    ours = Assignment.person_id.not_in(inspectors())
    return Entity.id.in_(select(Assignment.entity_id).where(*late, ours))


def visited(actor: Actor, since: datetime | None, until: datetime | None) -> ColumnElement[bool]:
    """Somebody's visit of it that the actor may see was received then; `since` is in, `until` is out."""
    seen = select(Submission.root_id).where(visible_submissions(actor), Submission.root_id.is_not(None))
    if since is not None:
        seen = seen.where(Submission.received_at >= since)
    if until is not None:
        seen = seen.where(Submission.received_at < until)
    return Entity.id.in_(seen)


CONCERNS: Mapping[str, Callable[[], ColumnElement[bool]]] = {"house": house, "water": water, "overdue": overdue}


def concerned(name: str | None) -> ColumnElement[bool] | None:
    """The households that a concern names; None without one."""
    return and_(CURRENT, CONCERNS[name]()) if name is not None else None
