"""How phones learn: one snapshot of the feeds that they may see, newest state of each thing only."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.tables import Install
from server.sync import rows, scope
from server.sync.epoch import epoch
from server.sync.tables import Feed, FeedCounter

LARGEST_PAGE = 1000
DEFAULT_PAGE = 500
MOST_SCOPES = 2000


@dataclass(frozen=True)
class Cursor:
    """Where a phone stands in one feed: the last number it has, and the view it was shown."""

    after: int
    view: str | None


def view_of(actor: Actor) -> str:
    """Names what the actor's roles show of a row; another tag means: fetch this feed anew."""
    roles = ",".join(sorted({role.role for role in actor.roles}))
    return hashlib.sha256(f"1|{roles}".encode()).hexdigest()[:12]


def feeds_of(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The feeds granted to this actor, each with its last number."""
    granted = scope.granted_scopes(session, actor)
    heads = _heads(session, granted)
    view = view_of(actor)
    return [{"scope": name, "state": "granted", "head": heads.get(name, 0), "view": view} for name in granted]


def pull(session: Session, actor: Actor, cursors: Mapping[str, Cursor], limit: int) -> dict[str, Any]:
    """The next page of each asked feed, all from the session's one snapshot."""
    granted = set(scope.granted_scopes(session, actor))
    heads = _heads(session, [name for name in cursors if name in granted])
    view = view_of(actor)
    feeds = {
        name: _page(session, actor, name, cursor, limit, heads.get(name, 0), view)
        if name in granted
        else {"status": "gone"}
        for name, cursor in cursors.items()
    }
    install = session.get(Install, actor.install_id) if actor.install_id else None
    return {"epoch": epoch(session), "feeds": feeds, "acked_seq": install.acked_seq if install else 0}


def _heads(session: Session, names: Sequence[str]) -> dict[str, int]:
    found = session.execute(select(FeedCounter.scope, FeedCounter.n).where(FeedCounter.scope.in_(names)))
    return {row.scope: row.n for row in found}


def _page(
    session: Session, actor: Actor, name: str, cursor: Cursor, limit: int, head: int, view: str
) -> dict[str, Any]:
    """One page; a cursor past the head (an older database was restored) or of another view starts anew."""
    if cursor.after > head or (cursor.view is not None and cursor.view != view and cursor.after > 0):
        return {"status": "must_refetch", "entries": [], "next": 0, "more": head > 0, "head": head, "view": view}
    news = session.scalars(
        select(Feed).where(Feed.scope == name, Feed.n > cursor.after).order_by(Feed.n).limit(limit + 1)
    ).all()
    shown, more = news[:limit], len(news) > limit
    last = shown[-1].n if shown else cursor.after
    entries = rows.entries(session, actor, shown)
    return {"status": "ok", "entries": entries, "next": last, "more": more, "head": head, "view": view}
