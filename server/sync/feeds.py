"""Feeds: numbered news by scope, without gaps for whoever reads them.

`touch` must be the last statements of a writing transaction: it takes the next numbers of the touched scopes in
sorted order, so the rows of a scope become visible in the order of their numbers (a sequence, a clock or a
transaction id would not: the number would be taken before the commit). Each thing keeps only its newest row.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, bindparam, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from server.db import ask, is_sqlite, now, send_rows
from server.failpoints import hit
from server.sending import Ready, list_of
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
        if is_sqlite(session):
            _write(session, scope, items, _take(session, scope, len(items)))
        else:
            _take_and_write(session, scope, items)
    hit("push.feeds_written")


def _take(session: Session, scope: str, count: int) -> int:
    """Reserves `count` numbers and answers the last number given before; holds the scope's row until the commit."""
    last = ask(session, _TAKE, {"of": scope, "more": count}).scalar_one()
    return int(last) - count


def _write(session: Session, scope: str, items: Sequence[News], start: int) -> None:
    at = now()
    rows = [
        {"scope": scope, "n": start + k, "at": at, **{name: getattr(item, name) for name in _PARTS}}
        for k, item in enumerate(items, 1)
    ]
    send_rows(session, _RENEW, rows)


def _take_and_write(session: Session, scope: str, items: Sequence[News]) -> None:
    lists = {name: [getattr(item, name) for item in items] for name in _PARTS}
    send_rows(session, _TAKE_AND_RENEW, [{"of": scope, "more": len(items), "at": now(), **lists}])


# Every push needs them, so they are put together once.
_COUNTER: Table = FeedCounter.__table__  # type: ignore[assignment]
_FEED: Table = Feed.__table__  # type: ignore[assignment]
_PARTS = ("space", "ref", "type", "payload")


def _taking(insert: Any) -> Any:
    """Reserves `more` numbers of the scope `of`, and finds the last of them."""
    take = insert(_COUNTER).values(scope=bindparam("of"), n=bindparam("more"), floor=0)
    take = take.on_conflict_do_update(index_elements=["scope"], set_={"n": _COUNTER.c.n + bindparam("more")})
    return take.returning(_COUNTER.c.n)


def _renewing(write: Any) -> Any:
    """Of one thing only the newest news is kept."""
    newest = {name: write.excluded[name] for name in ("n", "type", "payload", "at")}
    return write.on_conflict_do_update(index_elements=["scope", "space", "ref"], set_=newest)


def _taking_and_renewing() -> Any:
    """Both in one statement that finds nothing: so the commit need not wait for the numbers."""
    taken = _taking(postgresql.insert).cte("taken")
    lists = [bindparam(name, type_=list_of(_FEED.c[name].type)) for name in _PARTS]
    new = func.unnest(*lists).table_valued(*_PARTS, with_ordinality="place", name="new").render_derived()
    one = [bindparam("of", type_=_FEED.c.scope.type), bindparam("at", type_=_FEED.c.at.type)]
    rows = select(*one, taken.c.n - bindparam("more") + new.c.place, *(new.c[name] for name in _PARTS))
    return _renewing(postgresql.insert(_FEED).from_select(["scope", "at", "n", *_PARTS], rows))


_TAKE, _RENEW = Ready(_taking(sqlite.insert)), Ready(_renewing(sqlite.insert(_FEED)))
_TAKE_AND_RENEW = Ready(_taking_and_renewing())
