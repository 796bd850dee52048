"""Households, submissions and photos as GeoJSON features (RFC 7946), for QGIS and its like.

Only what the reader may see; personal values are masked as on every page. In the order of their ids, so that a page
goes on where the last one ended whatever came in meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.accounts.actor import Actor, authors
from server.evidence.tables import Photo
from server.geo import ops
from server.geo.inside import Box
from server.registry.masking import CLEAR_ROLES, sight
from server.registry.paging import Rows
from server.registry.reading import Datasets, entry
from server.registry.tables import Entity
from server.sync.scope import visible_entities, visible_submissions
from server.sync.tables import Attachment, Submission, without_xml

Feature = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """What a collection is narrowed to; None is no limit. `since` and `until` both belong to it."""

    box: Box | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Found:
    """A page of features; `next` goes on behind it."""

    features: list[Feature]
    next: str | None


@dataclass(frozen=True)
class Collection:
    """`time`: what `datetime` compares. `told`: the properties of the rows of one page."""

    titles: Mapping[str, str]
    layer: ops.Layer
    time: InstrumentedAttribute[Any]
    query: Callable[[Actor], Rows]
    told: Callable[[Session, Datasets, Sequence[Row[Any]]], list[dict[str, Any]]]


def features(
    session: Session, actor: Actor, datasets: Datasets, name: str, wanted: Wanted, limit: int, after: str | None
) -> Found:
    """A page of a collection; what has no place is left out."""
    collection = COLLECTIONS[name]
    key = collection.layer.key
    query = collection.query(actor).where(*_clauses(session, collection, wanted))
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


def _clauses(session: Session, collection: Collection, wanted: Wanted) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = [collection.layer.place.is_not(None)]
    if wanted.box is not None:
        clauses.append(ops.in_box(session, collection.layer, wanted.box))
    if wanted.since is not None:
        clauses.append(collection.time >= wanted.since)
    if wanted.until is not None:
        clauses.append(collection.time <= wanted.until)
    return clauses


def _features(session: Session, datasets: Datasets, collection: Collection, rows: Sequence[Row[Any]]) -> list[Feature]:
    """The first two columns of each row are its key and its place."""
    told = collection.told(session, datasets, rows)
    placed = [tuple(row)[:2] for row in rows]
    return [
        {
            "type": "Feature",
            "id": key,
            "geometry": {"type": "Point", "coordinates": [round(place.x, 7), round(place.y, 7)]},
            "properties": properties,
        }
        for (key, place), properties in zip(placed, told, strict=True)
    ]


def _households(actor: Actor) -> Rows:
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    found: Rows = select(Entity.id, Entity.geom, Entity, clear)
    return found.where(Entity.dataset == "household", Entity.state == "active", visible_entities(actor))


def _tell_households(session: Session, datasets: Datasets, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    people = authors(session, (row.Entity.updated_by for row in rows))
    told = []
    for row in rows:
        shown = entry(row.Entity, datasets, people, sight(bool(row.clear)))
        facts = {name: shown[name] for name in ("label", "region", "version", "updated_at")}
        told.append({**facts, "contested": ", ".join(shown["contested"]), **shown["data"]})
    return told


def _submissions(actor: Actor) -> Rows:
    found: Rows = select(Submission.instance_id, Submission.geom, Submission)
    return found.where(visible_submissions(actor)).options(without_xml())


def _tell_submissions(session: Session, datasets: Datasets, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    people = authors(session, (row.Submission.person_id for row in rows))
    return [_submission(row.Submission, people) for row in rows]


def _submission(one: Submission, people: Mapping[str, dict[str, str]]) -> dict[str, Any]:
    return {
        "form_id": one.form_id,
        "form_version": one.form_version,
        "household": one.root_id,
        "region": one.region_code,
        "author": people.get(one.person_id, {}).get("display_name"),
        "started_at": _text(one.started_at),
        "received_at": _text(one.received_at),
        "contact_mode": one.contact_mode,
        "accuracy_m": (one.location or {}).get("accuracy_m"),
        "review": one.review,
        "findings": len(one.findings),
    }


def _photos(actor: Actor) -> Rows:
    found: Rows = select(Photo.attachment_id, Photo.geom, Photo, Attachment, Submission)
    return (
        found.join(Attachment, Attachment.id == Photo.attachment_id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(visible_submissions(actor))
        .options(without_xml())
    )


def _tell_photos(session: Session, datasets: Datasets, rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    return [
        {
            "instance_id": row.Submission.instance_id,
            "household": row.Submission.root_id,
            "region": row.Submission.region_code,
            "slot": row.Attachment.slot,
            "taken_at": _text(row.Photo.taken_at),
            "place_source": row.Photo.place_source,
            "accuracy_m": (row.Photo.place or {}).get("accuracy_m"),
            "sha256": row.Attachment.sha256,
            "photo": f"/api/v1/photos/{row.Photo.attachment_id}?size=1280",
        }
        for row in rows
    ]


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


COLLECTIONS: Mapping[str, Collection] = {
    "households": Collection(
        {"zh": "农户", "en": "Households"},
        ops.Layer(Entity.id, Entity.geom),
        Entity.updated_at,
        _households,
        _tell_households,
    ),
    "submissions": Collection(
        {"zh": "走访记录", "en": "Submissions"},
        ops.Layer(Submission.instance_id, Submission.geom),
        Submission.received_at,
        _submissions,
        _tell_submissions,
    ),
    "photos": Collection(
        {"zh": "照片", "en": "Photos"},
        ops.Layer(Photo.attachment_id, Photo.geom),
        Photo.taken_at,
        _photos,
        _tell_photos,
    ),
}
