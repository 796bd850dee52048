"""What is held beside a photo: the same slot of its household over time, and other photos that a reason names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.errors import Problem
from server.evidence.reasons import others_in
from server.evidence.tables import Photo
from server.registry.masking import CLEAR_ROLES, shown_label, sight
from server.registry.paging import Rows, newest_first
from server.registry.reading import Page
from server.registry.tables import Entity
from server.sync.definitions import datasets
from server.sync.place import length
from server.sync.scope import find_entity, visible_entities, visible_submissions
from server.sync.tables import Attachment, Submission, without_xml

MOST_BEFORE = 12
Wire = dict[str, Any]


def household_photos(
    session: Session, actor: Actor, entity_id: str, slot: str | None, limit: int, after: str | None
) -> Page | None:
    """Photos of a household that the actor may see, newest first, of one slot or all; None when `after` is unknown.

    Problem record.not_found when the household is not there for this actor.
    """
    if find_entity(session, actor, entity_id) is None:
        raise Problem("record.not_found")
    known = _photos(actor, Submission.root_id == entity_id)
    query = known.where(Attachment.slot == slot) if slot is not None else known
    page = newest_first(session, query, known, _time(), Photo.attachment_id, limit, after)
    return Page(_wires(page.rows), page.next) if page else None


def same_slot(session: Session, actor: Actor, attachment: Attachment, submission: Submission) -> list[Wire]:
    """Photos of the same slot of the same household in other visits, newest first: the house over time."""
    if attachment.slot is None or submission.root_id is None:
        return []
    mine = (Submission.root_id == submission.root_id, Attachment.slot == attachment.slot)
    query = _photos(actor, *mine, Attachment.instance_id != submission.instance_id)
    order = (_time().desc(), Attachment.id)
    return _wires(session.execute(query.order_by(*order).limit(MOST_BEFORE)).all())


def named_by(session: Session, actor: Actor, reasons: Sequence[Mapping[str, Any]]) -> list[Wire]:
    """The other photos that these reasons name, each with the `codes` of the reasons, in the reasons' order."""
    codes: dict[str, list[str]] = {}
    for reason in reasons:
        for other in others_in(reason["inputs"]):
            codes.setdefault(other, []).append(reason["code"])
    rows = session.execute(_photos(actor, Photo.attachment_id.in_(codes))).all() if codes else []
    found = {wire["id"]: wire for wire in _wires(rows)}
    return [found[other] | {"codes": codes[other]} for other in codes if other in found]


def with_household(actor: Actor, query: Rows) -> Rows:
    """The query with the submission's household, as far as the actor may see it, and whether its name is clear."""
    clear = visible_entities(actor, CLEAR_ROLES).label("clear")
    mine = and_(Entity.id == Submission.root_id, visible_entities(actor))
    return query.add_columns(Entity, clear).join(Entity, mine, isouter=True)


def household_name(row: Row[Any]) -> Wire | None:
    """{id, label, household_no} of a row of `with_household`; None where there is none to be named."""
    entity: Entity | None = row.Entity
    if entity is None:
        return None
    label = shown_label(datasets().get(entity.dataset), entity.label, sight(bool(row.clear)))
    return {"id": entity.id, "label": label, "household_no": entity.values.get("household_no")}


def _photos(actor: Actor, *clauses: ColumnElement[bool]) -> Rows:
    """Photos that can be shown, of submissions that the actor may see: (Photo, Attachment, Submission, household)."""
    query: Rows = (
        select(Photo, Attachment, Submission)
        .join(Attachment, Attachment.id == Photo.attachment_id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(Photo.state == "ready", visible_submissions(actor), *clauses)
        .options(without_xml())
    )
    return with_household(actor, query)


def _time() -> ColumnElement[Any]:
    """When it was taken; where nothing says so, when its visit came in."""
    return func.coalesce(Photo.taken_at, Submission.received_at)


def _wires(rows: Sequence[Row[Any]]) -> list[Wire]:
    return [_wire(row) for row in rows]


def _wire(row: Row[Any]) -> Wire:
    photo, attachment, submission = row.Photo, row.Attachment, row.Submission
    return {
        "id": attachment.id,
        "instance_id": submission.instance_id,
        "form_id": submission.form_id,
        "household": household_name(row),
        "region": submission.region_code,
        "slot": attachment.slot,
        "taken_at": photo.taken_at.isoformat() if photo.taken_at else None,
        "received_at": submission.received_at.isoformat(),
        "place": _place(photo),
        "width": photo.width,
        "height": photo.height,
    }


def _place(photo: Photo) -> Wire | None:
    """WGS-84, as it is drawn."""
    if photo.geom is None:
        return None
    lon, lat = photo.geom.coords[0][:2]
    return {"lon": lon, "lat": lat, "accuracy_m": length((photo.place or {}).get("accuracy_m"))}
