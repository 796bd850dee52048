"""Results come when no visit is open: what has arrived is read first, and asking too early is noted."""

from __future__ import annotations

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.inspection.outcome import over
from server.inspection.refusals import transact_noting
from server.inspection.results import read_results
from server.inspection.rights import find_inspection


def bring_up(actor: Actor, inspection_id: str) -> None:
    """Reads what arrived into the tasks. Problems: record.not_found, inspection.not_over (noted)."""

    def work(session: Session) -> None:
        find_inspection(session, actor, inspection_id)
        read_results(session, inspection_id)
        over(session, actor, inspection_id)

    transact_noting(actor, inspection_id, work)
