"""Codes by which people begin on a phone: issued by an administrator, good once, gone after a short time.

A code has 60 random bits in letters and digits that nobody confuses (Crockford's alphabet), in groups of four, so that
it can be read out; capitals, spaces and dashes do not count. It is stored as a keyed hash.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from server.accounts.actor import authors
from server.accounts.audit import note
from server.accounts.installs import claim_install
from server.accounts.tables import Enrolment, Install, Person
from server.db import now
from server.errors import Problem
from server.sealing.vault import vault

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
LENGTH, GROUP = 12, 4
_ALIKE = str.maketrans({"O": "0", "I": "1", "L": "1", "-": "", " ": ""})


@dataclass(frozen=True)
class Given:
    """A new code in the clear, `ABCD-EFGH-JKMN`: shown once, never stored."""

    code: str
    row: Enrolment


@dataclass(frozen=True)
class Asker:
    """The phone that brings a code: its new install, those it knows already, and what it says of itself."""

    install_id: str
    known: Collection[str]
    device: dict[str, Any]


def issue(session: Session, person_id: str, by: str, lifetime: timedelta) -> Given:
    """A code for this person. Who may issue it is checked before."""
    code = "".join(secrets.choice(ALPHABET) for _ in range(LENGTH))
    row = Enrolment(
        id=str(uuid.uuid4()),
        code_hash=_hashed(code),
        person_id=person_id,
        issued_by=by,
        created_at=now(),
        expires_at=now() + lifetime,
    )
    session.add(row)
    session.flush()
    note(session, by, "enrolment.issued", person_id, id=row.id)
    return Given("-".join(code[at : at + GROUP] for at in range(0, LENGTH, GROUP)), row)


def _hashed(code: str) -> str:
    """The code as it is stored; only within a transaction, where the vault is ready."""
    return vault().digest(code.upper().translate(_ALIKE))


@dataclass(frozen=True)
class Redeemed:
    """What a code came to: its person, the install that may sign in, and who issued it."""

    person: Person
    install_id: str
    issued_by: str


def redeem(session: Session, code: str, asker: Asker) -> Redeemed:
    """The person of the code, and the install that may sign in: one of theirs on this phone, else the new one.

    Problem auth.bad_code for unknown, used, withdrawn and old ones alike, and for people who are not active.
    """
    row = session.scalar(select(Enrolment).where(Enrolment.code_hash == _hashed(code)).with_for_update())
    person = session.get(Person, row.person_id) if row else None
    if row is None or person is None or not person.active:
        raise Problem("auth.bad_code")
    install_id = _install_of(session, person.id, asker)
    _use(session, row, install_id)
    note(session, person.id, "enrolment.used", install_id, id=row.id)
    return Redeemed(person, install_id, row.issued_by)


def _install_of(session: Session, person_id: str, asker: Asker) -> str:
    """A known install keeps the key that it began with; a revoked one too, so that it can hand over what it has."""
    mine = (Install.id.in_(asker.known), Install.person_id == person_id)
    known = session.scalar(select(Install.id).where(*mine).limit(1))
    device = {**asker.device, "public_key_jwk": None} if known else asker.device
    return claim_install(session, known or asker.install_id, person_id, device).id


def _use(session: Session, row: Enrolment, install_id: str) -> None:
    """Uses the code up. One statement, so that of two phones one gets it."""
    free = or_(Enrolment.used_at.is_(None), Enrolment.install_id == install_id)
    mine = (Enrolment.id == row.id, free, Enrolment.withdrawn_at.is_(None), Enrolment.expires_at > now())
    used = update(Enrolment).where(*mine).values(used_at=now(), install_id=install_id).returning(Enrolment.id)
    if session.scalar(used) is None:
        raise Problem("auth.bad_code")


def withdraw(session: Session, row: Enrolment, by: str) -> None:
    """Ends a code that nobody used; again is harmless."""
    if row.used_at is None and row.withdrawn_at is None:
        row.withdrawn_at = now()
        note(session, by, "enrolment.withdrawn", row.person_id, id=row.id)


def withdraw_all(session: Session, person_id: str, by: str) -> None:
    """Ends what codes of a person are still open."""
    mine = (Enrolment.person_id == person_id, Enrolment.used_at.is_(None), Enrolment.withdrawn_at.is_(None))
    for row in session.scalars(select(Enrolment).where(*mine, Enrolment.expires_at > now()).with_for_update()):
        withdraw(session, row, by)


def enrolments_of(session: Session, person_id: str, most: int = 50) -> list[dict[str, Any]]:
    """The newest codes of a person, never the codes themselves."""
    wanted = select(Enrolment).where(Enrolment.person_id == person_id)
    rows = session.scalars(wanted.order_by(Enrolment.created_at.desc(), Enrolment.id).limit(most)).all()
    names = authors(session, {row.issued_by for row in rows})
    return [for_wire(row) | {"issued_by": names[row.issued_by]} for row in rows]


def for_wire(row: Enrolment) -> dict[str, Any]:
    return {
        "id": row.id,
        "person_id": row.person_id,
        "created_at": row.created_at.isoformat(),
        "expires_at": row.expires_at.isoformat(),
        "used_at": row.used_at.isoformat() if row.used_at else None,
        "install_id": row.install_id,
        "state": _state(row),
    }


def _state(row: Enrolment) -> str:
    if row.used_at:
        return "used"
    if row.withdrawn_at:
        return "withdrawn"
    return "open" if row.expires_at > now() else "expired"
