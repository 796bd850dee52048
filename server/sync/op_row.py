"""Ops as they are stored: plain rows, read and written down for many at once.

The bytes of an op are read only where nobody has them at hand.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, select, update
from sqlalchemy.orm import Session

from server.db import ask, send_rows
from server.sending import Found, Ready, among
from server.sync.tables import OpLog


@dataclass(slots=True, eq=False)
class OpRow:
    """A row of OpLog without its bytes. `status` is None until the op is judged; what came of it is laid in here and
    written down when its round is over. `before`: the status that the table has.
    """

    op_id: str
    person_id: str
    install_id: str | None
    seq: int | None
    kind: str
    content_hash: str
    received_at: datetime
    attempts: int
    status: str | None = None
    code: str | None = None
    detail: str | None = None
    waits_for: str | None = None
    region_code: str | None = None
    entities: list[dict[str, Any]] | None = None
    judged_at: datetime | None = None
    before: str | None = field(init=False)

    def __post_init__(self) -> None:
        self.before = self.status


SENT = ("op_id", "person_id", "install_id", "seq", "kind", "content_hash", "received_at", "attempts")
_OUTCOME = ("status", "code", "detail", "waits_for", "region_code", "entities", "judged_at")
_COLUMNS = [getattr(OpLog, name) for name in (*SENT, *_OUTCOME)]
_STORED = Ready(select(*_COLUMNS).where(among(OpLog.op_id, "ops")))
_BYTES = Ready(select(OpLog.raw).where(OpLog.op_id == bindparam("op")))
_STATUS = Ready(select(OpLog.status).where(OpLog.op_id == bindparam("op")))
_THE_OP = update(OpLog).where(OpLog.op_id == bindparam("op"))
_TOLD = _THE_OP.values({name: bindparam(f"its_{name}") for name in _OUTCOME})
_SETTLE = Ready(_TOLD)
_JUDGED = Ready(select(OpLog.op_id).where(among(OpLog.op_id, "ops"), OpLog.status.is_not(None)))


def stored_ops(session: Session, op_ids: Iterable[str]) -> dict[str, OpRow]:
    """Those of the ops that are stored, by id."""
    found = ask(session, _STORED, {"ops": list(op_ids)})
    return {row.op_id: OpRow(*row) for row in found}


def bytes_of(session: Session, op_id: str) -> bytes:
    """The op as it came."""
    raw: bytes = ask(session, _BYTES, {"op": op_id}).scalar_one()
    return raw


def status_of(session: Session, op_id: str) -> str | None:
    """The op's status as it is by now."""
    status: str | None = ask(session, _STATUS, {"op": op_id}).scalar_one()
    return status


def judged_already(session: Session, op_ids: Iterable[str]) -> Found:
    """Those of the ops that have an outcome. Whoever holds their locks may look at it later: it stays so."""
    return ask(session, _JUDGED, {"ops": list(op_ids)})


def write_down(session: Session, rows: Sequence[OpRow]) -> None:
    """Writes what came of these ops."""
    send_rows(session, _SETTLE, _told(rows))
    for row in rows:
        row.before = row.status


def _told(rows: Sequence[OpRow]) -> list[dict[str, Any]]:
    return [{"op": row.op_id, **{f"its_{name}": getattr(row, name) for name in _OUTCOME}} for row in rows]
