"""A household whole: with everything below it, as it is now and as it stood at a time; and all that it went through.

What once was below the household and is not now is part of its past. Every query carries the reader's scope.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import authors
from server.forms.dataset import Dataset
from server.registry.happenings import happenings
from server.registry.masking import Sight, shown, shown_label, sight
from server.registry.reading import Datasets, Page, Scope, entry, shown_changes
from server.registry.tables import Entity, EntityVersion

Wire = dict[str, Any]
_STATE = "@state"


@dataclass(frozen=True)
class Kept:
    """A record of the household's present or past, and how its reader sees it."""

    entity: Entity
    seen: Sight


def read_whole(session: Session, datasets: Datasets, scope: Scope, entity_id: str, at: datetime | None) -> Wire | None:
    """`{at, household, below}`: entries as of a feed; None when it is not there for this reader, or was not yet."""
    top = find_top(session, scope, entity_id)
    if top is None:
        return None
    records = _records(session, datasets, scope, top.entity)
    if at is None:
        here = [one for one in records if one.entity.root_id == top.entity.id]
        people = authors(session, {one.entity.updated_by for one in here})
        rows = [entry(one.entity, datasets, people, one.seen) for one in here]
    else:
        rows = _rows_at(session, datasets, records, top.entity.id, at)
    household = next((row for row in rows if row["id"] == top.entity.id), None)
    if household is None:
        return None
    below = [row for row in rows if row["id"] != top.entity.id]
    return {"at": at.isoformat() if at else None, "household": household, "below": below}


def read_timeline(
    session: Session, datasets: Datasets, scope: Scope, entity_id: str, limit: int, after: str | None
) -> Page | None:
    """What happened to the household and to everything below it, op by op, newest first.

    `{op_id, at, author, instance_id, records: [{dataset, id, label, version, changes, happened}]}`; `after` is an op of
    the page before. None when the household is not there for this reader.
    """
    top = find_top(session, scope, entity_id)
    if top is None:
        return None
    records = {one.entity.id: one for one in _records(session, datasets, scope, top.entity)}
    ops: dict[str, list[tuple[EntityVersion, EntityVersion | None]]] = {}
    for made, before in _steps(session, records.keys()):
        ops.setdefault(made.op_id, []).append((made, before))
    ordered = sorted(ops.items(), key=lambda one: (max(made.at for made, _ in one[1]), one[0]), reverse=True)
    names = [op_id for op_id, _ in ordered]
    start = names.index(after) + 1 if after in names else 0
    page = ordered[start : start + limit]
    people = authors(session, {steps[0][0].person_id for _, steps in page})
    items = [_step(datasets, records, top.entity.id, op_id, steps, people) for op_id, steps in page]
    return Page(items, page[-1][0] if start + limit < len(ordered) else None)


def find_top(session: Session, scope: Scope, entity_id: str) -> Kept | None:
    """The household of a record: itself, or the one at the top of its parents; None out of sight."""
    own = select(Entity.root_id).where(Entity.id == entity_id, scope.visible).scalar_subquery()
    row = session.execute(select(Entity, scope.clear.label("clear")).where(Entity.id == own, scope.visible)).first()
    return Kept(row.Entity, sight(bool(row.clear))) if row else None


def _records(session: Session, datasets: Datasets, scope: Scope, top: Entity) -> list[Kept]:
    """The household first, then everything that is or was below it, as far as the reader may see it.

    Who left it for another household is looked for in the same village or group.
    """
    names = {one.parent.property for one in datasets.values() if one.parent and one.parent.dataset == top.dataset}
    below = [name for name, one in datasets.items() if one.parent and one.parent.dataset == top.dataset]
    was_below = or_(*(EntityVersion.values[name].as_string() == top.id for name in names))
    near = and_(Entity.region_code == top.region_code, Entity.dataset.in_(below), Entity.root_id != top.id)
    once = select(EntityVersion.entity_id).join(Entity, Entity.id == EntityVersion.entity_id).where(near, was_below)
    rows = session.execute(
        select(Entity, scope.clear.label("clear"))
        .where(Entity.id.in_(select(Entity.id).where(Entity.root_id == top.id).union(once)), scope.visible)
        .order_by(Entity.dataset, Entity.created_at, Entity.id)
    )
    found = [Kept(row.Entity, sight(bool(row.clear))) for row in rows]
    return sorted(found, key=lambda one: one.entity.id != top.id)


