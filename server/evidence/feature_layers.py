"""What households, submissions and photos tell a map: a query of what a reader may see, and the properties of its rows.

Personal values are masked as on every page; numbers are numbers, because a map colours by them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from server.accounts.actor import Actor, authors
from server.evidence.tables import Photo
from server.forms.dataset import Dataset
from server.geo import ops
from server.registry.masking import CLEAR_ROLES, sight
from server.registry.paging import Rows
from server.registry.reading import Datasets, entry
from server.registry.tables import Entity
from server.sync.scope import visible_entities, visible_submissions
from server.sync.tables import Attachment, Submission, without_xml


@dataclass(frozen=True)
class Collection:
    """`time` and `region`: what narrows it; `form`: its form, where it has one. The first two columns of a row of
    `query` are key and place; `told`: the properties of the rows of one page.
    """

    titles: Mapping[str, str]
    layer: ops.Layer
    time: InstrumentedAttribute[Any]
    region: InstrumentedAttribute[Any]
    form: InstrumentedAttribute[Any] | None
    query: Callable[[Actor], Rows]
    told: Callable[[Session, Datasets, Sequence[Row[Any]]], list[dict[str, Any]]]


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
        lists = {name: ", ".join(shown[name]) for name in ("contested", "masked")}
        told.append({**facts, **lists, **_plain(datasets[row.Entity.dataset], shown["data"])})
    return told


def _plain(dataset: Dataset, values: Mapping[str, str | None]) -> dict[str, Any]:
    """Numbers as numbers: a map colours by them. A masked one is none."""
    return {name: _number(value) if is_number(dataset, name) else value for name, value in values.items()}


def is_number(dataset: Dataset, name: str) -> bool:
    """Whether a property is told as a number."""
    return name in dataset.properties and dataset.properties[name].type in ("integer", "decimal")


def _number(value: object) -> float | int | None:
    try:
        number = float(str(value))
    except ValueError:
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else number if isfinite(number) else None


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
        **_stated(one.location),
        "place_source": _word((one.location or {}).get("source")),
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
            **_stated(row.Photo.place),
            "place_source": row.Photo.place_source,
            "state": row.Photo.state,
            "sha256": row.Attachment.sha256,
            "photo": f"/api/v1/photos/{row.Photo.attachment_id}?size=1280",
        }
        for row in rows
    ]


def _stated(place: Mapping[str, Any] | None) -> dict[str, Any]:
    """The position as it was declared, in its own datum, and its error in metres."""
    given = place or {}
    stated = {"stated_lon": _number(given.get("lon")), "stated_lat": _number(given.get("lat"))}
    return {**stated, "datum": _word(given.get("datum")), "accuracy_m": _number(given.get("accuracy_m"))}


def _word(stated: object) -> str | None:
    return str(stated) if stated is not None else None


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


COLLECTIONS: Mapping[str, Collection] = {
    "households": Collection(
        {"zh": "农户", "en": "Households"},
        ops.Layer(Entity.id, Entity.geom),
        Entity.updated_at,
        Entity.region_code,
        None,
        _households,
        _tell_households,
    ),
    "submissions": Collection(
        {"zh": "走访记录", "en": "Submissions"},
        ops.Layer(Submission.instance_id, Submission.geom),
        Submission.received_at,
        Submission.region_code,
        Submission.form_id,
        _submissions,
        _tell_submissions,
    ),
    "photos": Collection(
        {"zh": "照片", "en": "Photos"},
        ops.Layer(Photo.attachment_id, Photo.geom),
        Photo.taken_at,
        Submission.region_code,
        Submission.form_id,
        _photos,
        _tell_photos,
    ),
}
