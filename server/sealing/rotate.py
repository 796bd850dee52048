"""New keys, and the end of old ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from server import db
from server.errors import Problem
from server.failpoints import hit
from server.sealing import master, reseal
from server.sealing.tables import PURPOSES, Resealing, SealKey
from server.sealing.tokens import new_key
from server.sealing.vault import add_key, unwrapped, vault, wrapped

# Longer than any transaction and than a process may take to hear of a new key (vault.FRESH).
SETTLED = timedelta(minutes=15)


@dataclass(frozen=True)
class KeyState:
    """One key as `ruhu keys status` shows it."""

    id: str
    purpose: str
    number: int
    master: str
    created_at: datetime
    seals: bool


@dataclass(frozen=True)
class TableState:
    """How far one table is under the current keys."""

    table: str
    looked_at: int
    resealed: int
    finished: bool


def new_seal_keys() -> None:
    """A new key for every purpose; from now on it seals. What is stored follows by reseal.go_on."""
    vault().load()
    wrapping = vault().masters.read()[0]

    def work(session: Session) -> None:
        for purpose in PURPOSES:
            last = session.scalar(select(func.max(SealKey.number)).where(SealKey.purpose == purpose)) or 0
            add_key(session.connection(), wrapping, purpose, last + 1)

    db.transact(work)
    vault().load()


def new_master() -> str:
    """A new master key in the file, all keys wrapped by it, the old ones gone from the file; its id.

    Problem keys.elsewhere when the keys come from a setting: then the administrator puts the new one first there. A
    kill at any point leaves a file that opens everything; done again it comes to its end.
    """
    masters = vault().masters
    if masters.text:
        raise Problem("keys.elsewhere", detail=masters.where)
    known = masters.read()
    made = new_key()
    master.replace_masters(masters.file, [made, *known])
    hit("keys.master_written")
    rewrap()
    return made.id.hex()


def rewrap() -> int:
    """Wraps every key by the first master key, then takes those that wrap nothing out of the file; how many it did."""
    masters = vault().masters
    known = masters.read()
    count = db.transact(lambda session: _rewrap(session, known[0].id.hex()))
    hit("keys.rewrapped")
    if not masters.text and len(known) > 1:
        master.replace_masters(masters.file, known[:1])
    return count


def _rewrap(session: Session, first: str) -> int:
    masters = {key.id.hex(): key for key in vault().masters.read()}
    rows = session.scalars(select(SealKey).where(SealKey.master != first).with_for_update()).all()
    for row in rows:
        key = unwrapped(row, masters, vault().masters.where)
        values = wrapped(key, masters[first], row.purpose)
        session.execute(update(SealKey).where(SealKey.id == row.id).values(**values))
    return len(rows)


def drop_unused(settled: timedelta = SETTLED) -> tuple[int, bool]:
    """Removes the older keys that nothing uses; (how many, whether it must be tried again later).

    Only after all tables were gone through by a pass that began when every process had long known the newer keys; and
    only those that nothing in the tables names.
    """
    newest = [key for key in key_states() if key.seals]
    if len(newest) == len(key_states()):
        return 0, False
    ready_at = max(key.created_at for key in newest) + settled
    began = reseal.started()
    if began is None or db.now() < ready_at:
        return 0, True
    if began < ready_at:
        reseal.begin_again()
        return 0, True
    return db.transact(lambda session: _drop(session, newest)), False


def _drop(session: Session, newest: list[KeyState]) -> int:
    older = SealKey.id.not_in([key.id for key in newest])
    unused = set(session.scalars(select(SealKey.id).where(older))) - reseal.keys_in_use(session)
    session.execute(delete(SealKey).where(SealKey.id.in_(unused)))
    return len(unused)


def key_states() -> list[KeyState]:
    """All keys of the database, by purpose and number."""
    with db.read() as session:
        rows = session.scalars(select(SealKey).order_by(SealKey.purpose, SealKey.number)).all()
    last = {row.purpose: row.id for row in rows}
    return [
        KeyState(row.id, row.purpose, row.number, row.master, row.created_at, last[row.purpose] == row.id)
        for row in rows
    ]


def progress() -> list[TableState]:
    """Every table with secrets; one that no pass has reached yet stands at 0."""
    with db.read() as session:
        rows = {row.table: row for row in session.scalars(select(Resealing))}
    return [
        TableState(name, row.looked_at, row.resealed, row.finished_at is not None)
        if (row := rows.get(name)) is not None and row.target == reseal.target()
        else TableState(name, 0, 0, False)
        for name in (table.name for table in reseal.secret_tables())
    ]
