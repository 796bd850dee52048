"""Writes one new version of a record: its values, its history entry, its heads, its conflicts, its place.

Called inside a writing transaction with the record's name locked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import lock, now
from server.forms.dataset import Dataset
from server.registry.tables import Entity, EntityVersion
from server.sync.alike import settle_alike
from server.sync.broken_rules import settle_rules
from server.sync.conflicts import open_conflicts, settle
from server.sync.desk import lay
from server.sync.heads import store_heads
from server.sync.merge_policy import Value
from server.sync.place import geometry_of, stands_elsewhere, wanted_region, with_children
from server.sync.record import Edit, Move, Origin, Outcome, RecordWrite, members
from server.sync.record_rows import RecordRow, change, record_of
from server.sync.state import state_now

LABEL_LENGTH = 300  # of the column; the value itself is kept whole


@dataclass(frozen=True)
class Stored:
    """What else a new version brought about: records that left a region, conflicts that changed, and the other records
    of possible duplicates. `asks`: a person is asked about the record as a whole (a rule, a likeness).
    """

    moves: tuple[Move, ...]
    conflicts: tuple[str, ...]
    beside: tuple[RecordRow, ...] = ()
    asks: bool = False


def store(
    session: Session,
    dataset: Dataset,
    origin: Origin,
    write: RecordWrite,
    entity: RecordRow,
    edits: Sequence[Edit],
    derived: Value | None = None,
) -> Stored:
    """Writes the new version, its history entry, the heads and the conflicts. `derived`: values that nobody wrote."""
    before = entity.values
    values = {**before, **(derived or {})}
    changes = []
    for edit in edits:
        shown = _shown(dataset, edit)
        changes += _changes(before, edit, shown)
        values |= shown
    changes += [_change(before, name, text) for name, text in (derived or {}).items()]
    change(
        session,
        entity,
        version=entity.version + 1,
        values=values,
        shown={**entity.shown, **{edit.name: edit.after.shown for edit in edits if edit.after.shown}},
        label=(values.get(dataset.label_property) or write.label or entity.label)[:LABEL_LENGTH],
        contested=_contested(dataset, entity.contested, edits),
        updated_at=now(),
        updated_by=origin.person_id,
    )
    if entity.geom is None or stands_elsewhere(dataset, before, values):
        change(session, entity, geom=geometry_of(dataset, values))
    lay(session, EntityVersion, _history(origin, write, entity, changes))
    for edit in edits:
        store_heads(session, entity.id, origin, edit)
    conflicts = settle(session, dataset, entity.id, origin, edits)
    change(session, entity, state=state_now(session, entity, edits))
    moves = (*_joined(session, dataset, entity), *_moved(session, dataset, entity))
    mixed = settle_rules(session, dataset, origin, entity, write)
    alike, beside = settle_alike(session, dataset, origin, entity, edits, moves)
    more = (*mixed, *alike)
    asks = any(row.state == "open" for row in more)
    return Stored(moves, (*conflicts, *(row.id for row in more)), tuple(beside), asks)


def _shown(dataset: Dataset, edit: Edit) -> Value:
    """What is shown after the op; a key whose every value was taken back is empty."""
    return edit.after.shown_value() or dict.fromkeys(members(dataset, edit.name))


def _changes(before: Value, edit: Edit, shown: Value) -> list[dict[str, Any]]:
    """What the op wrote, property by property; `shown` is false while another head stands in front."""
    wrote = edit.write.value if edit.write else shown
    return [
        {"property": name, "from": before.get(name), "to": value, "shown": shown.get(name) == value}
        for name, value in wrote.items()
        if value != before.get(name) or shown.get(name) != value
    ]


def _change(before: Value, name: str, text: str | None) -> dict[str, Any]:
    return {"property": name, "from": before.get(name), "to": text, "shown": True}


def _contested(dataset: Dataset, before: Sequence[str], edits: Sequence[Edit]) -> list[str]:
    contested = set(before)
    for edit in edits:
        if edit.after.contested():
            contested.update(members(dataset, edit.name))
        elif contested:
            contested.difference_update(members(dataset, edit.name))
    return sorted(contested)


def _history(origin: Origin, write: RecordWrite, entity: RecordRow, changes: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "entity_id": entity.id,
        "version": entity.version,
        "op_id": origin.op_id,
        "instance_id": origin.instance_id,
        "person_id": origin.person_id,
        "base_version": write.base_version,
        "at": entity.updated_at,
        "changes": changes,
        "label": entity.label,
        "data": entity.values,
    }


def _joined(session: Session, dataset: Dataset, entity: RecordRow) -> tuple[Move, ...]:
    """Takes a member to the household that its values now name: a marriage, a split, a correction."""
    wanted = entity.values.get(dataset.parent.property) if dataset.parent else None
    if dataset.parent is None or wanted is None or wanted == entity.parent_id:
        return ()
    above = record_of(session, wanted)
    if above is None or above.dataset != dataset.parent.dataset:
        return ()
    move = Move(entity.dataset, entity.id, entity.root_id, entity.region_code)
    change(session, entity, parent_id=above.id, root_id=above.root_id, region_code=above.region_code)
    return (move,)


def _moved(session: Session, dataset: Dataset, entity: RecordRow) -> tuple[Move, ...]:
    """Takes a household with everything below it to the region that its values now name."""
    if dataset.region_source is None or entity.values.get(dataset.region_source) == entity.region_code:
        return ()
    wanted = wanted_region(session, dataset, entity.values)
    if wanted is None or wanted == entity.region_code:
        return ()
    # Whoever decides about a child just now, and knows it alone, would tell the old region of it after we have left.
    lock(session, set(session.scalars(select(Entity.id).where(Entity.root_id == entity.root_id))))
    moves = []
    for record in with_children(session, entity.root_id):
        moves.append(Move(record.dataset, record.id, record.root_id, record.region_code))
        change(session, record, region_code=wanted)
    return tuple(moves)


def outcome_of(
    session: Session, entity: RecordRow, edits: Sequence[Edit], stored: Stored | None, differs: tuple[str, ...] = ()
) -> Outcome:
    """What became of the record; `stored` is None when the op changed nothing."""
    op_id = next((edit.write.op_id for edit in edits if edit.write), None)
    return Outcome(
        dataset=entity.dataset,
        id=entity.id,
        root_id=entity.root_id,
        region=entity.region_code,
        version=entity.version,
        written=stored is not None,
        contested=any(edit.after.contested() for edit in edits) or bool(stored and stored.asks),
        settled=any(edit.after.settled() or _decided_before(edit, op_id) for edit in edits),
        conflicts=tuple(open_conflicts(session, entity)),
        differs=differs,
        moves=stored.moves if stored else (),
        news=stored.conflicts if stored else (),
        beside=tuple((one.id, one.root_id, one.region_code) for one in stored.beside) if stored else (),
    )


def _decided_before(edit: Edit, op_id: str | None) -> bool:
    """Whether a person has decided already about the value that the op wrote, which its author did not know. Of the
    state: about the change of a record that was archived, or kept, before its author heard of it.
    """
    mine = edit.after.of(op_id) if op_id else None
    if mine is None or mine in edit.after.heads():
        return False
    over = edit.after.of(mine.closed_by) if mine.closed_by else None
    return over is not None and bool(over.resolves) and over.value != mine.value
