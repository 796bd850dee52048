"""Possible duplicates: two records that look like one thing registered twice are a conflict, never merged by itself.

The conflict is kept with the record whose id comes first; its key names the other. It lists both records with those who
made them. It closes when a person says whether they are the same, when one is archived, or when they no longer look
alike. Once a person has decided about two records, they are never asked about again.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence

from sqlalchemy import ColumnElement, String, cast, or_, select
from sqlalchemy.orm import Session

from server import db
from server.forms.dataset import Dataset
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync.conflicts import close
from server.sync.desk import carry_off
from server.sync.likeness import compared, look_alike
from server.sync.merge_state import STATE
from server.sync.record import Edit, Move, Origin, key_of

SAME = "@same"
Values = dict[str, set[str | None]]


def pair_key(other_id: str) -> str:
    """The key of the conflict about a record and this other one."""
    return f"{SAME}:{other_id}"


def pair_of(conflict: Conflict) -> tuple[str, str] | None:
    """Both records of a possible duplicate; None of any other conflict."""
    kind, _, other = conflict.key.partition(":")
    return (conflict.entity_id, other) if kind == SAME else None


def settle_alike(
    session: Session, dataset: Dataset, origin: Origin, entity: Entity, edits: Sequence[Edit], moves: Sequence[Move]
) -> tuple[list[Conflict], list[Entity]]:
    """Brings the possible duplicates of a record in line; answers the conflicts that changed and the other records."""
    if dataset.alike is None or not _matters(dataset, entity, edits, moves):
        return [], []
    db.lock(session, {entity.parent_id or f"alike:{entity.region_code}"})
    carry_off(session)
    rows = pairs_of(session, entity.id)
    asked = {next(id for id in (pair_of(row) or ()) if id != entity.id): row for row in rows}
    alike = {other.id: other for other in _alike(session, dataset, entity)} if entity.state != "archived" else {}
    decided = {other for other, row in asked.items() if row.id == origin.decides}
    changed = [row for other, row in asked.items() if row.state == "open" and (other not in alike or other in decided)]
    for row in changed:
        close(row, origin)
    changed += _opened(session, entity, [one for id, one in alike.items() if id not in asked])
    changed += [_again(row) for other, row in asked.items() if other in alike and _may_ask_again(row)]
    session.flush()
    others = {next(id for id in (pair_of(row) or ()) if id != entity.id) for row in changed}
    beside = list(session.scalars(select(Entity).where(Entity.id.in_(others)).order_by(Entity.id)))
    for record in (entity, *beside):
        _mark(session, record)
    return changed, beside


def _matters(dataset: Dataset, entity: Entity, edits: Sequence[Edit], moves: Sequence[Move]) -> bool:
    """Whether what the op wrote can make or end a likeness."""
    names = {key_of(dataset, name) for name in compared(dataset.alike)} | {STATE} if dataset.alike else set()
    return entity.version == 1 or bool(moves) or any(edit.name in names for edit in edits) or SAME in entity.contested


def pairs_of(session: Session, entity_id: str) -> list[Conflict]:
    """All conflicts, open or not, about this record and one that looks like it."""
    carry = or_(
        Conflict.key == pair_key(entity_id),
        (Conflict.entity_id == entity_id) & Conflict.key.startswith(f"{SAME}:", autoescape=True),
    )
    return list(session.scalars(select(Conflict).where(carry).order_by(Conflict.opened_at, Conflict.id)))


def _alike(session: Session, dataset: Dataset, entity: Entity) -> list[Entity]:
    """The other active records of the place that look like this one and were made by another op."""
    mine = _open_values(session, dataset, [entity.id])[entity.id]
    names = {name for name in mine[dataset.label_property] if name} | {entity.label}
    # A record with one name is found by its label; one whose name people differ about is looked at more closely.
    found = session.scalars(
        select(Entity).where(
            Entity.dataset == dataset.name,
            Entity.id != entity.id,
            Entity.state == "active",
            _in_one_place(entity),
            or_(Entity.label.in_(names), cast(Entity.contested, String) != "[]"),
        )
    ).all()
    values = _open_values(session, dataset, [one.id for one in found])
    makers = makers_of(session, [entity.id, *(one.id for one in found)])
    return [
        one
        for one in found
        if look_alike(dataset, mine, values[one.id]) and makers.get(one.id) != makers.get(entity.id)
    ]


def _in_one_place(entity: Entity) -> ColumnElement[bool]:
    if entity.parent_id is not None:
        return Entity.parent_id == entity.parent_id
    return (Entity.region_code == entity.region_code) & Entity.parent_id.is_(None)


def _open_values(session: Session, dataset: Dataset, ids: Sequence[str]) -> dict[str, Values]:
    """What the heads of each record say of the properties that are compared."""
    found: dict[str, Values] = defaultdict(lambda: defaultdict(set))
    wanted = compared(dataset.alike) if dataset.alike else ()
    keys = {key_of(dataset, name) for name in wanted}
    standing = (Head.withdrawn_at.is_(None), Head.closed_by.is_(None), Head.key.in_(keys), Head.entity_id.in_(ids))
    for row in session.execute(select(Head.entity_id, Head.value).where(*standing)):
        for name, text in row.value.items():
            if name in wanted:
                found[row.entity_id][name].add(text)
    return found


def makers_of(session: Session, ids: Sequence[str]) -> Mapping[str, str]:
    """The op that made each record."""
    first = select(EntityVersion.entity_id, EntityVersion.op_id).where(
        EntityVersion.entity_id.in_(ids), EntityVersion.version == 1
    )
    return {row.entity_id: row.op_id for row in session.execute(first)}


def _opened(session: Session, entity: Entity, others: Sequence[Entity]) -> list[Conflict]:
    made = []
    makers = makers_of(session, [entity.id, *(one.id for one in others)])
    for other in others:
        first, second = sorted((entity, other), key=lambda one: one.id)
        row = Conflict(
            id=str(uuid.uuid4()),
            entity_id=first.id,
            key=pair_key(second.id),
            properties=[SAME],
            state="open",
            op_ids=[makers[first.id], makers[second.id]],
        )
        session.add(row)
        made.append(row)
    return made


def _may_ask_again(row: Conflict) -> bool:
    """Closed because they no longer looked alike; no person has decided."""
    return row.state != "open" and (row.resolution or {}).get("how") != "chosen"


def _again(row: Conflict) -> Conflict:
    row.state, row.closed_at, row.resolution = "open", None, None
    return row


def _mark(session: Session, record: Entity) -> None:
    """Names in the record whether somebody is to look at a likeness."""
    is_open = any(row.state == "open" for row in pairs_of(session, record.id))
    marks = {*record.contested, SAME} if is_open else {*record.contested} - {SAME}
    if sorted(marks) != record.contested:
        record.contested = sorted(marks)
