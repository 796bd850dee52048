"""People who leave, come back, or forgot their password."""

from __future__ import annotations

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from server.accounts import enrolments
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.accounts.people import hash_password
from server.accounts.tables import HelperOf, Install, Person, Token
from server.accounts.tokens import revoke_all
from server.db import now
from server.errors import Problem
from server.sync import holdings, people_list

ADMINS = ("admin",)


def _another(session: Session, actor: Actor, person_id: str) -> Person:
    """Somebody else whose whole area the actor administers. Problems record.not_found, user.not_oneself."""
    person = people_list.find_person(session, actor, person_id, ADMINS)
    if person is None:
        raise Problem("record.not_found")
    if person.id == actor.id:
        raise Problem("user.not_oneself")
    return person


def leave(session: Session, actor: Actor, person_id: str) -> None:
    """The person may do nothing any more; the phones may still hand over what they hold. Again is harmless.

    Problem user.has_households: they are to be handed to somebody first.
    """
    person = _another(session, actor, person_id)
    if not person.active:
        return
    if session.scalar(select(func.count()).select_from(HelperOf).where(HelperOf.person_id == person_id)):
        raise Problem("user.has_households")
    person.active = False
    _end_desks(session, person_id)
    enrolments.withdraw_all(session, person_id, actor.id)
    session.execute(
        update(Install).where(Install.person_id == person_id, Install.revoked_at.is_(None)).values(revoked_at=now())
    )
    session.flush()
    holdings.notice_person(session, person_id)
    note(session, actor.id, "user.left", person_id)


def _end_desks(session: Session, person_id: str) -> None:
    """Signs out of desks and ODK clients; a phone of our own keeps its token, to hand over with."""
    standing = (Token.person_id == person_id, Token.kind != "api", Token.revoked_at.is_(None))
    session.execute(update(Token).where(*standing).values(revoked_at=now()))


def come_back(session: Session, actor: Actor, person_id: str) -> None:
    """The person is active again, with the roles as they stood. Phones stay revoked: a new code begins a new one."""
    person = _another(session, actor, person_id)
    if person.active:
        return
    person.active = True
    session.flush()
    holdings.notice_person(session, person_id)
    note(session, actor.id, "user.returned", person_id)


def reset_password(session: Session, actor: Actor, person_id: str, password: str) -> None:
    """A new password for somebody else, who is signed out everywhere; what waits in a phone stays there."""
    person = _another(session, actor, person_id)
    if not person.active:
        raise Problem("record.not_found")
    person.password_hash = hash_password(password)
    person.must_change = True
    revoke_all(session, person_id)
    enrolments.withdraw_all(session, person_id, actor.id)
    note(session, actor.id, "user.password_reset", person_id)
