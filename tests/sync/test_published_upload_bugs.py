"""What other systems published about uploads and attachments that were lost, stuck or mixed up, tried on ours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select
from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage

from server import db
from server.evidence import tasks
from server.sync.attachments import AttachmentSpec, missing
from server.sync.blobs import store_of
from server.sync.tables import Attachment, Blob, Upload
from tests.serving import forked
from tests.sync.uploading import Someone, create, head, make_people, patch, sha256, submit, upload

PHOTO = bytes(range(256)) * 40


@pytest.fixture
def ana(app: Flask) -> Someone:
    return make_people(app, ana=None)[0]


def names(app: Flask, instance_id: str) -> dict[str, str | None]:
    with app.app_context(), db.read() as session:
        rows = session.execute(select(Attachment.name, Attachment.blob).where(Attachment.instance_id == instance_id))
        return dict(rows.all())


def test_central_backend_299_two_files_with_identical_bytes_in_one_submission_are_both_there(
    app: Flask, client: FlaskClient, ana: Someone
) -> None:
    """There the second of them was answered 409 and never stored. Here each name has the one blob, sent once."""
    specs = (AttachmentSpec("front.jpg", sha256(PHOTO)), AttachmentSpec("back.jpg", sha256(PHOTO)))
    visit = submit(app, ana, *specs)
    assert upload(client, ana, PHOTO).status_code == 204
    assert names(app, visit) == {"front.jpg": sha256(PHOTO), "back.jpg": sha256(PHOTO)}
    assert upload(client, ana, PHOTO).status_code == 204
    later = submit(app, ana, *specs)
    with app.app_context(), db.read() as session:
        assert missing(session, visit) == missing(session, later) == []
        assert session.scalar(select(func.count()).select_from(Blob)) == 1


def test_opencloud_desktop_971_a_stale_offset_never_wedges_an_upload(
    app: Flask, client: FlaskClient, ana: Someone
) -> None:
    """A phone that goes on where it believes it was gets 409 as often as it tries, and HEAD always gets it out."""
    address = create(client, ana, PHOTO).headers["Location"]
    patch(client, ana, address, 0, PHOTO[:5000])
    for stale in (0, 4000, 5001, 0, 9000):
        assert patch(client, ana, address, stale, PHOTO[stale : stale + 100]).status_code == 409
        assert head(client, ana, address).headers["Upload-Offset"] == "5000"
    assert patch(client, ana, address, 5000, PHOTO[5000:]).status_code == 204
    assert patch(client, ana, address, 5000, PHOTO[5000:]).status_code == 409
    assert head(client, ana, address).headers["Upload-Offset"] == str(len(PHOTO))


def test_opencloud_desktop_971_at_the_last_piece_of_a_server_that_died(
    app: Flask, client: FlaskClient, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """There it hung near 100 %: the server had all bytes, the client an older offset."""
    address = create(client, ana, PHOTO).headers["Location"]
    monkeypatch.setenv("RUHU_FAILPOINT", "upload.offset_committed=raise")
    assert patch(client, ana, address, 0, PHOTO).status_code == 500
    monkeypatch.delenv("RUHU_FAILPOINT")
    assert patch(client, ana, address, 0, PHOTO).status_code == 409
    assert head(client, ana, address).headers["Upload-Offset"] == str(len(PHOTO))
    assert store_of(app.config["RUHU"]).open(sha256(PHOTO)).read() == PHOTO


def test_tus_protocol_115_the_same_file_twice_shares_a_fingerprint_and_both_are_right(
    app: Flask, client: FlaskClient, ana: Someone, tmp_path: Path
) -> None:
    """A client that remembers uploads by the file's fingerprint resumes one upload for two attachments."""
    visit = submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO)), AttachmentSpec("b.jpg", sha256(PHOTO)))
    storage = FileStorage(str(tmp_path / "fingerprints"))
    file = tmp_path / "photo.jpg"
    file.write_bytes(PHOTO)
    with forked(app.config["RUHU"]) as address:

        def send(stop_at: int | None = None) -> str:
            sender = TusClient(f"{address}/api/v1/uploads", headers=ana.headers).uploader(
                file_path=str(file), chunk_size=3000, metadata={"sha256": sha256(PHOTO)},
                store_url=True, url_storage=storage,
            )
            sender.upload(stop_at=stop_at)
            return str(sender.url)

        first, second, third = send(3000), send(), send()
        assert first == second == third
    storage.close()
    assert set(names(app, visit).values()) == {sha256(PHOTO)}


