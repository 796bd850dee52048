"""The tus promises: every answer is about bytes that are stored, and a file is complete only under its own hash."""

from __future__ import annotations

import base64
import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from server import db
from server.accounts.tables import Install, Token
from server.config import Settings
from server.db import now
from server.sync.attachments import AttachmentSpec, missing
from server.sync.blobs import store_of
from server.sync.leftovers import tidy_uploads
from server.sync.tables import Attachment, Blob, BlobHolder, Upload
from tests.sync.uploading import (
    OCTETS,
    TUS,
    VILLAGES,
    Someone,
    create,
    head,
    make_people,
    metadata,
    patch,
    sha256,
    submit,
    upload,
)

PHOTO = bytes(range(256)) * 40
MONTH = timedelta(days=30)


@pytest.fixture
def ana(app: Flask) -> Someone:
    return make_people(app, ana=None)[0]


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.config["RUHU"]
    return settings


def staged(app: Flask) -> list[Path]:
    folder = settings_of(app).staging
    return list(folder.iterdir()) if folder.is_dir() else []


def stored(app: Flask) -> list[Path]:
    return [path for path in settings_of(app).blobs.rglob("*") if path.is_file()]


def began(client: FlaskClient, person: Someone, content: bytes = PHOTO) -> str:
    return create(client, person, content).headers["Location"]


def late(app: Flask, **by: float) -> None:
    """Moves the end of every upload into the past."""
    with app.app_context():
        db.transact(lambda session: session.execute(update(Upload).values(expires_at=now() - timedelta(**by))))


def checksum(algorithm: str, piece: bytes) -> str:
    return f"{algorithm} {base64.b64encode(hashlib.new(algorithm, piece).digest()).decode()}"


