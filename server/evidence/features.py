"""Households, submissions and photos as GeoJSON features (RFC 7946), for QGIS and its like.

Only what the reader may see; personal values are masked as on every page. In the order of their ids, so that a page
goes on where the last one ended whatever came in meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shapely import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Row, or_
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.evidence.feature_layers import COLLECTIONS
from server.evidence.feature_layers import Collection as Layer
from server.geo import ops
from server.geo.inside import Box, codes_inside
from server.registry.reading import Datasets

Feature = dict[str, Any]
_AT_ONCE = 500


@dataclass(frozen=True)
class Wanted:
    """What a collection is narrowed to; None is no limit. `since` and `until` both belong to it.

    What has no time belongs to every time. `placed`: only what has a place. `within`: a drawn area. `timed`: the
    collections that the time narrows; None is all of them.
    """

    box: Box | None = None
    since: datetime | None = None
    until: datetime | None = None
    region: str | None = None
    form_id: str | None = None
    placed: bool = True
    within: BaseGeometry | None = None
    timed: Collection[str] | None = None


@dataclass(frozen=True)
class Found:
    """A page of features; `next` goes on behind it."""

    features: list[Feature]
    next: str | None


def features(
    session: Session, actor: Actor, datasets: Datasets, name: str, wanted: Wanted, limit: int, after: str | None
) -> Found:
    """A page of a collection, in the order of the ids."""
    collection = COLLECTIONS[name]
    key = collection.layer.key
    query = collection.query(actor).where(*_clauses(session, name, wanted))
    if after is not None:
        query = query.where(key > after)
    rows = session.execute(query.order_by(key).limit(limit + 1)).all()
    found = _features(session, datasets, collection, rows[:limit])
    return Found(found, str(found[-1]["id"]) if len(rows) > limit else None)


def feature(session: Session, actor: Actor, datasets: Datasets, name: str, key: str) -> Feature | None:
    """One feature; None when it is not there for this reader."""
    collection = COLLECTIONS[name]
    query = collection.query(actor).where(collection.layer.key == key, collection.layer.place.is_not(None))
    return next(iter(_features(session, datasets, collection, session.execute(query).all())), None)


def every(session: Session, actor: Actor, datasets: Datasets, name: str, wanted: Wanted) -> Iterator[Feature]:
    """All features of a collection, a page in memory at a time."""
    after: str | None = None
    while True:
        page = features(session, actor, datasets, name, wanted, _AT_ONCE, after)
        yield from page.features
        session.expunge_all()
        if page.next is None:
            return
        after = page.next


def with_address(feature: Feature, base: str) -> Feature:
    """The feature with the whole address of its photo, if it is one; whoever opens it must sign in there."""
    told = feature["properties"]
    return {**feature, "properties": {**told, "photo": base + told["photo"]}} if "photo" in told else feature


def _clauses(session: Session, name: str, wanted: Wanted) -> list[ColumnElement[bool]]:
    collection = COLLECTIONS[name]
    clauses: list[ColumnElement[bool]] = [collection.layer.place.is_not(None)] if wanted.placed else []
    if wanted.box is not None:
        clauses.append(ops.in_box(session, collection.layer, wanted.box))
    if wanted.within is not None:
        clauses.append(ops.within(session, collection.layer, wanted.within))
    timed = wanted.timed is None or name in wanted.timed
    if timed and wanted.since is not None:
        clauses.append(or_(collection.time >= wanted.since, collection.time.is_(None)))
    if timed and wanted.until is not None:
        clauses.append(or_(collection.time <= wanted.until, collection.time.is_(None)))
    if wanted.region is not None:
        clauses.append(collection.region.in_(codes_inside(session, wanted.region)))
    if wanted.form_id is not None and collection.form is not None:
        clauses.append(collection.form == wanted.form_id)
    return clauses


def _features(session: Session, datasets: Datasets, collection: Layer, rows: Sequence[Row[Any]]) -> list[Feature]:
    """The first two columns of each row are its key and its place."""
    told = collection.told(session, datasets, rows)
    placed = [tuple(row)[:2] for row in rows]
    return [
        {
            "type": "Feature",
            "id": key,
            "geometry": _geometry(place),
            "properties": properties,
        }
        for (key, place), properties in zip(placed, told, strict=True)
    ]


def _geometry(place: Point | None) -> dict[str, Any] | None:
    """WGS-84, to a centimetre."""
    return {"type": "Point", "coordinates": [round(place.x, 7), round(place.y, 7)]} if place is not None else None
