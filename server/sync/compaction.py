"""Feeds without what is over: old evictions and tombstones, outcomes of ops, approved reviews, settled conflicts.

What a feed dropped is remembered by number (`floor`). A phone that stands below it may have missed something and
fetches the feed anew, mark and sweep; everybody else goes on. The newest entry always stays, so that a phone can
still reach the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select
from sqlalchemy.orm import Session

from server import db
from server.db import now
from server.registry.tables import Conflict
from server.sync.tables import Feed, FeedCounter, Submission

KEPT = timedelta(days=90)  # longer than any phone is away between two visits to the town
OVER = ("eviction", "tombstone", "op")


@dataclass(frozen=True)
class Compacted:
    """How many feeds lost how many entries."""

    feeds: int
    entries: int


def compact(older_than: timedelta = KEPT) -> Compacted:
    """Drops what is over and older; one transaction a feed, so that writers wait for moments only."""
    until = now() - older_than
    with db.read() as session:
        names = session.scalars(select(Feed.scope).where(Feed.at < until, _is_over()).distinct()).all()
    dropped = [db.transact(partial(_compact, name=name, until=until)) for name in sorted(names)]
    return Compacted(sum(1 for count in dropped if count), sum(dropped))


def _is_over() -> ColumnElement[bool]:
    """Clause on Feed: nobody needs it who has heard of it."""
    approved = exists().where(Submission.instance_id == Feed.ref, Submission.review == "approved")
    settled = exists().where(Conflict.id == Feed.ref, Conflict.state != "open")
    return or_(Feed.type.in_(OVER), and_(Feed.type == "review", approved), and_(Feed.type == "conflict", settled))


def _compact(session: Session, name: str, until: datetime) -> int:
    """How many entries one feed lost. Its counter is held, so nobody writes to it meanwhile."""
    counter = session.get(FeedCounter, name, with_for_update=True)
    if counter is None:
        return 0
    gone = (Feed.scope == name, Feed.n < counter.n, Feed.at < until, _is_over())
    numbers = session.scalars(
        delete(Feed).where(*gone).returning(Feed.n).execution_options(synchronize_session=False)
    ).all()
    if numbers:
        counter.floor = max(counter.floor, *numbers)
        counter.compacted_at = now()
    return len(numbers)
