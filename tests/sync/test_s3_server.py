"""The whole way of a photo with an S3 server behind: sent, prepared, shown, backed up; and while that is away."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from server import db
from server.app import create_app
from server.config import Settings
from server.evidence import tasks
from server.evidence.tables import Photo
from server.reserve.backup import backup
from server.sync import blob_s3
from server.sync.attachments import AttachmentSpec, missing
from server.sync.blobs import store_of
from server.sync.sweep import sweep
from server.sync.tables import Attachment
from tests.object_store import ObjectStore
from tests.sync.uploading import VILLAGES, Someone, create, head, make_people, patch, sha256, submit, upload

pytestmark = pytest.mark.kill
NOW = timedelta(0)


def drawn() -> bytes:
    out = io.BytesIO()
    Image.effect_noise((640, 480), 80).convert("RGB").save(out, "JPEG", quality=90)
    return out.getvalue()


PHOTO = drawn()
NAME = sha256(PHOTO)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with ObjectStore(tmp_path_factory.mktemp("node")) as running:
        yield running


@pytest.fixture
def app(database_url: str, tmp_path: Path, node: ObjectStore, monkeypatch: pytest.MonkeyPatch) -> Iterator[Flask]:
    node.empty()
    monkeypatch.setattr(blob_s3, "_TRIES", 1)
    blob_s3._client.cache_clear()
    made = create_app(Settings(database_url=database_url, var=tmp_path / "var", testing=True, s3=node.at))
    made.config["TESTING"] = False
    (tmp_path / "var").mkdir(exist_ok=True)
    yield made
    with made.app_context():
        db.db.engine.dispose()
    blob_s3._client.cache_clear()


@pytest.fixture
def ana(app: Flask) -> Someone:
    return make_people(app, ana=VILLAGES[0])[0]


def visit_of(app: Flask, ana: Someone) -> str:
    spec = AttachmentSpec("front.jpg", NAME, len(PHOTO), "image/jpeg")
    return submit(app, ana, spec, village=VILLAGES[0])


def attachment(app: Flask, visit: str) -> str:
    with app.app_context(), db.read() as session:
        found: str = session.scalars(select(Attachment.id).where(Attachment.instance_id == visit)).one()
        return found


def waits(app: Flask, visit: str) -> list[str]:
    with app.app_context(), db.read() as session:
        return missing(session, visit)


def test_a_photo_goes_the_whole_way_through_a_bucket(
    app: Flask, client: FlaskClient, ana: Someone, node: ObjectStore, tmp_path: Path
) -> None:
    visit = visit_of(app, ana)
    assert upload(client, ana, PHOTO).status_code == 204
    assert node.keys() == [f"county/sha256/{NAME[:2]}/{NAME[2:4]}/{NAME}"]
    assert not app.config["RUHU"].blobs.exists() and list(app.config["RUHU"].staging.iterdir()) == []
    with app.app_context():
        tasks.sweep(app.config["RUHU"], grace=NOW)
        with db.read() as session:
            assert session.scalars(select(Photo.state)).all() == ["ready"]
    address = f"/api/v1/photos/{attachment(app, visit)}"
    whole = client.get(f"{address}?size=original", headers=ana.headers)
    assert (whole.status_code, whole.data, whole.content_length) == (200, PHOTO, len(PHOTO))
    part = client.get(f"{address}?size=original", headers={**ana.headers, "Range": "bytes=100-199"})
    assert (part.status_code, part.data) == (206, PHOTO[100:200])
    same = client.get(f"{address}?size=original", headers={**ana.headers, "If-None-Match": whole.headers["ETag"]})
    assert same.status_code == 304
    assert client.get(f"{address}?size=320", headers=ana.headers).status_code == 200
    assert client.get("/readyz").json["checks"]["store"] is True
    with app.app_context():
        done = backup(app.config["RUHU"], tmp_path / "reserve", lambda *_: None)
    assert (done.blobs, done.copied, done.missing) == (1, 1, ())
    assert (tmp_path / "reserve" / "blobs" / "sha256" / NAME[:2] / NAME[2:4] / NAME).read_bytes() == PHOTO


def test_the_sweep_empties_a_bucket_too(app: Flask, client: FlaskClient, ana: Someone, node: ObjectStore) -> None:
    upload(client, ana, PHOTO)
    with app.app_context():
        store = store_of(app.config["RUHU"])
        store.put_bytes(b"nobody's")
        at_once = {"look_again": NOW, "settling": timedelta(seconds=-2)}  # a bucket's times are whole seconds
        assert sweep(store, NOW, **at_once).marked == 1
        assert sweep(store, NOW, **at_once).freed == (NAME,)
    assert node.keys() == []


def test_while_the_store_is_away_a_photo_waits_and_nothing_is_lost(
    app: Flask, client: FlaskClient, ana: Someone, node: ObjectStore
) -> None:
    """kill -9 of the S3 server before the last piece: 503 in words, the bytes stay here, then it is finished."""
    visit = visit_of(app, ana)
    address = create(client, ana, PHOTO).headers["Location"]
    assert patch(client, ana, address, 0, PHOTO[:5000]).status_code == 204
    node.kill()
    try:
        last = patch(client, ana, address, 5000, PHOTO[5000:])
        assert (last.status_code, last.json["code"]) == (503, "server.store_away")
        assert last.headers["Retry-After"] and waits(app, visit) == [NAME]
        assert head(client, ana, address).status_code == 503
        assert client.get("/readyz").status_code == 503
        with app.app_context():
            tasks.sweep(app.config["RUHU"], grace=NOW)
    finally:
        node.start()
    assert head(client, ana, address).headers["Upload-Offset"] == str(len(PHOTO))
    assert waits(app, visit) == []


def test_what_a_dead_store_kept_waiting_needs_nobody_to_send_it_again(
    app: Flask, client: FlaskClient, ana: Someone, node: ObjectStore
) -> None:
    visit = visit_of(app, ana)
    address = create(client, ana, PHOTO).headers["Location"]
    node.kill()
    try:
        assert patch(client, ana, address, 0, PHOTO).status_code == 503
    finally:
        node.start()
    with app.app_context():
        tasks.sweep(app.config["RUHU"], grace=NOW)
    assert waits(app, visit) == []
