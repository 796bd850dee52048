"""Whom an administrator may administer: people whose whole area lies in the administrator's."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, load_actor
from server.accounts.tables import HelperOf, Person, RoleGrant
from server.errors import Problem
from server.geo.tables import Region
from server.registry.tables import Entity


def administered(session: Session, admin: Actor, person_id: str, *, without_area: bool = False) -> Person:
    """The active person, when everything that the person may see lies in the admin's area.

    `without_area`: also people who have no area at all (inspectors), for administrators of the whole county. Problem
    record.not_found, for unknown and foreign alike.
    """
    person = session.get(Person, person_id)
    areas = _areas(session, person_id) if person and person.active else set()
    if without_area and person and person.active and not areas:
        areas = _top(session)
    if person is None or not areas or not all(admin.covers(path, ("admin",)) for path in areas):
        raise Problem("record.not_found")
    return person


def may_still_issue(session: Session, issuer_id: str, person_id: str) -> bool:
    """Whether who issued a code administers its person now: a code kept back opens no rights that came later."""
    issuer = session.get_one(Person, issuer_id)
    try:
        administered(session, load_actor(session, issuer), person_id, without_area=True)
    except Problem:
        return False
    return issuer.active


def is_of_county(session: Session, actor: Actor) -> bool:
    """Whether the actor administers a whole county, not only a part of one."""
    return any(actor.covers(path, ("admin",)) for path in _top(session))


def is_of_all(session: Session, actor: Actor, roles: tuple[str, ...]) -> bool:
    """Whether the actor has one of the roles in every county of this database."""
    return all(actor.covers(path, roles) for path in _top(session))


def _areas(session: Session, person_id: str) -> set[str]:
    """Paths of the regions of the person's roles and of the households that the person helps."""
    roles = select(Region.path).join(RoleGrant, RoleGrant.region_code == Region.code)
    helped = (
        select(Region.path)
        .join(Entity, Entity.region_code == Region.code)
        .join(HelperOf, HelperOf.household_id == Entity.id)
    )
    wanted = roles.where(RoleGrant.person_id == person_id).union(helped.where(HelperOf.person_id == person_id))
    return set(session.scalars(wanted))


def _top(session: Session) -> set[str]:
    """The counties of this database; where there are none, whatever has nothing above it."""
    counties = set(session.scalars(select(Region.path).where(Region.level == "county")))
    return counties or set(session.scalars(select(Region.path).where(Region.parent_code.is_(None))))
