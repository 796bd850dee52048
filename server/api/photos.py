"""Photos to look at and to download, and which bytes need not be sent again."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

from flask import Response, current_app, jsonify, request, send_file
from flask_smorest import Blueprint
from marshmallow import EXCLUDE, Schema, fields, validate
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.api.lists import definitions, refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.errors import Problem
from server.evidence import photos, tasks
from server.evidence.last_photos import LastPhoto, last_photos, small_copy
from server.evidence.photos import PhotoFile
from server.evidence.watermark import draw_watermark, watermark_lines
from server.geo.tables import Region
from server.registry.reading import read_entity
from server.sync.attachments import usable_and_bound
from server.sync.blobs import store_of
from server.sync.scope import reading_scope

blueprint = Blueprint("photos", __name__, description="Photos and their bytes")
blueprint.before_request(refuse_nul)

RETRY_AFTER = 5  # seconds; a photo takes a fraction of one
HOUR = 3600
MOST_PICTURES = 400_000  # bytes of pictures in one answer: a slow line carries it in half a minute
_NOT_IN_NAMES = re.compile(r'[\x00-\x1f\x7f/\\:*?"<>|]')


class Hashes(Schema):
    class Meta:
        unknown = EXCLUDE

    sha256 = fields.List(
        fields.String(validate=validate.Regexp(r"[0-9a-f]{64}\Z")), required=True, validate=validate.Length(max=1000)
    )


class Wanted(Schema):
    class Meta:
        unknown = EXCLUDE

    size = fields.String(load_default="1280", validate=validate.OneOf(["320", "1280", "original"]))
    watermark = fields.Boolean(load_default=False)


class KnownHousehold(Schema):
    """A household on the phone; `have`: photos of it that are there already."""

    class Meta:
        unknown = EXCLUDE

    id = fields.UUID(required=True)
    have = fields.List(fields.String(), load_default=[], validate=validate.Length(max=100))


class KnownHouseholds(Schema):
    class Meta:
        unknown = EXCLUDE

    households = fields.List(fields.Nested(KnownHousehold), required=True, validate=validate.Length(max=50))


@blueprint.route("/blobs/have", methods=["POST"])
@signed_in(revoked_may=True)
@blueprint.arguments(Hashes)
def have(body: dict[str, Any]) -> Response:
    """Which of these bytes need not be uploaded: those that the person uploaded or may already see.

    The store is asked too: what a disk lost, or a backup did not hold, the phone may be the last one to have.
    """
    actor = current_actor()
    known, bound = db.transact(lambda session: usable_and_bound(session, actor, body["sha256"]))
    tasks.enqueue(bound)
    store = store_of(_settings())
    return jsonify({"have": sorted(sha256 for sha256 in known if store.exists(sha256))})


@blueprint.route("/photos/last", methods=["POST"])
@signed_in()
@blueprint.arguments(KnownHouseholds)
def last(body: dict[str, Any]) -> Response:
    """The last photo of each slot of these households, small, to stand on the same spot with; `left`: ask again."""
    known = {str(household["id"]): set(household["have"]) for household in body["households"]}
    with db.read() as session:
        found = last_photos(session, current_actor(), list(known))
    items: list[dict[str, Any]] = []
    size = 0
    for id, have in known.items():
        if size >= MOST_PICTURES:
            break
        told = list(_pictures(found.get(id, ()), have))
        size += sum(len(photo.get("jpeg", "")) for photo in told)
        items.append({"household_id": id, "photos": told})
    return jsonify({"items": items, "left": list(known)[len(items) :]})


def _pictures(photos: Iterable[LastPhoto], have: set[str]) -> Iterable[dict[str, Any]]:
    """Each photo, with its bytes (base64) where the phone lacks them; one whose copy is gone is left out."""
    for photo in photos:
        if photo.attachment_id in have:
            yield photo.as_json()
        elif (content := small_copy(_settings(), photo.sha256)) is not None:
            yield photo.as_json() | {"jpeg": b64encode(content).decode()}


@blueprint.route("/photos/<attachment_id>")
@signed_in()
@blueprint.arguments(Wanted, location="query")
def photo(wanted: dict[str, Any], attachment_id: str) -> Response:
    """A re-encoded copy (long edge 320 or 1280 px), or the original as a download."""
    actor = current_actor()
    with db.read() as session:
        found = photos.find(session, actor, attachment_id)
        lines = _lines(session, actor, found) if wanted["watermark"] else []
    if wanted["size"] == "original":
        if actor.install_id is None:  # a desk takes it out of the house
            db.transact(lambda session: note(session, actor.id, "photo.original_read", attachment_id))
        return _original(found)
    copy = _copy(found, 1280 if lines else int(wanted["size"]))
    content = BytesIO(draw_watermark(copy, lines)) if lines else copy
    return _private(content, [copy.name, *lines], mimetype="image/jpeg")


def _original(found: PhotoFile) -> Response:
    """The exact bytes, always as a download; the media type only where the bytes proved it."""
    store = store_of(_settings())
    media_type = f"image/{found.format}" if found.state == "ready" and found.format else "application/octet-stream"
    name = _NOT_IN_NAMES.sub("_", found.name).strip(". ") or "file"
    try:
        stream, size = store.open(found.sha256), store.size(found.sha256)
    except FileNotFoundError:
        raise Problem("photo.missing") from None  # the disk lost it; the row says what should be here
    answer = send_file(
        stream, mimetype=media_type, as_attachment=True, download_name=name, conditional=False, etag=False
    )
    answer.content_length = size
    return _shielded(answer, [found.sha256], size)


def _copy(found: PhotoFile, edge: int) -> Path:
    """The copy's file. Problems: photo.unreadable, photo.not_ready."""
    if found.state in (None, "unreadable"):
        raise Problem("photo.unreadable")
    path = photos.copy_path(_settings(), found.sha256, edge)
    if found.state == "ready" and path.is_file():
        return path
    if found.state == "ready":  # thrown away, so it is made again
        db.transact(lambda session: photos.derive_again(session, found.id))
    tasks.enqueue([found.id])
    raise Problem("photo.not_ready", retry_after=RETRY_AFTER)


def _lines(session: Session, actor: Actor, found: PhotoFile) -> list[str]:
    """Time, place, and the household as this reader may name it."""
    region = session.get(Region, found.region_code) if found.region_code else None
    scope = reading_scope(actor)
    household = read_entity(session, definitions(), scope, found.root_id) if found.root_id else None
    names = [region.name_zh if region else "", str(household["label"]) if household else ""]
    return watermark_lines(found.taken_at, found.place, names)


def _private(content: Path | BytesIO, identity: list[str], **how: Any) -> Response:
    size = content.stat().st_size if isinstance(content, Path) else content.getbuffer().nbytes
    return _shielded(send_file(content, conditional=False, etag=False, **how), identity, size)


def _shielded(answer: Response, identity: list[str], size: int) -> Response:
    """Bytes that came from outside: for this reader only, never a document of our own; in parts where asked."""
    answer.set_etag(hashlib.sha256("\n".join(identity).encode()).hexdigest()[:32])
    answer.make_conditional(request, accept_ranges=True, complete_length=size)
    answer.headers["Cache-Control"] = f"private, max-age={HOUR}"
    answer.headers["Vary"] = "Authorization, Cookie"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer


def _settings() -> Settings:
    settings: Settings = current_app.config["RUHU"]
    return settings
