"""Applies what one op writes to the registry: one version and one history entry for each record that it changes.

Called inside a writing transaction with the records' names locked. Scope was judged before; here nothing is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import now
from server.forms.canonical import canonical
from server.forms.dataset import Dataset
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync import merge
from server.sync.place import geometry_of, wanted_region, with_children


@dataclass(frozen=True)
class Origin:
    """Who writes, by which op, and where in the author's own line of work."""

    op_id: str
    person_id: str
    lineage: str
    seq: int | None
    instance_id: str | None = None
    corrects: str | None = None


@dataclass(frozen=True)
class RecordWrite:
    """What an op says of one record; values are canonical.

    `base_version` 0: the author saw nothing. `base`: values that the sender says he saw. `region`: where a new record
    belongs when its own values do not say. `branch`: an ODK branch and its step, in place of the origin's line.
    """

    dataset: str
    id: str
    values: Mapping[str, str | None]
    base_version: int = 0
    base: Mapping[str, Any] = field(default_factory=dict)
    parent: str | None = None
    region: str | None = None
    label: str | None = None
    branch: tuple[str, int] | None = None


@dataclass(frozen=True)
class Move:
    """A record that left a region (for the feeds)."""

    dataset: str
    id: str
    root_id: str
    left: str


@dataclass(frozen=True)
class Outcome:
    """What became of one record.

    `written`: it has a new version. `contested`: a key that this op wrote has several heads. `differs`: keys whose sent
    base is not our history.
    """

    dataset: str
    id: str
    root_id: str
    region: str
    version: int
    written: bool
    contested: bool = False
    conflicts: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    moves: tuple[Move, ...] = ()

    def for_wire(self) -> dict[str, Any]:
        return {"dataset": self.dataset, "id": self.id, "version": self.version, "conflicts": list(self.conflicts)}


@dataclass(frozen=True)
class _Edit:
    """One key before and after this op's write."""

    name: str
    before: merge.Key
    after: merge.Key
    write: merge.Write


def apply_write(session: Session, dataset: Dataset, origin: Origin, write: RecordWrite) -> Outcome:
    """The record after this write; one that does not exist yet is made."""
    entity = session.get(Entity, write.id)
    keys = _keys(session, entity)
    seen = _seen(session, dataset, origin, write, entity, keys)
    sent = _sent(dataset, write)
    edits = [
        _edit(dataset, origin, write, name, keys.get(name, merge.Key((), None)), part, seen[name], entity)
        for name, part in sent.items()
        if merge.touched(part, seen[name].overlaid)
    ]
    differs = tuple(name for name, part in sent.items() if merge.base_differs(part, seen[name].overlaid))
    if entity is not None and not edits:
        return _outcome(session, entity, (), False, (), differs)
    entity = entity or _create(session, dataset, origin, write)
    moves = _store(session, dataset, origin, write, entity, edits)
    return _outcome(session, entity, edits, True, moves, differs)


@dataclass(frozen=True)
class _Seen:
    """What the author saw of one key: at the base version, and with the author's own later writes over it."""

    at_base: merge.Value
    overlaid: merge.Value


def members(dataset: Dataset, name: str) -> tuple[str, ...]:
    """The properties of a key: a merge group's, or the property itself."""
    group = tuple(prop.name for prop in dataset.properties.values() if prop.group == name)
    return group or (name,)


def key_of(dataset: Dataset, name: str) -> str:
    prop = dataset.properties.get(name)
    return prop.group if prop and prop.group else name


def _sent(dataset: Dataset, write: RecordWrite) -> dict[str, merge.Sent]:
    """What was sent, by key."""
    by_key: dict[str, merge.Sent] = {}
    for name in write.values:
        by_key.setdefault(key_of(dataset, name), merge.Sent({}, {}))
    for key in by_key:
        names = [name for name in write.values if key_of(dataset, name) == key]
        base = {name: canonical(write.base[name], _type(dataset, name)) for name in names if name in write.base}
        by_key[key] = merge.Sent({name: write.values[name] for name in names}, base)
    return by_key


def _type(dataset: Dataset, name: str) -> str:
    prop = dataset.properties.get(name)
    return prop.type if prop else "text"


