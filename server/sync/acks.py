"""How far an install's ops are stored without a gap."""

from __future__ import annotations

from sqlalchemy import bindparam, select, union, update
from sqlalchemy.orm import Session

from server.accounts.tables import Install
from server.db import ask, send_rows
from server.sending import Ready
from server.sync.tables import OpLog, Quarantine

PAGE = 1000
_THE_INSTALL = Install.id == bindparam("install")
_ACKED = Ready(select(Install.acked_seq).where(_THE_INSTALL))
_ADVANCE = Ready(update(Install).where(_THE_INSTALL).values(acked_seq=bindparam("reached")))
_STORED = Ready(
    union(
        *(
            select(kept.seq).where(
                kept.install_id == bindparam("install"), kept.seq > bindparam("acked"), kept.seq <= bindparam("last")
            )
            for kept in (OpLog, Quarantine)
        )
    )
)


def advance(session: Session, install_id: str) -> int:
    """Moves the install's `acked_seq` over every op that is stored by now, quarantined and held ones included."""
    before = reached = acked_so_far(session, install_id)
    is_full = True
    while is_full:
        stored = _after(session, install_id, reached)
        more = sum(1 for place, seq in enumerate(stored, reached + 1) if place == seq)
        reached, is_full = reached + more, more == PAGE
    if reached > before:
        send_rows(session, _ADVANCE, [{"install": install_id, "reached": reached}])
    return reached


def acked_so_far(session: Session, install_id: str) -> int:
    """The install's `acked_seq` as it stands."""
    acked: int = ask(session, _ACKED, {"install": install_id}).scalar_one()
    return acked


def _after(session: Session, install_id: str, acked: int) -> list[int]:
    """The next stored numbers after `acked`, each once, in order."""
    wanted = {"install": install_id, "acked": acked, "last": acked + PAGE}
    return sorted(ask(session, _STORED, wanted).scalars())
