"""Uploads that were begun and not finished, for whoever runs the server."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.tables import Person
from server.sync.staging import staged
from server.sync.tables import Upload
from server.sync.upload_life import awaited


@dataclass(frozen=True)
class OpenUpload:
    """`staged`: bytes in the staging file, which may be more than those that count (`received`).

    `awaited`: something that this person sent waits for it, so it never expires.
    """

    id: str
    username: str
    sha256: str
    size: int
    received: int
    staged: int
    awaited: bool
    created_at: datetime
    expires_at: datetime


def open_uploads(session: Session, staging: Path) -> list[OpenUpload]:
    """The oldest first."""
    rows = session.execute(
        select(Upload, Person.username)
        .join(Person, Person.id == Upload.person_id)
        .where(Upload.state == "open")
        .order_by(Upload.created_at, Upload.id)
    )
    return [_shown(session, staging, row, username) for row, username in rows]


def _shown(session: Session, staging: Path, row: Upload, username: str) -> OpenUpload:
    return OpenUpload(
        id=row.id, username=username, sha256=row.sha256, size=row.size, received=row.received,
        staged=staged(staging, row.id), awaited=awaited(session, row), created_at=row.created_at,
        expires_at=row.expires_at,
    )
