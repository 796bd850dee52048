"""Reads conflicts for whoever may see the record: both values with their authors, visits, places and photos."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.forms.dataset import Dataset
from server.geo.inside import codes_inside
from server.registry.masking import CLEAR_ROLES, Sight, shown_label, shown_value, sight
from server.registry.paging import Rows, newest_first
from server.registry.reading import Datasets, Page
from server.registry.tables import Conflict, Entity, Head
from server.sync.authority import role_of
from server.sync.broken_rules import rule_of
from server.sync.conflict_sides import Side, kind_of, sides
from server.sync.lookalikes import pair_of
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
    return Page(_on_wire(session, actor, datasets, page.rows), page.next) if page else None


def read_conflict(session: Session, actor: Actor, datasets: Datasets, conflict_id: str) -> Wire | None:
    """One conflict whole; None when it is not there for this reader."""
    rows = session.execute(_query(actor).where(Conflict.id == conflict_id)).all()
    return next(iter(_on_wire(session, actor, datasets, rows)), None)


def conflict_entries(session: Session, actor: Actor, datasets: Datasets, ids: Sequence[str]) -> dict[str, Wire]:
    """What feeds tell of these conflicts, by id, whole like the rows beside them: who works with the record offline
    must be able to tell two telephone numbers apart.

    Of a record that the reader may no longer see, whoever wrote one of the values is told how it ended, without any
    value; for others it is absent.
    """
    rows = session.execute(_query(actor).where(Conflict.id.in_(ids))).all()
    told = {item["id"]: item for item in _on_wire(session, actor, datasets, rows, feed=True)}
    return told | _ends(session, actor, [id for id in ids if id not in told])


def _ends(session: Session, actor: Actor, ids: Sequence[str]) -> dict[str, Wire]:
    if not ids:
        return {}
    rows = session.scalars(select(Conflict).where(Conflict.id.in_(ids))).all()
    named = {op_id for row in rows for op_id in row.op_ids}
    mine = set(session.scalars(select(Head.op_id).where(Head.person_id == actor.id, Head.op_id.in_(named))))
    return {
        row.id: {
            "id": row.id,
            "kind": kind_of(row),
            "entity_id": row.entity_id,
            "properties": row.properties,
            "state": row.state,
            "heads": [],
        }
        for row in rows
        if mine.intersection(row.op_ids)
    }


def _query(actor: Actor) -> Rows:
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    joined = select(Conflict, Entity, clear).join(Entity, Entity.id == Conflict.entity_id)
    return joined.where(visible_entities(actor))


def _clauses(session: Session, wanted: ConflictFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.entity is not None:
        clauses.append(Entity.root_id == select(Entity.root_id).where(Entity.id == wanted.entity).scalar_subquery())
    if wanted.region is not None:
        inside = codes_inside(session, wanted.region)
        clauses.append(Entity.region_code.in_(inside))
    if wanted.state is not None:
        clauses.append(Conflict.state == wanted.state)
    return clauses


def _on_wire(
    session: Session, actor: Actor, datasets: Datasets, rows: Sequence[Row[Any]], *, feed: bool = False
) -> list[Wire]:
    said = sides(session, datasets, [(row.Conflict, row.Entity) for row in rows])
    pairs = _pairs(session, actor, [row.Conflict for row in rows])
    heads = [head for found in said.values() for side in found for head in (side.head, *side.witnesses)]
    visits = _visits(session, heads)
    deciders = {(row.Conflict.resolution or {}).get("person_id") for row in rows}
    people = authors(session, deciders | {head.person_id for head in heads})
    return [
        _conflict(row, _sight(row, feed), pairs, datasets[row.Entity.dataset], said[row.Conflict.id], visits, people)
        for row in rows
    ]


def _pairs(session: Session, actor: Actor, conflicts: Sequence[Conflict]) -> dict[str, Sight]:
    """The records of possible duplicates that the reader may see, each as it may be seen: they may be apart by now."""
    ids = {id for conflict in conflicts for id in (pair_of(conflict) or ())}
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    found = select(Entity.id, clear).where(Entity.id.in_(ids), visible_entities(actor))
    return {row.id: sight(bool(row.clear)) for row in session.execute(found)} if ids else {}


def _sight(row: Row[Any], feed: bool) -> Sight:
    """Of two records that look alike the reader may have one only, so neither is whole."""
    return "whole" if feed and row.clear and not pair_of(row.Conflict) else sight(bool(row.clear))


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
    seen: Sight,
    pairs: Mapping[str, Sight],
    dataset: Dataset,
    said: Sequence[Side],
    visits: Mapping[str, Wire],
    people: Mapping[str, dict[str, str]],
) -> Wire:
    conflict: Conflict = row.Conflict
    entity: Entity = row.Entity
    shown = {name: entity.values.get(name) for name in conflict.properties}
    return {
        "id": conflict.id,
        "kind": kind_of(conflict),
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
        "heads": [_head(dataset, side, own, visits, people) for side, own in _told(conflict, said, seen, pairs)],
        **_about(dataset, conflict),
        "resolution": _resolution(conflict, dataset, seen, people),
    }


def _told(
    conflict: Conflict, said: Sequence[Side], seen: Sight, pairs: Mapping[str, Sight]
) -> list[tuple[Side, Sight]]:
    """The sides that the reader is told, each as it may be seen. Two records that look alike say the same; once that
    has ended, each is told to who may see it, as it is now.
    """
    if not pair_of(conflict):
        return [(side, seen) for side in said]
    known = [(side, pairs.get(side.head.entity_id)) for side in said]
    return [(side, own or seen) for side, own in known if own or conflict.state == "open"]


def _about(dataset: Dataset, conflict: Conflict) -> Wire:
    """Which two records look alike; which rule is broken."""
    rule, pair = rule_of(dataset, conflict.key), pair_of(conflict)
    broken = {"broken": {"id": rule.id, "message": rule.message, "cure": rule.cure}} if rule else {}
    return broken | ({"entities": list(pair)} if pair else {})


def _head(
    dataset: Dataset,
    side: Side,
    seen: Sight,
    visits: Mapping[str, Wire],
    people: Mapping[str, dict[str, str]],
) -> Wire:
    head = side.head
    visit = visits.get(head.instance_id or "", {"visit": None, "location": None, "photos": []})
    return {
        "op_id": head.op_id,
        "instance_id": head.instance_id,
        "entity_id": head.entity_id,
        "value": _value(dataset, side.value, seen),
        "saw": _value(dataset, head.saw, seen) if head.saw else None,
        "author": people.get(head.person_id),
        "role": role_of(head.rank),
        "version": head.version,
        **visit,
        "witnesses": [{"op_id": other.op_id, "author": people.get(other.person_id)} for other in side.witnesses],
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
        found["value"] = _given(conflict, dataset, found["value"], seen)
    return {**found, "author": author}


def _given(conflict: Conflict, dataset: Dataset, value: Any, seen: Sight) -> Any:
    if pair_of(conflict):
        return value
    return _value(dataset, value if isinstance(value, dict) else {conflict.properties[0]: value}, seen)
