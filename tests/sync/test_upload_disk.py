"""A full disk, wherever it strikes an upload: a plain refusal, nothing damaged, and it goes on when there is room."""

from __future__ import annotations

import os
import resource
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from server import db, failpoints
from server.app import create_app
from server.config import Settings
from server.evidence import tasks
from server.sync.attachments import AttachmentSpec, missing
from server.sync.blobs import store_of
from server.sync.tables import Blob, Upload
from tests.sync.uploading import OCTETS, TUS, Someone, create, head, make_people, metadata, patch, sha256, submit

PHOTO = os.urandom(300_000)
PLACES = ("upload.receiving", "upload.writing", "upload.syncing", "upload.linking")


@pytest.fixture
def ana(app: Flask) -> Someone:
    return make_people(app, ana=None)[0]


def fill(monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    failpoints._hits.clear()
    monkeypatch.setenv("RUHU_FAILPOINT", f"{place}=full")


def refused(answer: object) -> None:
    """507, with words for a person and a time to come back."""
    assert (answer.status_code, answer.json["code"]) == (507, "server.full")
    assert "磁盘满" in answer.json["titles"]["zh"] and int(answer.headers["Retry-After"]) > 0


@pytest.mark.parametrize("place", PLACES)
def test_a_full_disk_refuses_the_piece_and_the_upload_goes_on_later(
    place: str, app: Flask, client: FlaskClient, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit = submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO)))
    address = create(client, ana, PHOTO).headers["Location"]
    assert patch(client, ana, address, 0, PHOTO[:100_000]).status_code == 204
    fill(monkeypatch, place)
    refused(patch(client, ana, address, 100_000, PHOTO[100_000:]))
    if place == "upload.linking":
        assert head(client, ana, address).status_code == 507  # all bytes are here; only their place is wanting
    monkeypatch.delenv("RUHU_FAILPOINT")
    offset = int(head(client, ana, address).headers["Upload-Offset"])
    assert offset == (len(PHOTO) if place == "upload.linking" else 100_000)
    if offset < len(PHOTO):
        assert patch(client, ana, address, offset, PHOTO[offset:]).status_code == 204
    assert store_of(app.config["RUHU"]).open(sha256(PHOTO)).read() == PHOTO
    with app.app_context(), db.read() as session:
        assert missing(session, visit) == []


def test_a_full_disk_at_creation_with_the_first_bytes_leaves_an_upload_that_can_go_on(
    app: Flask, client: FlaskClient, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before a row was made nothing is left at all."""
    headers = {**TUS, **OCTETS, **ana.headers, "Upload-Length": str(len(PHOTO)), "Upload-Metadata": metadata(PHOTO)}
    fill(monkeypatch, "upload.receiving")
    refused(client.post("/api/v1/uploads", headers=headers, data=PHOTO[:200_000]))
    monkeypatch.delenv("RUHU_FAILPOINT")
    with app.app_context(), db.read() as session:
        assert session.scalar(select(func.count()).select_from(Upload)) == 0
    assert client.post("/api/v1/uploads", headers=headers, data=PHOTO).status_code == 201


def test_a_photo_whose_place_was_wanting_is_finished_by_the_worker(
    app: Flask, client: FlaskClient, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has to send anything again once there is room."""
    visit = submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO)))
    address = create(client, ana, PHOTO).headers["Location"]
    fill(monkeypatch, "upload.linking")
    refused(patch(client, ana, address, 0, PHOTO))
    with app.app_context():
        tasks.sweep(app.config["RUHU"], grace=timedelta(0))
        monkeypatch.delenv("RUHU_FAILPOINT")
        tasks.sweep(app.config["RUHU"], grace=timedelta(0))
        with db.read() as session:
            assert missing(session, visit) == []


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[Path]:
    """A folder on a file system of its own with 2 MiB; it wants the right to mount."""
    folder = tmp_path / "tiny"
    folder.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("may not mount here; the failpoints stand for it")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_really_full_file_system_loses_nothing(app: Flask, ana: Someone, tiny: Path) -> None:
    """Photos go in until there is no room: the refused one resumes after somebody made room, and all are right."""
    usual: Settings = app.config["RUHU"]
    keys = usual.master_key_file or usual.keys / "master.keys"
    settings = replace(usual, var=tiny, master_key_file=keys)
    small = create_app(settings)
    client, photos = small.test_client(), [os.urandom(300_000) for _ in range(8)]
    refused_at: list[tuple[str, bytes]] = []
    stuffing = tiny / "stuffing"
    stuffing.write_bytes(bytes(900_000))
    for photo in photos:
        answer = create(client, ana, photo)
        last = patch(client, ana, answer.headers["Location"], 0, photo)
        if last.status_code != 204:
            refused(last)
            refused_at.append((answer.headers["Location"], photo))
            break
    else:
        pytest.fail("the disk never filled")
    where, photo = refused_at[0]
    stuffing.unlink()
    offset = int(head(client, ana, where).headers["Upload-Offset"])
    if offset < len(photo):
        assert patch(client, ana, where, offset, photo[offset:]).status_code == 204
    store = store_of(settings)
    with small.app_context(), db.read() as session:
        rows = session.scalars(select(Blob.sha256)).all()
        assert sha256(photo) in rows
        for name in rows:
            with store.open(name) as stream:
                assert sha256(stream.read()) == name
        db.db.engine.dispose()


def test_a_limit_on_the_size_of_files_is_told_like_a_full_disk(app: Flask, ana: Someone) -> None:
    """RLIMIT_FSIZE, as an office's system administrator may set it: a real EFBIG from the kernel."""
    client = app.test_client()
    where = create(client, ana, PHOTO).headers["Location"]
    child = os.fork()
    if child == 0:
        code = 1
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
            with create_app(replace(app.config["RUHU"])).test_client() as inner:
                code = 0 if patch(inner, ana, where, 0, PHOTO).status_code == 507 else 2
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if app.config["RUHU"].database_url.startswith("sqlite"):
        assert os.waitstatus_to_exitcode(status) in (0, 2)  # SQLite's own files are larger than the limit too
    else:
        assert os.waitstatus_to_exitcode(status) == 0
    assert head(client, ana, where).headers["Upload-Offset"] == "0"
    assert patch(client, ana, where, 0, PHOTO).status_code == 204
