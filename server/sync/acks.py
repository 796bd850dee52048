"""How far an install's ops are stored without a gap."""

from __future__ import annotations

from sqlalchemy import select, union
from sqlalchemy.orm import Session

from server.accounts.tables import Install
from server.sync.tables import OpLog, Quarantine

PAGE = 1000


def advance(session: Session, install_id: str) -> int:
    """Moves the install's `acked_seq` over every op that is stored by now, quarantined and held ones included."""
    install = session.get_one(Install, install_id)
    acked = install.acked_seq
    while True:
        stored = _after(session, install_id, acked)
        reached = acked + sum(1 for place, seq in enumerate(stored, acked + 1) if place == seq)
        if reached < acked + PAGE:
            break
        acked = reached
    install.acked_seq = reached
    session.flush()
    return reached


def acked_so_far(session: Session, install_id: str) -> int:
    """The install's `acked_seq` as it stands."""
    return session.scalars(select(Install.acked_seq).where(Install.id == install_id)).one()


def _after(session: Session, install_id: str, acked: int) -> list[int]:
    """The next stored numbers after `acked`, each once, in order."""
    ops = select(OpLog.seq).where(OpLog.install_id == install_id, OpLog.seq > acked, OpLog.seq <= acked + PAGE)
    kept = select(Quarantine.seq).where(
        Quarantine.install_id == install_id, Quarantine.seq > acked, Quarantine.seq <= acked + PAGE
    )
    return sorted(session.scalars(union(ops, kept)))
