"""Opaque random tokens: stored hashed, bound to a person and an install."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, load_actor
from server.accounts.tables import Install, Person, Token
from server.db import now
from server.errors import Problem


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


def actor_by_token(session: Session, token: str, kinds: tuple[str, ...]) -> tuple[Actor, Token]:
    """The person behind a token. Problems: auth.required, auth.expired, auth.wrong_kind."""
    found = session.execute(
        select(Token, Person, Install)
        .join(Person, Person.id == Token.person_id)
        .join(Install, Install.id == Token.install_id, isouter=True)
        .where(Token.hash == digest(token))
    ).first()
    if found is None or found.Token.revoked_at or not found.Person.active:
        raise Problem("auth.required")
    row: Token = found.Token
    if row.expires_at <= now():
        raise Problem("auth.expired")
    if row.kind not in kinds:
        raise Problem("auth.wrong_kind")
    revoked = bool(found.Install and found.Install.revoked_at)
    actor = load_actor(session, found.Person, install_id=row.install_id, kind=row.kind, revoked=revoked)
    return actor, row


def csrf_matches(row: Token, csrf: str) -> bool:
    return bool(row.csrf_hash) and secrets.compare_digest(row.csrf_hash or "", digest(csrf))


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
