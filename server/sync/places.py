"""All places that a record ever had, who found each, how and why, and what took its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor, authors
from server.db import today
from server.forms.dataset import Dataset
from server.forms.policy_store import policy_rows
from server.geo.beside import beside, may_reach
from server.geo.tables import Region
from server.registry.masking import CLEAR_ROLES, HIDDEN, shown_value, sight
from server.registry.place_limits import POLICY, PlaceLimits, limits_among, place_limits
from server.registry.tables import Entity, EntityVersion, Head
from server.sync.definitions import datasets
from server.sync.office_tables import Placement
from server.sync.place import geometry_of, metres_from
from server.sync.record import key_of
from server.sync.scope import visible_entities, visible_regions
from server.sync.suggestion import on_wire, suggest

MOST = 200


def read_places(session: Session, actor: Actor, entity_id: str) -> dict[str, Any] | None:
    """`{entity_id, version, items, suggestion}`, newest first; None for a record out of sight, or of a
    kind that has no place.
    """
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    row = session.execute(select(Entity, clear).where(Entity.id == entity_id, visible_entities(actor))).one_or_none()
    dataset = datasets().get(row.Entity.dataset) if row else None
    if row is None or dataset is None or not dataset.location:
        return None
    entity: Entity = row.Entity
    key = key_of(dataset, dataset.location["lon"])
    rows = session.execute(_written(entity.id, key)).all()
    people = authors(session, (one.Head.person_id for one in rows))
    edge = _Edge(session, entity)
    items = [_item(dataset, entity, key, one, people, bool(row.clear)) for one in rows]
    for item in items:
        item["village"] = edge.of(item["wgs84"])
    found = suggest(session, actor, entity)
    return {
        "entity_id": entity.id,
        "version": entity.version,
        "items": items,
        "suggestion": on_wire(found, entity) | {"village": edge.of(found.place() or None)},
    }


def _written(entity_id: str, key: str) -> Any:
    return (
        select(Head, EntityVersion.at, Placement.reason, Placement.suggested)
        .join(
            EntityVersion,
            (EntityVersion.entity_id == Head.entity_id) & (EntityVersion.op_id == Head.op_id),
            isouter=True,
        )
        .join(Placement, Placement.op_id == Head.op_id, isouter=True)
        .where(Head.entity_id == entity_id, Head.key == key)
        .order_by(Head.version.desc(), Head.op_id)
        .limit(MOST)
    )


def _item(
    dataset: Dataset, entity: Entity, key: str, row: Row[Any], people: Mapping[str, Any], clear: bool
) -> dict[str, Any]:
    """State: shown, open (another value stands in front), superseded, withdrawn."""
    head: Head = row.Head
    where = geometry_of(dataset, head.value)
    return {
        "op_id": head.op_id,
        "instance_id": head.instance_id,
        "version": head.version,
        "author": people.get(head.person_id),
        "at": row.at.isoformat() if row.at else None,
        "place": _declared(dataset, head.value, clear),
        "wgs84": {"lon": f"{where.x:.7f}", "lat": f"{where.y:.7f}"} if where else None,
        "metres_from_place": metres_from(entity.geom, where),
        "reason": (row.reason if clear else HIDDEN) if row.reason else None,
        "suggested": row.suggested,
        "state": _state(head, entity, key),
        "superseded_by": head.closed_by,
    }


def _declared(dataset: Dataset, value: Mapping[str, str | None], clear: bool) -> dict[str, str | None]:
    """The written value under the names of the wire contract, as this reader may see it."""
    names = {**(dataset.location or {})}
    if dataset.found_by:
        names["source"] = dataset.found_by
    rest = {name: name for name in value if name not in names.values()}
    seen = sight(clear)
    return {part: shown_value(dataset, name, value.get(name), seen) for part, name in {**names, **rest}.items()}


def _state(head: Head, entity: Entity, key: str) -> str:
    if head.withdrawn_at:
        return "withdrawn"
    if head.closed_by:
        return "superseded"
    return "shown" if entity.shown.get(key) == head.op_id else "open"


class _Edge:
    """The boundary of a record's region, or of the nearest region above that has one, with today's tolerance."""

    def __init__(self, session: Session, entity: Entity) -> None:
        self._limits: PlaceLimits | None = place_limits(session, entity.region_code, today())
        self._region = bounded_region(session, entity.region_code)

    def of(self, place: Mapping[str, str | None] | None) -> dict[str, Any] | None:
        if place is None or self._region is None or self._limits is None:
            return None
        return about(self._region, float(place["lon"] or 0), float(place["lat"] or 0), self._limits)


def bounded_region(session: Session, code: str) -> Region | None:
    """The region if its boundary is known, else the nearest above it with one, but no larger than a township."""
    region = session.get(Region, code)
    while region is not None and region.boundary is None and region.level in ("group", "village"):
        region = session.get(Region, region.parent_code) if region.parent_code else None
    return region if region is not None and region.boundary is not None else None


def about(region: Region, lon: float, lat: float, limits: PlaceLimits) -> dict[str, Any]:
    """`{region, where: inside|edge|outside, inside, metres, limit, rule}`: metres to the boundary."""
    if region.boundary is None:
        raise ValueError("a region without boundary")
    found = beside(region.boundary, lon, lat, limits.edge_m)
    return {
        "region": region.code,
        "where": found.where,
        "inside": found.inside,
        "metres": round(found.metres, 1),
        "limit": limits.edge_m,
        "rule": limits.rule,
    }


def regions_at(session: Session, actor: Actor, lon: float, lat: float) -> list[dict[str, Any]]:
    """Those of the regions in sight that a position lies in or near, smallest first."""
    drawn = session.scalars(select(Region).where(visible_regions(actor), Region.boundary.is_not(None)))
    policy, day = policy_rows(session, POLICY), today()
    found = [
        (region.path.count("/"), about(region, lon, lat, held))
        for region in drawn
        if (held := limits_among(policy, region.code, day)) is not None
        and region.boundary is not None
        and may_reach(region.boundary, lon, lat, held.edge_m)
    ]
    near = [item for item in found if item[1]["where"] != "outside"]
    return [item for _, item in sorted(near, key=lambda item: (-item[0], item[1]["metres"], item[1]["region"]))]
