"""Households that a person helps go on to another person: looked over first, then all at once or not at all."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, authors, load_actor
from server.accounts.audit import note
from server.accounts.people import may_combine
from server.accounts.tables import HelperOf, Person
from server.errors import Problem
from server.lock_names import of_rights
from server.registry.tables import Entity
from server.sync import feeds, people_list, rights
from server.sync.feeds import News
from server.sync.followers import keep_out
from server.sync.review import REVIEWERS
from server.sync.scope import in_regions

Wire = dict[str, Any]


@dataclass(frozen=True)
class Helped:
    """A household of the one who hands on. `others`: who else helps it; `already`: the position of the new person."""

    household_id: str
    label: str
    region: str
    position: str
    others: list[Wire]
    already: str | None = None

    def for_wire(self) -> Wire:
        return dict(vars(self))


def households_of(session: Session, actor: Actor, person_id: str) -> list[Helped]:
    """The households that the person helps, as far as they lie in the actor's area, by region and name."""
    here = in_regions(actor, REVIEWERS)
    rows = session.execute(
        select(Entity.id, Entity.label, Entity.region_code, HelperOf.position)
        .join(HelperOf, HelperOf.household_id == Entity.id)
        .where(HelperOf.person_id == person_id, here)
        .order_by(Entity.region_code, Entity.label, Entity.id)
    ).all()
    others = _others(session, [row.id for row in rows], person_id)
    return [Helped(row.id, row.label, row.region_code, row.position, others.get(row.id, [])) for row in rows]


def _others(session: Session, households: Collection[str], person_id: str) -> dict[str, list[Wire]]:
    rows = session.scalars(
        select(HelperOf).where(HelperOf.household_id.in_(households), HelperOf.person_id != person_id)
    ).all()
    names = authors(session, {row.person_id for row in rows})
    found: dict[str, list[Wire]] = {}
    for row in rows:
        found.setdefault(row.household_id, []).append({"position": row.position, "person": names[row.person_id]})
    return found


def look_over(
    session: Session, actor: Actor, person_id: str, to: str | None, wanted: Collection[str] | None
) -> list[Helped]:
    """What a hand-over would move: all of them, or those that are named. `to` None: the helping only ends.

    Problems record.not_found (a household, or a person, that is not the actor's to see), user.inspects_only,
    user.same_person.
    """
    found = households_of(session, actor, person_id)
    known = {one.household_id for one in found}
    if not found or (wanted is not None and not set(wanted) <= known):
        raise Problem("record.not_found")
    if to is not None:
        _may_get(session, actor, person_id, to)
    chosen = [one for one in found if wanted is None or one.household_id in wanted]
    return [_with_new(one, to) for one in chosen]


def _may_get(session: Session, actor: Actor, person_id: str, to: str) -> None:
    if to == person_id:
        raise Problem("user.same_person")
    person = people_list.find_person(session, actor, to)
    if person is None or not person.active:
        raise Problem("record.not_found")
    if not may_combine({"cadre", *(role.role for role in load_actor(session, person).roles)}):
        raise Problem("user.inspects_only")


def _with_new(one: Helped, to: str | None) -> Helped:
    already = next((other["position"] for other in one.others if other["person"]["id"] == to), None)
    return Helped(one.household_id, one.label, one.region, one.position, one.others, already)


def hand_on(
    session: Session, actor: Actor, person_id: str, to: str | None, wanted: Collection[str] | None
) -> list[Helped]:
    """Moves them, with their positions; who helped already as deputy becomes lead where the leaver was. Problems as
    look_over. The feeds are its last statements.
    """
    session.get(Person, person_id, with_for_update=True)  # two who hand on at once come one after the other
    moved = look_over(session, actor, person_id, to, wanted)
    if to is not None:
        db.lock(session, {of_rights(to)})  # first, as whoever is given one household does
    keep_out(session, [one.household_id for one in moved])
    told: list[News] = []
    for one in moved:
        told += rights.take_household(session, person_id, one.household_id)
        note(session, actor.id, "user.household_taken", person_id, household=one.household_id)
        if to is not None:
            told += rights.give_household(session, to, one.household_id, _position(one))
            note(session, actor.id, "user.household_given", to, household=one.household_id, of=person_id)
    feeds.touch(session, told)
    return moved


def _position(one: Helped) -> str:
    return "lead" if "lead" in (one.position, one.already) else "deputy"
