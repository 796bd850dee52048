"""Hands in the demo's works as phones would: filled by the form's own logic, photos first, then an op through push."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from io import BytesIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.installs import claim_install
from server.accounts.tables import Person
from server.config import Settings
from server.demo.county import County
from server.demo.plan import plan_works
from server.demo.respond import respond
from server.demo.rows import Row, Shelf
from server.demo.seals import public_key_jwk, sealed
from server.demo.seed import dice
from server.demo.shots import APP_BUILD, Shot, capture, draw, take
from server.demo.works import Work
from server.forms.evaluation import Filling, FormPlan
from server.forms.instance import EntityWrite, extract_writes, parse_instance
from server.forms.model import FormModel
from server.forms.tables import FormVersion
from server.sync.blob_store import BlobStore
from server.sync.blobs import keep_streams, store_of
from server.sync.push import push
from server.sync.tables import Attachment, OpLog, Submission

SETTLED = ("applied", "merged", "conflicted", "duplicate")


@dataclass(frozen=True)
class Form:
    """A published form, read for filling."""

    form_id: str
    version: str
    model: FormModel
    plan: FormPlan

    @classmethod
    def of(cls, row: FormVersion) -> Form:
        return cls(row.form_id, row.version, FormModel.from_xform(row.xform), FormPlan.from_xform(row.xform))


@dataclass(frozen=True)
class Photo:
    """A drawn photo with its hash."""

    shot: Shot
    content: bytes
    sha256: str


class Desk:
    """Hands in one work after the other, each phone counting its own ops."""

    def __init__(self, settings: Settings, county: County, forms: Mapping[str, Form]) -> None:
        self.county, self.forms = county, forms
        self.shelf, self.store = Shelf(settings, county), store_of(settings)
        self.seqs: Counter[str] = Counter()

    def submit(self, work: Work) -> None:
        """A work that is stored already (the load was cut off) only counts."""
        form = self.forms[work.form]
        self.seqs[work.worker] += 1
        if self._is_stored(work):
            return
        instance_id = f"uuid:{uuid.UUID(int=dice(_name(work)).getrandbits(128), version=4)}"
        fill = Filling(
            form.plan, self._lists(form, work), now=work.started, username=self._username(work), device=APP_BUILD,
            instance_id=instance_id,
        )  # fmt: skip
        for path, rows in work.rows.items():
            while fill.rows(path) < rows:
                fill.add_repeat(path)
        respond(fill, form.model, work.story, dice(f"respond {_name(work)}"))
        photos = [_photo(shot, work) for shot in take(fill, form.model, work)]
        if work.reuses and photos:
            photos[0] = self._old(photos[0], work)
        for photo in photos:
            if photo.shot.sent:
                _put(self.store, photo, work.worker)
        xml = re.sub(r"<end>[^<]*</end>", f"<end>{work.ended.isoformat(timespec='milliseconds')}</end>", fill.xml())
        writes = extract_writes(form.model, parse_instance(xml), self.shelf.known)
        self._push(work, _op(work, form, xml, instance_id, writes, photos, self.seqs[work.worker]))

    def _is_stored(self, work: Work) -> bool:
        with db.read() as session:
            row = session.get(OpLog, _op_id(work))
            return row is not None and row.status in SETTLED

    def _lists(self, form: Form, work: Work) -> Mapping[str, list[Row]]:
        """What the phone had when the form was opened."""
        with db.read() as session:
            return self.shelf.lists_for(session, form.plan, work)

    def _old(self, photo: Photo, work: Work) -> Photo:
        """The worker's first photo of the same slot elsewhere, picked from the album; a new one where there is none."""
        earlier = (
            select(Attachment.sha256)
            .join(Submission, Submission.instance_id == Attachment.instance_id)
            .where(Attachment.person_id == work.worker, Attachment.slot == photo.shot.slot)
            .where(Attachment.blob.is_not(None), Submission.root_id != (work.household.id if work.household else None))
            .order_by(Submission.started_at)
            .limit(1)
        )
        with db.read() as session:
            sha256 = session.scalar(earlier)
        if sha256 is None:
            return photo
        with self.store.open(sha256) as file:
            return Photo(replace(photo.shot, from_album=True), file.read(), sha256)

    def _username(self, work: Work) -> str:
        return self.county.worker_by_id[work.worker].username

    def _push(self, work: Work, op: dict[str, Any]) -> None:
        actor = db.transact(lambda session: _actor(session, work.worker))
        result = push(actor, [op]).results[0]
        if result.status not in SETTLED:
            where = f"{work.form} {work.number} of {self._username(work)}"
            raise RuntimeError(f"{where}: {result.status} {result.code} {result.detail}")


