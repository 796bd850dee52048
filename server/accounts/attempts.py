"""Back-off after failed sign-ins; kept in the database, so it holds for all processes.

Few are free for one name from one address: otherwise whoever knows a name could lock its owner out from anywhere. The
larger numbers, for a name from everywhere and for an address with any names, bound guessing from many places.

What is mistyped as a name may be a password or a phone number, so names and addresses are kept as keyed hashes only.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from server.accounts.tables import LoginAttempt
from server.db import lock, now
from server.errors import Problem
from server.sealing.vault import vault

FREE = {"pair": 5, "name": 100, "addr": 50}  # a township office shares one address
FORGOTTEN_AFTER = timedelta(hours=1)
LONGEST = timedelta(minutes=15)


def keys_of(username: str, address: str | None) -> list[str]:
    """What an attempt counts for."""
    name = username[:64]
    return [_pair(name, address), f"name:{name}", *keys_of_address(address)]


def keys_of_address(address: str | None) -> list[str]:
    """What an attempt without a name counts for, such as with a code."""
    return [f"addr:{address}"]


def _pair(name: str, address: str | None) -> str:
    return f"pair:{name[:64]} {address}"


def _hashed(key: str) -> str:
    """The key as it is stored; only within a transaction, where the vault is ready."""
    kind, _, rest = key.partition(":")
    return f"{kind}:{vault().digest(rest)}"


def check(session: Session, keys: list[str]) -> None:
    """Problem auth.too_many_attempts (with seconds to wait) while one of the keys is blocked."""
    for key in map(_hashed, keys):
        row = session.get(LoginAttempt, key)
        if row and row.blocked_until and row.blocked_until > now():
            wait = int((row.blocked_until - now()).total_seconds()) + 1
            raise Problem("auth.too_many_attempts", retry_after=wait)


def failed(session: Session, keys: list[str]) -> None:
    """Counts a failure; the wait doubles with each one over the free ones. What is old leaves the table."""
    stored = [_hashed(key) for key in keys]
    lock(session, set(stored))
    session.execute(delete(LoginAttempt).where(LoginAttempt.last_at < now() - FORGOTTEN_AFTER))
    for key in stored:
        row = session.get(LoginAttempt, key) or LoginAttempt(key=key, failures=0, last_at=now())
        row.failures += 1
        row.last_at = now()
        row.blocked_until = _blocked_until(row.failures - FREE[key.partition(":")[0]])
        session.add(row)


def _blocked_until(over: int) -> datetime | None:
    if over < 0:
        return None
    return now() + min(LONGEST, timedelta(seconds=2 ** min(over, 12)))


def succeeded(session: Session, username: str, address: str | None) -> None:
    """Forgets what this person mistyped here."""
    key = _hashed(_pair(username, address))
    lock(session, {key})
    row = session.get(LoginAttempt, key)
    if row:
        session.delete(row)
