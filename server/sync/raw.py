"""The first transaction of a push: the raw ops are stored, before anybody looks at what they say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache, cached_property, partial
from typing import Any

from sqlalchemy import ColumnElement, Table, bindparam, select, update
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.tables import Install
from server.db import inserter
from server.sending import Found, Ready, among
from server.sync import quarantine
from server.sync.envelope import RawOp
from server.sync.op_row import SENT, OpRow
from server.sync.results import seq_of
from server.sync.tables import OpLog

LEASE = timedelta(minutes=1)  # no judging takes so long: what began before and has no end has crashed


@dataclass(frozen=True)
class Parcel:
    """What one sender brings at one time. `bare`: a sender who is told what became of the ops and no more (ODK)."""

    actor: Actor
    ops: tuple[RawOp, ...]
    bare: bool = False


@dataclass(frozen=True)
class Stored:
    """What the first transaction did: the ops that it was `given` by id, and which of them it `kept`. To be looked at
    when it is over: so the answer comes with the commit, and not a turn before it.
    """

    given: Mapping[str, dict[str, Any]]
    kept: Found | None

    @cached_property
    def rows(self) -> Mapping[str, dict[str, Any]]:
        """The ops that nobody had stored before, by id."""
        new = set(self.kept.scalars()) if self.kept else set()
        return {op_id: row for op_id, row in self.given.items() if op_id in new}

    def new_ops(self) -> list[OpRow]:
        """The new ops, unjudged, in the order sent."""
        return [OpRow(*(row[name] for name in SENT)) for row in self.rows.values()]

    def brought_before(self, parcel: Parcel) -> list[str]:
        """The sender's ops that were stored already, in the order sent."""
        return list(dict.fromkeys(op.op_id for op in parcel.ops if op.op_id and op.op_id not in self.rows))


def store_raw(parcels: Sequence[Parcel]) -> Stored:
    """Committed when it returns, but lasting only with the second transaction, before which nobody is told of it. An op
    id that is stored already stays as it is; what is no op is kept aside, lastingly.
    """
    if unread := [(parcel.actor, op) for parcel in parcels for op in parcel.ops if op.op_id is None]:
        db.transact(partial(_keep_aside, unread=unread))
    rows: dict[str, dict[str, Any]] = {}
    for parcel in parcels:
        _collect(parcel, rows)
    kept = db.write_at_once(_keep(db.speaks_sqlite()), list(rows.values()), lasting=False) if rows else None
    return Stored(rows, kept)


@cache
def _keep(sqlite_speaks: bool) -> Ready:
    """Stores ops and answers which of them are new; every push needs it, so it is put together once."""
    table: Table = OpLog.__table__  # type: ignore[assignment]
    keep = inserter(sqlite_speaks)(table).on_conflict_do_nothing(index_elements=["op_id"])
    return Ready(keep.returning(table.c.op_id))


def _keep_aside(session: Session, unread: Sequence[tuple[Actor, RawOp]]) -> None:
    for actor, op in unread:
        seq = seq_of(actor, op)
        quarantine.keep(session, actor, "op.unreadable", op.raw, install_id=actor.install_id, seq=seq)


def _collect(parcel: Parcel, rows: dict[str, dict[str, Any]]) -> None:
    """Adds a row for each op."""
    installs = _own_installs(parcel.actor, parcel.ops)
    for op in parcel.ops:
        if op.op_id is not None:
            rows.setdefault(op.op_id, _row(parcel.actor, op, installs))


def left_over(session: Session, actor: Actor, wanted: Sequence[str]) -> list[str]:
    """Those of the sender's ops whose judging began long ago and never ended, in the order sent."""
    mine = (OpLog.op_id.in_(wanted), OpLog.person_id == actor.id, OpLog.status.is_(None), _tried_long_ago())
    found = set(session.scalars(select(OpLog.op_id).where(*mine)))
    return [op_id for op_id in wanted if op_id in found]


_OWN = Ready(select(Install.id).where(Install.person_id == bindparam("person"), among(Install.id, "named")))


def _own_installs(actor: Actor, ops: Sequence[RawOp]) -> set[str]:
    """The installs among those named that are the sender's own. A revoked one speaks for no other."""
    named = {op.install_id for op in ops if op.install_id} - {actor.install_id}
    own = {actor.install_id} if actor.install_id else set()
    if named and not actor.revoked:
        own |= set(db.look_up(_OWN, {"person": actor.id, "named": sorted(named)}).scalars())
    return own


def _row(actor: Actor, op: RawOp, installs: set[str]) -> dict[str, Any]:
    """An op's row; an install that is not the sender's own counts for nothing (see judge.open_case).

    An op that names none is of the install that sends it: otherwise leaving it out would be a way around a revocation.
    """
    install_id = op.install_id or actor.install_id
    own, at = install_id in installs, db.now()
    return {
        "op_id": op.op_id,
        "install_id": install_id if own else None,
        "seq": op.seq if own else None,
        "person_id": actor.id,
        "kind": op.kind,
        "raw": op.raw,
        "content_hash": op.content_hash,
        "received_at": at,
        "attempts": 1,
        "tried_at": at,
    }


def count_try(session: Session, op_id: str) -> None:
    session.execute(
        update(OpLog)
        .where(OpLog.op_id == op_id, OpLog.status.is_(None), _tried_long_ago())
        .values(attempts=OpLog.attempts + 1, tried_at=db.now())
    )


def forget_try(session: Session, op_id: str) -> None:
    mine = (OpLog.op_id == op_id, OpLog.status.is_(None), OpLog.attempts > 1)
    session.execute(update(OpLog).where(*mine).values(attempts=OpLog.attempts - 1))


def _tried_long_ago() -> ColumnElement[bool]:
    """Senders of one op at the same moment share one try: it counts as a crash only when it began long ago."""
    return OpLog.tried_at.is_(None) | (OpLog.tried_at <= db.now() - LEASE)