def test_the_server_says_what_it_can_do(client: FlaskClient) -> None:
    answer = client.options("/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["Tus-Version"] == answer.headers["Tus-Resumable"] == "1.0.0"
    assert answer.headers["Tus-Extension"] == "creation,creation-with-upload,checksum,expiration,termination"
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha1,sha256"
    assert answer.headers["Tus-Max-Size"] == str(20 * 1024 * 1024)


def test_a_file_goes_up_in_pieces_and_is_complete_under_its_hash(app: Flask, client: FlaskClient, ana: Someone) -> None:
    created = create(client, ana, PHOTO)
    assert created.status_code == 201 and "Upload-Expires" in created.headers
    address = created.headers["Location"]
    assert patch(client, ana, address, 0, PHOTO[:4000]).headers["Upload-Offset"] == "4000"
    asked = head(client, ana, address)
    assert (asked.headers["Upload-Offset"], asked.headers["Upload-Length"]) == ("4000", str(len(PHOTO)))
    assert asked.headers["Upload-Metadata"] == metadata(PHOTO)
    assert asked.headers["Cache-Control"] == "no-store"
    assert stored(app) == []
    last = patch(client, ana, address, 4000, PHOTO[4000:])
    assert (last.status_code, last.headers["Upload-Offset"]) == (204, str(len(PHOTO)))
    assert store_of(settings_of(app)).open(sha256(PHOTO)).read() == PHOTO
    assert staged(app) == []


def test_a_lost_last_answer_is_found_again_by_asking(client: FlaskClient, ana: Someone) -> None:
    address = began(client, ana)
    patch(client, ana, address, 0, PHOTO)
    assert head(client, ana, address).headers["Upload-Offset"] == str(len(PHOTO))
    assert patch(client, ana, address, 0, PHOTO).status_code == 409
    assert patch(client, ana, address, len(PHOTO), b"").status_code == 204


def test_creation_takes_the_first_bytes_along(app: Flask, client: FlaskClient, ana: Someone) -> None:
    headers = {**TUS, **OCTETS, **ana.headers, "Upload-Length": str(len(PHOTO)), "Upload-Metadata": metadata(PHOTO)}
    first = client.post("/api/v1/uploads", headers=headers, data=PHOTO[:100])
    assert (first.status_code, first.headers["Upload-Offset"]) == (201, "100")
    whole = client.post("/api/v1/uploads", headers=headers, data=PHOTO)
    assert (whole.status_code, whole.headers["Upload-Offset"]) == (201, str(len(PHOTO)))
    assert len(stored(app)) == 1
    assert client.post("/api/v1/uploads", headers=headers, data=PHOTO + b"!").status_code == 413
    wrong = {**headers, "Content-Type": "image/jpeg"}
    assert client.post("/api/v1/uploads", headers=wrong, data=PHOTO).status_code == 415


@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_a_damaged_piece_is_not_kept(client: FlaskClient, ana: Someone, algorithm: str) -> None:
    address = began(client, ana)
    broken = patch(client, ana, address, 0, b"x" * 100, Upload_Checksum=checksum(algorithm, PHOTO[:100]))
    assert (broken.status_code, broken.json["code"]) == (460, "upload.wrong_checksum")
    assert head(client, ana, address).headers["Upload-Offset"] == "0"
    right = patch(client, ana, address, 0, PHOTO[:100], Upload_Checksum=checksum(algorithm, PHOTO[:100]))
    assert right.headers["Upload-Offset"] == "100"


@pytest.mark.parametrize("header", ["md5 1B2M2Y8AsgTpgAmY7PhCfg==", "sha256", "sha256 !", "sha1 \u00e4"])
def test_a_checksum_that_cannot_be_read_is_refused(client: FlaskClient, ana: Someone, header: str) -> None:
    address = began(client, ana)
    answer = patch(client, ana, address, 0, PHOTO[:10], Upload_Checksum=header)
    assert answer.status_code in (400, 460)
    assert head(client, ana, address).headers["Upload-Offset"] == "0"


def cut(client: FlaskClient, person: Someone, address: str, piece: bytes, **headers: str) -> int:
    """A PATCH whose connection breaks: announced longer than what comes."""
    given = {**TUS, **OCTETS, **person.headers, "Upload-Offset": "0", **headers}
    announced = {"CONTENT_LENGTH": str(len(PHOTO))}
    stream = io.BytesIO(piece)
    return client.patch(address, headers=given, input_stream=stream, environ_overrides=announced).status_code


def test_a_piece_cut_short_counts_as_far_as_it_came(client: FlaskClient, ana: Someone) -> None:
    """On a line that breaks every few seconds nothing that arrived is sent twice."""
    address = began(client, ana)
    cut(client, ana, address, PHOTO[:3000])
    assert head(client, ana, address).headers["Upload-Offset"] == "3000"
    assert patch(client, ana, address, 3000, PHOTO[3000:]).status_code == 204


def test_a_piece_cut_short_under_a_checksum_is_discarded(client: FlaskClient, ana: Someone) -> None:
    address = began(client, ana)
    assert cut(client, ana, address, PHOTO[:3000], **{"Upload-Checksum": checksum("sha256", PHOTO)}) == 460
    assert cut(client, ana, address, PHOTO[:3000], **{"Upload-Checksum": checksum("sha256", PHOTO[:3000])}) == 460
    assert head(client, ana, address).headers["Upload-Offset"] == "0"


@pytest.mark.parametrize("offset", [1, 99, 101, 10**17])
def test_a_wrong_offset_changes_nothing(client: FlaskClient, ana: Someone, offset: int) -> None:
    address = began(client, ana)
    patch(client, ana, address, 0, PHOTO[:100])
    answer = patch(client, ana, address, offset, PHOTO[100:])
    assert (answer.status_code, answer.json["code"]) == (409, "upload.wrong_offset")
    assert head(client, ana, address).headers["Upload-Offset"] == "100"


def test_a_finished_file_with_another_hash_is_gone(app: Flask, client: FlaskClient, ana: Someone) -> None:
    address = began(client, ana)
    answer = patch(client, ana, address, 0, b"x" * len(PHOTO))
    assert (answer.status_code, answer.json["code"]) == (460, "upload.wrong_checksum")
    assert head(client, ana, address).status_code == 404
    assert stored(app) == staged(app) == []


def test_more_than_was_announced_or_allowed_is_refused(app: Flask, client: FlaskClient, ana: Someone) -> None:
    address = began(client, ana)
    assert patch(client, ana, address, 0, PHOTO + b"!").status_code == 413
    limit = settings_of(app).photo_bytes
    over = create(client, ana, PHOTO, Upload_Length=str(limit + 1))
    assert (over.status_code, over.json["code"]) == (413, "upload.too_large")
    assert create(client, ana, PHOTO, Upload_Length=str(limit)).status_code == 201


def test_a_photo_of_the_largest_size_goes_up_in_one_piece(app: Flask, client: FlaskClient, ana: Someone) -> None:
    """Larger than what any other request may carry."""
    content = b"\xff" * settings_of(app).photo_bytes
    assert upload(client, ana, content).status_code == 204


def test_an_empty_file_is_complete_at_once(app: Flask, client: FlaskClient, ana: Someone) -> None:
    created = create(client, ana, b"")
    assert created.status_code == 201
    assert head(client, ana, created.headers["Location"]).headers["Upload-Offset"] == "0"
    assert [path.stat().st_size for path in stored(app)] == [0]
    assert create(client, ana, PHOTO, Upload_Length="0").status_code == 460


@pytest.mark.parametrize("length", ["", "-1", "1e3", "0x10", "١٢", "9" * 30])
def test_a_length_that_is_no_number_is_refused(client: FlaskClient, ana: Someone, length: str) -> None:
    headers = {**TUS, **ana.headers, "Upload-Metadata": metadata(PHOTO)}
    environ = {"HTTP_UPLOAD_LENGTH": length.encode().decode("latin-1")} if length else {}
    assert client.post("/api/v1/uploads", headers=headers, environ_overrides=environ).status_code == 400


@pytest.mark.parametrize(
    "description",
    ["", "filename aGk=", "sha256 !!", "sha256 " + base64.b64encode(b"A" * 64).decode(), "sha256", "x" * 5000, ",, ,"],
)
def test_a_description_without_a_hash_is_refused(client: FlaskClient, ana: Someone, description: str) -> None:
    answer = create(client, ana, PHOTO, Upload_Metadata=description)
    assert (answer.status_code, answer.json["code"]) == (400, "upload.invalid")


def test_a_file_name_is_only_text(app: Flask, client: FlaskClient, ana: Someone) -> None:
    """Path characters, NUL and Chinese in a name reach no folder."""
    for name in ("../../../etc/passwd", "a\0b", "C:\\x.jpg", "门前.jpg", "\r\nX-Evil: 1"):
        description = metadata(PHOTO, filename=name, filetype="image/jpeg")
        created = create(client, ana, PHOTO, Upload_Metadata=description)
        assert created.status_code == 201
        assert head(client, ana, created.headers["Location"]).headers["Upload-Metadata"] == description
        assert patch(client, ana, created.headers["Location"], 0, PHOTO).status_code == 204
    assert [path.name for path in stored(app)] == [sha256(PHOTO)]


def test_the_version_and_the_kind_of_body_are_checked(client: FlaskClient, ana: Someone) -> None:
    address = began(client, ana)
    old = client.head(address, headers={**ana.headers, "Tus-Resumable": "0.2.2"})
    assert (old.status_code, old.headers["Tus-Version"]) == (412, "1.0.0")
    assert patch(client, ana, address, 0, PHOTO, Content_Type="image/jpeg").status_code == 415
    assert head(client, ana, address).headers["Upload-Offset"] == "0"


def test_a_foreign_upload_is_as_unknown(app: Flask, client: FlaskClient) -> None:
    ana, bo = make_people(app, ana=None, bo=None)
    address = began(client, ana)
    unknown = "/api/v1/uploads/00000000-0000-4000-8000-000000000000"
    for where in (address, unknown, "/api/v1/uploads/%2e%2e", "/api/v1/uploads/a%00b"):
        assert head(client, bo, where).status_code == 404
        assert patch(client, bo, where, 0, PHOTO).status_code == 404
        assert client.delete(where, headers={**TUS, **bo.headers}).status_code == 404
    foreign, nowhere = patch(client, bo, address, 0, PHOTO).json, patch(client, bo, unknown, 0, PHOTO).json
    assert {**foreign, "request_id": ""} == {**nowhere, "request_id": ""}
    assert head(client, ana, address).headers["Upload-Offset"] == "0"


def test_without_a_valid_token_nothing_is_taken(app: Flask, client: FlaskClient, ana: Someone) -> None:
    assert client.post("/api/v1/uploads", headers=TUS).status_code == 401
    with app.app_context():
        db.transact(lambda session: session.execute(update(Token).values(expires_at=now())))
    assert create(client, ana, PHOTO).json["code"] == "auth.expired"
    with app.app_context():
        db.transact(lambda session: session.execute(update(Token).values(expires_at=now() + MONTH, kind="openrosa")))
    assert create(client, ana, PHOTO).json["code"] == "auth.wrong_kind"


def test_a_revoked_phone_may_hand_over_its_photos(app: Flask, client: FlaskClient, ana: Someone) -> None:
    with app.app_context():
        db.transact(lambda session: session.execute(update(Install).values(revoked_at=now())))
    assert upload(client, ana, PHOTO).status_code == 204
    assert client.post("/api/v1/blobs/have", json={"sha256": [sha256(PHOTO)]}, headers=ana.headers).status_code == 200


def test_what_nobody_continues_expires_and_is_later_forgotten(app: Flask, client: FlaskClient, ana: Someone) -> None:
    address = began(client, ana)
    patch(client, ana, address, 0, PHOTO[:100])
    late(app, seconds=1)
    assert head(client, ana, address).status_code == 410
    assert patch(client, ana, address, 100, PHOTO[100:]).json["code"] == "upload.expired"
    with app.app_context():
        assert tidy_uploads(store_of(settings_of(app)), MONTH).expired == 1
        assert staged(app) == []
    assert head(client, ana, address).status_code == 410
    late(app, days=31)
    with app.app_context():
        tidy_uploads(store_of(settings_of(app)), MONTH)
    assert head(client, ana, address).status_code == 404


def test_what_a_submission_waits_for_does_not_expire(app: Flask, client: FlaskClient, ana: Someone) -> None:
    submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO)))
    address = began(client, ana)
    patch(client, ana, address, 0, PHOTO[:100])
    late(app, days=400)
    with app.app_context():
        assert tidy_uploads(store_of(settings_of(app)), MONTH).expired == 0
    assert patch(client, ana, address, 100, PHOTO[100:]).status_code == 204