def submit_works(
    settings: Settings, county: County, forms: Mapping[str, FormVersion], progress: Callable[[str, int, int], None]
) -> None:
    """All works in the order of time."""
    works = plan_works(county)
    desk = Desk(settings, county, {name: Form.of(row) for name, row in forms.items()})
    for done, work in enumerate(works):
        progress("works", done, len(works))
        desk.submit(work)


def _name(work: Work) -> str:
    """What a work is known by on every run of this day."""
    about = work.household.id if work.household else work.village
    return f"{work.form} {about} {work.worker} {work.started.isoformat()}"


def _photo(shot: Shot, work: Work) -> Photo:
    content = draw(shot, work)
    return Photo(shot, content, hashlib.sha256(content).hexdigest())


def _put(store: BlobStore, photo: Photo, person: str) -> None:
    keep_streams(store, [BytesIO(photo.content)], person)


def _actor(session: Session, person_id: str) -> Actor:
    install = install_of(person_id)
    key = public_key_jwk(install)
    device = {"name": "演示手机 / demo phone", "model": "demo", "app_build": APP_BUILD, "public_key_jwk": key}
    claim_install(session, install, person_id, device)
    return load_actor(session, session.get_one(Person, person_id), install_id=install)


def install_of(person_id: str) -> str:
    return f"demo-{person_id}"


def _op(
    work: Work, form: Form, xml: str, instance_id: str, writes: tuple[EntityWrite, ...], photos: list[Photo], seq: int
) -> dict[str, Any]:
    return {
        "op_id": _op_id(work),
        "install_id": install_of(work.worker),
        "seq": seq,
        "kind": "submission",
        "device_time": work.ended.isoformat(),
        "clock": _clock(work),
        "depends_on": [],
        "instance_id": instance_id,
        "form_id": form.form_id,
        "form_version": form.version,
        "instance_xml": xml,
        "visit": _visit(work),
        "entities": [_base(write) for write in writes],
        "attachments": _attachments(work, photos, instance_id),
    }


def _clock(work: Work) -> dict[str, Any]:
    """What the phone knows of its clock: nothing, but for the one that is far off."""
    if not work.ahead_s:
        return {"server_time_seen": None, "device_time_then": None, "jumped": False}
    then = work.started - timedelta(hours=2)
    seen = then - timedelta(seconds=work.ahead_s)
    return {"server_time_seen": seen.isoformat(), "device_time_then": then.isoformat(), "jumped": False}


def _op_id(work: Work) -> str:
    """A version-7 UUID: the milliseconds of the work's end, then dice."""
    throw = dice(f"op {_name(work)}")
    milliseconds = int(work.ended.timestamp() * 1000)
    high = milliseconds << 80 | 7 << 76 | throw.getrandbits(12) << 64
    return str(uuid.UUID(int=high | 2 << 62 | throw.getrandbits(62)))


def _base(write: EntityWrite) -> dict[str, Any]:
    named = {"dataset": write.dataset, "id": write.id}
    return {**named, "base_version": write.base_version} if write.base_version else named


def _visit(work: Work) -> dict[str, Any]:
    reason = "permission_denied" if work.place else "不在现场 / not at the house"
    location: dict[str, Any] = {"source": "none", "reason": reason}
    if work.place and work.fix != "refused":
        lon, lat = work.place
        location = {
            "lon": f"{lon:.6f}", "lat": f"{lat:.6f}", "accuracy_m": str(work.accuracy_m), "datum": "wgs84",
            "source": "gps", "fix_time": work.started.isoformat(),
        }  # fmt: skip
    return {
        "started_at": work.started.isoformat(),
        "ended_at": work.ended.isoformat(),
        "contact_mode": work.mode,
        "location": location,
    }


def _attachments(work: Work, photos: list[Photo], instance_id: str) -> list[dict[str, Any]]:
    """The photos, each with its record in the seal of the visit."""
    visit = instance_id.removeprefix("uuid:")
    records = [capture(one.shot, work, visit, one.sha256, len(one.content)) for one in photos]
    chain = sealed(records, install_of(work.worker))
    return [
        {
            "name": photo.shot.name, "sha256": photo.sha256, "size": len(photo.content), "media_type": "image/jpeg",
            "slot": photo.shot.slot, "capture": record,
        }
        for photo, record in zip(photos, chain, strict=True)
    ]  # fmt: skip
