"""Checks one photo with what the database knows around it, and keeps what was found.

The checks themselves are pure (checks.py, seal.py). This brings together the fix, the house, the worker's other photos,
equal bytes elsewhere and the seal of the whole visit. It can be done again at any time: a new place of the house or a
new version of the policy gives new reasons, and the old ones go.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from shapely import Point
from sqlalchemy import Select, delete, insert, select
from sqlalchemy.orm import Session

from server.accounts.tables import Install
from server.db import now
from server.evidence.checks import Check, Limits, Neighbour, Position, Shot, check
from server.evidence.findings import Level
from server.evidence.looks import want_look
from server.evidence.one_visit import day_of, same_visit
from server.evidence.seal import Link, broken
from server.evidence.tables import Photo, PhotoCheck
from server.evidence.twins import mark_others, twins_of
from server.evidence.whereabouts import exif_time, shutter_time
from server.forms.policy_rows import in_force
from server.forms.policy_store import policy_rows
from server.registry.tables import Entity, EntityVersion
from server.sync.definitions import datasets
from server.sync.envelope import parse_time
from server.sync.place import declared_point, geometry_of, length
from server.sync.tables import Attachment, Submission, without_xml

POLICY = "photo_checks"
AROUND = timedelta(hours=12)  # how far before and after the worker's other photos count for a way
MOST_OTHERS = 50


def judge_photo(session: Session, attachment_id: str) -> list[Check]:
    """Replaces what is known against this photo; nothing where no policy holds or nobody took the photo."""
    row = session.execute(_about(attachment_id)).one_or_none()
    if row is None:
        return []
    attachment, photo, submission, install = row
    limits = limits_in(session, submission.region_code or "", day_of(submission))
    found: list[Check] = []
    if limits is not None:
        found += check(_shot(session, attachment, photo, submission, install, limits), limits)
        found += _seal(session, attachment, install, limits)
        want_look(session, attachment_id, found, limits)
    _keep(session, attachment_id, found)
    photo.checked_at = now()
    mark_others(session, found)
    return found


def _about(attachment_id: str) -> Select[Attachment, Photo, Submission, Install]:
    return (
        select(Attachment, Photo, Submission, Install)
        .join(Photo, Photo.attachment_id == Attachment.id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .join(Install, Install.id == Submission.install_id, isouter=True)
        .where(Attachment.id == attachment_id)
        .options(without_xml())
    )


def limits_in(session: Session, region: str, day: date) -> Limits | None:
    """The version of the policy for the place and the day of the visit."""
    row = in_force(policy_rows(session, POLICY), region, day)
    return Limits.of(row) if row else None


def _shot(
    session: Session,
    attachment: Attachment,
    photo: Photo,
    submission: Submission,
    install: Install | None,
    limits: Limits,
) -> Shot:
    capture = attachment.capture or {}
    fix = fix_of(capture)
    place = position(fix)
    shutter = shutter_time(capture)
    visit = same_visit(session, submission)
    others = others_of(session, attachment.person_id, visit, shutter)
    plain, twins = twins_of(session, attachment, submission, visit, limits)
    return Shot(
        source=capture.get("source"),
        shutter=shutter,
        fix=place,
        fix_time=parse_time(fix.get("time", fix.get("fix_time"))),
        house=_house(session, submission),
        exif=photo.exif or {},
        exif_time=exif_time(photo.exif or {}),
        size=(photo.width, photo.height) if photo.width and photo.height else None,
        format=photo.format,
        clock_off_s=clock_off(submission.clock or {}),
        jumped=bool((submission.clock or {}).get("jumped")),
        neighbours=others,
        copies=copies_of(session, attachment.blob, visit),
        twins=twins,
        plain=plain,
        unreadable=photo.state == "unreadable",
        same_spot=same_spots(place, others),
        device_since=install.created_at if install else None,
    )


def fix_of(capture: Mapping[str, Any]) -> Mapping[str, Any]:
    """The fix in a capture record; empty where there is none."""
    fix = capture.get("fix")
    return fix if isinstance(fix, Mapping) else {}


def position(stated: Mapping[str, Any]) -> Position | None:
    where = declared_point(stated)
    return _at(where, stated.get("accuracy_m")) if where is not None else None


def _at(where: Point, accuracy: object) -> Position:
    return Position(where.x, where.y, length(accuracy))


def clock_off(clock: Mapping[str, Any]) -> float | None:
    """Seconds that the phone was ahead of the server at their last contact."""
    there, here = parse_time(clock.get("device_time_then")), parse_time(clock.get("server_time_seen"))
    return (there - here).total_seconds() if there and here else None


def _house(session: Session, submission: Submission) -> Position | None:
    """The house as registered before this visit: a place that the visit itself gave says nothing about it."""
    entity = session.get(Entity, submission.root_id) if submission.root_id else None
    return house_at(entity, _values_before(session, entity, submission.instance_id)) if entity else None


def house_at(entity: Entity, values: Mapping[str, str | None]) -> Position | None:
    """Where these values of the record put the house."""
    dataset = datasets().get(entity.dataset)
    if dataset is None or not dataset.location:
        return None
    where = geometry_of(dataset, values)
    return _at(where, values.get(dataset.location.get("accuracy_m", ""))) if where is not None else None


def _values_before(session: Session, entity: Entity, instance_id: str) -> Mapping[str, str | None]:
    mine = (EntityVersion.entity_id == entity.id, EntityVersion.instance_id == instance_id)
    made = session.scalar(select(EntityVersion.version).where(*mine).order_by(EntityVersion.version).limit(1))
    if made is None:
        return entity.values
    before = session.get(EntityVersion, (entity.id, made - 1))
    return before.values if before else {}


def others_of(
    session: Session, person_id: str, visit: Collection[str], shutter: datetime | None
) -> Sequence[Neighbour]:
    """The worker's photos of other visits around this one, with their fixes."""
    if shutter is None:
        return ()
    rows = session.execute(
        select(Attachment.id, Attachment.capture)
        .join(Photo, Photo.attachment_id == Attachment.id)
        .where(
            Attachment.person_id == person_id,
            Attachment.instance_id.not_in(visit),
            Photo.taken_at.between(shutter - AROUND, shutter + AROUND),
        )
        .order_by(Photo.taken_at.desc())
        .limit(MOST_OTHERS)
    )
    found = ((row.id, row.capture or {}) for row in rows)
    placed = ((id, position(fix_of(capture)), shutter_time(capture)) for id, capture in found)
    # A picked photo may have been taken hours before; its fix is from when it was picked, and so is this time.
    return [Neighbour(id, place, at) for id, place, at in placed if place is not None and at is not None]


