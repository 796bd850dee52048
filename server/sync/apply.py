"""Applies what one op writes to the registry: one version and one history entry for each record that it changes.

Called inside a writing transaction with the records' names locked. Scope was judged before; here nothing is refused.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.db import now
from server.forms.canonical import canonical
from server.forms.dataset import Dataset
from server.sync import merge
from server.sync.desk import is_desk_open, open_desk, versions_at
from server.sync.grounds import SETTLED
from server.sync.heads import Keys, empty_key, keys_of
from server.sync.merge_policy import Value
from server.sync.merge_state import STATE, state_value
from server.sync.migrate_records import migrate_record
from server.sync.place import wanted_region
from server.sync.record import Edit, Origin, Outcome, RecordWrite, key_of, members
from server.sync.record_rows import RecordRow, make_record, record_of
from server.sync.state import with_state
from server.sync.store import outcome_of, store
from server.sync.tables import OpLog
from server.sync.vocabulary import vocabulary


def apply_write(
    session: Session, dataset: Dataset, origin: Origin, write: RecordWrite, known: RecordRow | None = None
) -> Outcome:
    """The record after this write; one that does not exist yet is made. `known`: the record, for who has read it."""
    if not is_desk_open(session):
        with open_desk(session):
            return apply_write(session, dataset, origin, write)
    entity = known or record_of(session, write.id)
    if entity is not None:
        migrate_record(session, entity)
    at_base = _at_base(session, entity, write)
    said = _sent(dataset, write, at_base)
    keys = _keys(session, dataset, entity, write, said)
    others = _without(keys, write)
    seen = _seen(dataset, origin, write, keys, at_base)
    sent = said if seen.overlaid is at_base else _sent(dataset, write, seen.overlaid)
    edits = [
        _edit(dataset, origin, write, name, keys, others, part, seen, entity)
        for name, part in sent.items()
        if merge.touched(part, seen.overlaid)
        or (write.stead and name in write.stead.keys)
        or (merge.changed_back(part) and _is_ahead(session, origin))
    ]
    if others is not keys:
        unsaid = {name: key for name, key in others.items() if name not in sent and key != keys[name]}
        edits += [Edit(name, keys[name], key, None) for name, key in unsaid.items()]
    edits = with_state(session, entity, keys, edits)
    differs = tuple(name for name, part in sent.items() if merge.base_differs(part, seen.overlaid))
    if entity is not None and not edits:
        return outcome_of(session, entity, (), None, differs)
    entity = entity or _create(session, dataset, origin, write)
    stored = store(session, dataset, origin, write, entity, edits)
    return outcome_of(session, entity, edits, stored, differs)


def _is_ahead(session: Session, origin: Origin) -> bool:
    """Whether an earlier op of the install has not come, or waits: then this one builds on what we do not know yet."""
    if origin.seq is None:
        return False
    earlier = (OpLog.install_id == origin.lineage, OpLog.seq < origin.seq, OpLog.status.in_(SETTLED))
    return (session.scalar(select(func.count(OpLog.op_id)).where(*earlier)) or 0) < origin.seq - 1


def _without(keys: Mapping[str, merge.Key], write: RecordWrite) -> Mapping[str, merge.Key]:
    """The keys as they were without the op that a correction replaces."""
    stead = write.stead
    return {name: merge.withdraw(key, {stead.op_id}) for name, key in keys.items()} if stead else keys


@dataclass(frozen=True)
class _Seen:
    """What the author saw of the record: at the base version, and with the author's own later writes over it."""

    at_base: Value
    overlaid: Value


def _sent(dataset: Dataset, write: RecordWrite, seen: Value) -> dict[str, merge.Sent]:
    """What was sent, by key. A form sends all that it shows: keys of which it says only what its author saw, with the
    same base or none, are left out, unless they are in the place of an earlier op.
    """
    base = {name: _canonical(dataset, name, text) for name, text in write.base.items() if name in write.values}
    sent = merge.Sent(write.values, base)
    names = sent.values if write.stead else merge.odd(sent, seen)
    return {key: sent.part(members(dataset, key)) for key in dict.fromkeys([key_of(dataset, name) for name in names])}


