"""Tokens for ODK clients: one per person and device, issued and withdrawn by an administrator of the person's area."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.accounts.tables import Install, Token
from server.accounts.tokens import Issued, issue
from server.db import now
from server.errors import Problem
from server.sync.administered import administered

KIND = "openrosa"


@dataclass(frozen=True)
class CollectToken:
    """A token as an administrator sees it afterwards: never the token itself."""

    install_id: str
    name: str
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


def issue_collect_token(
    session: Session, admin: Actor, person_id: str, name: str, lifetime: timedelta
) -> Issued:
    """A token for a new device of this person. Problem record.not_found outside the admin's area."""
    person = administered(session, admin, person_id)
    install = Install(id=str(uuid.uuid4()), person_id=person.id, name=name, model="ODK Collect")
    session.add(install)
    session.flush()
    issued = issue(session, person.id, KIND, lifetime, install.id)
    note(
        session, admin.id, "openrosa_token.issued", person.id, install_id=install.id,
        expires_at=issued.row.expires_at.isoformat(),
    )  # fmt: skip
    return issued


def list_collect_tokens(session: Session, admin: Actor, person_id: str) -> Sequence[CollectToken]:
    """All tokens of this person, newest first. Problem record.not_found."""
    person = administered(session, admin, person_id)
    rows = session.execute(
        select(Install.id, Install.name, Token.created_at, Token.expires_at, Token.revoked_at)
        .join(Install, Install.id == Token.install_id)
        .where(Token.person_id == person.id, Token.kind == KIND)
        .order_by(Token.created_at.desc(), Install.id)
    )
    return [CollectToken(*row) for row in rows]


def revoke_collect_token(session: Session, admin: Actor, person_id: str, install_id: str) -> None:
    """Ends the token of one device; again is harmless. Problem record.not_found."""
    person = administered(session, admin, person_id)
    token = session.scalar(
        select(Token).where(Token.person_id == person.id, Token.kind == KIND, Token.install_id == install_id)
    )
    if token is None:
        raise Problem("record.not_found")
    if token.revoked_at is None:
        token.revoked_at = now()
        note(session, admin.id, "openrosa_token.revoked", person.id, install_id=install_id)