def _keys(session: Session, entity: Entity | None) -> dict[str, merge.Key]:
    """All keys of a record with all their writes."""
    if entity is None:
        return {}
    writes: dict[str, list[merge.Write]] = {}
    rows = session.scalars(select(Head).where(Head.entity_id == entity.id).order_by(Head.version))
    for row in rows:
        writes.setdefault(row.key, []).append(_write_of(row))
    return {name: merge.Key(tuple(found), entity.shown.get(name)) for name, found in writes.items()}


def _write_of(row: Head) -> merge.Write:
    return merge.Write(
        row.op_id, row.value, row.version, row.base_version, row.saw, row.lineage, row.seq, row.corrects, row.closed_by
    )


def _seen(
    session: Session, dataset: Dataset, origin: Origin, write: RecordWrite, entity: Entity | None,
    keys: Mapping[str, merge.Key],
) -> dict[str, _Seen]:
    at_base = _values_at(session, entity, write.base_version)
    lineage, seq = write.branch or (origin.lineage, origin.seq)
    seen: dict[str, _Seen] = {}
    for name in {key_of(dataset, name) for name in write.values}:
        value = {prop: at_base.get(prop) for prop in members(dataset, name)}
        writes = keys[name].writes if name in keys else ()
        seen[name] = _Seen(value, merge.seen_value(value, write.base_version, lineage, seq, writes))
    return seen


def _values_at(session: Session, entity: Entity | None, version: int) -> Mapping[str, str | None]:
    """All values as shown at a version; nothing at version 0."""
    if entity is None or version == 0:
        return {}
    if version == entity.version:
        return entity.values
    return session.get_one(EntityVersion, (entity.id, version)).values


def _edit(
    dataset: Dataset, origin: Origin, write: RecordWrite, name: str, before: merge.Key, part: merge.Sent, seen: _Seen,
    entity: Entity | None,
) -> _Edit:
    lineage, seq = write.branch or (origin.lineage, origin.seq)
    made = merge.Write(
        op_id=origin.op_id,
        value=merge.written_value(part, seen.overlaid, members(dataset, name)),
        version=(entity.version if entity else 0) + 1,
        base_version=write.base_version,
        saw=seen.at_base if write.base_version else None,
        lineage=lineage,
        seq=seq,
        corrects=origin.corrects,
    )
    return _Edit(name, before, merge.add(before, made), made)


def _create(session: Session, dataset: Dataset, origin: Origin, write: RecordWrite) -> Entity:
    parent = session.get(Entity, write.parent) if write.parent else None
    region = parent.region_code if parent else wanted_region(session, dataset, write.values) or write.region
    if region is None:
        raise ValueError("a new record needs a region: judge it before")
    entity = Entity(
        id=write.id, dataset=dataset.name, region_code=region, root_id=parent.root_id if parent else write.id,
        parent_id=parent.id if parent else None, label=write.label or "", version=0, values={}, contested=[], shown={},
        updated_by=origin.person_id,
    )
    session.add(entity)
    return entity


def _store(
    session: Session, dataset: Dataset, origin: Origin, write: RecordWrite, entity: Entity, edits: Sequence[_Edit]
) -> tuple[Move, ...]:
    """Writes the new version, its history entry, the heads and the conflicts."""
    changes = [change for edit in edits for change in _changes(entity, edit)]
    values = dict(entity.values)
    for edit in edits:
        values |= edit.after.shown_value()
    entity.version += 1
    entity.values = values
    entity.shown = entity.shown | {edit.name: edit.after.shown for edit in edits if edit.after.shown}
    entity.label = values.get(dataset.label_property) or write.label or entity.label
    entity.geom = geometry_of(dataset, values)
    entity.updated_at = now()
    entity.updated_by = origin.person_id
    entity.contested = _contested(dataset, entity, edits)
    session.flush()
    session.add(_history(origin, write, entity, changes))
    still_open = _open_conflicts(session, entity.id)
    for edit in edits:
        _store_heads(session, entity.id, origin, edit)
        _settle(session, dataset, entity.id, edit, still_open.get(edit.name))
    session.flush()
    return _moved(session, dataset, entity)


