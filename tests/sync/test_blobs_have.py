"""POST /blobs/have tells a person about their own bytes and nothing about anybody else's."""

from __future__ import annotations

import base64

from flask import Flask
from flask.testing import FlaskClient

from server.sync.attachments import AttachmentSpec
from server.sync.blobs import store_of
from tests.statements import statements
from tests.sync.uploading import VILLAGES, Someone, make_people, sha256, submit, upload

PHOTO, UNKNOWN = bytes(range(256)) * 40, sha256(b"never sent")
NAME = sha256(PHOTO)
HERE, THERE = VILLAGES


def have(client: FlaskClient, person: Someone, *hashes: str) -> list[str]:
    answer = client.post("/api/v1/blobs/have", json={"sha256": hashes}, headers=person.headers)
    assert answer.status_code == 200
    found: list[str] = answer.json["have"]
    return found


def test_foreign_bytes_are_as_unknown_in_answer_and_in_work(app: Flask, client: FlaskClient) -> None:
    """The same statements for both, so that neither the answer nor its time says whether somebody has a photo."""
    ana, bo = make_people(app, ana=HERE, bo=THERE)
    upload(client, ana, PHOTO)
    submit(app, ana, AttachmentSpec("a.jpg", NAME), village=HERE)
    have(client, bo, NAME)
    with statements(app) as foreign:
        assert have(client, bo, NAME) == []
    with statements(app) as unknown:
        assert have(client, bo, UNKNOWN) == []
    assert foreign == unknown and len(foreign) > 2


def test_naming_a_hash_first_opens_nothing(app: Flask, client: FlaskClient) -> None:
    """Attack: announce the foreign hash in a submission and an upload of one's own, then ask."""
    ana, bo = make_people(app, ana=HERE, bo=THERE)
    upload(client, ana, PHOTO)
    submit(app, ana, AttachmentSpec("a.jpg", NAME), village=HERE)
    submit(app, bo, AttachmentSpec("mine.jpg", NAME), village=THERE)
    headers = {"Tus-Resumable": "1.0.0", "Upload-Length": str(len(PHOTO)), **bo.headers}
    told = f"sha256 {base64.b64encode(NAME.encode()).decode()}"
    assert client.post("/api/v1/uploads", headers={**headers, "Upload-Metadata": told}).status_code == 201
    assert have(client, bo, NAME) == []
    headers |= {"Upload-Metadata": told, "Content-Type": "application/offset+octet-stream"}
    lie = client.post("/api/v1/uploads", headers=headers, data=b"x" * len(PHOTO))
    assert lie.status_code == 460 and have(client, bo, NAME) == []


def test_bytes_that_the_store_lost_are_asked_for_again(app: Flask, client: FlaskClient) -> None:
    """A restored backup may name bytes that it did not hold: the phone that sends all again still has them."""
    (ana,) = make_people(app, ana=HERE)
    upload(client, ana, PHOTO)
    submit(app, ana, AttachmentSpec("a.jpg", NAME), village=HERE)
    with app.app_context():
        store = store_of(app.config["RUHU"])
        store.remove(NAME)
        assert have(client, ana, NAME) == []
        upload(client, ana, PHOTO)
        assert have(client, ana, NAME) == [NAME] and store.open(NAME).read() == PHOTO


def test_what_comes_into_sight_and_leaves_it_again_follows_the_area(app: Flask, client: FlaskClient) -> None:
    ana, bo, cy = make_people(app, ana=HERE, bo=HERE, cy=THERE)
    upload(client, ana, PHOTO)
    assert have(client, bo, NAME) == []  # uploaded is not yet seen
    submit(app, ana, AttachmentSpec("a.jpg", NAME), village=HERE)
    assert (have(client, bo, NAME), have(client, cy, NAME)) == ([NAME], [])


def test_a_question_has_an_end(app: Flask, client: FlaskClient) -> None:
    """A thousand names at once, each once in the answer; more are refused before anything is looked up."""
    (ana,) = make_people(app, ana=None)
    upload(client, ana, PHOTO)
    many = [sha256(str(n).encode()) for n in range(999)]
    assert have(client, ana, NAME, *many) == [NAME]
    assert have(client, ana, NAME, NAME) == [NAME]
    assert have(client, ana) == []
    over = client.post("/api/v1/blobs/have", json={"sha256": [NAME, NAME, *many]}, headers=ana.headers)
    assert (over.status_code, over.json["code"]) == (400, "request.invalid")


def test_without_a_sign_in_nothing_is_told(app: Flask, client: FlaskClient) -> None:
    make_people(app, ana=None)
    assert client.post("/api/v1/blobs/have", json={"sha256": [NAME]}).status_code == 401
