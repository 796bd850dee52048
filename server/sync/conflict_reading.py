"""Reads conflicts for whoever may see the record: both values with their authors, visits, places and photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.forms.dataset import Dataset
from server.geo.inside import inside_region
from server.geo.tables import Region
from server.registry.masking import CLEAR_ROLES, Sight, shown_label, shown_value, sight
from server.registry.paging import Rows, newest_first
from server.registry.reading import Datasets, Page
from server.registry.tables import Conflict, Entity, Head
from server.sync.authority import role_of
from server.sync.scope import visible_entities
from server.sync.tables import Attachment, Submission

STATES = ("open", "settled_by_rule", "resolved")
Wire = dict[str, Any]


@dataclass(frozen=True)
class ConflictFilter:
    """What a list is narrowed to; None is no limit."""

    entity: str | None = None
    region: str | None = None
    state: str | None = None


def list_conflicts(
    session: Session, actor: Actor, datasets: Datasets, wanted: ConflictFilter, limit: int, after: str | None
) -> Page | None:
    """Conflicts, newest first; None when `after` names none that the reader may see."""
    query = _query(actor).where(*_clauses(session, wanted))
    page = newest_first(session, query, _query(actor), Conflict.opened_at, Conflict.id, limit, after)
    return Page(_on_wire(session, datasets, page.rows), page.next) if page else None


def read_conflict(session: Session, actor: Actor, datasets: Datasets, conflict_id: str) -> Wire | None:
    """One conflict whole; None when it is not there for this reader."""
    rows = session.execute(_query(actor).where(Conflict.id == conflict_id)).all()
    return next(iter(_on_wire(session, datasets, rows)), None)


def conflict_entries(session: Session, actor: Actor, datasets: Datasets, ids: Sequence[str]) -> dict[str, Wire]:
    """What feeds tell of these conflicts, by id; those that the reader may not see (any more) are absent."""
    rows = session.execute(_query(actor).where(Conflict.id.in_(ids))).all()
    return {item["id"]: item for item in _on_wire(session, datasets, rows)}


def _query(actor: Actor) -> Rows:
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    joined = select(Conflict, Entity, clear).join(Entity, Entity.id == Conflict.entity_id)
    return joined.where(visible_entities(actor))


def _clauses(session: Session, wanted: ConflictFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.entity is not None:
        clauses.append(Entity.root_id == select(Entity.root_id).where(Entity.id == wanted.entity).scalar_subquery())
    if wanted.region is not None:
        inside = select(Region.code).where(inside_region(session, wanted.region))
        clauses.append(Entity.region_code.in_(inside))
    if wanted.state is not None:
        clauses.append(Conflict.state == wanted.state)
    return clauses


def _on_wire(session: Session, datasets: Datasets, rows: Sequence[Row[Any]]) -> list[Wire]:
    heads = _heads(session, [row.Conflict for row in rows])
    visits = _visits(session, [head for found in heads.values() for head in found])
    deciders = {(row.Conflict.resolution or {}).get("person_id") for row in rows}
    writers = {head.person_id for found in heads.values() for head in found}
    people = authors(session, deciders | writers)
    return [_conflict(row, datasets[row.Entity.dataset], heads[row.Conflict.id], visits, people) for row in rows]


def _heads(session: Session, conflicts: Sequence[Conflict]) -> dict[str, list[Head]]:
    """The written values that each conflict is about, oldest first: of an open one those that stand."""
    ops = {op_id for conflict in conflicts for op_id in conflict.op_ids}
    rows = session.scalars(select(Head).where(Head.op_id.in_(ops)).order_by(Head.version)).all()
    return {
        conflict.id: [
            head
            for head in rows
            if (head.entity_id, head.key) == (conflict.entity_id, conflict.key)
            and head.op_id in conflict.op_ids
            and (conflict.state != "open" or (head.closed_by is None and head.withdrawn_at is None))
        ]
        for conflict in conflicts
    }


def _visits(session: Session, heads: Sequence[Head]) -> dict[str, Wire]:
    """Visit, place and photos of each submission that wrote a head."""
    wanted = {head.instance_id for head in heads if head.instance_id}
    photos: dict[str, list[Wire]] = {}
    files = select(Attachment).where(Attachment.instance_id.in_(wanted), Attachment.blob.is_not(None))
    for file in session.scalars(files.order_by(Attachment.name)):
        photos.setdefault(file.instance_id, []).append({"id": file.id, "slot": file.slot, "name": file.name})
    return {
        row.instance_id: {
            "visit": {
                "started_at": row.started_at.isoformat() if row.started_at else None,
                "ended_at": row.ended_at.isoformat() if row.ended_at else None,
                "contact_mode": row.contact_mode,
            },
            "location": row.location,
            "photos": photos.get(row.instance_id, []),
        }
        for row in session.scalars(select(Submission).where(Submission.instance_id.in_(wanted)))
    }


def _conflict(
    row: Row[Any],
    dataset: Dataset,
    heads: Sequence[Head],
    visits: Mapping[str, Wire],
    people: Mapping[str, dict[str, str]],
) -> Wire:
    conflict: Conflict = row.Conflict
    entity: Entity = row.Entity
    seen = sight(bool(row.clear))
    shown = {name: entity.values.get(name) for name in conflict.properties}
    return {
        "id": conflict.id,
        "entity_id": entity.id,
        "dataset": entity.dataset,
        "label": shown_label(dataset, entity.label, seen),
        "region": entity.region_code,
        "properties": conflict.properties,
        "state": conflict.state,
        "rule": conflict.rule,
        "opened_at": conflict.opened_at.isoformat(),
        "closed_at": conflict.closed_at.isoformat() if conflict.closed_at else None,
        "shown": _value(dataset, shown, seen),
        "heads": [_head(dataset, group, seen, visits, people) for group in _by_value(heads)],
        "resolution": _resolution(conflict, dataset, seen, people),
    }


def _by_value(heads: Sequence[Head]) -> list[list[Head]]:
    """Heads of one value together: the first speaks for them, the others are its witnesses."""
    groups: list[list[Head]] = []
    for head in heads:
        same = next((group for group in groups if group[0].value == head.value), None)
        if same is None:
            groups.append([head])
        else:
            same.append(head)
    return groups


def _head(
    dataset: Dataset,
    group: Sequence[Head],
    seen: Sight,
    visits: Mapping[str, Wire],
    people: Mapping[str, dict[str, str]],
) -> Wire:
    head = group[0]
    visit = visits.get(head.instance_id or "", {"visit": None, "location": None, "photos": []})
    return {
        "op_id": head.op_id,
        "instance_id": head.instance_id,
        "value": _value(dataset, head.value, seen),
        "author": people.get(head.person_id),
        "role": role_of(head.rank),
        "version": head.version,
        **visit,
        "witnesses": [{"op_id": other.op_id, "author": people.get(other.person_id)} for other in group[1:]],
    }


def _value(dataset: Dataset, value: Mapping[str, str | None], seen: Sight) -> str | dict[str, str | None] | None:
    """One property's value, or the object of a merge group, as the reader may see it."""
    shown = {name: shown_value(dataset, name, text, seen) for name, text in value.items()}
    return shown if len(shown) > 1 else next(iter(shown.values()), None)


def _resolution(
    conflict: Conflict, dataset: Dataset, seen: Sight, people: Mapping[str, dict[str, str]]
) -> Wire | None:
    """Who closed it, how and why. A value given by hand is masked like any other."""
    if conflict.resolution is None:
        return None
    found = dict(conflict.resolution)
    author = people.get(found.pop("person_id", None) or "")
    if "value" in found:
        given = found["value"] if isinstance(found["value"], dict) else {conflict.properties[0]: found["value"]}
        found["value"] = _value(dataset, given, seen)
    return {**found, "author": author}
