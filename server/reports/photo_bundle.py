"""The photos of an area, a time or a list of visits for an audit: originals, capture records, seals, and a verifier.

In the zip: `photos/` (the bytes as they came), `visits/` (one JSON each: what the phone signed, and its public key),
`manifest.json` (the SHA-256 of every other file), verify.py, README.txt. Whole visits only, so that their chains can be
checked from end to end. The manifest's own SHA-256 is the bundle's number: the server keeps it in the audit and shows
it with the export, so that a bundle which somebody made anew is known by another number.
"""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.tables import Install
from server.config import Settings
from server.evidence.reasons import READERS
from server.evidence.seal import Link, broken
from server.evidence.tables import Photo
from server.reports.bundle_file import BundleFile
from server.sync.blobs import store_of
from server.sync.reading import SubmissionFilter, submission_clauses
from server.sync.scope import visible_submissions
from server.sync.tables import Attachment, Blob, Submission, without_xml

FORMATS = {"zip": ("zip", "application/zip")}
MOST_PHOTOS = 20_000
MOST_BYTES = 64 * 1024**3
_AT_ONCE = 50  # visits in memory


@dataclass(frozen=True)
class Wanted:
    """`since` is in, `until` is out, by time of receipt. `instances`: ids of visits; unknown ones are left out."""

    region: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    instances: Sequence[str] | None = None


@dataclass(frozen=True)
class Size:
    photos: int
    bytes: int

    @property
    def too_large(self) -> bool:
        return self.photos > MOST_PHOTOS or self.bytes > MOST_BYTES


@dataclass(frozen=True)
class Made:
    """What is in a bundle. `missing`: photos that never arrived; `broken`: seals that did not stand already here."""

    visits: int
    photos: int
    missing: int
    broken: int
    manifest_sha256: str

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def measure(session: Session, actor: Actor, wanted: Wanted) -> Size:
    """How large the bundle would be."""
    query = (
        select(func.count(), func.coalesce(func.sum(Blob.size), 0))
        .select_from(Attachment)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .join(Blob, Blob.sha256 == Attachment.blob, isouter=True)
        .where(_is_photo(), *_clauses(session, actor, wanted))
    )
    count, size = session.execute(query).one()
    return Size(count, int(size))


def write_bundle(
    session: Session, settings: Settings, actor: Actor, wanted: Wanted, target: Path, *, name: str
) -> Made:
    """Writes the zip; a photo in memory by pieces. OSError where the disk has no room for it and its sealed copy."""
    size = measure(session, actor, wanted)
    if shutil.disk_usage(target.parent).free < 2 * size.bytes:
        raise OSError(errno.ENOSPC, "no room for the bundle")
    visits = photos = missing = faults = 0
    with BundleFile(target, store_of(settings), name) as bundle:
        for visits, visit in enumerate(_visits(session, actor, wanted), 1):
            found = [photo for seal in visit["seals"] for photo in seal["photos"]]
            for photo in found:
                bundle.add_photo(photo)
            bundle.add_visit(visits, visit)
            photos += len(found)
            missing += sum(photo["file"] is None for photo in found)
            faults += sum(photo["fault"] is not None for photo in found)
        number = bundle.finish({"visits": visits, "photos": photos, "missing": missing})
    return Made(visits, photos, missing, faults, number)


def _is_photo() -> ColumnElement[bool]:
    """Everything that is called a picture, was opened as one, or came with a capture record."""
    opened = exists().where(Photo.attachment_id == Attachment.id).correlate(Attachment)
    return or_(Attachment.media_type.like("image/%"), Attachment.capture.is_not(None), opened)


def _clauses(session: Session, actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    asked = SubmissionFilter(region=wanted.region, since=wanted.since, until=wanted.until)
    clauses = [visible_submissions(actor, READERS), *submission_clauses(session, actor, asked)]
    if wanted.instances is not None:
        clauses.append(Submission.instance_id.in_(wanted.instances))
    return clauses


def _visits(session: Session, actor: Actor, wanted: Wanted) -> Iterator[dict[str, Any]]:
    """The visits with photos, in the order of their ids, a page at a time."""
    after = ""
    while rows := session.execute(_page(session, actor, wanted, after)).all():
        photos = _photos(session, [row.Submission.instance_id for row in rows])
        for row in rows:
            yield _visit(row.Submission, row.Install, photos[row.Submission.instance_id])
        after = rows[-1].Submission.instance_id
        session.expunge_all()


def _page(session: Session, actor: Actor, wanted: Wanted, after: str) -> Select[Submission, Install]:
    has_photo = exists().where(Attachment.instance_id == Submission.instance_id, _is_photo())
    return (
        select(Submission, Install)
        .join(Install, Install.id == Submission.install_id, isouter=True)
        .where(has_photo, Submission.instance_id > after, *_clauses(session, actor, wanted))
        .order_by(Submission.instance_id)
        .limit(_AT_ONCE)
        .options(without_xml())
    )


def _photos(session: Session, instance_ids: Sequence[str]) -> dict[str, list[Attachment]]:
    """The photos of these visits."""
    found: dict[str, list[Attachment]] = {instance_id: [] for instance_id in instance_ids}
    wanted = select(Attachment).where(Attachment.instance_id.in_(instance_ids), _is_photo()).order_by(Attachment.id)
    for attachment in session.scalars(wanted):
        found[attachment.instance_id].append(attachment)
    return found


def _visit(submission: Submission, install: Install | None, photos: Sequence[Attachment]) -> dict[str, Any]:
    """A visit as it stands in the bundle. Its own photos are one seal, those of each later answer another."""
    key = install.public_key_jwk if install else None
    answers = dict.fromkeys(one.answer_id for one in photos)
    moments = {name: getattr(submission, name) for name in ("received_at", "started_at", "ended_at")}
    return {
        **{name: getattr(submission, name) for name in ("instance_id", "form_id", "form_version", "person_id")},
        "household": submission.root_id,
        "region": submission.region_code,
        "supersedes": submission.deprecated_id,
        **{name: at.isoformat() if at else None for name, at in moments.items()},
        "install_id": submission.install_id,
        "public_key_jwk": key,
        "seals": [_seal(answer, key, [one for one in photos if one.answer_id == answer]) for answer in answers],
    }


def _seal(answer_id: str | None, key: dict[str, Any] | None, photos: Sequence[Attachment]) -> dict[str, Any]:
    faults = broken([Link(one.id, one.sha256, one.capture) for one in photos], key)
    return {"answer_id": answer_id, "photos": [_photo(one, faults.get(one.id)) for one in photos]}


def _photo(one: Attachment, fault: str | None) -> dict[str, Any]:
    """`file`: None for bytes that never arrived. `fault`: what the server found wrong with its seal (seal.broken)."""
    return {
        "attachment_id": one.id,
        **{name: getattr(one, name) for name in ("name", "slot", "media_type", "sha256")},
        "file": f"photos/{one.id}" if one.blob else None,
        "fault": fault,
        "capture": one.capture,
    }
