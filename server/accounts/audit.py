"""Writes down what must be answerable later."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from server.accounts.tables import AuditEntry


def note(session: Session, person_id: str | None, action: str, subject: str, **detail: Any) -> None:
    session.add(AuditEntry(person_id=person_id, action=action, subject=subject, detail=detail or None))