def _steps(session: Session, ids: Any) -> list[tuple[EntityVersion, EntityVersion | None]]:
    """All versions of these records, each with the one before it."""
    query = select(EntityVersion).where(EntityVersion.entity_id.in_(list(ids)))
    rows = session.scalars(query.order_by(EntityVersion.entity_id, EntityVersion.version)).all()
    before: dict[str, EntityVersion] = {}
    steps = []
    for row in rows:
        steps.append((row, before.get(row.entity_id)))
        before[row.entity_id] = row
    return steps


def _step(
    datasets: Datasets,
    records: Mapping[str, Kept],
    top: str,
    op_id: str,
    steps: Sequence[tuple[EntityVersion, EntityVersion | None]],
    people: Mapping[str, dict[str, str]],
) -> Wire:
    first = steps[0][0]
    ordered = sorted(steps, key=lambda step: (step[0].entity_id != top, step[0].entity_id, step[0].version))
    return {
        "op_id": op_id,
        "at": max(made.at for made, _ in steps).isoformat(),
        "author": people.get(first.person_id),
        "instance_id": first.instance_id,
        "records": [_change(datasets, records[made.entity_id], made, before) for made, before in ordered],
    }


def _change(datasets: Datasets, one: Kept, made: EntityVersion, before: EntityVersion | None) -> Wire:
    dataset = datasets.get(one.entity.dataset)
    changes = shown_changes(dataset, made.changes, one.seen)
    return {
        "dataset": one.entity.dataset,
        "id": one.entity.id,
        "label": shown_label(dataset, made.label, one.seen),
        "version": made.version,
        "changes": [change for change in changes if not change["property"].startswith("@")],
        "happened": happenings(dataset, made.values, before.values if before else None, one.seen) if dataset else [],
    }


def _rows_at(session: Session, datasets: Datasets, records: Sequence[Kept], top: str, at: datetime) -> list[Wire]:
    """The records as of a moment: the newest version of each that was stored by then, where it was below `top`."""
    ids = [one.entity.id for one in records]
    newest: dict[str, EntityVersion] = {}
    query = select(EntityVersion).where(EntityVersion.entity_id.in_(ids), EntityVersion.at <= at)
    for row in session.scalars(query.order_by(EntityVersion.version)):
        newest[row.entity_id] = row
    people = authors(session, {row.person_id for row in newest.values()})
    found = []
    for one in records:
        made, dataset = newest.get(one.entity.id), datasets.get(one.entity.dataset)
        if made is not None and dataset is not None and _was_here(dataset, made, top):
            found.append(_entry_at(dataset, one, made, people))
    return found


def _was_here(dataset: Dataset, made: EntityVersion, top: str) -> bool:
    return made.entity_id == top or (dataset.parent is not None and made.values.get(dataset.parent.property) == top)


def _entry_at(dataset: Dataset, one: Kept, made: EntityVersion, people: Mapping[str, dict[str, str]]) -> Wire:
    values = shown(dataset, made.values, one.seen)
    return {
        "type": "entity",
        "dataset": dataset.name,
        "id": made.entity_id,
        "version": made.version,
        "label": shown_label(dataset, made.label, one.seen),
        "region": made.values.get(dataset.region_source or "") or one.entity.region_code,
        "state": made.values.get(_STATE) or "active",
        "data": values.values,
        "masked": list(values.masked),
        "contested": [],
        "updated_at": made.at.isoformat(),
        "updated_by": people.get(made.person_id),
    } | ({"unreadable": True} if values.unreadable else {})
