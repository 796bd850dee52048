"""Taking back one's own decision on a conflict: the values stand beside each other again.

It is undone as if nobody had heard of it for as long as no phone has fetched it. After that it can only be decided
anew: then those phones hear that it is open once more. Either way the decision stays with the conflict that it closed,
and what was open before it is open as another one.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.errors import Problem
from server.forms.dataset import Dataset
from server.registry.tables import Conflict, Entity
from server.sync import feeds, holdings, news, scope
from server.sync.broken_rules import rule_of
from server.sync.definitions import datasets
from server.sync.desk import open_desk
from server.sync.heads import keys_of
from server.sync.lookalikes import pair_of
from server.sync.merge import Key, withdraw
from server.sync.record import Edit, Origin, Outcome, RecordWrite
from server.sync.record_rows import RecordRow, one_record
from server.sync.resolve import may_resolve
from server.sync.state import with_state
from server.sync.store import outcome_of, store


def undo(session: Session, actor: Actor, conflict_id: str, *, anew: bool = False) -> Outcome:
    """The record without the decision; `anew`: also when phones have it.

    Problems record.not_found, conflict.not_undone (another's, a pair, overtaken), conflict.on_phones.
    """
    row, seen = _in_sight(session, actor, conflict_id)
    op_id = _own(row, actor)
    if not anew and is_on_phones(session, row, seen):
        raise Problem("conflict.on_phones")
    db.lock(session, {seen.id})
    with open_desk(session):
        outcome = _taken_back(session, actor, row, one_record(session, seen.id), op_id)
    note(session, actor.id, "conflict.undone", conflict_id)
    feeds.touch(session, news.of_outcomes(session, [outcome]))
    return outcome


def _taken_back(session: Session, actor: Actor, row: Conflict, entity: RecordRow, op_id: str) -> Outcome:
    """The record without what this op decided."""
    dataset = datasets()[entity.dataset]
    keys = keys_of(session, dataset, entity)
    taken = {name: withdraw(key, {op_id}) for name, key in keys.items()}
    edits = [Edit(name, key, taken[name], None) for name, key in keys.items() if taken[name] is not key]
    if not edits or _is_overtaken(dataset, row, taken):
        raise Problem("conflict.not_undone")
    undone = str(uuid.uuid4())
    origin = Origin(undone, actor.id, f"op:{undone}", None)
    write = RecordWrite(entity.dataset, entity.id, {}, base_version=entity.version)
    edits = with_state(session, entity, keys, edits)
    return outcome_of(session, entity, edits, store(session, dataset, origin, write, entity, edits))


def is_on_phones(session: Session, row: Conflict, entity: Entity) -> bool:
    """Whether any phone has fetched how this conflict ended.

    Phones of the area, of the household's helpers and of whoever wrote a value. Not those that are lent the record
    alone: an inspector who comes unannounced is not betrayed by it.
    """
    return holdings.phones_with(session, news.feeds_of_conflict(session, row, entity), "conflict", row.id) > 0


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


def _is_overtaken(dataset: Dataset, row: Conflict, taken: Mapping[str, Key]) -> bool:
    """Whether nothing would wait for a person again: later work replaced what was decided. A rule is judged anew."""
    return rule_of(dataset, row.key) is None and not (row.key in taken and taken[row.key].contested())


def _own(row: Conflict, actor: Actor) -> str:
    """The op of a decision that this person made and may take back."""
    made = row.resolution or {}
    if made.get("how") != "chosen" or made.get("person_id") != actor.id or pair_of(row):
        raise Problem("conflict.not_undone")
    return str(made["op_id"])
