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
from tests.serving import forked, serving
from tests.sync.uploading import Someone, make_people, sha256, submit

pytestmark = pytest.mark.kill

# Where to kill, and at which hit: the first piece, one in the middle, the last one.
PLACES = {
    "upload.created": ("1",),
    "upload.receiving": ("1",),
    "upload.writing": ("1", "2"),
    "upload.syncing": ("2",),
    "upload.bytes_written": ("1", "2", "3"),
    "upload.offset_committed": ("1", "3"),
    "upload.verified": ("1",),
    "upload.linking": ("1",),
    "upload.renamed": ("1",),
    "upload.finished": ("1",),
}
CASES = [(place, hit) for place, hits in PLACES.items() for hit in hits]
# Dead behind these, the server has all bytes, so the photo arrives although nobody sends anything again.
WHOLE = [("upload.offset_committed", "3")] + [
    (place, "1") for place in ("upload.verified", "upload.linking", "upload.renamed", "upload.finished")
]


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


def died(app: Flask, person: Someone, place: str, hit: str) -> str | None:
    """A server that was killed there while the photo came in; the upload's path, if one was answered."""
    with forked(app.config["RUHU"], f"{place}=kill:{hit}") as address:
        at = send(address, person)
        with pytest.raises(requests.ConnectionError):
            requests.get(f"{address}/healthz", timeout=5)
    return at


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
def test_an_upload_killed_there_and_continued_is_one_photo(place: str, hit: str, app: Flask) -> None:
    (ana,) = make_people(app, ana=None)
    visit = submit(app, ana, AttachmentSpec("front.jpg", sha256(PHOTO), len(PHOTO), "image/jpeg"))
    at = died(app, ana, place, hit)
    with forked(app.config["RUHU"]) as address:
        assert send(address, ana, at)
    one_of_everything(app, visit)


@pytest.mark.parametrize(("place", "hit"), WHOLE)
def test_a_file_that_was_whole_needs_nobody_to_continue(place: str, hit: str, app: Flask) -> None:
    (ana,) = make_people(app, ana=None)
    visit = submit(app, ana, AttachmentSpec("front.jpg", sha256(PHOTO), len(PHOTO), "image/jpeg"))
    died(app, ana, place, hit)
    one_of_everything(app, visit)


@pytest.mark.parametrize("change", [-5000, -1, 1, 5000])
def test_a_staging_file_of_another_length_than_counted_costs_no_photo(change: int, app: Flask) -> None:
    """After a power cut the file is longer (bytes that were not counted) or shorter (a disk that lied about fsync)."""
    (ana,) = make_people(app, ana=None)
    visit = submit(app, ana, AttachmentSpec("front.jpg", sha256(PHOTO), len(PHOTO), "image/jpeg"))
    at = died(app, ana, "upload.offset_committed", "2")
    (staged,) = app.config["RUHU"].staging.iterdir()
    with staged.open("r+b") as file:
        size = file.seek(0, 2)
        file.truncate(size + change)
    with forked(app.config["RUHU"]) as address:
        assert send(address, ana, at)
    one_of_everything(app, visit)


def test_killed_workers_of_gunicorn_lose_nothing_either(app: Flask, database_url: str) -> None:
    """As it runs in production: the photo goes on after every piece killed a worker, then after a whole restart."""
    (ana,) = make_people(app, ana=None)
    visit = submit(app, ana, AttachmentSpec("front.jpg", sha256(PHOTO), len(PHOTO), "image/jpeg"))
    at = None
    with serving(database_url, app.config["RUHU"].var, {"RUHU_FAILPOINT": "upload.offset_committed=kill:1"}) as address:
        for _ in range(2):
            at = send(address, ana, at)
    with serving(database_url, app.config["RUHU"].var) as address:
        assert send(address, ana, at)
    one_of_everything(app, visit)