def test_tus_protocol_115_two_uploads_of_one_file_that_cross_end_as_one(
    app: Flask, client: FlaskClient, ana: Someone
) -> None:
    """Two tabs: what the slower one sends last changes nothing, and it is told so without an error."""
    visit = submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO)))
    one, two = (create(client, ana, PHOTO).headers["Location"] for _ in range(2))
    patch(client, ana, one, 0, PHOTO[:6000])
    patch(client, ana, two, 0, PHOTO[:3000])
    assert patch(client, ana, one, 6000, PHOTO[6000:]).status_code == 204
    assert patch(client, ana, two, 3000, PHOTO[3000:]).status_code == 204
    assert set(names(app, visit).values()) == {sha256(PHOTO)}
    assert list(app.config["RUHU"].staging.iterdir()) == []
    with app.app_context(), db.read() as session:
        assert set(session.scalars(select(Upload.state))) == {"finished"}


@pytest.mark.parametrize("sent", [b"", PHOTO[:-1], PHOTO[:-1] + b"!", b"\0" * len(PHOTO)])
def test_pouchdb_3961_3942_no_file_has_the_right_digest_and_other_bytes(
    app: Flask, client: FlaskClient, ana: Someone, sent: bytes
) -> None:
    """There an attachment had its digest and zero bytes. Here other bytes are never bound, and are missing still."""
    visit = submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO), len(PHOTO)))
    address = create(client, ana, PHOTO, Upload_Length=str(len(sent))).headers.get("Location")
    if address and sent:
        assert patch(client, ana, address, 0, sent).status_code == 460
    assert names(app, visit) == {"a.jpg": None}
    assert not store_of(app.config["RUHU"]).exists(sha256(PHOTO))
    assert upload(client, ana, PHOTO).status_code == 204
    assert names(app, visit) == {"a.jpg": sha256(PHOTO)}


def test_pouchdb_3961_bytes_that_the_disk_emptied_later_are_noticed(
    app: Flask, client: FlaskClient, ana: Someone
) -> None:
    """A file cut to nothing behind our back is no photo; its neighbour and the visit are as before."""
    upload(client, ana, PHOTO)
    visit = submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO), len(PHOTO), "image/jpeg"))
    os.truncate(store_of(app.config["RUHU"]).path(sha256(PHOTO)), 0)
    with app.app_context():
        tasks.sweep(app.config["RUHU"])
    assert names(app, visit) == {"a.jpg": sha256(PHOTO)}


def test_pouchdb_8182_photos_sent_side_by_side_are_never_exchanged(
    app: Flask, client: FlaskClient, ana: Someone
) -> None:
    """There one record showed the picture of another. Pieces of four uploads in turn, as one phone sends them."""
    photos = [bytes([n]) * 4000 for n in range(4)]
    visit = submit(app, ana, *(AttachmentSpec(f"{n}.jpg", sha256(photo)) for n, photo in enumerate(photos)))
    where = [create(client, ana, photo).headers["Location"] for photo in photos]
    for start in range(0, 4000, 1000):
        for address, photo in zip(where, photos, strict=True):
            assert patch(client, ana, address, start, photo[start : start + 1000]).status_code == 204
    assert names(app, visit) == {f"{n}.jpg": sha256(photo) for n, photo in enumerate(photos)}


def test_enketo_1405_photos_that_never_arrive_hold_up_nothing(app: Flask, client: FlaskClient, ana: Someone) -> None:
    """Of three photos one is gone from the phone; the others are bound, the visit stands and says which is missing."""
    photos = [bytes([n]) * 100 for n in range(3)]
    visit = submit(app, ana, *(AttachmentSpec(f"{n}.jpg", sha256(photo)) for n, photo in enumerate(photos)))
    for photo in photos[::2]:
        upload(client, ana, photo)
    with app.app_context(), db.read() as session:
        assert missing(session, visit) == [sha256(photos[1])]
