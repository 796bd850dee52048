"""Back-off after failed sign-ins, by name and by address; kept in the database, so it holds for all processes."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from server.accounts.tables import LoginAttempt
from server.db import lock, now
from server.errors import Problem

FREE_BY_NAME = 5
FREE_BY_ADDRESS = 50  # a township office shares one address
FORGOTTEN_AFTER = timedelta(hours=1)
LONGEST = timedelta(minutes=15)


def _free(key: str) -> int:
    return FREE_BY_NAME if key.startswith("name:") else FREE_BY_ADDRESS


def check(session: Session, keys: list[str]) -> None:
    """Problem auth.too_many_attempts (with seconds to wait) while one of the keys is blocked."""
    for key in keys:
        row = session.get(LoginAttempt, key)
        if row and row.blocked_until and row.blocked_until > now():
            wait = int((row.blocked_until - now()).total_seconds()) + 1
            raise Problem("auth.too_many_attempts", retry_after=wait)


def failed(session: Session, keys: list[str]) -> None:
    """Counts a failure; the wait doubles with each one over the free ones."""
    lock(session, set(keys))
    for key in keys:
        row = session.get(LoginAttempt, key) or LoginAttempt(key=key, failures=0, last_at=now())
        if row.last_at < now() - FORGOTTEN_AFTER:
            row.failures = 0
        row.failures += 1
        row.last_at = now()
        row.blocked_until = _blocked_until(row.failures - _free(key))
        session.add(row)


def _blocked_until(over: int) -> datetime | None:
    if over < 0:
        return None
    return now() + min(LONGEST, timedelta(seconds=2 ** min(over, 12)))


def succeeded(session: Session, username: str) -> None:
    key = f"name:{username}"
    lock(session, {key})
    row = session.get(LoginAttempt, key)
    if row:
        session.delete(row)
