"""How phones learn: one snapshot of the feeds that they may see, newest state of each thing only.

An answer is made and sent piece by piece, so that a first pull of a whole village needs no more memory than a short
one. Before rows of a feed leave for the first time, the install is entered as its holder (holdings.py).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.tables import Install
from server.sync import holdings, scope
from server.sync.epoch import epoch
from server.sync.rows import Pages, news_query
from server.sync.tables import Feed, FeedCounter

LARGEST_PAGE = 5000
DEFAULT_PAGE = 500
MOST_SCOPES = 2000
PIECE = 250  # rows that are read and sent at a time


@dataclass(frozen=True)
class Cursor:
    """Where a phone stands in one feed: the last number it has, and the view it was shown."""

    after: int
    view: str | None


@dataclass(frozen=True)
class Pull:
    """What a phone asks for; `epoch` is the one it knows, None when it does not say."""

    cursors: Mapping[str, Cursor]
    limit: int
    epoch: str | None = None


@dataclass(frozen=True)
class _Head:
    """Where a feed stands: its last number, and what compaction dropped last."""

    n: int = 0
    floor: int = 0
    compacted_at: datetime | None = None


def view_of(actor: Actor, life: str, name: str) -> str:
    """Names the database's life (its epoch) and what the actor's roles show of a row of this feed; another tag: fetch
    anew. What the own feed shows of a conflict or a loan goes by where the person has a role as well.
    """
    roles = ",".join(sorted({role.role for role in actor.roles}))
    areas = ",".join(sorted(f"|{role.role}:{role.path}" for role in actor.roles)) if name.startswith("user:") else ""
    return hashlib.sha256(f"2|{life}|{roles}{areas}".encode()).hexdigest()[:12]


def feeds_of(session: Session, actor: Actor) -> list[dict[str, Any]]:
    """The feeds granted to this actor, each with its last number, and those that the install is to hand over."""
    life = epoch(session)
    granted = [] if actor.revoked else scope.granted_scopes(session, actor)
    leaving = holdings.revoking(session, actor.install_id) if actor.install_id else ()
    heads = _heads(session, [*granted, *leaving])
    return [
        {"scope": name, "state": state, "head": heads.get(name, _Head()).n, "view": view_of(actor, life, name)}
        for names, state in ((granted, "granted"), (leaving, "revoking"))
        for name in names
    ]


def stream(actor: Actor, wanted: Pull) -> Iterator[str]:
    """The answer to a pull, as pieces of JSON, all from one snapshot."""
    with db.read_apart() as session:
        plan = _plan(session, actor, wanted)
        fresh, further = plan.to_enter(wanted), plan.to_reach(wanted)
        if not fresh and not further:
            yield from _answer(session, actor, wanted, plan)
            return
    db.transact(lambda session: _enter(session, actor, plan, fresh, further))
    with db.read_apart() as session:
        yield from _answer(session, actor, wanted, _plan(session, actor, wanted))


def _enter(session: Session, actor: Actor, plan: _Plan, fresh: Sequence[str], further: Sequence[str]) -> None:
    """Keeps what leaves now, as far as this snapshot goes. What comes within the moment before the answer is read
    leaves as well, and is kept by the phone's next pull.
    """
    holdings.hold(session, actor, {name: plan.head(name) for name in fresh})
    if actor.install_id is not None:
        holdings.reach(session, actor.install_id, {name: plan.head(name) for name in further})


@dataclass(frozen=True)
class _Plan:
    """What is known before the first row: the granted feeds, where they stand, since when the install holds them."""

    granted: frozenset[str]
    heads: Mapping[str, _Head]
    held: Mapping[str, holdings.Held]
    install_id: str | None
    epoch: str
    views: Mapping[str, str]

    def to_enter(self, wanted: Pull) -> list[str]:
        """Feeds that the install is to be entered for: new ones, and compacted ones fetched from the start."""
        if self.install_id is None:
            return []
        return [
            name
            for name, cursor in wanted.cursors.items()
            if name in self.granted and (name not in self.held or (cursor.after == 0 and self.is_missed(name)))
        ]

    def to_reach(self, wanted: Pull) -> list[str]:
        """Feeds of the install with news that it has not begun to fetch."""
        mine = [name for name in wanted.cursors if name in self.granted and name in self.held]
        behind = {name for name in mine if (reached := self.held[name].reached) is None or reached < self.head(name)}
        return sorted(behind)

    def head(self, name: str) -> int:
        """The feed's last number."""
        return self.heads.get(name, _Head()).n

    def is_missed(self, name: str) -> bool:
        """Whether something was dropped from the feed since the install began to fetch it."""
        held, dropped = self.held.get(name), self.heads.get(name, _Head()).compacted_at
        return dropped is not None and (held is None or held.since <= dropped)

    def must_refetch(self, name: str, cursor: Cursor, known: str | None) -> bool:
        """A cursor past the head or of another epoch (an older database was restored), of another view, or too old."""
        head = self.heads.get(name, _Head())
        if cursor.after == 0:
            return False
        other = cursor.after > head.n or (known is not None and known != self.epoch)
        other = other or (cursor.view is not None and cursor.view != self.views[name])
        return other or (cursor.after < head.floor and self.is_missed(name))


