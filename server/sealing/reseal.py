"""Brings what lies in the tables under the current keys, in batches with a transaction each.

What was stored before there was sealing is sealed, what an older key sealed is sealed anew, and keyed hashes are made
by the current key. Readers take both meanwhile. Where it stopped (a kill, the end of its time) it goes on; several
may work at once, because they share their place in each table.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Column, MetaData, Row, Table, func, select, tuple_, update
from sqlalchemy.orm import Session

from server import db
from server.columns import Base
from server.db import is_sqlite
from server.failpoints import hit
from server.sealing.columns import Sealed
from server.sealing.tables import PURPOSES, Resealing
from server.sealing.tokens import Unopened
from server.sealing.vault import vault

BATCH = 200
Report = Callable[[str, int, int], None]

# Keyed hashes by table and column: made anew from the values of the row, given as code reads them.
HASHES: dict[tuple[str, str], Callable[[Mapping[str, Any]], str | None]] = {}


@dataclass(frozen=True)
class Outcome:
    """Rows that were looked at, and those of them that were written. `finished`: nothing is left to look at.

    `bare`: rows in which something lay plain.
    """

    looked_at: int = 0
    resealed: int = 0
    bare: int = 0
    finished: bool = False

    def plus(self, other: Outcome) -> Outcome:
        return Outcome(self.looked_at + other.looked_at, self.resealed + other.resealed, self.bare + other.bare)


def secret_tables() -> list[Table]:
    """The tables with sealed columns, those that others refer to first."""
    return [table for table in Base.metadata.sorted_tables if sealed_columns(table)]


def sealed_columns(table: Table) -> dict[str, Sealed]:
    """Their types, by name."""
    return {column.name: column.type for column in table.columns if isinstance(column.type, Sealed)}


@cache
def bare(table: Table) -> Table:
    """The same table without sealing: for who carries tokens and does not open them."""
    columns = (
        Column(column.name, _stored(column), key=column.name, primary_key=column.primary_key)
        for column in table.columns
    )
    return Table(table.name, MetaData(), *columns)


def _stored(column: Column[Any]) -> Any:
    return column.type.stored() if isinstance(column.type, Sealed) else column.type


def go_on(report: Report | None = None, seconds: float = float("inf")) -> Outcome:
    """Looks at all tables, at most for so long. Needs an app context."""
    vault().load()
    wanted, end = target(), time.monotonic() + seconds
    so_far = Outcome()
    total = sum(_count(table) for table in secret_tables()) if report else 0
    for table in secret_tables():
        while (done := db.transact(lambda session: _batch(session, table, wanted))) is not None:  # noqa: B023
            so_far = so_far.plus(done)
            if report:
                report("tables", min(so_far.looked_at, total), total)
            hit("keys.batch")
            if time.monotonic() > end:
                return so_far
    return replace(so_far, finished=True)


def is_due() -> bool:
    """Whether a table has not been looked at since keys or declarations changed."""
    return started() is None


def started() -> datetime | None:
    """When the oldest pass began that went through a whole table with what holds now; None while one is to do."""
    with db.read() as session:
        rows = session.scalars(select(Resealing).where(Resealing.target == target())).all()
    done = {row.table: row.started_at for row in rows if row.finished_at}
    names = [table.name for table in secret_tables()]
    return min(done[name] for name in names) if all(name in done for name in names) else None


def begin_again() -> None:
    """Has every table looked at once more."""
    db.transact(lambda session: session.execute(update(Resealing).values(target="")))


def target() -> str:
    """Names what rows are brought to: the current keys, and what is declared open."""
    keys = [vault().current(purpose).hex() for purpose in PURPOSES]
    return hashlib.sha256(json.dumps([keys, sorted(vault().open_names)]).encode()).hexdigest()


def _count(table: Table) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def _batch(session: Session, table: Table, wanted: str) -> Outcome | None:
    """Looks at the next rows; None when the table is done."""
    place = _place(session, table, wanted)
    if place.finished_at is not None:
        return None
    stored = bare(table)
    key = list(stored.primary_key.columns)
    query = select(*key).order_by(*key).limit(BATCH)
    if place.reached:
        query = query.where(tuple_(*key) > tuple_(*json.loads(place.reached)))
    ids = [tuple(row) for row in session.execute(query)]
    if not ids:
        _end_pass(place)
        return Outcome()
    rows = _rows(session, stored, key, ids)
    written = sum(_reseal(session, table, stored, row) for row in rows)
    place.reached = json.dumps(ids[-1])
    place.looked_at, place.resealed = place.looked_at + len(ids), place.resealed + written
    place.skipped += len(ids) - len(rows)
    return Outcome(len(ids), written, sum(_has_bare(table, row) for row in rows))


def _has_bare(table: Table, row: Row[Any]) -> bool:
    """Whether something lay plain in the row, as it was read."""
    return any(None in kind.keys_in(row._mapping[name]) for name, kind in sealed_columns(table).items())


def _place(session: Session, table: Table, wanted: str) -> Resealing:
    """How far the table was looked at for this target, locked."""
    place = session.get(Resealing, table.name, with_for_update=True, populate_existing=True)
    if place is None:
        place = Resealing(table=table.name, target="")
        session.add(place)
        session.flush()
    if place.target != wanted:
        place.target, place.reached, place.finished_at = wanted, "", None
        place.looked_at = place.resealed = place.skipped = 0
        place.started_at = db.now()
    return place


def _end_pass(place: Resealing) -> None:
    """A pass in which rows were skipped is followed by another."""
    if place.skipped:
        place.reached, place.skipped, place.started_at = "", 0, db.now()
    else:
        place.finished_at = db.now()


def _rows(
    session: Session, stored: Table, key: Sequence[Column[Any]], ids: Sequence[tuple[Any, ...]]
) -> Sequence[Row[Any]]:
    """The rows that nobody else is writing; field work never waits for this."""
    query = select(stored).where(tuple_(*key).in_(ids))
    if not is_sqlite(session):
        query = query.with_for_update(skip_locked=True)
    return session.execute(query).all()


def _reseal(session: Session, table: Table, stored: Table, row: Row[Any]) -> bool:
    """Writes what has to change in one row; whether there was anything."""
    before = row._mapping
    after = dict(_changed(session, table, before))
    if not after:
        return False
    same = (stored.c[column.name] == before[column.name] for column in stored.primary_key.columns)
    session.execute(update(stored).where(*same).values(after))
    return True


def _changed(session: Session, table: Table, before: Mapping[Any, Any]) -> Iterator[tuple[str, Any]]:
    dialect = session.get_bind().dialect
    current = {vault().current("payload"), vault().current("value")}
    opened: dict[str, Any] = dict(before)
    hashes = [(column, make) for (name, column), make in HASHES.items() if name == table.name]
    for column, kind in sealed_columns(table).items():
        value = before[column]
        stale = any(key not in current for key in kind.keys_in(value))
        if not stale and not hashes:
            continue
        try:
            opened[column] = kind.opened(value) if value is not None else None
        except Unopened:  # stays as it is
            opened[column] = kind.stand_in(value)
            continue
        if stale:
            yield column, kind.process_bind_param(opened[column], dialect)
    for name, make in hashes:
        if not _is_current(before[name]) and (made := make(opened)) != before[name]:
            yield name, made


def _is_current(digest: str | None) -> bool:
    return digest is not None and digest.startswith(f"{vault().current('match').hex()}:")


def keys_in_use(session: Session) -> set[str]:
    """The ids of all keys that something in the tables was sealed or hashed with, damaged tokens among them."""
    found: set[str] = set()
    for table in secret_tables():
        names = [*sealed_columns(table), *(column for owner, column in HASHES if owner == table.name)]
        columns = [bare(table).c[name] for name in names]
        for row in session.execute(select(*columns).execution_options(yield_per=BATCH)):
            found |= set(_ids(table, row._mapping))
    return found


def _ids(table: Table, row: Mapping[Any, Any]) -> Iterator[str]:
    for column, kind in sealed_columns(table).items():
        yield from (key.hex() for key in kind.keys_in(row[column]) if key)
    for name in (column for owner, column in HASHES if owner == table.name):
        digest = row[name] or ""
        if ":" in digest:
            yield digest.partition(":")[0]