def _canonical(dataset: Dataset, name: str, value: object) -> str | None:
    prop = dataset.properties.get(name)
    return canonical(value, prop.type if prop else "text")


def _at_base(session: Session, entity: RecordRow | None, write: RecordWrite) -> Value:
    values = _values_at(session, entity, write.base_version)
    return {**values, **state_value(values.get(STATE))} if STATE in write.values else values


def _keys(
    session: Session, dataset: Dataset, entity: RecordRow | None, write: RecordWrite, said: Collection[str]
) -> Keys:
    """The record's keys; where its author saw it as it is now, and nobody speaks of its state, those he speaks of."""
    is_newest = entity is not None and write.base_version == entity.version
    if is_newest and not write.stead and STATE not in write.values:
        few = keys_of(session, dataset, entity, {STATE, *said})
        if STATE not in few:
            return few
    return keys_of(session, dataset, entity)


def _seen(dataset: Dataset, origin: Origin, write: RecordWrite, keys: Keys, at_base: Value) -> _Seen:
    """What was taken back since was on the author's screen all the same."""
    lineage, seq = _line(origin, write)
    overlaid = at_base
    for name, rows in keys.written_since(write.base_version, lineage).items():
        value = _of_key(dataset, name, at_base)
        overlaid = {**overlaid, **merge.seen_value(value, write.base_version, lineage, seq, rows)}
    return _Seen(at_base, overlaid)


def _of_key(dataset: Dataset, name: str, values: Value) -> Value:
    return {prop: values.get(prop) for prop in members(dataset, name)}


def _line(origin: Origin, write: RecordWrite) -> tuple[str, int | None]:
    """The line of work in which the op stands for this record, and its number there."""
    if write.stead:
        return write.stead.lineage, write.stead.seq
    return write.branch or (origin.lineage, origin.seq)


def _values_at(session: Session, entity: RecordRow | None, version: int) -> Mapping[str, str | None]:
    """All values as shown at a version; nothing at version 0."""
    if entity is None or version == 0:
        return {}
    if version == entity.version:
        return entity.values
    values: Mapping[str, str | None] = versions_at(session, [(entity.id, version)])[entity.id, version].values
    return values


def _edit(
    dataset: Dataset,
    origin: Origin,
    write: RecordWrite,
    name: str,
    keys: Mapping[str, merge.Key],
    others: Mapping[str, merge.Key],
    part: merge.Sent,
    seen: _Seen,
    entity: RecordRow | None,
) -> Edit:
    lineage, seq = _line(origin, write)
    names = members(dataset, name)
    made = merge.Write(
        op_id=origin.op_id,
        value=merge.written_value(part, seen.overlaid, names),
        version=write.stead.version if write.stead else (entity.version if entity else 0) + 1,
        base_version=write.base_version,
        saw={prop: seen.at_base.get(prop) for prop in names} if write.base_version else None,
        lineage=lineage,
        seq=seq,
        corrects=origin.corrects,
        rank=origin.rank,
        observed=origin.observed,
    )
    before = keys[name] if name in keys else empty_key(dataset, name)
    rest = before if others is keys else others.get(name, before)
    return Edit(name, before, merge.add(rest, made), made)


def _create(session: Session, dataset: Dataset, origin: Origin, write: RecordWrite) -> RecordRow:
    parent = record_of(session, write.parent) if write.parent else None
    region = parent.region_code if parent else wanted_region(session, dataset, write.values) or write.region
    if region is None:
        raise ValueError("a new record needs a region: judge it before")
    row = RecordRow(
        id=write.id,
        dataset=dataset.name,
        region_code=region,
        root_id=parent.root_id if parent else write.id,
        parent_id=parent.id if parent else None,
        label="",  # store() names it
        version=0,
        state="active",
        values={},
        contested=[],
        shown={},
        vocabulary=vocabulary(dataset.name).size,
        geom=None,
        updated_at=now(),
        updated_by=origin.person_id,
    )
    return make_record(session, row)
