"""Which photos a person is to look at: those with reasons, and a share drawn by lot of those without.

The lot is a keyed hash of the attachment's id, which the server gave: nobody can choose to be drawn or not, or tell
from an id whether it was, and the same photo is drawn again whenever it is checked again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import upsert
from server.evidence.checks import Check, Limits
from server.evidence.tables import PhotoLook, Verdict
from server.sealing.vault import vault

POINTS = {"info": 0, "warn": 1, "fail": 3}


def weight_of(found: Sequence[Check]) -> int:
    """How much the reasons weigh together; what is only told weighs nothing."""
    return sum(POINTS[one.level] for one in found)


def ticket_of(attachment_id: str) -> str:
    """What the lot is drawn for: the id by this server's key."""
    return vault().digest(f"look {attachment_id}")


def is_drawn(ticket: str, limits: Limits) -> bool:
    """Whether the lot falls on this ticket."""
    lot = int.from_bytes(hashlib.sha256(ticket.encode()).digest()[:4], "big") / 2**32
    return lot < limits["random_percent"] / 100


def want_look(session: Session, attachment_id: str, found: Sequence[Check], limits: Limits) -> None:
    """Puts the photo before the reviewers, or brings its weight up to date.

    What was looked at comes back only for a reason that nobody had seen then.
    """
    weight, drawn = weight_of(found), is_drawn(ticket_of(attachment_id), limits)
    codes = sorted(one.code for one in found if POINTS[one.level])
    look = session.get(PhotoLook, attachment_id)
    if look is None and (weight or drawn):
        row = {"attachment_id": attachment_id, "weight": weight, "drawn": drawn, "codes": codes}
        session.execute(upsert(session, PhotoLook).values(**row).on_conflict_do_nothing())
    elif look is not None:
        look.weight, look.codes = weight, codes
        if look.state == "done" and set(codes) - _seen_codes(session, attachment_id):
            look.state = "open"


def _seen_codes(session: Session, attachment_id: str) -> set[str]:
    """The reasons that were before somebody who gave a verdict."""
    rows = session.scalars(select(Verdict.codes).where(Verdict.attachment_id == attachment_id))
    return {code for codes in rows for code in codes}