def test_an_upload_can_be_ended(app: Flask, client: FlaskClient, ana: Someone) -> None:
    address = began(client, ana)
    patch(client, ana, address, 0, PHOTO[:100])
    assert client.delete(address, headers={**TUS, **ana.headers}).status_code == 204
    assert head(client, ana, address).status_code == 404
    assert staged(app) == []


def test_the_same_file_again_is_one_blob(app: Flask, client: FlaskClient) -> None:
    ana, bo = make_people(app, ana=None, bo=None)
    for person in (ana, ana, bo):
        assert upload(client, person, PHOTO).status_code == 204
    assert len(stored(app)) == 1
    with app.app_context(), db.read() as session:
        assert session.scalar(select(func.count()).select_from(Blob)) == 1
        assert session.scalar(select(func.count()).select_from(BlobHolder)) == 2


def test_finished_bytes_are_bound_to_what_waits_for_them(app: Flask, client: FlaskClient) -> None:
    """Two attachments with equal bytes get the one blob; a stranger's hash for it stays missing."""
    ana, bo = make_people(app, ana=None, bo=None)
    mine = submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO)), AttachmentSpec("b.jpg", sha256(PHOTO)))
    theirs = submit(app, bo, AttachmentSpec("a.jpg", sha256(PHOTO)))
    upload(client, ana, PHOTO)
    with app.app_context(), db.read() as session:
        assert missing(session, mine) == []
        assert missing(session, theirs) == [sha256(PHOTO)]
        bound = session.scalars(select(Attachment.bound_at).where(Attachment.instance_id == mine)).all()
        assert len(bound) == 2 and all(bound)


