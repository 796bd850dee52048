"""The name of this database's life; a restored backup gets a new one, and phones then fetch anew."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.sync.tables import ServerFact


def epoch(session: Session) -> str:
    """The epoch; made when the database is (see migrations)."""
    return session.scalars(select(ServerFact.value).where(ServerFact.name == "epoch")).one()
