"""Writes one new version of a record: its values, its history entry, its heads, its conflicts, its place.

Called inside a writing transaction with the record's name locked.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server.db import now
from server.forms.dataset import Dataset
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync.heads import head_row
from server.sync.place import geometry_of, wanted_region, with_children
from server.sync.record import Edit, Move, Origin, Outcome, RecordWrite, members

LABEL_LENGTH = 300  # of the column; the value itself is kept whole


def store(
    session: Session, dataset: Dataset, origin: Origin, write: RecordWrite, entity: Entity, edits: Sequence[Edit]
) -> tuple[Move, ...]:
    """Writes the new version, its history entry, the heads and the conflicts."""
    changes = [change for edit in edits for change in _changes(entity, edit)]
    values = dict(entity.values)
    for edit in edits:
        values |= edit.after.shown_value()
    entity.version += 1
    entity.values = values
    entity.shown = entity.shown | {edit.name: edit.after.shown for edit in edits if edit.after.shown}
    entity.label = (values.get(dataset.label_property) or write.label or entity.label)[:LABEL_LENGTH]
    entity.geom = geometry_of(dataset, values)
    entity.updated_at = now()
    entity.updated_by = origin.person_id
    entity.contested = _contested(dataset, entity, edits)
    session.flush()
    session.add(_history(origin, write, entity, changes))
    for edit in edits:
        _store_heads(session, entity.id, origin, edit)
    _settle(session, dataset, entity.id, edits)
    session.flush()
    return _moved(session, dataset, entity)


def _changes(entity: Entity, edit: Edit) -> list[dict[str, Any]]:
    """What the op wrote, property by property; `shown` is false while another head stands in front."""
    shown = edit.after.shown_value()
    return [
        {"property": name, "from": entity.values.get(name), "to": value, "shown": shown.get(name) == value}
        for name, value in edit.write.value.items()
        if value != entity.values.get(name) or shown.get(name) != value
    ]


def _contested(dataset: Dataset, entity: Entity, edits: Sequence[Edit]) -> list[str]:
    contested = set(entity.contested)
    for edit in edits:
        names = set(members(dataset, edit.name))
        contested = contested | names if edit.after.contested() else contested - names
    return sorted(contested)


def _history(origin: Origin, write: RecordWrite, entity: Entity, changes: list[dict[str, Any]]) -> EntityVersion:
    return EntityVersion(
        entity_id=entity.id,
        version=entity.version,
        op_id=origin.op_id,
        instance_id=origin.instance_id,
        person_id=origin.person_id,
        base_version=write.base_version,
        at=entity.updated_at,
        changes=changes,
        label=entity.label,
        values=entity.values,
    )


def _store_heads(session: Session, entity_id: str, origin: Origin, edit: Edit) -> None:
    before = {write.op_id: write for write in edit.before.writes}
    for write in edit.after.writes:
        if write.op_id not in before:
            session.add(head_row(entity_id, origin.person_id, origin.instance_id, edit.name, write))
        elif write.closed_by != before[write.op_id].closed_by:
            seen = (Head.entity_id == entity_id, Head.key == edit.name, Head.op_id == write.op_id)
            session.execute(update(Head).where(*seen).values(closed_by=write.closed_by))


def _settle(session: Session, dataset: Dataset, entity_id: str, edits: Sequence[Edit]) -> None:
    """Opens the conflict of a key that has several values, closes that of a key with one left."""
    changed = [edit for edit in edits if edit.before.contested() or edit.after.contested()]
    if not changed:
        return
    rows = session.scalars(select(Conflict).where(Conflict.entity_id == entity_id, Conflict.state == "open"))
    still_open = {row.key: row for row in rows}
    for edit in changed:
        found = still_open.get(edit.name)
        if edit.after.contested() and found is None:
            properties = list(members(dataset, edit.name))
            session.add(Conflict(id=str(uuid.uuid4()), entity_id=entity_id, key=edit.name, properties=properties))
        elif found is not None and not edit.after.contested():
            found.state, found.closed_at = "resolved", now()


def _moved(session: Session, dataset: Dataset, entity: Entity) -> tuple[Move, ...]:
    """Takes a household with everything below it to the region that its values now name."""
    if dataset.region_source is None or entity.values.get(dataset.region_source) == entity.region_code:
        return ()
    wanted = wanted_region(session, dataset, entity.values)
    if wanted is None or wanted == entity.region_code:
        return ()
    moves = []
    for record in with_children(session, entity.root_id):
        moves.append(Move(record.dataset, record.id, record.root_id, record.region_code))
        record.region_code = wanted
    session.flush()
    return tuple(moves)


def outcome_of(
    session: Session,
    entity: Entity,
    edits: Sequence[Edit],
    written: bool,
    moves: tuple[Move, ...],
    differs: tuple[str, ...],
) -> Outcome:
    conflicts = open_conflicts(session, entity)
    return Outcome(
        dataset=entity.dataset,
        id=entity.id,
        root_id=entity.root_id,
        region=entity.region_code,
        version=entity.version,
        written=written,
        contested=any(edit.after.contested() for edit in edits),
        conflicts=tuple(conflicts),
        differs=differs,
        moves=moves,
    )


def open_conflicts(session: Session, entity: Entity) -> list[str]:
    """Ids of the record's open conflicts."""
    if not entity.contested:
        return []
    is_open = (Conflict.entity_id == entity.id, Conflict.state == "open")
    return list(session.scalars(select(Conflict.id).where(*is_open).order_by(Conflict.id)))