def test_have_names_only_what_the_person_may_name(app: Flask, client: FlaskClient) -> None:
    ana, bo = make_people(app, ana=None, bo=None)
    upload(client, ana, PHOTO)

    def have(person: Someone) -> list[str]:
        asked = {"sha256": [sha256(PHOTO), sha256(b"unknown")]}
        answer = client.post("/api/v1/blobs/have", json=asked, headers=person.headers)
        names: list[str] = answer.json["have"]
        return names

    assert (have(ana), have(bo)) == ([sha256(PHOTO)], [])
    for wrong in ({"sha256": ["x"]}, {"sha256": [sha256(PHOTO).upper()]}, {"sha256": [sha256(PHOTO) + "\n"]}, {}, []):
        assert client.post("/api/v1/blobs/have", json=wrong, headers=ana.headers).status_code in (400, 422)


def test_asking_for_bytes_that_came_into_sight_binds_them(app: Flask, client: FlaskClient) -> None:
    """The phone then sends nothing, so what it named before it could see the bytes must not wait for ever."""
    here = VILLAGES[0]
    ana, bo = make_people(app, ana=here, bo=here)
    visit = submit(app, bo, AttachmentSpec("a.jpg", sha256(PHOTO)), village=here)
    upload(client, ana, PHOTO)
    submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO)), village=here)
    answer = client.post("/api/v1/blobs/have", json={"sha256": [sha256(PHOTO)]}, headers=bo.headers)
    assert answer.json["have"] == [sha256(PHOTO)]
    with app.app_context(), db.read() as session:
        assert missing(session, visit) == []


