"""Lists that grow at their head, page by page: newest first, and nothing twice when more comes in meanwhile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, Select, tuple_
from sqlalchemy.orm import Session

Rows = Select[*tuple[Any, ...]]


@dataclass(frozen=True)
class Newest:
    """A page's rows, and the key of the last one when more follow."""

    rows: Sequence[Row[Any]]
    next: str | None


def newest_first(
    session: Session, query: Rows, known: Rows, time: Any, key: Any, limit: int, after: str | None
) -> Newest | None:
    """A page of `query` by `time` and `key` (columns of its first entity), after the row with the key `after`.

    None when `known`, the rows that the reader may see, has no such row.
    """
    if after is not None:
        start = session.execute(known.with_only_columns(time, key).where(key == after)).one_or_none()
        if start is None:
            return None
        query = query.where(tuple_(time, key) < tuple_(*start))
    rows = session.execute(query.order_by(time.desc(), key.desc()).limit(limit + 1)).all()
    following = str(getattr(rows[limit - 1][0], key.key)) if len(rows) > limit else None
    return Newest(rows[:limit], following)
