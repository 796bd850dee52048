"""Feed rows as the wire contract shows them. Only what the actor may see is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.forms.dataset import Dataset
from server.registry.tables import Entity
from server.sync.conflict_reading import conflict_entries
from server.sync.definitions import datasets
from server.sync.tables import Feed
from server.sync.vocabulary import older_in_use, past_of, vocabulary

# A region's and a helper's cadres work with these values; who only reads sees less (masking in the reading API).
FULL_VIEW = ("cadre", "supervisor", "admin")


def entries(session: Session, actor: Actor, news: Sequence[Feed]) -> list[dict[str, Any]]:
    """The entries of a page, in feed order. A conflict of a record out of sight by now is left out."""
    ids = [item.ref for item in news if item.type == "entity"]
    disputed = [item.ref for item in news if item.type == "conflict"]
    conflicts = conflict_entries(session, actor, datasets(), disputed) if disputed else {}
    found = {entity.id: entity for entity in session.scalars(select(Entity).where(Entity.id.in_(ids)))}
    names = authors(session, {entity.updated_by for entity in found.values()})
    older = older_in_use(session)
    told = {("entity", id): entity_row(entity, actor, names, older) for id, entity in found.items()}
    told |= {("conflict", id): entry for id, entry in conflicts.items()}
    return [
        {"n": item.n, "type": item.type} | told.get((item.type, item.ref), item.payload or {})
        for item in news
        if item.type != "conflict" or item.ref in conflicts
    ]


_NONE: Mapping[str, tuple[int, ...]] = {}


def entity_row(
    entity: Entity, actor: Actor, names: Mapping[str, dict[str, str]], older: Mapping[str, tuple[int, ...]] = _NONE
) -> dict[str, Any]:
    """A record as a phone gets it. `older`: the vocabularies before today's that forms still speak."""
    dataset = datasets()[entity.dataset]
    values = shown_values(dataset, entity, actor)
    row = {
        "dataset": entity.dataset,
        "id": entity.id,
        "version": entity.version,
        "label": entity.label,
        "region": entity.region_code,
        "parent": entity.parent_id,
        "state": entity.state,
        "data": values,
        "past": past_of(dataset.name, values, older.get(dataset.name, ())) or None,
        "contested": entity.contested,
        "location": _location(dataset, entity),
        "updated_at": entity.updated_at.isoformat(),
        "updated_by": names.get(entity.updated_by),
    }
    return {name: value for name, value in row.items() if value is not None}


def shown_values(dataset: Dataset, entity: Entity, actor: Actor) -> dict[str, str | None]:
    """The values that the actor's role may see, in today's words; the others are absent.

    A retired property is no longer declared: nobody knows how sensitive it is, so it counts as sensitive.
    """
    values = vocabulary(dataset.name).forward(entity.values, entity.vocabulary)
    if actor.has(*FULL_VIEW):
        return values
    open_to_all = {prop.name for prop in dataset.properties.values() if prop.sensitivity != "sensitive"}
    return {name: value for name, value in values.items() if name in open_to_all or name.startswith("@")}


def _location(dataset: Dataset, entity: Entity) -> dict[str, str | None] | None:
    if not dataset.location or entity.geom is None:
        return None
    names = dataset.location
    return {part: entity.values.get(names[part]) for part in ("lon", "lat", "accuracy_m") if part in names}
