"""What may look like a record: the records of its place that share a name, what is said of them, and who made them.

Read for one record, or ahead for a round of ops (kinds/reading_ahead.py); then it lies on the desk and follows what the
round writes. Whatever was not read ahead is asked of the database (alike.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, String, and_, cast, or_, select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync.likeness import compared
from server.sync.record import Edit, Origin, key_of
from server.sync.record_rows import RecordRow, find_records

SAME = "@same"
Values = dict[str, set[str | None]]


def pair_key(other_id: str) -> str:
    """The key of the conflict about a record and this other one."""
    return f"{SAME}:{other_id}"


def pair_of(conflict: Conflict) -> tuple[str, str] | None:
    """Both records of a possible duplicate; None of any other conflict."""
    kind, _, other = conflict.key.partition(":")
    return (conflict.entity_id, other) if kind == SAME else None


def other_of(conflict: Conflict, entity_id: str) -> str:
    """The other record of a possible duplicate."""
    return next(id for id in (pair_of(conflict) or ()) if id != entity_id)


def place_of(entity: RecordRow) -> str:
    """Where a record may have been registered twice, as a name to lock: the record above, or the region."""
    return entity.parent_id or f"alike:{entity.region_code}"


@dataclass
class Lookalikes:
    """`places` and `names` were asked for: whatever is called so there is among `records`. `values` are the open ones
    of what is compared, `makers` the ops that made the records, `pairs` the conflicts of the records that were asked
    about, also closed ones.
    """

    places: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    records: dict[str, RecordRow] = field(default_factory=dict)
    values: dict[str, Values] = field(default_factory=dict)
    makers: dict[str, str] = field(default_factory=dict)
    pairs: dict[str, list[Conflict]] = field(default_factory=dict)

    def follow(self, dataset: Dataset, origin: Origin, entity: RecordRow, edits: Sequence[Edit]) -> bool:
        """Takes over what an op wrote; whether all that may look like the record is known here."""
        if entity.version == 1:
            self.values[entity.id], self.makers[entity.id], self.pairs[entity.id] = {}, origin.op_id, []
        if entity.id not in self.pairs:
            return False
        self.records[entity.id] = entity
        for edit in edits:
            heads = [(edit.name, head.value) for head in edit.after.heads()]
            gone = {name: set[str | None]() for name in _of_key(dataset, edit.name)}
            self.values[entity.id] = {**self.values[entity.id], **gone, **open_values(dataset, heads)}
        names = names_of(dataset, entity, self.values[entity.id])
        return place_of(entity) in self.places and names <= self.names

    def note(self, conflict: Conflict) -> None:
        """One more pair."""
        for id in pair_of(conflict) or ():
            if id in self.pairs:
                self.pairs[id].append(conflict)

    def open_with(self, entity_id: str) -> set[str]:
        """The record and those of which it is asked whether they are the same; empty when nothing is."""
        rows = [row for row in self.pairs[entity_id] if row.state == "open"]
        return {id for row in rows for id in (pair_of(row) or ())}


def compared_keys(dataset: Dataset) -> frozenset[str]:
    """The keys of what is compared; found out once for each dataset."""
    keys: frozenset[str] | None = dataset.kept.get("compared")
    if keys is None:
        names = compared(dataset.alike) if dataset.alike else ()
        keys = dataset.kept["compared"] = frozenset(key_of(dataset, name) for name in names)
    return keys


def _of_key(dataset: Dataset, key: str) -> list[str]:
    wanted = compared(dataset.alike) if dataset.alike else ()
    return [name for name in wanted if key_of(dataset, name) == key]


def open_values(dataset: Dataset, heads: Iterable[tuple[str, Mapping[str, str | None]]]) -> Values:
    """What heads (key, value) say of the properties that are compared."""
    found: Values = {}
    for key, value in heads:
        for name in _of_key(dataset, key):
            if name in value:
                found.setdefault(name, set()).add(value[name])
    return found


def names_of(dataset: Dataset, entity: RecordRow, values: Values) -> set[str]:
    return {name for name in values.get(dataset.label_property, ()) if name} | {entity.label}


def read_lookalikes(session: Session, dataset: Dataset, entity: RecordRow) -> Lookalikes:
    """What may look like one record, as it is stored."""
    values = read_values(session, dataset, [entity.id])[entity.id]
    near = Lookalikes({place_of(entity)}, names_of(dataset, entity, values), {entity.id: entity}, {entity.id: values})
    near.pairs[entity.id] = pairs_of(session, [entity.id])[entity.id]
    read_others(session, [dataset], near)
    return near


def read_others(session: Session, datasets: Sequence[Dataset], near: Lookalikes) -> None:
    """Reads the records of these places and names, and who made them and the records asked about."""
    for dataset in datasets:
        found = find_records(session, *_others(dataset, near))
        others = {one.id: one for one in found if one.id not in near.records}
        near.records |= others
        near.values |= read_values(session, dataset, others)
    near.makers |= makers_of(session, near.records)


def _others(dataset: Dataset, near: Lookalikes) -> tuple[ColumnElement[bool], ...]:
    # A record with one name is found by its label; one whose name people differ about is looked at more closely.
    differ = cast(Entity.contested, String).contains(f'"{dataset.label_property}"', autoescape=True)
    return (
        Entity.dataset == dataset.name,
        Entity.state == "active",
        _in_places(dataset, near.places),
        or_(Entity.label.in_(near.names), differ),
    )


def _in_places(dataset: Dataset, places: Collection[str]) -> ColumnElement[bool]:
    if dataset.parent is not None:
        return Entity.parent_id.in_(places)
    regions = [place.removeprefix("alike:") for place in places]
    return and_(Entity.region_code.in_(regions), Entity.parent_id.is_(None))


def read_values(session: Session, dataset: Dataset, ids: Collection[str]) -> dict[str, Values]:
    """What the heads of each record say of the properties that are compared."""
    keys = compared_keys(dataset)
    standing = (Head.withdrawn_at.is_(None), Head.closed_by.is_(None), Head.key.in_(keys))
    columns = select(Head.entity_id, Head.key, Head.value).where(Head.entity_id.in_(list(ids)), *standing)
    heads: dict[str, list[tuple[str, Any]]] = defaultdict(list)
    for row in session.execute(columns) if ids else ():
        heads[row.entity_id].append((row.key, row.value))
    return {id: open_values(dataset, heads[id]) for id in ids}


def makers_of(session: Session, ids: Collection[str]) -> dict[str, str]:
    """The op that made each record."""
    first = select(EntityVersion.entity_id, EntityVersion.op_id).where(
        EntityVersion.entity_id.in_(list(ids)), EntityVersion.version == 1
    )
    return {row.entity_id: row.op_id for row in session.execute(first)} if ids else {}


def pairs_about(ids: Collection[str]) -> ColumnElement[bool]:
    """Conflicts about one of these records and one that looks like it."""
    first = Conflict.entity_id.in_(ids) & Conflict.key.startswith(f"{SAME}:", autoescape=True)
    return or_(Conflict.key.in_([pair_key(id) for id in ids]), first)


def pairs_of(session: Session, ids: Collection[str]) -> dict[str, list[Conflict]]:
    """All conflicts, open or not, about each of these records and one that looks like it."""
    found: dict[str, list[Conflict]] = {id: [] for id in ids}
    by_age = select(Conflict).where(pairs_about(ids)).order_by(Conflict.opened_at, Conflict.id)
    for row in session.scalars(by_age) if ids else ():
        for id in pair_of(row) or ():
            if id in found:
                found[id].append(row)
    return found
