"""Feeds: numbered news by scope, without gaps for whoever reads them.

`touch` must be the last statements of a writing transaction: it takes the next numbers of the touched scopes in
sorted order, so the rows of a scope become visible in the order of their numbers (a sequence, a clock or a
transaction id would not: the number would be taken before the commit). Each thing keeps only its newest row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table, bindparam
from sqlalchemy.orm import Session

from server.db import ask, inserter, is_sqlite, now, send_rows
from server.failpoints import hit
from server.sending import Ready
from server.sync.tables import Feed, FeedCounter


@dataclass(frozen=True)
class News:
    """Something that happened to `ref` in `scope`. Space: record, form, op …; type as in the wire contract."""

    scope: str
    space: str
    ref: str
    type: str
    payload: dict[str, Any] | None = None


def eviction(scope: str, space: str, ref: str, dataset: str) -> News:
    """It left this scope; whoever has it by another one keeps it."""
    return News(scope, space, ref, "eviction", {"dataset": dataset, "id": ref})


def touch(session: Session, news: Iterable[News]) -> None:
    """Writes the news with the next numbers of their scopes; later news of the same thing replace earlier ones."""
    by_scope: dict[str, dict[tuple[str, str], News]] = defaultdict(dict)
    for item in news:
        by_scope[item.scope].pop((item.space, item.ref), None)
        by_scope[item.scope][item.space, item.ref] = item
    session.flush()
    for scope in sorted(by_scope):
        items = list(by_scope[scope].values())
        _write(session, items, _take(session, scope, len(items)))
    hit("push.feeds_written")


def _take(session: Session, scope: str, count: int) -> int:
    """Reserves `count` numbers and answers the last number given before; holds the scope's row until the commit."""
    statement, wanted = _statements(is_sqlite(session))[0], {"of": scope, "more": count}
    last = ask(session, statement, wanted).scalar_one()
    return int(last) - count


@cache
def _statements(sqlite_speaks: bool) -> tuple[Ready, Ready]:
    """Every push needs them, so they are put together once: to take numbers of a scope, and to write its rows."""
    insert = inserter(sqlite_speaks)
    counter: Table = FeedCounter.__table__  # type: ignore[assignment]
    feed: Table = Feed.__table__  # type: ignore[assignment]
    take = insert(counter).values(scope=bindparam("of"), n=bindparam("more"))
    take = take.on_conflict_do_update(index_elements=["scope"], set_={"n": counter.c.n + bindparam("more")})
    write = insert(feed)
    newest = {name: write.excluded[name] for name in ("n", "type", "payload", "at")}
    renew = write.on_conflict_do_update(index_elements=["scope", "space", "ref"], set_=newest)
    return Ready(take.returning(counter.c.n)), Ready(renew)


def _write(session: Session, items: list[News], start: int) -> None:
    at = now()
    rows = [
        {
            "scope": item.scope,
            "space": item.space,
            "ref": item.ref,
            "n": start + k,
            "type": item.type,
            "payload": item.payload,
            "at": at,
        }
        for k, item in enumerate(items, 1)
    ]
    send_rows(session, _statements(is_sqlite(session))[1], rows)
