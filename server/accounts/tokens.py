"""Opaque random tokens: stored hashed, bound to a person and an install."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from server.accounts.actor import HELPS, Actor, roles_of
from server.accounts.tables import Install, Person, RoleGrant, Token
from server.db import look_up, now
from server.errors import Problem
from server.geo.tables import Region
from server.sending import Ready


@dataclass(frozen=True)
class Issued:
    """A new token in the clear: shown once, never stored."""

    token: str
    csrf: str | None
    row: Token


def digest(token: str) -> str:
    """Tokens have 256 random bits, so a plain hash cannot be turned back."""
    return hashlib.sha256(token.encode()).hexdigest()


def issue(session: Session, person_id: str, kind: str, lifetime: timedelta, install_id: str | None = None) -> Issued:
    token = secrets.token_urlsafe(32)
    csrf = secrets.token_urlsafe(32) if kind == "console" else None
    row = Token(
        hash=digest(token),
        kind=kind,
        person_id=person_id,
        install_id=install_id,
        csrf_hash=digest(csrf) if csrf else None,
        expires_at=now() + lifetime,
    )
    session.add(row)
    session.flush()
    return Issued(token, csrf, row)


# Asked with each request, so put together once: the token, whose it is, and one row for each of the person's roles.
_STANDING = Ready(
    select(
        Token.kind, Token.person_id, Token.install_id, Token.csrf_hash, Token.expires_at, Token.revoked_at,
        Person.username, Person.display_name, Person.active,
        Install.revoked_at.label("install_revoked_at"), RoleGrant.role, RoleGrant.region_code, Region.path, HELPS,
    )
    .join(Person, Person.id == Token.person_id)
    .join(Install, Install.id == Token.install_id, isouter=True)
    .join(RoleGrant, RoleGrant.person_id == Person.id, isouter=True)
    .join(Region, Region.code == RoleGrant.region_code, isouter=True)
    .where(Token.hash == bindparam("hash"))
)  # fmt: skip


def actor_by_token(token: str, kinds: tuple[str, ...]) -> tuple[Actor, str | None]:
    """The person behind a token, as the database has both now, and the hash of the desk's CSRF token.

    Problems: auth.required, auth.expired, auth.wrong_kind.
    """
    rows = look_up(_STANDING, {"hash": digest(token)}).all()
    if not rows or rows[0].revoked_at:
        raise Problem("auth.required")
    row = rows[0]
    if not row.active and (row.kind != "api" or row.install_revoked_at is None):  # a leaver's phone may hand over
        raise Problem("auth.required")
    if row.expires_at <= now():
        raise Problem("auth.expired")
    if row.kind not in kinds:
        raise Problem("auth.wrong_kind")
    actor = Actor(
        id=row.person_id,
        username=row.username,
        display_name=row.display_name,
        roles=roles_of(rows),
        install_id=row.install_id,
        kind=row.kind,
        revoked=row.install_revoked_at is not None,
    )
    return actor, row.csrf_hash


def csrf_matches(csrf_hash: str | None, csrf: str) -> bool:
    return bool(csrf_hash) and secrets.compare_digest(csrf_hash or "", digest(csrf))


def revoke(session: Session, token: str) -> None:
    session.execute(update(Token).where(Token.hash == digest(token)).values(revoked_at=now()))


def revoke_all(session: Session, person_id: str, but: str | None = None) -> None:
    """Signs the person out everywhere, except where `but` (a token's hash) is used."""
    session.execute(
        update(Token)
        .where(Token.person_id == person_id, Token.hash != (but or ""), Token.revoked_at.is_(None))
        .values(revoked_at=now())
    )


def openrosa_tokens(session: Session, person_id: str) -> list[Token]:
    rows = session.scalars(select(Token).where(Token.person_id == person_id, Token.kind == "openrosa"))
    return list(rows)
