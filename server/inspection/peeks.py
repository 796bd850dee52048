"""Inspectors who ask for what is kept from them: refused as for everybody, and noted because the check is blind."""

from __future__ import annotations

import re

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.audit import note
from server.inspection.tables import Inspection
from server.registry.tables import Entity
from server.sync import loans
from server.sync.tables import Submission

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def note_peek(session: Session, actor: Actor, path: str) -> None:
    """Notes a refused look at a household on loan, at an answer about one, or at an inspection."""
    ids = set(_ID.findall(path.lower()))
    lent = loans.lent_to(actor)
    homes = session.scalars(select(Entity.root_id).where(Entity.id.in_(ids), Entity.root_id.in_(lent))).all()
    names = [*ids, *(f"uuid:{one}" for one in ids)]
    told = select(Submission.root_id).where(Submission.instance_id.in_(names), Submission.root_id.in_(lent))
    known = session.scalars(select(Inspection.id).where(Inspection.id.in_(ids))).all()
    for subject in sorted({one for one in (*homes, *session.scalars(told), *known) if one}):
        note(session, actor.id, "inspection.peeked", subject, path=path[:300])
