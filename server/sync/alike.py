"""Possible duplicates: two records that look like one thing registered twice are a conflict, never merged by itself.

The conflict is kept with the record whose id comes first; its key names the other. It lists both records with those who
made them. It closes when a person says whether they are the same, when one is archived, or when they no longer look
alike. Once a person has decided about two records, they are never asked about again.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.forms.dataset import Dataset
from server.registry.tables import Conflict
from server.sync.conflicts import close
from server.sync.desk import carry_off, forget_lookalikes, lookalikes
from server.sync.likeness import look_alike
from server.sync.lookalikes import (
    SAME,
    Lookalikes,
    compared_keys,
    other_of,
    pair_key,
    pair_of,
    pairs_about,
    place_of,
    read_lookalikes,
)
from server.sync.merge_state import STATE
from server.sync.record import Edit, Move, Origin
from server.sync.record_rows import RecordRow, change, records_by_id

MOST_ALIKE = 20  # others that one record is compared with by people at a time


def settle_alike(
    session: Session, dataset: Dataset, origin: Origin, entity: RecordRow, edits: Sequence[Edit], moves: Sequence[Move]
) -> tuple[list[Conflict], list[RecordRow]]:
    """Brings the possible duplicates of a record in line; answers the conflicts that changed and the other records."""
    if dataset.alike is None or not _matters(dataset, entity, edits, moves):
        return [], []
    near = _near(session, dataset, origin, entity, edits)
    asked = {other_of(row, entity.id): row for row in near.pairs[entity.id]}
    alike = _alike(dataset, entity, near) if entity.state != "archived" else {}
    decided = {other for other, row in asked.items() if row.id == origin.decides}
    changed = [row for other, row in asked.items() if row.state == "open" and (other not in alike or other in decided)]
    for row in changed:
        close(row, origin)
    changed += _opened(session, near, entity, _unasked(alike, asked))
    changed += [_again(row) for other, row in asked.items() if other in alike and _may_ask_again(row)]
    beside = _records(session, near, {other_of(row, entity.id) for row in changed})
    _mark(session, near, entity, beside)
    return changed, beside


def _near(session: Session, dataset: Dataset, origin: Origin, entity: RecordRow, edits: Sequence[Edit]) -> Lookalikes:
    """What may look like the record: as it was read ahead and written since, else as the database has it."""
    near = lookalikes(session)
    if near is not None and near.follow(dataset, origin, entity, edits):
        return near
    forget_lookalikes(session)
    db.lock(session, {place_of(entity)})
    carry_off(session)
    return read_lookalikes(session, dataset, entity)


def _matters(dataset: Dataset, entity: RecordRow, edits: Sequence[Edit], moves: Sequence[Move]) -> bool:
    """Whether what the op wrote can make or end a likeness."""
    if entity.version == 1 or moves or SAME in entity.contested:
        return True
    keys = compared_keys(dataset)
    return any(edit.name in keys or edit.name == STATE for edit in edits)


def _alike(dataset: Dataset, entity: RecordRow, near: Lookalikes) -> dict[str, RecordRow]:
    """The other active records of the place that look like this one and were made by another op."""
    mine, maker = near.values[entity.id], near.makers.get(entity.id)
    return {
        id: one
        for id, one in near.records.items()
        if id != entity.id
        and (one.dataset, one.state, place_of(one)) == (dataset.name, "active", place_of(entity))
        and near.makers.get(id) != maker
        and look_alike(dataset, mine, near.values[id])
    }


def _unasked(alike: Mapping[str, RecordRow], asked: Mapping[str, Conflict]) -> list[RecordRow]:
    """Those to ask about; no more than anybody would compare, for two ops of n like rows would ask n² questions."""
    room = MOST_ALIKE - sum(row.state == "open" for row in asked.values())
    return [alike[id] for id in sorted(alike.keys() - asked.keys())[: max(0, room)]]


def _opened(session: Session, near: Lookalikes, entity: RecordRow, others: Sequence[RecordRow]) -> list[Conflict]:
    if not others:
        return []
    session.flush()  # both records are there before what is said of them
    made = [_conflict(near.makers, *sorted((entity.id, other.id))) for other in others]
    session.add_all(made)
    for row in made:
        near.note(row)
    return made


def _conflict(makers: Mapping[str, str], first: str, second: str) -> Conflict:
    return Conflict(
        id=str(uuid.uuid4()),
        entity_id=first,
        key=pair_key(second),
        properties=[SAME],
        state="open",
        op_ids=[makers[first], makers[second]],
    )


def _may_ask_again(row: Conflict) -> bool:
    """Closed because they no longer looked alike; no person has decided."""
    return row.state != "open" and (row.resolution or {}).get("how") != "chosen"


def _again(row: Conflict) -> Conflict:
    row.state, row.closed_at, row.resolution = "open", None, None
    return row


def _records(session: Session, near: Lookalikes, ids: set[str]) -> list[RecordRow]:
    found = {id: near.records[id] for id in ids if id in near.records}
    found |= records_by_id(session, ids - found.keys())
    return [found[id] for id in sorted(found)]


def _mark(session: Session, near: Lookalikes, entity: RecordRow, beside: Sequence[RecordRow]) -> None:
    """Names in the records whether somebody is to look at a likeness."""
    is_open = near.open_with(entity.id)
    unsure = {one.id for one in beside} - is_open
    is_open |= _asked_about(session, unsure) if unsure else set()
    for record in (entity, *beside):
        marks = {*record.contested, SAME} if record.id in is_open else {*record.contested} - {SAME}
        change(session, record, contested=sorted(marks))


def _asked_about(session: Session, ids: set[str]) -> set[str]:
    """Those of the records of which an open conflict says that they look like another one."""
    session.flush()
    rows = session.scalars(select(Conflict).where(pairs_about(ids), Conflict.state == "open"))
    return ids & {id for row in rows for id in (pair_of(row) or ())}
