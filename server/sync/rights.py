"""Giving and taking rights, with what follows on the phones: rows come, rows leave, feeds are handed over."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import load_actor
from server.accounts.people import may_combine
from server.accounts.tables import HelperOf, Person, RoleGrant
from server.db import upsert
from server.errors import Problem
from server.lock_names import of_rights
from server.registry.tables import Entity
from server.sync import holdings, loans
from server.sync.audience import audience
from server.sync.feeds import News
from server.sync.followers import keep_out
from server.sync.news import conflicts_of

POSITIONS = ("lead", "deputy")

# What else a helper is told of a household, or loses with it, by its kind: (session, person, household) → news.
Beside = Callable[[Session, str, str], list[News]]
BESIDE: dict[str, Beside] = {}


def give_role(session: Session, person_id: str, role: str, region: str | None) -> bool:
    """The role from now on, whether it is new; one that is there already stays. Its feeds are granted by that alone.

    Problem user.inspects_only.
    """
    same = (RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.region_code == region)
    is_new = session.scalar(select(RoleGrant.id).where(*same)) is None
    if is_new:
        _keep_apart(session, person_id, role)
        session.add(RoleGrant(person_id=person_id, role=role, region_code=region))
        session.flush()
    holdings.notice_person(session, person_id)
    return is_new


def _keep_apart(session: Session, person_id: str, role: str) -> None:
    """Nobody inspects who has another role or helps a household. Two who give at once are asked one after the other."""
    db.lock(session, {of_rights(person_id)})
    held = load_actor(session, session.get_one(Person, person_id)).roles
    if not may_combine({role, *(one.role for one in held)}):
        raise Problem("user.inspects_only")


def take_role(session: Session, person_id: str, role: str, region: str | None) -> bool:
    """Ends the role; the person's installs are to hand over what it showed. Whether there was such a role."""
    same = (RoleGrant.person_id == person_id, RoleGrant.role == role, RoleGrant.region_code == region)
    taken = session.scalars(delete(RoleGrant).where(*same).returning(RoleGrant.id)).all()
    holdings.notice_person(session, person_id)
    return bool(taken)


def give_household(session: Session, person_id: str, household_id: str, position: str) -> list[News]:
    """Makes the person a helper of the household; answers its rows for the person's own feed.

    Problem user.inspects_only.
    """
    _keep_apart(session, person_id, "cadre")
    keep_out(session, [household_id])
    statement = upsert(session, HelperOf).values(person_id=person_id, household_id=household_id, position=position)
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["person_id", "household_id"], set_={"position": statement.excluded.position}
        )
    )
    rows = session.execute(select(Entity.id).where(Entity.root_id == household_id)).all()
    whole = [News(f"user:{person_id}", "record", row.id, "entity") for row in rows]
    return [*whole, *_beside(session, person_id, household_id, [row.id for row in rows])]


def _beside(session: Session, person_id: str, household_id: str, record_ids: Sequence[str]) -> list[News]:
    """Told by the own feed: of conflicts what the person sees when it is read, or that they leave; and what else goes
    with the household.
    """
    conflicts = [News(f"user:{person_id}", "conflict", id, "conflict") for id in conflicts_of(session, record_ids)]
    return [*conflicts, *(item for told in BESIDE.values() for item in told(session, person_id, household_id))]


def take_household(session: Session, person_id: str, household_id: str) -> list[News]:
    """Ends the helping; answers what leaves the person's own feed (what is on loan stays, with what the loan shows).

    Nothing when the person did not help the household.
    """
    keep_out(session, [household_id])
    mine = (HelperOf.person_id == person_id, HelperOf.household_id == household_id)
    taken = session.scalars(delete(HelperOf).where(*mine).returning(HelperOf.household_id)).all()
    if not taken:
        return []
    lent = audience(session, {household_id}).borrowers.get(household_id, {}).get(person_id, set())
    rows: Sequence[tuple[str, str]] = [
        (row.id, row.dataset)
        for row in session.execute(select(Entity.id, Entity.dataset).where(Entity.root_id == household_id))
    ]
    gone = [loans.left(person_id, entity_id, dataset, lent) for entity_id, dataset in rows]
    return [*gone, *_beside(session, person_id, household_id, [entity_id for entity_id, _ in rows])]
