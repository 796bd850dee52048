"""What a failure of the database says: whether to try again, whether it is passing, whether the disk is full. Pure."""

from __future__ import annotations

from sqlalchemy.exc import DBAPIError


def try_again(error: DBAPIError) -> bool:
    """Whether this failure says nothing about the work itself."""
    state = getattr(error.orig, "sqlstate", None)
    # A prepared statement outlived a change of its table; the rollback has dropped it.
    is_stale = state == "0A000" and "cached plan" in str(error.orig)
    return is_stale or state in ("40001", "40P01", "55P03") or "database is locked" in str(error.orig)


def is_full(error: BaseException | None) -> bool:
    """Whether the database has no room left on its disk, or failed at this while it cleaned up after that."""
    if error is None:
        return False
    of = error.orig if isinstance(error, DBAPIError) else None
    found = getattr(of, "sqlstate", None) == "53100" or "database or disk is full" in str(of)
    return found or is_full(error.__context__)


def is_passing(error: Exception) -> bool:
    """Whether this failure is the database's own trouble: the transaction is over, and the work is to come again.

    A full disk or a failing one makes SQLite undo the whole transaction behind our back; then its savepoints are gone,
    and what came after would be committed alone. Of a connection that died nothing is left either.
    """
    if not isinstance(error, DBAPIError):
        return False
    is_over = error.connection_invalidated or "no such savepoint" in str(error.orig)
    return is_over or try_again(error) or is_full(error)
