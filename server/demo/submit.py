"""Hands in the demo's visits as phones would: photos to the blob store first, then each visit as an op through push."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.installs import claim_install
from server.accounts.tables import Person
from server.config import Settings
from server.demo import pictures
from server.demo.answers import answer
from server.demo.county import County
from server.demo.filled import fill
from server.demo.seed import dice
from server.demo.visits import Shot, Visit, plan_visits
from server.forms.tables import FormVersion
from server.sync.blobs import BlobStore, record_blob, store_of
from server.sync.push import push

APP_BUILD = "demo"
SETTLED = ("applied", "merged", "conflicted", "duplicate")


@dataclass(frozen=True)
class Photo:
    """A drawn photo with its hash."""

    shot: Shot
    content: bytes
    sha256: str


def submit_visits(
    settings: Settings, county: County, form: FormVersion, progress: Callable[[str, int, int], None]
) -> None:
    """All visits in the order of time, each phone counting its own ops."""
    bases = {household.id: (1, "") for household in county.households}
    bases |= {member.id: (1, "") for household in county.households for member in household.members}
    store, seqs = store_of(settings), Counter[str]()
    visits = plan_visits(county)
    for done, visit in enumerate(visits):
        progress("visits", done, len(visits))
        photos = [_photo(visit, shot) for shot in visit.shots]
        for photo in photos:
            if photo.shot.sent:
                _put(store, photo, visit.worker)
        seqs[visit.worker] += 1
        _push(county, visit, _op(visit, form, photos, seqs[visit.worker], bases))


def _photo(visit: Visit, shot: Shot) -> Photo:
    known = visit.household.values
    drawn = pictures.draw(shot.slot, known["house_structure"], known["water_supply_mode"], shot.seed)
    content = pictures.jpeg(drawn, shot.taken, shot.place if shot.with_exif else None)
    return Photo(shot, content, hashlib.sha256(content).hexdigest())


def _put(store: BlobStore, photo: Photo, person: str) -> None:
    store.put_bytes(photo.content)
    db.transact(lambda session: record_blob(session, photo.sha256, len(photo.content), person))


def _push(county: County, visit: Visit, op: dict[str, Any]) -> None:
    actor = db.transact(lambda session: _actor(session, visit.worker))
    result = push(actor, [op]).results[0]
    if result.status not in SETTLED:
        worker = county.worker_by_id[visit.worker]
        raise RuntimeError(f"visit {visit.number} of {worker.username}: {result.status} {result.code} {result.detail}")


def _actor(session: Session, person_id: str) -> Actor:
    install = install_of(person_id)
    device = {"name": "演示手机 / demo phone", "model": "demo", "app_build": APP_BUILD}
    claim_install(session, install, person_id, device)
    return load_actor(session, session.get_one(Person, person_id), install_id=install)


def install_of(person_id: str) -> str:
    return f"demo-{person_id}"


def _op(
    visit: Visit, form: FormVersion, photos: list[Photo], seq: int, bases: dict[str, tuple[int, str]]
) -> dict[str, Any]:
    answers = answer(visit)
    instance_id = f"uuid:{uuid.UUID(int=dice(f'instance {visit.number}').getrandbits(128), version=4)}"
    records = [("household", visit.household.id), *(("member", row.id) for row in answers.rows)]
    return {
        "op_id": _op_id(visit),
        "install_id": install_of(visit.worker),
        "seq": seq,
        "kind": "submission",
        "device_time": visit.ended.isoformat(),
        "clock": {"server_time_seen": None, "device_time_then": None, "jumped": False},
        "depends_on": [],
        "instance_id": instance_id,
        "form_id": form.form_id,
        "form_version": form.version,
        "instance_xml": fill(form.xform, answers, instance_id, visit.household.id, bases),
        "visit": _visit(visit),
        "entities": [_base(dataset, record, bases) for dataset, record in records],
        "attachments": [_attachment(visit, photo) for photo in photos],
    }


def _op_id(visit: Visit) -> str:
    """A version-7 UUID: the milliseconds of the visit's end, then dice."""
    throw = dice(f"op {visit.number}")
    milliseconds = int(visit.ended.timestamp() * 1000)
    high = milliseconds << 80 | 7 << 76 | throw.getrandbits(12) << 64
    return str(uuid.UUID(int=high | 2 << 62 | throw.getrandbits(62)))


def _base(dataset: str, record: str, bases: dict[str, tuple[int, str]]) -> dict[str, Any]:
    named = {"dataset": dataset, "id": record}
    return {**named, "base_version": bases[record][0]} if record in bases else named


def _visit(visit: Visit) -> dict[str, Any]:
    location: dict[str, Any] = {"source": "none", "reason": "不在现场 / not at the house"}
    if visit.place:
        location = {**_place(visit.place, visit.accuracy_m), "source": "gps", "fix_time": visit.started.isoformat()}
    return {
        "started_at": visit.started.isoformat(),
        "ended_at": visit.ended.isoformat(),
        "contact_mode": visit.mode,
        "location": location,
    }


def _place(place: tuple[float, float], accuracy_m: int) -> dict[str, Any]:
    return {"lon": f"{place[0]:.6f}", "lat": f"{place[1]:.6f}", "accuracy_m": str(accuracy_m), "datum": "wgs84"}


def _attachment(visit: Visit, photo: Photo) -> dict[str, Any]:
    shot = photo.shot
    found = {
        "name": shot.name, "sha256": photo.sha256, "size": len(photo.content), "media_type": "image/jpeg",
        "slot": shot.slot,
    }  # fmt: skip
    return {**found, "capture": _capture(visit, photo)} if shot.with_capture else found


def _capture(visit: Visit, photo: Photo) -> dict[str, Any]:
    """What the phone app writes beside a photo."""
    shot = photo.shot
    fix = {
        "lon": shot.place[0], "lat": shot.place[1], "accuracy_m": visit.accuracy_m, "altitude_m": None,
        "speed": None, "heading": None, "time": _utc(shot.taken),
    }  # fmt: skip
    return {
        "photo_sha256": photo.sha256, "original_sha256": photo.sha256, "bytes": len(photo.content),
        "media_type": "image/jpeg", "source": "live", "fix": fix, "n_fixes": 5, "permission": "granted",
        "wall_ms": int(shot.taken.timestamp() * 1000), "tz_offset_min": 480, "household_id": visit.household.id,
        "slot": shot.slot, "app_build": APP_BUILD,
    }  # fmt: skip


def _utc(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
