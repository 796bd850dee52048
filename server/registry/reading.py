"""Reads records for the console and for scripts: lists, one record, its history.

Every query carries the caller's `scope`: a clause on Entity that says what the reader may see. What lies outside is
not found, in lists, counts and single reads alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Row, and_, or_, select, tuple_
from sqlalchemy.orm import Session

from server.accounts.actor import authors
from server.forms.dataset import Dataset
from server.geo import ops
from server.geo.inside import Box, Circle, inside_region
from server.geo.tables import Region
from server.registry.contested import contested_properties
from server.registry.masking import Sight, is_id_number, shown, shown_label, shown_value, sight
from server.registry.number_hash import number_hashes
from server.registry.paging import Rows
from server.registry.tables import Entity, EntityVersion

Datasets = Mapping[str, Dataset]
PLACES = ops.Layer(Entity.id, Entity.geom)


@dataclass(frozen=True)
class Scope:
    """Clauses on Entity: `visible`, and `clear` where the reader works and sees personal values unmasked."""

    visible: ColumnElement[bool]
    clear: ColumnElement[bool]


@dataclass(frozen=True)
class EntityFilter:
    """What a list is narrowed to; None is no limit. `q` is looked for in names, household and whole ID numbers.

    `concern`: a further clause on Entity.
    """

    dataset: str | None = None
    region: str | None = None
    q: str | None = None
    state: str | None = None
    parent: str | None = None
    box: Box | None = None
    near: Circle | None = None
    within: BaseGeometry | None = None
    concern: ColumnElement[bool] | None = None


@dataclass(frozen=True)
class Page:
    """Items in their order; `next` continues the list, None at its end."""

    items: list[dict[str, Any]]
    next: str | None


def list_entities(
    session: Session, datasets: Datasets, scope: Scope, wanted: EntityFilter, limit: int, after: str | None
) -> Page | None:
    """Records by label; None when `after` names nothing that the reader may see."""
    query = _query(scope).where(*_clauses(session, scope, wanted)).order_by(Entity.label, Entity.id)
    if after is not None:
        start = session.execute(select(Entity.label, Entity.id).where(Entity.id == after, scope.visible)).one_or_none()
        if start is None:
            return None
        query = query.where(tuple_(Entity.label, Entity.id) > tuple_(*start))
    rows = session.execute(query.limit(limit + 1)).all()
    return Page(_entries(session, datasets, rows[:limit]), rows[limit - 1].Entity.id if len(rows) > limit else None)


def read_entity(session: Session, datasets: Datasets, scope: Scope, entity_id: str) -> dict[str, Any] | None:
    """One record as an entry of a feed, without `n`; None when it is not there for this reader."""
    rows = session.execute(_query(scope).where(Entity.id == entity_id)).all()
    return _entries(session, datasets, rows)[0] if rows else None


def read_history(
    session: Session, datasets: Datasets, scope: Scope, entity_id: str, limit: int, after: int | None
) -> Page | None:
    """Versions of one record, newest first; None when it is not there for this reader."""
    record = session.execute(_query(scope).where(Entity.id == entity_id)).one_or_none()
    if record is None:
        return None
    query = select(EntityVersion).where(EntityVersion.entity_id == entity_id)
    if after is not None:
        query = query.where(EntityVersion.version < after)
    versions = session.scalars(query.order_by(EntityVersion.version.desc()).limit(limit + 1)).all()
    people = authors(session, (version.person_id for version in versions))
    dataset, seen = datasets.get(record.Entity.dataset), sight(bool(record.clear))
    items = [
        {
            "version": version.version,
            "op_id": version.op_id,
            "instance_id": version.instance_id,
            "author": people.get(version.person_id),
            "at": version.at.isoformat(),
            "changes": shown_changes(dataset, version.changes, seen),
        }
        for version in versions[:limit]
    ]
    return Page(items, str(versions[limit - 1].version) if len(versions) > limit else None)


def shown_changes(dataset: Dataset | None, changes: list[dict[str, Any]], seen: Sight) -> list[dict[str, Any]]:
    """Changes with their values as this sight may see them; `shown` is false for a value that stands back."""
    return [
        {
            "property": change["property"],
            "from": _seen(dataset, change["property"], change.get("from"), seen),
            "to": _seen(dataset, change["property"], change.get("to"), seen),
            "shown": change.get("shown", True),
        }
        for change in changes
    ]


def _seen(dataset: Dataset | None, name: str, value: str | None, seen: Sight) -> str | None:
    return shown_value(dataset, name, value, seen) if dataset else None


def _query(scope: Scope) -> Rows:
    return (
        select(Entity, Region.path, scope.clear.label("clear"))
        .join(Region, Region.code == Entity.region_code)
        .where(scope.visible)
    )


def _clauses(session: Session, scope: Scope, wanted: EntityFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    for column, value in (
        (Entity.dataset, wanted.dataset),
        (Entity.state, wanted.state),
        (Entity.parent_id, wanted.parent),
    ):
        if value is not None:
            clauses.append(column == value)
    if wanted.region is not None:
        clauses.append(inside_region(session, wanted.region))
    if wanted.q:
        clauses.append(matches(wanted.q, scope.clear))
    if wanted.box is not None:
        clauses.append(ops.in_box(session, PLACES, wanted.box))
    if wanted.near is not None:
        clauses.append(ops.near(session, PLACES, wanted.near))
    if wanted.within is not None:
        clauses.append(ops.within(session, PLACES, wanted.within))
    if wanted.concern is not None:
        clauses.append(wanted.concern)
    return clauses


def matches(q: str, clear: ColumnElement[bool]) -> ColumnElement[bool]:
    """Clause on Entity. Names are searched only where they are shown: a search is a way to read them too.

    A person is found by the whole ID number, by nothing less.
    """
    number = Entity.values["household_no"].as_string()
    named = Entity.label.icontains(q, autoescape=True)
    if is_id_number(q.strip()):
        named = or_(named, Entity.number_hash.in_(number_hashes(q)))
    return or_(and_(clear, named), number.startswith(q, autoescape=True))


def _entries(session: Session, datasets: Datasets, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    people = authors(session, (row.Entity.updated_by for row in rows))
    return [entry(row.Entity, datasets, people, sight(bool(row.clear))) for row in rows]


def entry(entity: Entity, datasets: Datasets, people: Mapping[str, dict[str, str]], seen: Sight) -> dict[str, Any]:
    """A record as a feed shows it, without its number, and with the names of the values that are masked."""
    dataset = datasets.get(entity.dataset)
    values = shown(dataset, entity.values, seen) if dataset else None
    answer = {
        "type": "entity",
        "dataset": entity.dataset,
        "id": entity.id,
        "version": entity.version,
        "label": shown_label(dataset, entity.label, seen),
        "region": entity.region_code,
        "state": entity.state,
        "data": values.values if values else {},
        "masked": list(values.masked) if values else [],
        "contested": contested_properties(dataset, entity.contested),
        "updated_at": entity.updated_at.isoformat(),
        "updated_by": people.get(entity.updated_by),
    }
    if values and values.unreadable:
        answer["unreadable"] = True
    if entity.parent_id:
        answer["parent"] = entity.parent_id
    if place := place_of(entity, dataset):
        answer["location"] = place
    return answer


def place_of(entity: Entity, dataset: Dataset | None) -> dict[str, Any] | None:
    """Where the record stands, WGS-84, with the accuracy that its values state."""
    if entity.geom is None:
        return None
    lon, lat = entity.geom.coords[0][:2]
    accuracy = entity.values.get((dataset.location or {}).get("accuracy_m", "")) if dataset else None
    return {"lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "accuracy_m": accuracy}
