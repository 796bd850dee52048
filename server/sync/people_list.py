"""The people of an area as those see them who look after it: roles, households and phones; nobody is ranked."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, or_, select, true
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.people import IMPORTER
from server.accounts.tables import HelperOf, Install, Person, RoleGrant
from server.geo.inside import codes_inside
from server.registry.reading import Page
from server.registry.tables import Entity
from server.sync.administered import is_of_all
from server.sync.review import REVIEWERS
from server.sync.scope import regions_below

Wire = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What the list is narrowed to; None is no limit."""

    region: str | None = None
    role: str | None = None
    q: str | None = None
    active: bool | None = None


def looked_after(session: Session, actor: Actor, roles: tuple[str, ...] = REVIEWERS) -> ColumnElement[bool]:
    """Clause on Person: all that the person may see lies where the actor has one of the roles.

    People without any area are seen by those who have such a role in every county.
    """
    mine = regions_below(actor.paths(roles))
    ruling_elsewhere = exists().where(
        RoleGrant.person_id == Person.id, RoleGrant.region_code.is_not(None), RoleGrant.region_code.not_in(mine)
    )
    own = and_(Person.username != IMPORTER, ~ruling_elsewhere)
    if is_of_all(session, actor, roles):
        return own  # every household lies in a county: there is no other to help
    # One at most is asked for, and last: of the few who work here, not of everybody's households at once.
    helping_elsewhere = (
        select(HelperOf.household_id)
        .join(Entity, Entity.id == HelperOf.household_id)
        .where(HelperOf.person_id == Person.id, Entity.region_code.not_in(mine))
        .correlate(Person)
        .limit(1)
        .scalar_subquery()
    )
    return and_(own, _works_in(mine), helping_elsewhere.is_(None))


def _works_in(codes: Select[str]) -> ColumnElement[bool]:
    """Clause on Person: has a role, or helps a household, in one of these regions (found from the regions' side)."""
    ruling = select(RoleGrant.person_id).where(RoleGrant.region_code.in_(codes))
    helping = select(HelperOf.person_id).join(Entity, Entity.id == HelperOf.household_id)
    return Person.id.in_(ruling.union_all(helping.where(Entity.region_code.in_(codes))))


def list_people(session: Session, actor: Actor, wanted: Wanted, limit: int, after: str | None) -> Page:
    """People by user name. `after`: the last user name of the page before."""
    query = select(Person).where(*_clauses(session, actor, wanted)).order_by(Person.username)
    if after is not None:
        query = query.where(Person.username > after)
    rows = session.scalars(query.limit(limit + 1)).all()
    following = rows[limit - 1].username if len(rows) > limit else None
    return Page(on_wire(session, rows[:limit]), following)


def _clauses(session: Session, actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    """Clauses on Person: the list as it is asked for."""
    found = [looked_after(session, actor)]
    if wanted.region is not None:
        found.append(in_region(session, actor, wanted.region))
    if wanted.role is not None:
        found.append(exists().where(RoleGrant.person_id == Person.id, RoleGrant.role == wanted.role))
    if wanted.active is not None:
        found.append(Person.active.is_(wanted.active))
    if wanted.q:
        text = wanted.q.strip().lower()
        named = func.lower(Person.display_name).contains(text, autoescape=True)
        found.append(or_(named, Person.username.contains(text, autoescape=True)))
    return found


def in_region(session: Session, actor: Actor, region: str) -> ColumnElement[bool]:
    """Clause on Person, beside `looked_after`: who works in it; of all that the actor has, also who has no area."""
    codes, own = codes_inside(session, region), {role.region for role in actor.roles}
    if region not in own or not is_of_all(session, actor, REVIEWERS):
        return _works_in(codes)
    if own == {region}:
        return true()  # whoever is looked after works in it or has no area; to find that out takes seconds
    nowhere = ~exists().where(RoleGrant.person_id == Person.id, RoleGrant.region_code.is_not(None)) & ~exists().where(
        HelperOf.person_id == Person.id
    )
    return or_(_works_in(codes), nowhere)


def find_person(session: Session, actor: Actor, person_id: str, roles: tuple[str, ...] = REVIEWERS) -> Person | None:
    """The person, active or not, when the actor looks after all of the person's area."""
    return session.scalar(select(Person).where(Person.id == person_id, looked_after(session, actor, roles)))


def on_wire(session: Session, people: Sequence[Person]) -> list[Wire]:
    ids = [person.id for person in people]
    roles, helped, phones = _roles(session, ids), _helped(session, ids), _phones(session, ids)
    return [
        {
            "id": person.id,
            "username": person.username,
            "display_name": person.display_name,
            "active": person.active,
            "created_at": person.created_at.isoformat(),
            "roles": roles[person.id],
            "households": helped.get(person.id, 0),
            "devices": phones.get(person.id, 0),
        }
        for person in people
    ]


def _roles(session: Session, ids: Collection[str]) -> dict[str, list[Wire]]:
    found: dict[str, list[Wire]] = defaultdict(list)
    grants = select(RoleGrant).where(RoleGrant.person_id.in_(ids)).order_by(RoleGrant.role, RoleGrant.region_code)
    for grant in session.scalars(grants):
        found[grant.person_id].append({"role": grant.role, "region": grant.region_code})
    return found


def _helped(session: Session, ids: Collection[str]) -> dict[str, int]:
    query = select(HelperOf.person_id, func.count()).where(HelperOf.person_id.in_(ids)).group_by(HelperOf.person_id)
    return {row[0]: row[1] for row in session.execute(query)}


def _phones(session: Session, ids: Collection[str]) -> dict[str, int]:
    standing = (Install.person_id.in_(ids), Install.revoked_at.is_(None))
    query = select(Install.person_id, func.count()).where(*standing).group_by(Install.person_id)
    return {row[0]: row[1] for row in session.execute(query)}
