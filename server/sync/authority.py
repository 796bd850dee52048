"""How much weight a person's word has for a record: inspector over supervisor over cadre (merge policy `authority`)."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.sync.place import path_of

RANKS = {"inspector": 3, "supervisor": 2, "admin": 2, "cadre": 1}


def role_of(rank: int) -> str | None:
    """The role in which a value was written; None for an import."""
    return {3: "inspector", 2: "supervisor", 1: "cadre"}.get(rank)


def rank_of(session: Session, actor: Actor, region_code: str | None) -> int:
    """The highest rank that the person has where the record is; 0 for imports. A helper speaks as a cadre."""
    path = path_of(session, region_code) or ""
    here = [role for role in actor.roles if not role.path or path.startswith(role.path)]
    return max((RANKS.get(role.role, 0) for role in here), default=0)
