"""How many uploads a person may leave open, what never expires, and what is refused before anything is stored."""

from __future__ import annotations

import json
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from server import db
from server.db import now
from server.sync.blobs import store_of
from server.sync.leftovers import tidy_uploads
from server.sync.tables import OpLog, Upload
from tests.sync.uploading import OCTETS, TUS, Someone, create, head, make_people, metadata, patch, sha256, upload

PHOTO = bytes(range(256)) * 40
MONTH = timedelta(days=30)


def photo(n: int) -> bytes:
    return bytes([n]) * 1000


def limited(app: Flask, **limits: int) -> None:
    app.config["RUHU"] = replace(app.config["RUHU"], **limits)


@pytest.fixture
def ana(app: Flask) -> Someone:
    return make_people(app, ana=None)[0]


def test_too_many_open_uploads_are_refused_and_finishing_one_makes_room(
    app: Flask, client: FlaskClient, ana: Someone
) -> None:
    limited(app, open_uploads=3)
    where = [create(client, ana, photo(n)).headers["Location"] for n in range(3)]
    over = create(client, ana, photo(3))
    assert (over.status_code, over.json["code"]) == (429, "upload.too_many")
    assert "Finish or end" in over.json["titles"]["en"] and over.headers["Retry-After"]
    assert patch(client, ana, where[0], 0, photo(0)).status_code == 204
    assert create(client, ana, photo(3)).status_code == 201
    assert client.delete(where[1], headers={**TUS, **ana.headers}).status_code == 204
    assert create(client, ana, photo(4)).status_code == 201


def test_too_many_bytes_announced_are_refused(app: Flask, client: FlaskClient, ana: Someone) -> None:
    limited(app, open_upload_bytes=2500)
    assert [create(client, ana, photo(n)).status_code for n in range(3)] == [201, 201, 413]
    assert create(client, ana, photo(9)).json["code"] == "upload.too_much"
    assert create(client, ana, photo(9)[:500]).status_code == 201


def test_limits_are_each_persons_own(app: Flask, client: FlaskClient) -> None:
    limited(app, open_uploads=1)
    ana, bo = make_people(app, ana=None, bo=None)
    assert [create(client, who, photo(n)).status_code for n, who in enumerate((ana, bo, ana))] == [201, 201, 429]


def test_many_at_the_same_moment_do_not_pass_the_limit(app: Flask, ana: Someone) -> None:
    limited(app, open_uploads=5)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: create(app.test_client(), ana, photo(n)).status_code, range(16)))
    assert sorted(answers) == [201] * 5 + [429] * 11


def test_a_second_upload_of_what_is_here_ends_after_a_day(app: Flask, client: FlaskClient, ana: Someone) -> None:
    """Otherwise a phone that forgets its addresses would use up its own room."""
    where = create(client, ana, PHOTO).headers["Location"]
    patch(client, ana, where, 0, PHOTO[:10])
    upload(client, ana, PHOTO)
    with app.app_context():
        assert tidy_uploads(store_of(app.config["RUHU"]), MONTH).expired == 0
        yesterday = now() - timedelta(days=2)
        db.transact(lambda session: session.execute(update(Upload).values(created_at=yesterday)))
        assert tidy_uploads(store_of(app.config["RUHU"]), MONTH).expired == 1
    assert head(client, ana, where).status_code == 410


@pytest.mark.parametrize("status", [None, "held", "quarantined"])
def test_what_an_op_that_waits_names_does_not_expire(
    app: Flask, client: FlaskClient, ana: Someone, status: str | None
) -> None:
    """It is no attachment yet, but somebody may let it through tomorrow."""
    where = create(client, ana, PHOTO).headers["Location"]
    patch(client, ana, where, 0, PHOTO[:10])
    raw = json.dumps({"attachments": [{"name": "a", "sha256": sha256(PHOTO)}]}).encode()
    op = OpLog(
        op_id=str(uuid.uuid4()), person_id=ana.id, kind="submission", raw=raw, content_hash="0" * 64, status=status
    )
    with app.app_context():
        db.transact(lambda session: session.add(op))
        db.transact(lambda session: session.execute(update(Upload).values(expires_at=now() - MONTH)))
        assert tidy_uploads(store_of(app.config["RUHU"]), MONTH).expired == 0
    assert patch(client, ana, where, 10, PHOTO[10:]).status_code == 204


@pytest.mark.parametrize("headers", [{"Upload-Defer-Length": "1"}, {}])
def test_a_length_that_comes_later_is_refused_with_words(
    app: Flask, client: FlaskClient, ana: Someone, headers: dict[str, str]
) -> None:
    given = {**TUS, **ana.headers, "Upload-Metadata": metadata(PHOTO), **headers}
    answer = client.post("/api/v1/uploads", headers=given)
    assert (answer.status_code, answer.json["code"]) == (400, "upload.invalid")
    assert "Upload-Length" in answer.json["detail"] and ("later" in answer.json["detail"]) == bool(headers)
    assert "creation-defer-length" not in client.options("/api/v1/uploads").headers["Tus-Extension"]


def test_a_body_longer_than_announced_stores_nothing(app: Flask, client: FlaskClient, ana: Someone) -> None:
    """Nor is what came before harmed."""
    headers = {**TUS, **OCTETS, **ana.headers, "Upload-Length": "10", "Upload-Metadata": metadata(PHOTO[:10])}
    assert client.post("/api/v1/uploads", headers=headers, data=PHOTO[:11]).status_code == 413
    with app.app_context(), db.read() as session:
        assert session.scalar(select(func.count()).select_from(Upload)) == 0
    where = create(client, ana, PHOTO[:10]).headers["Location"]
    assert patch(client, ana, where, 0, PHOTO[:5]).status_code == 204
    assert patch(client, ana, where, 5, PHOTO[5:11]).status_code == 413
    assert head(client, ana, where).headers["Upload-Offset"] == "5"
    assert patch(client, ana, where, 5, PHOTO[5:10]).status_code == 204


def test_an_upload_of_no_bytes_needs_no_patch_and_takes_no_room(app: Flask, client: FlaskClient, ana: Someone) -> None:
    limited(app, open_uploads=1)
    for _ in range(3):
        assert create(client, ana, b"").status_code == 201
    assert store_of(app.config["RUHU"]).size(sha256(b"")) == 0
