"""Records that nobody knows yet, many at once: the same rows as apply.py makes one by one, in a few statements.

For registers of a hundred thousand households. The caller has locked the names, knows that none of the records exists,
and lets those that look like another one (`lookalikes`) go the usual way.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import String, Table, cast, insert, or_, select
from sqlalchemy.orm import Session

from server.db import now
from server.forms.dataset import Dataset
from server.registry.tables import Entity, EntityVersion, Head
from server.sync import merge
from server.sync.heads import empty_key, head_row
from server.sync.place import geometry_of
from server.sync.record import Origin, Outcome, RecordWrite, key_of, members
from server.sync.store import LABEL_LENGTH
from server.sync.vocabulary import vocabulary

Row = dict[str, Any]


@dataclass(frozen=True)
class FirstWrite:
    """A record that is to be made. `region` and `root`: where it will belong (its household's, or its own)."""

    dataset: Dataset
    origin: Origin
    write: RecordWrite
    region: str
    root: str


def write_first(session: Session, firsts: Sequence[FirstWrite]) -> list[Outcome]:
    """Makes the records, parents before what lies below them."""
    entities: list[Row] = []
    versions: list[Row] = []
    heads: list[Row] = []
    for first in firsts:
        entity, version, own = _rows(first)
        entities.append(entity)
        versions.append(version)
        heads += own
    session.flush()
    for table, rows in ((Entity, entities), (EntityVersion, versions), (Head, heads)):
        if rows:
            session.connection().execute(insert(_table(table)), rows)
    return [_outcome(first) for first in firsts]


def _table(mapped: type[Any]) -> Table:
    table: Table = mapped.__table__
    return table


def _rows(first: FirstWrite) -> tuple[Row, Row, list[Row]]:
    """The rows of Entity, EntityVersion and Head."""
    dataset, origin, write = first.dataset, first.origin, first.write
    keys = _keys(first)
    values = {name: text for key in keys.values() for name, text in key.shown_value().items()}
    label = (values.get(dataset.label_property) or write.label or "")[:LABEL_LENGTH]
    moment = now()
    entity: Row = {
        "id": write.id,
        "dataset": dataset.name,
        "region_code": first.region,
        "root_id": first.root,
        "parent_id": write.parent,
        "label": label,
        "version": 1,
        "state": "active",
        "data": values,
        "contested": [],
        "shown": dict.fromkeys(keys, origin.op_id),
        "vocabulary": vocabulary(dataset.name).size,
        "geom": geometry_of(dataset, values),
        "created_at": moment,
        "updated_at": moment,
        "updated_by": origin.person_id,
    }
    version = {
        "entity_id": write.id,
        "version": 1,
        "op_id": origin.op_id,
        "instance_id": origin.instance_id,
        "person_id": origin.person_id,
        "base_version": write.base_version,
        "at": moment,
        "changes": [
            {"property": name, "from": None, "to": text, "shown": True}
            for name, text in values.items()
            if text is not None
        ],
        "label": label,
        "data": values,
    }
    heads = [
        head_row(write.id, origin.person_id, origin.instance_id, name, key.writes[0]) for name, key in keys.items()
    ]
    return entity, version, heads


def _keys(first: FirstWrite) -> dict[str, merge.Key]:
    """What the write makes of each key that it says anything of."""
    dataset, origin, write = first.dataset, first.origin, first.write
    found: dict[str, merge.Key] = {}
    for name in dict.fromkeys(key_of(dataset, prop) for prop, text in write.values.items() if text is not None):
        made = merge.Write(
            op_id=origin.op_id,
            value={prop: write.values.get(prop) for prop in members(dataset, name)},
            version=1,
            base_version=write.base_version,
            saw=None,
            lineage=origin.lineage,
            seq=origin.seq,
            rank=origin.rank,
            observed=origin.observed,
        )
        # As merge.add would: the one value that was ever written is what is shown.
        found[name] = replace(empty_key(dataset, name), writes=(made,), shown=made.op_id)
    return found


def _outcome(first: FirstWrite) -> Outcome:
    return Outcome(first.dataset.name, first.write.id, first.root, first.region, version=1, written=True)


def lookalikes(session: Session, firsts: Sequence[FirstWrite]) -> Collection[str]:
    """Ids of new records that may look like another one: somebody there, or among them, has the same name in one place.

    More than really do (alike.py says), never fewer. For records without one above them.
    """
    watched = [first for first in firsts if first.dataset.alike is not None]
    if not watched:
        return ()
    names = {first.write.id: (first.region, _name(first)) for first in watched}
    places = {first.region for first in watched}
    rows = session.execute(
        select(Entity.region_code, Entity.label, cast(Entity.contested, String) != "[]").where(
            Entity.dataset.in_({first.dataset.name for first in watched}),
            Entity.region_code.in_(places),
            Entity.state == "active",
            or_(Entity.label.in_({name for _, name in names.values()}), cast(Entity.contested, String) != "[]"),
        )
    )
    there: set[tuple[str, str]] = set()
    unsure: set[str] = set()
    for region, label, is_contested in rows:
        there.add((region, label))
        unsure |= {region} if is_contested else set()
    seen: set[tuple[str, str]] = set()
    found: set[str] = set()
    for id, place in names.items():
        if place in there or place in seen or place[0] in unsure:
            found.add(id)
        seen.add(place)
    return found


def _name(first: FirstWrite) -> str:
    return (first.write.values.get(first.dataset.label_property) or first.write.label or "")[:LABEL_LENGTH]
