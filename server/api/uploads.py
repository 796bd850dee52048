"""Resumable uploads by tus 1.0: creation, creation-with-upload, checksum, expiration, termination."""

from __future__ import annotations

import base64
import binascii
import hashlib
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from flask import Response, current_app, request, url_for
from flask_smorest import Blueprint
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.http import http_date

from server.api.lists import refuse_nul
from server.api.signed_in import current_actor, signed_in
from server.config import Settings
from server.errors import Problem
from server.evidence import tasks
from server.failpoints import hit
from server.sync import uploads
from server.sync.blob_store import PIECE, SHA256, BlobStore, make_folder, room
from server.sync.blobs import store_of
from server.sync.staging import Chunk
from server.sync.upload_life import Quota
from server.sync.uploads import NewUpload, Progress

blueprint = Blueprint("uploads", __name__, description="Files on their way, by tus 1.0")
blueprint.before_request(refuse_nul)

VERSION = "1.0.0"
EXTENSIONS = "creation,creation-with-upload,checksum,expiration,termination"
ALGORITHMS = ("sha1", "sha256")
OCTETS = "application/offset+octet-stream"
DESCRIPTION_LENGTH = 4096
READ = 4096  # bytes read at once: what a cut connection may lose of what had come


@blueprint.before_request
def _same_version() -> None:
    if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
        raise Problem("upload.version")


@blueprint.after_request
def _say_version(answer: Response) -> Response:
    """Every answer names the version. What was refused unread is read away, so that the answer gets through."""
    answer.headers["Tus-Resumable"] = VERSION
    if answer.status_code == 412:
        answer.headers["Tus-Version"] = VERSION
    if answer.status_code >= 400 and (request.content_length or 0) <= PIECE:
        _drain()
    return answer


def _drain() -> None:
    left = PIECE
    try:
        while left > 0 and (piece := request.stream.read(min(left, 64 * 1024))):
            left -= len(piece)
    except (ClientDisconnected, RequestEntityTooLarge, OSError):
        return  # nobody is left to be told


@blueprint.route("/uploads", methods=["OPTIONS"])
def abilities() -> Response:
    """What this server can do."""
    answer = Response(status=204)
    answer.headers["Tus-Version"] = VERSION
    answer.headers["Tus-Extension"] = EXTENSIONS
    answer.headers["Tus-Checksum-Algorithm"] = ",".join(ALGORITHMS)
    answer.headers["Tus-Max-Size"] = str(_settings().photo_bytes)
    return answer


@blueprint.route("/uploads", methods=["POST"])
@signed_in(revoked_may=True)
def create() -> Response:
    """A new upload; with a body of offset+octet-stream its first bytes too."""
    new = _announced()
    with _body(0) as body:
        if body.length and request.mimetype != OCTETS:
            raise Problem("upload.media_type")
        if body.length > new.size:
            raise Problem("upload.too_large", detail=f"Upload-Length: {new.size}")
        progress = uploads.create(_store(), current_actor().id, new, _quota())
        if body.length:
            progress = uploads.append(_store(), current_actor().id, progress.id, body, _quota())
    answer = _answer(progress, 201)
    answer.headers["Location"] = url_for("uploads.offset", upload_id=progress.id)
    return answer


@blueprint.route("/uploads/<upload_id>", methods=["HEAD"])
@signed_in(revoked_may=True)
def offset(upload_id: str) -> Response:
    """How much has arrived; all of it only when the file is complete under its hash."""
    progress = uploads.look(_store(), current_actor().id, upload_id)
    answer = _answer(progress, 200)
    answer.headers["Upload-Length"] = str(progress.size)
    answer.headers["Upload-Metadata"] = progress.description
    answer.headers["Cache-Control"] = "no-store"
    return answer


@blueprint.route("/uploads/<upload_id>", methods=["PATCH"])
@signed_in(revoked_may=True)
def append(upload_id: str) -> Response:
    """The next bytes."""
    if request.mimetype != OCTETS:
        raise Problem("upload.media_type")
    start = _whole("Upload-Offset")
    uploads.expect(current_actor().id, upload_id, start, request.content_length or 0)
    with _body(start) as body:
        progress = uploads.append(_store(), current_actor().id, upload_id, body, _quota())
    return _answer(progress, 204)