def same_spots(place: Position | None, others: Sequence[Neighbour]) -> int:
    """How many of these have the very same fix."""
    return sum(_same_spot(place, other.place) for other in others) if place else 0


def _same_spot(one: Position, other: Position) -> bool:
    """Equal to six decimals, a decimetre: real fixes never are."""
    return (round(one.lon, 6), round(one.lat, 6)) == (round(other.lon, 6), round(other.lat, 6))


def copies_of(session: Session, blob: str | None, visit: Collection[str]) -> Sequence[str]:
    """Attachments of other visits with the very same bytes."""
    if blob is None:
        return ()
    same = (Attachment.blob == blob, Attachment.instance_id.not_in(visit))
    return session.scalars(select(Attachment.id).where(*same).order_by(Attachment.id).limit(MOST_OTHERS)).all()


def _seal(session: Session, attachment: Attachment, install: Install | None, limits: Limits) -> list[Check]:
    """What is wrong with this photo's place in the seal of its visit, or of the answer that brought it."""
    together = (
        Attachment.instance_id == attachment.instance_id,
        Attachment.answer_id.is_not_distinct_from(attachment.answer_id),
    )
    rows = session.execute(select(Attachment.id, Attachment.sha256, Attachment.capture).where(*together))
    links = [Link(row.id, row.sha256, row.capture) for row in rows]
    return seal_check(broken(links, install.public_key_jwk if install else None).get(attachment.id), limits)


def seal_check(fault: str | None, limits: Limits) -> list[Check]:
    """The reason that a fault of the seal (seal.broken) is; none without one."""
    level: Level = "info" if fault in ("unsigned", "no_key") else "fail"
    return [Check("CHAIN", level, fault, None, {}, limits.version)] if fault else []


def _keep(session: Session, attachment_id: str, found: Sequence[Check]) -> None:
    session.execute(delete(PhotoCheck).where(PhotoCheck.attachment_id == attachment_id))
    if found:
        at = now()
        session.execute(
            insert(PhotoCheck), [{"attachment_id": attachment_id, "at": at, **one.as_json()} for one in found]
        )
