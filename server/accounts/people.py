"""Making people and checking their passwords."""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import Collection

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.recalled import matches_again
from server.accounts.tables import ROLES, Person, RoleGrant
from server.errors import Problem

IMPORTER = "import"  # the author of registers that an office imports
RESERVED = frozenset({IMPORTER, "importer", "system", "server", "ruhu", "root"})
USERNAME = re.compile(r"[a-z][a-z0-9.-]{1,63}", re.ASCII)
NO_PASSWORD = "!"  # noqa: S105 - no password has this hash

# No letters or digits that look alike: it is read aloud and typed on a phone.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
_LETTERS = 12
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)  # OWASP's second choice, 19 MiB
# Checked when the name is unknown, so that the answer takes as long as for a known one.
_NOBODY = _hasher.hash("nobody has this password")


def new_password() -> str:
    """One that nobody guesses, to be handed to a person."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(_LETTERS))


def hash_password(password: str) -> str:
    return _hasher.hash(password)


def matches(password_hash: str, password: str) -> bool:
    try:
        return _hasher.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


def person_by_credentials(session: Session, username: str, password: str) -> Person | None:
    """The active person with this name and password, or None; unknown and wrong take the same time."""
    person = session.scalar(select(Person).where(Person.username == username))
    if person is None:
        matches(_NOBODY, password)  # never recalled: a quick answer would tell that there is nobody of this name
        return None
    return person if matches_again(person.password_hash, password, matches) and person.active else None


def add_person(session: Session, *, id: str, username: str, display_name: str, password_hash: str) -> Person:
    """A new person; a taken name is refused by the database. Problem user.reserved_name, also in another spelling.

    Who signs in under the name of the import or of the system would write in a name that everybody trusts.
    """
    if is_reserved(username):
        raise Problem("user.reserved_name", detail=username)
    return _add(session, Person(id=id, username=username, display_name=display_name, password_hash=password_hash))


def add_importer(session: Session, *, id: str, display_name: str) -> Person:
    """The person in whose name registers are merged; no password fits, and the person is not active."""
    importer = Person(id=id, username=IMPORTER, display_name=display_name, password_hash=NO_PASSWORD, active=False)
    return _add(session, importer)


def _add(session: Session, person: Person) -> Person:
    session.add(person)
    session.flush()
    return person


def is_reserved(username: str) -> bool:
    """Whether the name, however it is written, is one that no person may have."""
    return unicodedata.normalize("NFKC", username).strip().casefold() in RESERVED


def give_role(session: Session, person_id: str, role: str, region_code: str | None) -> None:
    if role not in ROLES:
        raise ValueError(f"unknown role {role!r}; known: {', '.join(ROLES)}")
    session.add(RoleGrant(person_id=person_id, role=role, region_code=region_code))


def may_combine(roles: Collection[str]) -> bool:
    """Whether one person may hold these roles together: who inspects holds no other. Helpers count as cadres."""
    return "inspector" not in roles or set(roles) == {"inspector"}


def change_password(person: Person, old: str, new: str) -> None:
    """Sets a new password; Problem when the old one is wrong or the new one is weak."""
    if not matches(person.password_hash, old):
        raise Problem("auth.bad_credentials")
    if len(new) < 8 or new == old:
        raise Problem("auth.weak_password")
    person.password_hash = hash_password(new)
    person.must_change = False