def _changes(entity: Entity, edit: _Edit) -> list[dict[str, Any]]:
    """What the op wrote, property by property; `shown` is false while another head stands in front."""
    shown = edit.after.shown_value()
    return [
        {"property": name, "from": entity.values.get(name), "to": value, "shown": shown.get(name) == value}
        for name, value in edit.write.value.items()
        if value != entity.values.get(name) or shown.get(name) != value
    ]


def _contested(dataset: Dataset, entity: Entity, edits: Sequence[_Edit]) -> list[str]:
    contested = set(entity.contested)
    for edit in edits:
        names = set(members(dataset, edit.name))
        contested = contested | names if edit.after.contested() else contested - names
    return sorted(contested)


def _history(origin: Origin, write: RecordWrite, entity: Entity, changes: list[dict[str, Any]]) -> EntityVersion:
    return EntityVersion(
        entity_id=entity.id, version=entity.version, op_id=origin.op_id, instance_id=origin.instance_id,
        person_id=origin.person_id, base_version=write.base_version, at=entity.updated_at, changes=changes,
        label=entity.label, values=entity.values,
    )


def _store_heads(session: Session, entity_id: str, origin: Origin, edit: _Edit) -> None:
    before = {write.op_id: write for write in edit.before.writes}
    for write in edit.after.writes:
        if write.op_id not in before:
            session.add(_head_row(entity_id, origin, edit.name, write))
        elif write.closed_by != before[write.op_id].closed_by:
            row = session.get_one(Head, (entity_id, edit.name, write.op_id))
            row.closed_by = write.closed_by


def _head_row(entity_id: str, origin: Origin, name: str, write: merge.Write) -> Head:
    return Head(
        entity_id=entity_id, key=name, op_id=write.op_id, value=dict(write.value), version=write.version,
        base_version=write.base_version, saw=dict(write.saw) if write.saw is not None else None,
        lineage=write.lineage, seq=write.seq, corrects=write.corrects, person_id=origin.person_id,
        instance_id=origin.instance_id, closed_by=write.closed_by,
    )


def _open_conflicts(session: Session, entity_id: str) -> dict[str, Conflict]:
    """By key."""
    rows = session.scalars(select(Conflict).where(Conflict.entity_id == entity_id, Conflict.state == "open"))
    return {row.key: row for row in rows}


def _settle(session: Session, dataset: Dataset, entity_id: str, edit: _Edit, is_open: Conflict | None) -> None:
    """Opens the key's conflict when it has several values, closes it when one is left."""
    if not edit.before.contested() and not edit.after.contested():
        return
    if edit.after.contested() and is_open is None:
        properties = list(members(dataset, edit.name))
        session.add(Conflict(id=str(uuid.uuid4()), entity_id=entity_id, key=edit.name, properties=properties))
    elif is_open is not None and not edit.after.contested():
        is_open.state, is_open.closed_at = "resolved", now()


def _moved(session: Session, dataset: Dataset, entity: Entity) -> tuple[Move, ...]:
    """Takes a household with everything below it to the region that its values now name."""
    wanted = wanted_region(session, dataset, entity.values)
    if wanted is None or wanted == entity.region_code:
        return ()
    moves = []
    for record in with_children(session, entity.root_id):
        moves.append(Move(record.dataset, record.id, record.root_id, record.region_code))
        record.region_code = wanted
    session.flush()
    return tuple(moves)


def _outcome(
    session: Session, entity: Entity, edits: Sequence[_Edit], written: bool, moves: tuple[Move, ...],
    differs: tuple[str, ...],
) -> Outcome:
    conflicts = open_conflicts(session, entity)
    return Outcome(
        dataset=entity.dataset, id=entity.id, root_id=entity.root_id, region=entity.region_code,
        version=entity.version, written=written, contested=any(edit.after.contested() for edit in edits),
        conflicts=tuple(conflicts), differs=differs, moves=moves,
    )


def open_conflicts(session: Session, entity: Entity) -> list[str]:
    """Ids of the record's open conflicts."""
    if not entity.contested:
        return []
    is_open = (Conflict.entity_id == entity.id, Conflict.state == "open")
    return list(session.scalars(select(Conflict.id).where(*is_open).order_by(Conflict.id)))
