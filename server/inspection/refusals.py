"""Attempts that were refused and must be answerable: a second draw, a reserve out of order, a visit at home,
results before their time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.errors import Problem

T = TypeVar("T")
NOTED = frozenset(
    {
        "inspection.drawn",
        "inspection.no_inspector",
        "inspection.not_over",
        "inspection.not_tried",
        "inspection.out_of_order",
        "inspection.reached",
        "inspection.state",
        "loan.own_area",
    }
)


def transact_noting(actor: Actor, subject: str, work: Callable[[Session], T]) -> T:
    """Does the work in a transaction. A refusal undoes all of it, so it is noted in another one."""
    try:
        return db.transact(work)
    except Problem as problem:
        if problem.code in NOTED:
            code, why = problem.code, "; ".join(fault.why for fault in problem.faults)
            db.transact(lambda session: note(session, actor.id, "inspection.refused", subject, code=code, why=why))
        raise
