"""Who may see and steer an inspection.

It belongs to a region. Supervisors and administrators of that whole region (or of more) plan and draw, auditors of it
read. The village side, that is cadres and helpers below it, sees of it only what is published, and only once it is.
"""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import READING, Actor
from server.accounts.tables import HelperOf
from server.errors import Problem
from server.geo.tables import Region
from server.inspection.tables import PUBLISHED, Inspection
from server.registry.tables import Entity
from server.sync import scope

PLANNERS = ("supervisor", "admin")
READERS = (*PLANNERS, "auditor")


def answerable(actor: Actor, roles: tuple[str, ...] = READERS) -> ColumnElement[bool]:
    """Clause on Inspection: its region lies in one of the actor's, in one of these roles."""
    return scope.in_regions(actor, roles, Inspection.region_code)


def find_inspection(session: Session, actor: Actor, inspection_id: str, roles: tuple[str, ...] = READERS) -> Inspection:
    """Problem record.not_found: unknown and foreign are the same."""
    found = session.scalar(select(Inspection).where(Inspection.id == inspection_id, answerable(actor, roles)))
    if found is None:
        raise Problem("record.not_found")
    return found


def published_to(session: Session, actor: Actor) -> ColumnElement[bool]:
    """Clause on Inspection: published, and about a region where the actor has any part in the work."""
    around = _codes_around(session, actor)
    return and_(Inspection.state.in_(PUBLISHED), or_(Inspection.region_code.in_(around), answerable(actor, READING)))


def _codes_around(session: Session, actor: Actor) -> set[str]:
    """Codes of the regions that hold a village of the actor, up to the top."""
    helped = select(Entity.region_code).where(
        Entity.id.in_(select(HelperOf.household_id).where(HelperOf.person_id == actor.id))
    )
    paths = [*actor.paths(), *session.scalars(select(Region.path).where(Region.code.in_(helped)))]
    return {code for path in paths for code in path.strip("/").split("/")}
