"""Taking back one's own decision on a conflict, for a short time: the values stand beside each other again.

The decision stays with the conflict that it closed; what was open before it is open anew.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.errors import Problem
from server.registry.tables import Conflict, Entity
from server.sync import feeds, news, scope
from server.sync.definitions import datasets
from server.sync.heads import keys_of
from server.sync.lookalikes import pair_of
from server.sync.merge import withdraw
from server.sync.record import Edit, Origin, Outcome, RecordWrite
from server.sync.resolve import may_resolve
from server.sync.state import with_state
from server.sync.store import outcome_of, store

PERIOD = timedelta(minutes=10)


def undo(session: Session, actor: Actor, conflict_id: str) -> Outcome:
    """The record without the decision. Problems record.not_found, conflict.not_undone (another's, too late, a pair)."""
    row, entity = _in_sight(session, actor, conflict_id)
    op_id = _own(row, actor)
    db.lock(session, {entity.id})
    session.refresh(entity)
    dataset = datasets()[entity.dataset]
    keys = keys_of(session, dataset, entity)
    taken = {name: withdraw(key, {op_id}) for name, key in keys.items()}
    edits = [Edit(name, key, taken[name], None) for name, key in keys.items() if taken[name] is not key]
    if not edits:
        raise Problem("conflict.not_undone")
    undone = str(uuid.uuid4())
    origin = Origin(undone, actor.id, f"op:{undone}", None)
    write = RecordWrite(entity.dataset, entity.id, {}, base_version=entity.version)
    edits = with_state(session, entity, keys, edits)
    outcome = outcome_of(session, entity, edits, store(session, dataset, origin, write, entity, edits))
    note(session, actor.id, "conflict.undone", conflict_id)
    feeds.touch(session, news.of_outcomes(session, [outcome]))
    return outcome


def _in_sight(session: Session, actor: Actor, conflict_id: str) -> tuple[Conflict, Entity]:
    """In one statement: how many there are would tell the unknown from the foreign. Problem record.not_found."""
    decides = [
        and_(Entity.dataset == name, scope.visible_entities(actor, may_resolve(actor, dataset)))
        for name, dataset in datasets().items()
    ]
    query = select(Conflict, Entity).join(Entity, Entity.id == Conflict.entity_id)
    found = session.execute(query.where(Conflict.id == conflict_id, or_(*decides))).first()
    if found is None:
        raise Problem("record.not_found")
    return found.Conflict, found.Entity


def _own(row: Conflict, actor: Actor) -> str:
    """The op of a decision that this person may still take back."""
    made = row.resolution or {}
    if made.get("how") != "chosen" or made.get("person_id") != actor.id or pair_of(row):
        raise Problem("conflict.not_undone")
    if db.now() - datetime.fromisoformat(made["at"]) > PERIOD:
        raise Problem("conflict.not_undone")
    return str(made["op_id"])