def _plan(session: Session, actor: Actor, wanted: Pull) -> _Plan:
    granted = frozenset(scope.granted_scopes(session, actor))
    life = epoch(session)
    return _Plan(
        granted,
        _heads(session, [name for name in wanted.cursors if name in granted]),
        holdings.held_by(session, actor.install_id) if actor.install_id else {},
        actor.install_id,
        life,
        {name: view_of(actor, life, name) for name in wanted.cursors},
    )


def _heads(session: Session, names: Sequence[str]) -> dict[str, _Head]:
    columns = (FeedCounter.scope, FeedCounter.n, FeedCounter.floor, FeedCounter.compacted_at)
    found = session.execute(select(*columns).where(FeedCounter.scope.in_(names)))
    return {row.scope: _Head(row.n, row.floor, row.compacted_at) for row in found}


def _answer(session: Session, actor: Actor, wanted: Pull, plan: _Plan) -> Iterator[str]:
    install = session.get(Install, actor.install_id) if actor.install_id else None
    pages = Pages(session, actor)
    yield f'{{"epoch":{_json(plan.epoch)},"acked_seq":{install.acked_seq if install else 0},"feeds":{{'
    for place, (name, cursor) in enumerate(wanted.cursors.items()):
        yield f"{',' if place else ''}{_json(name)}:"
        yield from _page(session, pages, name, cursor, wanted, plan)
    yield "}}"


def _page(session: Session, pages: Pages, name: str, cursor: Cursor, wanted: Pull, plan: _Plan) -> Iterator[str]:
    """One page of a feed."""
    if name not in plan.granted:
        yield _json({"status": "gone"})
        return
    head = plan.head(name)
    stands = {"head": head, "view": plan.views[name]}
    if plan.must_refetch(name, cursor, wanted.epoch):
        yield _json({"status": "must_refetch", "entries": [], "next": 0, "more": head > 0, **stands})
    else:
        yield '{"status":"ok","entries":['
        last, more = yield from _entries(session, pages, name, cursor.after, wanted.limit)
        yield "]," + _json({"next": last, "more": more, **stands})[1:]


def _entries(
    session: Session, pages: Pages, name: str, after: int, limit: int
) -> Generator[str, None, tuple[int, bool]]:
    """The entries, and where the page ends: (its last number, whether more follow)."""
    last, left, begun = after, limit, False
    while left > 0:
        news = session.execute(news_query(name, last, min(PIECE, left))).all()
        text = _json(pages.entries(name, news))[1:-1]
        if text:
            yield f",{text}" if begun else text
            begun = True
        last, left = (news[-1].n if news else last), left - len(news)
        if len(news) < PIECE:
            break
    follows = exists().where(Feed.scope == name, Feed.n > last)
    return last, left <= 0 and bool(session.scalar(select(follows)))


# Made once: making it costs as much as writing a row.
_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
