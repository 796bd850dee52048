"""Looks for what does not open."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from server import db
from server.sealing.columns import Sealed
from server.sealing.json_columns import LOST
from server.sealing.reseal import BATCH, bare, sealed_columns, secret_tables
from server.sealing.tokens import Unopened


@dataclass(frozen=True)
class Damaged:
    """`place`: table.column; `row`: the row's key as JSON."""

    place: str
    row: str


def damaged() -> Iterator[Damaged]:
    """Every value that does not open, table by table."""
    for table in secret_tables():
        stored = bare(table)
        keys = list(stored.primary_key.columns)
        with db.read() as session:
            for row in session.execute(select(stored).order_by(*keys).execution_options(yield_per=BATCH)):
                for name, kind in sealed_columns(table).items():
                    if _is_lost(kind, row._mapping[name]):
                        yield Damaged(f"{table.name}.{name}", _key(row, keys))


def _is_lost(kind: Sealed, stored: Any) -> bool:
    """Whether it does not open now, or did not when its row was last written."""
    if stored is None:
        return False
    try:
        found = kind.opened(stored)
    except Unopened:
        return True
    return isinstance(found, dict) and LOST in found


def _key(row: Any, keys: Sequence[Any]) -> str:
    return json.dumps([row._mapping[key.name] for key in keys], ensure_ascii=False, default=str)
