"""Whom an administrator may administer: people whose whole area lies in the administrator's."""

from __future__ import annotations

from sqlalchemy import CompoundSelect, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, load_actor
from server.accounts.tables import HelperOf, Person, RoleGrant
from server.errors import Problem
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sync.scope import regions_below

NAMING = ("supervisor", "admin")


def administered(session: Session, admin: Actor, person_id: str, *, without_area: bool = False) -> Person:
    """The active person, when everything that the person may see lies in the admin's area.

    `without_area`: also people who have no area at all (inspectors), for administrators of the whole county. Problem
    record.not_found, for unknown and foreign alike.
    """
    # All of it is asked for whatever the answers are: how many statements there are tells nothing.
    person = session.get(Person, person_id)
    areas = _areas(session, person_id)
    top = _top(session) if without_area else set()
    areas = areas or top
    is_known = person is not None and person.active and bool(areas)
    if person is None or not is_known or not all(admin.covers(path, ("admin",)) for path in areas):
        raise Problem("record.not_found")
    return person


def nameable(session: Session, actor: Actor, person_id: str) -> Person:
    """The active person, when the actor may send, lend or entrust something to this person.

    That is who works in the actor's area, or has no area yet (newcomers, inspectors). Problem record.not_found, for
    unknown and foreign alike: people of another township are named by who answers for both.
    """
    mine = regions_below(actor.paths(NAMING))
    areas = set(session.scalars(_codes(person_id)))
    known = set(session.scalars(mine.where(Region.code.in_(areas))))
    person = session.get(Person, person_id)
    if person is None or not person.active or (areas and not known):
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
    return set(session.scalars(select(Region.path).where(Region.code.in_(_codes(person_id)))))


def _codes(person_id: str) -> CompoundSelect[str | None]:
    """Codes of those regions."""
    roles = select(RoleGrant.region_code).where(RoleGrant.person_id == person_id, RoleGrant.region_code.is_not(None))
    helped = select(Entity.region_code).join(HelperOf, HelperOf.household_id == Entity.id)
    return roles.union(helped.where(HelperOf.person_id == person_id))


def _top(session: Session) -> set[str]:
    """The counties of this database; where there are none, whatever has nothing above it."""
    counties = set(session.scalars(select(Region.path).where(Region.level == "county")))
    return counties or set(session.scalars(select(Region.path).where(Region.parent_code.is_(None))))