@blueprint.route("/uploads/<upload_id>", methods=["DELETE"])
@signed_in(revoked_may=True)
def remove(upload_id: str) -> Response:
    """Ends an upload. A finished file stays."""
    uploads.remove(_store(), current_actor().id, upload_id)
    return Response(status=204)


def _answer(progress: Progress, status: int) -> Response:
    """Where the upload stands; what got its bytes goes to the evidence queue (all is committed)."""
    tasks.enqueue(progress.bound)
    answer = Response(status=status)
    answer.headers["Upload-Offset"] = str(progress.received)
    if progress.state == "open":
        answer.headers["Upload-Expires"] = http_date(progress.expires_at)
    return answer


@contextmanager
def _body(start: int) -> Iterator[Chunk]:
    """Receives the body in pieces, into a file without a name, of which a crash leaves nothing.

    Cut short, it counts as far as it came, but under a checksum not at all.
    """
    algorithm, expected = _checksum()
    digest = hashlib.new(algorithm, usedforsecurity=False)
    request.max_content_length = _settings().photo_bytes
    staging = _settings().staging
    with room():
        make_folder(staging)
    with tempfile.SpooledTemporaryFile(max_size=PIECE, dir=str(staging)) as file:
        while piece := _received():
            digest.update(piece)
            with room():
                hit("upload.receiving")
                file.write(piece)
        cut = piece is None or file.tell() < (request.content_length or 0)  # gunicorn only ends the stream early
        if expected is not None and (cut or digest.digest() != expected):
            raise Problem("upload.wrong_checksum", detail="The chunk was cut short." if cut else "")
        yield Chunk(start, file, file.tell())


def _received() -> bytes | None:
    """The next bytes of the body, none at its end; None when the connection broke, with less than READ lost."""
    try:
        return request.stream.read(READ)
    except (ClientDisconnected, OSError):
        return None


def _checksum() -> tuple[str, bytes | None]:
    """Algorithm and expected digest of the Upload-Checksum header; None without one."""
    header = request.headers.get("Upload-Checksum")
    if header is None:
        return ALGORITHMS[0], None
    algorithm, _, digest = header.partition(" ")
    if algorithm not in ALGORITHMS:
        raise Problem("upload.invalid", detail=f"Upload-Checksum knows {', '.join(ALGORITHMS)}.")
    return algorithm, _unbase64("Upload-Checksum", digest)


def _announced() -> NewUpload:
    if "Upload-Defer-Length" in request.headers:
        raise Problem("upload.invalid", detail="Upload-Length must be known now; it cannot be told later.")
    size = _whole("Upload-Length")
    if size > _settings().photo_bytes:
        raise Problem("upload.too_large", detail=f"Tus-Max-Size: {_settings().photo_bytes}")
    description = request.headers.get("Upload-Metadata", "")
    if not description.isascii() or len(description) > DESCRIPTION_LENGTH:
        raise Problem("upload.invalid", detail=f"Upload-Metadata: ASCII, at most {DESCRIPTION_LENGTH} characters.")
    pairs = dict(pair.strip().partition(" ")[::2] for pair in description.split(","))
    sha256 = _unbase64("Upload-Metadata sha256", pairs.get("sha256", "")).decode("ascii", "replace")
    if not SHA256.fullmatch(sha256):
        raise Problem("upload.invalid", detail="Upload-Metadata needs sha256: base64 of the lower-case hex.")
    return NewUpload(sha256, size, description)


def _whole(header: str) -> int:
    text = request.headers.get(header, "")
    if not (text.isascii() and text.isdigit() and len(text) <= 18):
        raise Problem("upload.invalid", detail=f"{header} must be a whole number.")
    return int(text)


def _unbase64(where: str, text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise Problem("upload.invalid", detail=f"{where} is not base64.") from None


def _settings() -> Settings:
    settings: Settings = current_app.config["RUHU"]
    return settings


def _store() -> BlobStore:
    return store_of(_settings())


def _quota() -> Quota:
    settings = _settings()
    return Quota(timedelta(days=settings.upload_days), settings.open_uploads, settings.open_upload_bytes)
