"""Digests of a feed: a phone compares them at the feed's head and so proves that it holds everything, and nothing else.

The bucket of a record is the first byte of SHA-256 of its id; a bucket's value is the XOR of SHA-256("id:version") over
its records. XOR, because it needs no order and a phone can keep it up to date record by record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.registry.tables import Entity
from server.sync.epoch import epoch
from server.sync.pull import view_of
from server.sync.scope import granted_scopes
from server.sync.tables import Feed, FeedCounter

BUCKETS = 256
_BATCH = 5000


def digest(session: Session, actor: Actor, scope: str) -> dict[str, Any] | None:
    """`{scope, head, view, count, buckets}` of one feed; None when the actor has no such feed."""
    if scope not in granted_scopes(session, actor):
        return None
    head = session.scalar(select(FeedCounter.n).where(FeedCounter.scope == scope)) or 0
    count, buckets = digest_of((row.id, row.version) for row in _records(session, scope))
    view = view_of(actor, epoch(session), scope)
    return {"scope": scope, "head": head, "view": view, "count": count, "buckets": buckets}


def digest_of(records: Iterable[tuple[str, int]]) -> tuple[int, list[str]]:
    """How many records, and 256 buckets of 64 hex digits; an empty bucket is zeros. Ids are lower case."""
    sums = [0] * BUCKETS
    count = 0
    for record_id, version in records:
        bucket = hashlib.sha256(record_id.encode()).digest()[0]
        sums[bucket] ^= int.from_bytes(hashlib.sha256(f"{record_id}:{version}".encode()).digest(), "big")
        count += 1
    return count, [f"{total:064x}" for total in sums]


def _records(session: Session, scope: str) -> Iterable[Row[tuple[str, int]]]:
    """The records that the feed holds now: those whose newest news in it is that they are there."""
    here = (Feed.scope == scope, Feed.space == "record", Feed.type == "entity")
    query = select(Entity.id, Entity.version).join(Feed, Feed.ref == Entity.id).where(*here)
    return session.execute(query.execution_options(yield_per=_BATCH))
