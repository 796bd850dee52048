"""Inviting people: one, or a table of them. They begin with a code (server/accounts/enrolments.py), not a password."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.accounts.invite_file import InviteRow, problems_of
from server.accounts.people import NO_PASSWORD, add_person, may_combine
from server.accounts.tables import Person, RoleGrant
from server.errors import Problem
from server.geo.tables import Region
from server.sync import people_list, rights
from server.sync.administered import is_of_county

ADMINS = ("admin",)


@dataclass(frozen=True)
class Invited:
    """What came of it: every row with its state, and the people that are new or got a role, by user name."""

    rows: Sequence[InviteRow]
    people: dict[str, str]

    @property
    def is_sound(self) -> bool:
        return not any(row.problems for row in self.rows)


def may_give(session: Session, actor: Actor, role: str, region: str | None) -> bool:
    """Whether the actor may give this role there: in the own area; an inspector's role is the county's to give."""
    if role == "inspector":
        return region is None and is_of_county(session, actor)
    path = session.scalar(select(Region.path).where(Region.code == region)) if region else None
    return path is not None and actor.covers(path, ADMINS)


def look_over(session: Session, actor: Actor, rows: Sequence[InviteRow]) -> Invited:
    """The rows against the people that there are; nothing is written. People elsewhere are but a taken name."""
    stored = _people(session, {row.username for row in rows})
    here = people_list.looked_after(session, actor, ADMINS)
    mine = set(session.scalars(select(Person.id).where(Person.username.in_(stored), here)))
    held = _held(session, mine)
    places = {(row.role, row.region) for row in rows}
    allowed = {place for place in places if may_give(session, actor, *place)}
    for row in rows:
        person = stored.get(row.username)
        row.problems += _problems(row, person, mine, allowed, held, actor)
        row.state = _state(row, person, held)
    return Invited(rows, {})


def _problems(
    row: InviteRow,
    person: Person | None,
    mine: Collection[str],
    allowed: Collection[tuple[str, str | None]],
    held: dict[str, set[tuple[str, str | None]]],
    actor: Actor,
) -> list[str]:
    found = []
    is_clear = not {"role.unknown", "region.missing", "region.inspector"} & set(row.problems)
    if is_clear and (row.role, row.region) not in allowed:
        found.append("region.elsewhere")
    if person is None or "username.reserved" in row.problems:
        return found
    if person.id == actor.id:
        found.append("username.oneself")
    elif person.id not in mine:
        found.append("username.taken")
    elif person.display_name != row.name:
        found.append("name.differs")
    elif not person.active:
        found.append("username.left")
    elif not may_combine({row.role, *(role for role, _ in held[person.id])}):
        found.append("role.inspects_only")
    return found


def _state(row: InviteRow, person: Person | None, held: dict[str, set[tuple[str, str | None]]]) -> str:
    if row.problems:
        return "wrong"
    if person is None:
        return "new"
    return "there" if (row.role, row.region) in held[person.id] else "added"


def invite(session: Session, actor: Actor, rows: Sequence[InviteRow], id: str | None = None) -> Invited:
    """Adds the people and their roles; with any problem nothing. Again is harmless. `id`: of the only new person."""
    db.lock(session, {f"username:{row.username}" for row in rows})
    looked = look_over(session, actor, rows)
    if not looked.is_sound:
        return looked
    people: dict[str, str] = {}
    for row in rows:
        if row.state != "there":
            people[row.username] = _entered(session, actor, row, id)
    return Invited(rows, people)


def _entered(session: Session, actor: Actor, row: InviteRow, id: str | None = None) -> str:
    person = session.scalar(select(Person).where(Person.username == row.username))
    if person is None:
        person = add_person(
            session,
            id=id or str(uuid.uuid4()),
            username=row.username,
            display_name=row.name,
            password_hash=NO_PASSWORD,
        )
        note(session, actor.id, "user.invited", person.id, username=row.username)
    if rights.give_role(session, person.id, row.role, row.region):
        note(session, actor.id, "user.role_given", person.id, role=row.role, region=row.region)
    return person.id


def one(
    session: Session,
    actor: Actor,
    username: str,
    name: str,
    places: Sequence[tuple[str, str | None]],
    id: str | None = None,
) -> str:
    """One person with these roles; its id, the inviter's own when it is given: again with the same is harmless.

    Problems user.invalid (each fault a code), user.taken.
    """
    rows = [InviteRow(1, username.strip().lower(), name.strip(), role, region) for role, region in places]
    for row in rows:
        row.problems = list(problems_of(row))
    known = session.get(Person, id) if id else None
    if known is not None and known.username != rows[0].username:
        raise Problem("user.taken")
    done = invite(session, actor, rows, id)
    if known is not None and done.is_sound:
        return known.id
    if done.is_sound and done.people:
        return done.people[rows[0].username]
    codes = sorted({code for row in rows for code in row.problems} or {"username.taken"})
    raise Problem("user.taken" if codes == ["username.taken"] else "user.invalid", detail=", ".join(codes))


def _people(session: Session, names: Collection[str]) -> dict[str, Person]:
    return {person.username: person for person in session.scalars(select(Person).where(Person.username.in_(names)))}


def _held(session: Session, ids: Collection[str]) -> dict[str, set[tuple[str, str | None]]]:
    found: dict[str, set[tuple[str, str | None]]] = {id: set() for id in ids}
    for grant in session.scalars(select(RoleGrant).where(RoleGrant.person_id.in_(ids))):
        found[grant.person_id].add((grant.role, grant.region_code))
    return found