def test_bytes_behind_the_offset_are_cut(app: Flask, client: FlaskClient, ana: Someone) -> None:
    """A crash after writing and before counting leaves bytes that do not count."""
    address = began(client, ana)
    patch(client, ana, address, 0, PHOTO[:100])
    with staged(app)[0].open("ab") as file:
        file.write(b"rubbish" * 9)
    assert head(client, ana, address).headers["Upload-Offset"] == "100"
    assert patch(client, ana, address, 100, PHOTO[100:]).status_code == 204


def test_bytes_that_the_disk_lost_are_asked_for_again(app: Flask, client: FlaskClient, ana: Someone) -> None:
    address = began(client, ana)
    patch(client, ana, address, 0, PHOTO[:100])
    staged(app)[0].unlink()
    assert patch(client, ana, address, 100, PHOTO[100:]).status_code == 409
    assert head(client, ana, address).headers["Upload-Offset"] == "0"
    assert patch(client, ana, address, 0, PHOTO).status_code == 204
    assert store_of(settings_of(app)).open(sha256(PHOTO)).read() == PHOTO


def test_losing_the_staged_bytes_opens_no_foreign_blob(app: Flask, client: FlaskClient) -> None:
    """Who announced a foreign hash and sent something else does not become its holder when the disk loses that."""
    ana, bo = make_people(app, ana=None, bo=None)
    upload(client, ana, PHOTO)
    address = began(client, bo)
    patch(client, bo, address, 0, b"y" * (len(PHOTO) - 1))
    staged(app)[0].unlink()
    with app.app_context():
        db.transact(lambda session: session.execute(
            update(Upload).where(Upload.person_id == bo.id).values(received=len(PHOTO))
        ))
    assert head(client, bo, address).headers["Upload-Offset"] == "0"
    asked = client.post("/api/v1/blobs/have", json={"sha256": [sha256(PHOTO)]}, headers=bo.headers)
    assert asked.json["have"] == []


def test_a_file_of_nobody_is_removed_and_a_young_one_left(app: Flask, client: FlaskClient, ana: Someone) -> None:
    address = began(client, ana)
    patch(client, ana, address, 0, PHOTO[:100])
    folder = settings_of(app).staging
    for name in ("new-abc", "00000000-0000-4000-8000-000000000000"):
        (folder / name).write_bytes(b"left")
    with app.app_context():
        assert tidy_uploads(store_of(settings_of(app)), MONTH).removed_files == 1
        assert (folder / "new-abc").exists()
        assert tidy_uploads(store_of(settings_of(app)), MONTH, file_age=0).removed_files == 1
    assert patch(client, ana, address, 100, PHOTO[100:]).status_code == 204
