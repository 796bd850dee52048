"""Carries stored records into today's words: values, heads, conflicts and the whole history.

A record remembers the vocabulary that it is written in, so this is safe to repeat, to interrupt and to run beside
pushes: a write to a record that is still behind carries it first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from server import db
from server.forms.migrations import Values, Vocabulary
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync import feeds, merge, news
from server.sync.definitions import datasets
from server.sync.desk import open_desk
from server.sync.heads import head_row, keys_of
from server.sync.migrate_keys import carried_keys
from server.sync.place import geometry_of
from server.sync.record import key_of, members, policy_of
from server.sync.record_rows import RecordRow, change, records_by_id
from server.sync.vocabulary import vocabulary

BATCH = 200
# Conflicts about a record as a whole (a rule, a likeness) keep their names; the next change of the record judges anew.
WHOLE = ("@rule", "@same")


def migrate_all() -> int:
    """Carries every record that is behind, in batches with a transaction each; answers how many."""
    done = 0
    while count := db.transact(_migrate_batch):
        done += count
    return done


def _migrate_batch(session: Session) -> int:
    behind = _behind(session)
    db.lock(session, set(behind))
    with open_desk(session):
        records = records_by_id(session, behind).values()
        for record in records:
            migrate_record(session, record)
    feeds.touch(session, news.of_households(session, {record.root_id for record in records}))
    return len(behind)


def _behind(session: Session) -> Sequence[str]:
    late = [
        (Entity.dataset == name) & (Entity.vocabulary < vocabulary(name).size)
        for name in datasets()
        if vocabulary(name).steps
    ]
    if not late:
        return []
    return session.scalars(select(Entity.id).where(or_(*late)).order_by(Entity.id).limit(BATCH)).all()


def migrate_record(session: Session, entity: RecordRow) -> None:
    """One record; nothing happens when it is up to date. The record's name is locked."""
    words = vocabulary(entity.dataset)
    if entity.vocabulary >= words.size:
        return
    keys = keys_of(session, words.dataset, entity)
    carry = _carrier(words, entity.vocabulary)
    carried = carried_keys(
        keys, carry, lambda name: key_of(words.dataset, name), lambda name: policy_of(words.dataset, name)
    )
    _store_heads(session, entity.id, carried)
    _carry_withdrawn(session, words, entity.id, carry)
    values = _shown_values(carry(entity.values), carried)
    contested = {name for name, key in carried.items() if key.contested()}
    marks = {mark for mark in entity.contested if mark.startswith(WHOLE)}
    _settle(session, words, entity.id, contested, carry)
    _carry_history(session, entity.id, carry)
    change(
        session,
        entity,
        values=values,
        shown={name: key.shown for name, key in carried.items() if key.shown},
        contested=sorted(marks | {prop for name in contested for prop in members(words.dataset, name)}),
        geom=geometry_of(words.dataset, values),
        vocabulary=words.size,
    )
    session.flush()


def _carrier(words: Vocabulary, known: int) -> Any:
    return lambda values: words.forward(values, known)


def _shown_values(values: Values, keys: Mapping[str, merge.Key]) -> dict[str, str | None]:
    """The record's values; where a head closed, what is shown now."""
    return dict(values) | {prop: text for key in keys.values() for prop, text in key.shown_value().items()}


def _store_heads(session: Session, entity_id: str, keys: Mapping[str, merge.Key]) -> None:
    """Replaces the record's standing heads; who wrote them stays."""
    standing = (Head.entity_id == entity_id, Head.withdrawn_at.is_(None))
    rows = session.scalars(select(Head).where(*standing)).all()
    authors = {row.op_id: (row.person_id, row.instance_id) for row in rows}
    session.execute(delete(Head).where(*standing))
    session.add_all(
        Head(**head_row(entity_id, *authors[write.op_id], name, write))
        for name, key in keys.items()
        for write in key.writes
    )


def _carry_withdrawn(session: Session, words: Vocabulary, entity_id: str, carry: Any) -> None:
    """What a rejection took back may be put back later, in today's words."""
    gone = (Head.entity_id == entity_id, Head.withdrawn_at.is_not(None))
    for row in session.scalars(select(Head).where(*gone)):
        row.value = carry(row.value)
        row.saw = None if row.saw is None else carry(row.saw)
        row.key = key_of(words.dataset, next(iter(row.value), row.key))


def _settle(session: Session, words: Vocabulary, entity_id: str, contested: set[str], carry: Any) -> None:
    """Gives open conflicts their new names; one that came down to a single value is closed."""
    for row in session.scalars(select(Conflict).where(Conflict.entity_id == entity_id)):
        if row.key.startswith(WHOLE):
            continue
        names = [*carry(dict.fromkeys(row.properties))]
        row.properties, row.key = names, key_of(words.dataset, names[0]) if names else row.key
        if row.state == "open" and row.key not in contested:
            row.state, row.closed_at = "resolved", db.now()
            row.resolution = {"how": "words", "at": row.closed_at.isoformat()}


def _carry_history(session: Session, entity_id: str, carry: Any) -> None:
    for row in session.scalars(select(EntityVersion).where(EntityVersion.entity_id == entity_id)):
        row.values = carry(row.values)
        row.changes = [change for old in row.changes for change in _changes(old, carry)]


def _changes(change: Mapping[str, Any], carry: Any) -> list[dict[str, Any]]:
    name = change["property"]
    before, after = carry({name: change.get("from")}), carry({name: change.get("to")})
    return [{**change, "property": new, "from": before.get(new), "to": text} for new, text in after.items()]
