"""The one answer to "may this person see it": SQL clauses that every query of records and submissions carries.

A person sees the records of the regions of a role, and the named households that the person helps, with everything
below them. What is outside answers exactly as what does not exist.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, false, not_, or_, select, true
from sqlalchemy.orm import Session

from server.accounts.actor import READING, Actor
from server.accounts.tables import HelperOf, RoleGrant
from server.geo.tables import Region
from server.registry.masking import CLEAR_ROLES
from server.registry.reading import Scope
from server.registry.tables import Entity
from server.sync.tables import Submission
from server.sync.unannounced import kept_from


def regions_below(paths: tuple[str, ...]) -> Select[str]:
    """Codes of the regions at and below these paths."""
    if not paths:
        return select(Region.code).where(false())
    return select(Region.code).where(or_(*(Region.path.startswith(path, autoescape=True) for path in paths)))


def _helped(actor: Actor) -> Select[str]:
    return select(HelperOf.household_id).where(HelperOf.person_id == actor.id)


def _or_helped(actor: Actor, inside: ColumnElement[bool], household: Any) -> ColumnElement[bool]:
    """The clause, or a household that the person helps. Who helps one is a cadre (accounts/actor.py): nobody else is
    asked for, which would cost the index of the areas.
    """
    return or_(inside, household.in_(_helped(actor))) if actor.has("cadre") else inside


def in_regions(actor: Actor, roles: tuple[str, ...], column: Any = Entity.region_code) -> ColumnElement[bool]:
    """Clause on a column of region codes, an entity's unless another is named: in a region of one of the roles."""
    found: ColumnElement[bool] = column.in_(regions_below(actor.paths(roles)))
    return found


def visible_entities(actor: Actor, roles: tuple[str, ...] = READING) -> ColumnElement[bool]:
    """Clause on Entity: in a region of one of the roles, or below a household that the person helps."""
    return _or_helped(actor, in_regions(actor, roles), Entity.root_id)


def sight_of(actor: Actor, roles: tuple[str, ...]) -> Callable[[str, bool], bool]:
    """What `visible_entities` says of a record at hand: of its region's path, and whether the person helps its
    household.
    """
    paths, is_cadre = actor.paths(roles), actor.has("cadre")
    return lambda path, helps: path.startswith(paths) or (helps and is_cadre)


def reading_scope(actor: Actor) -> Scope:
    """What the person may read of records, and where without masks."""
    return Scope(visible_entities(actor), visible_entities(actor, CLEAR_ROLES))


def visible_submissions(actor: Actor, roles: tuple[str, ...] = READING) -> ColumnElement[bool]:
    """Clause on Submission: its own author, its region, or a household that the person helps.

    What was asked behind the village's back (`independent`) is seen by its author and by whoever answers for more
    than the village, not by cadres and helpers; and while it is unannounced by nobody who is checked with it.
    """
    above = _above_village(roles)
    seen = [
        Submission.person_id == actor.id,
        and_(in_regions(actor, above, Submission.region_code), announced(actor, above)),
    ]
    if actor.has("cadre"):
        of_village = _or_helped(actor, in_regions(actor, roles, Submission.region_code), Submission.root_id)
        seen.append(and_(Submission.independent.is_(False), of_village))
    return or_(*seen)


def visible_in(actor: Actor, path: str, roles: tuple[str, ...] = READING) -> ColumnElement[bool]:
    """What `visible_submissions` says of those with a region at or below `path`, in fewer words where the person
    answers for that whole area: a database that is asked for less counts a county in a fraction of the time.
    """
    above = _above_village(roles)
    if not actor.covers(path, above):
        return visible_submissions(actor, roles)
    return or_(announced(actor, above), Submission.person_id == actor.id)


def parts_in(actor: Actor, path: str, roles: tuple[str, ...] = READING) -> tuple[ColumnElement[bool], ...]:
    """`visible_in` as clauses of which exactly one holds for each submission that is seen: who counts a whole county
    counts each by itself, the usual ones by a narrow index of their own.
    """
    seen = visible_in(actor, path, roles)
    if not actor.covers(path, _above_village(roles)):
        return (seen,)
    return Submission.independent.is_(False), and_(Submission.independent.is_(True), seen)


def visible_entities_in(actor: Actor, path: str, roles: tuple[str, ...] = READING) -> ColumnElement[bool]:
    """What `visible_entities` says of records with a region at or below `path`."""
    return true() if actor.covers(path, roles) else visible_entities(actor, roles)


def _above_village(roles: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(role for role in roles if role != "cadre")


def announced(actor: Actor, roles: tuple[str, ...] = READING) -> ColumnElement[bool]:
    """Clause on Submission: no answer that is still kept from the actor in these roles (unannounced.py)."""
    kept = unannounced(actor, Submission.person_id, Submission.root_id, roles)
    return or_(Submission.independent.is_(False), not_(kept))


def unannounced(
    actor: Actor, person: Any, household: Any = None, roles: tuple[str, ...] = READING
) -> ColumnElement[bool]:
    """Clause: this person (a column) came to this household without the actor's areas being told."""
    return kept_from(regions_below(actor.paths(_above_village(roles))), person, household)


def visible_regions(actor: Actor) -> ColumnElement[bool]:
    """Clause on Region: at or below a role's region, or holding a household that the person helps."""
    below = Region.code.in_(regions_below(actor.paths()))
    helped = exists().where(Entity.id.in_(_helped(actor)), Entity.region_code == Region.code)
    return or_(below, helped) if actor.has("cadre") else below


def find_entity(session: Session, actor: Actor, entity_id: str) -> Entity | None:
    """The record, when the person may see it."""
    return session.scalar(select(Entity).where(Entity.id == entity_id, visible_entities(actor)))


def inspectors() -> Select[str]:
    """People who check the village's work: what they are sent for is kept from it."""
    return select(RoleGrant.person_id).where(RoleGrant.role == "inspector")


VILLAGE_LEVEL = 4  # of a path `/province/county/township/village/group/`


def feed_scopes_of(region_path: str) -> tuple[str, ...]:
    """The feeds of a region: its village's, or its own when it lies higher; of a group below a village also its own."""
    codes = region_path.strip("/").split("/")
    here = codes[min(len(codes), VILLAGE_LEVEL) - 1]
    return tuple(f"region:{code}" for code in (here, *codes[VILLAGE_LEVEL : VILLAGE_LEVEL + 1]))


def granted_scopes(session: Session, actor: Actor) -> list[str]:
    """Feeds that this person's phone may pull: forms, the person's own, and a cadre's villages or groups of one."""
    villages = and_(Region.level == "village", Region.code.in_(regions_below(actor.paths(("cadre",)))))
    own = [role.region for role in actor.roles if role.role == "cadre" and role.region]
    groups = and_(Region.level == "group", Region.code.in_(own))
    rows = session.execute(select(Region.code, Region.path).where(or_(villages, groups)).order_by(Region.code)).all()
    paths = {row.path for row in rows}
    codes = [row.code for row in rows if not any(row.path != path and row.path.startswith(path) for path in paths)]
    return ["forms", f"user:{actor.id}", *(f"region:{code}" for code in codes)]
