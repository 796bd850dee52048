"""kill -9 of a real server at every named place of an upload, then restart and resend.

Proves promise 1 for photos: whatever was on the disk and in the database when the server died, going on from there
ends with exactly one blob, one photo, bytes that were sent, and no file that belongs to nobody.
"""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
import requests
from flask import Flask
from PIL import Image
from sqlalchemy import func, select
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from server import db
from server.evidence import tasks
from server.evidence.tables import Photo
from server.failpoints import NAMES
from server.sync.attachments import AttachmentSpec, missing
from server.sync.tables import Blob
from tests.serving import serving
from tests.sync.uploading import OCTETS, TUS, Someone, make_people, metadata, sha256, submit

pytestmark = pytest.mark.kill

# Where to kill, and at which hit: the first piece, one in the middle, the last one.
PLACES = {
    "upload.created": ("1",),
    "upload.bytes_written": ("1", "2", "3"),
    "upload.offset_committed": ("1", "3"),
    "upload.verified": ("1",),
    "upload.renamed": ("1",),
    "upload.finished": ("1",),
}
CASES = [(place, hit) for place, hits in PLACES.items() for hit in hits]
# Dead behind these, the server has all bytes, so the photo arrives although nobody sends anything again.
WHOLE = [("upload.offset_committed", "3"), ("upload.verified", "1"), ("upload.renamed", "1"), ("upload.finished", "1")]


def photo() -> bytes:
    noise = Image.effect_noise((200, 150), 90).convert("RGB")
    out = io.BytesIO()
    noise.save(out, "JPEG", quality=90)
    return out.getvalue()


PHOTO = photo()
PIECE = len(PHOTO) // 3 + 1


def send(address: str, person: Someone, at: str | None = None) -> str | None:
    """Sends the photo in three pieces as tuspy does, or goes on at an upload; its path, None when it never began."""
    client = TusClient(f"{address}/api/v1/uploads", headers=person.headers)
    url = f"{address}{at}" if at else None
    try:
        uploader = client.uploader(
            file_stream=io.BytesIO(PHOTO), chunk_size=PIECE, metadata={"sha256": sha256(PHOTO)}, url=url,
            upload_checksum=True,
        )
        uploader.upload()
    except (TusCommunicationError, TusUploadFailed, requests.ConnectionError):
        return uploader.url.removeprefix(address) if uploader.url else None
    return str(uploader.url).removeprefix(address)


def died(app: Flask, url: str, person: Someone, place: str, hit: str) -> str | None:
    """A server that was killed there while the photo came in."""
    env = {"RUHU_FAILPOINT": f"{place}=kill:{hit}"}
    with serving(url, app.config["RUHU"].var, env) as address:
        return send(address, person)


def one_of_everything(app: Flask, visit: str) -> None:
    """After the sweep: one blob, one derived photo, nothing missing, nothing in the staging folder."""
    settings = app.config["RUHU"]
    with app.app_context():
        tasks.sweep(settings, grace=timedelta(0), file_age=0)
        with db.read() as session:
            assert missing(session, visit) == []
            assert session.scalar(select(func.count()).select_from(Blob)) == 1
            assert session.scalars(select(Photo.state)).all() == ["ready"]
    assert [path.read_bytes() for path in settings.blobs.rglob("*") if path.is_file()] == [PHOTO]
    assert list(settings.staging.iterdir()) == []


def test_every_place_of_an_upload_is_killed() -> None:
    assert set(PLACES) == {name for name in NAMES if name.startswith("upload.")}


@pytest.mark.parametrize(("place", "hit"), CASES)
def test_an_upload_killed_there_and_continued_is_one_photo(
    place: str, hit: str, app: Flask, database_url: str
) -> None:
    (ana,) = make_people(app, ana=None)
    visit = submit(app, ana, AttachmentSpec("front.jpg", sha256(PHOTO), len(PHOTO), "image/jpeg"))
    at = died(app, database_url, ana, place, hit)
    with serving(database_url, app.config["RUHU"].var) as address:
        assert send(address, ana, at)
    one_of_everything(app, visit)


@pytest.mark.parametrize(("place", "hit"), WHOLE)
def test_a_file_that_was_whole_needs_nobody_to_continue(place: str, hit: str, app: Flask, database_url: str) -> None:
    (ana,) = make_people(app, ana=None)
    visit = submit(app, ana, AttachmentSpec("front.jpg", sha256(PHOTO), len(PHOTO), "image/jpeg"))
    died(app, database_url, ana, place, hit)
    one_of_everything(app, visit)


def test_the_kill_is_real(app: Flask, database_url: str) -> None:
    """Without it the tests above would prove nothing: the piece under way gets no answer."""
    (ana,) = make_people(app, ana=None)
    with serving(database_url, app.config["RUHU"].var, {"RUHU_FAILPOINT": "upload.bytes_written=kill:1"}) as address:
        announced = {**TUS, **ana.headers, "Upload-Length": str(len(PHOTO)), "Upload-Metadata": metadata(PHOTO)}
        created = requests.post(f"{address}/api/v1/uploads", headers=announced, timeout=20)
        piece = {**TUS, **OCTETS, **ana.headers, "Upload-Offset": "0"}
        with pytest.raises(requests.ConnectionError):
            requests.patch(f"{address}{created.headers['Location']}", data=PHOTO, headers=piece, timeout=20)
    with app.app_context(), db.read() as session:
        assert session.scalar(select(func.count()).select_from(Blob)) == 0
