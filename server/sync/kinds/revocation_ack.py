"""Ops of kind `revocation_ack`: an install says that it has wiped a feed which its person may no longer see."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from server.lock_names import of_install
from server.sync import holdings
from server.sync.case import Case, Verdict
from server.sync.envelope import as_text
from server.sync.grounds import quarantined

LARGEST = 2**53


@dataclass(frozen=True)
class WipedOp:
    """`{scope, count}`; count: how many records were removed."""

    scope: str
    count: int


def read(_session: Session, case: Case) -> None:
    scope, count = as_text(case.op.body.get("scope"), 80), case.op.body.get("count")
    if scope is None or not isinstance(count, int) or isinstance(count, bool) or not 0 <= count < LARGEST:
        case.fault = ("op.incomplete", "scope or count")
    elif case.row.install_id is None:
        case.fault = ("op.incomplete", "install_id")
    else:
        case.said = WipedOp(scope, count)
        case.touches.add(of_install(case.row.install_id))


def judge(session: Session, case: Case) -> Verdict:
    """It is a fact about the phone, so it counts from a revoked install too, and waits for nothing.

    It is kept in any case; it settles a hand-over only where there is one.
    """
    if case.fault is not None or not isinstance(case.said, WipedOp) or case.row.install_id is None:
        return quarantined(session, case, *(case.fault or ("op.incomplete", "")))
    holdings.wiped(session, case.actor, case.said.scope, case.said.count)
    return Verdict("applied")
