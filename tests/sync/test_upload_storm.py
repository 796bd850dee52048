"""Many files by real clients through a server that is killed again and again: all arrive, each once, none altered."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from server import db
from server.evidence import tasks
from server.sync.attachments import AttachmentSpec, missing
from server.sync.blobs import store_of
from server.sync.tables import Blob
from tests.serving import free_port, serving
from tests.sync.uploading import Someone, make_people, sha256, submit

pytestmark = pytest.mark.kill

FILES = 12
KILLS = 3
SENDER = Path(__file__).resolve().parent / "tus_sender.mjs"


def make_files(folder: Path) -> list[Path]:
    """Some of several pieces, one empty, two with equal bytes."""
    dice = random.Random(7)
    contents = [dice.randbytes(dice.randrange(1, 400_000)) for _ in range(FILES - 2)]
    contents += [b"", contents[0]]
    paths = [folder / f"{n:02}.jpg" for n in range(FILES)]
    for path, content in zip(paths, contents, strict=True):
        path.write_bytes(content)
    return paths


def wanted(app: Flask, person: Someone, paths: list[Path]) -> str:
    return submit(app, person, *(AttachmentSpec(path.name, sha256(path.read_bytes())) for path in paths))


def all_arrived(app: Flask, visit: str, paths: list[Path]) -> None:
    hashes = {sha256(path.read_bytes()) for path in paths}
    with app.app_context():
        tasks.sweep(app.config["RUHU"], grace=timedelta(0), file_age=0)
        with db.read() as session:
            assert missing(session, visit) == []
            assert session.scalar(select(func.count()).select_from(Blob)) == len(hashes)
        store = store_of(app.config["RUHU"])
        assert all(sha256(store.open(name).read()) == name for name in hashes)
    assert list(app.config["RUHU"].staging.iterdir()) == []


def by_tuspy(address: str, person: Someone, paths: list[Path]) -> None:
    """Goes on at the address of an upload whenever the server is there again."""
    client = TusClient(f"{address}/api/v1/uploads", headers=person.headers)
    end = time.monotonic() + 60
    for path in paths:
        about = {"sha256": sha256(path.read_bytes())}
        url, sender = None, None
        while True:
            try:
                sender = client.uploader(str(path), chunk_size=64 * 1024, url=url, upload_checksum=True, metadata=about)
                sender.upload()
                break
            except (TusCommunicationError, TusUploadFailed, requests.RequestException):
                url = sender.url if sender else url
                assert time.monotonic() < end
                time.sleep(0.1)


def by_tus_js(address: str, person: Someone, paths: list[Path]) -> None:
    memory = paths[0].parent / "memory.json"
    command = ["node", str(SENDER), f"{address}/api/v1/uploads", person.token, str(memory), *map(str, paths)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=90)
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.parametrize("client", [by_tuspy, by_tus_js])
def test_many_files_arrive_through_a_server_that_is_killed(
    client: Callable[..., None], app: Flask, database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setattr("tests.serving.free_port", lambda: port)  # it comes back where it was
    (ana,) = make_people(app, ana=None)
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = make_files(folder)
    visit = wanted(app, ana, paths)
    failed: list[BaseException] = []

    def send() -> None:
        try:
            client(f"http://127.0.0.1:{port}", ana, paths)
        except BaseException as error:
            failed.append(error)

    sender = threading.Thread(target=send)
    for number in range(KILLS + 1):
        with serving(database_url, app.config["RUHU"].var):
            if number == 0:
                sender.start()
            sender.join(0.15 + 0.2 * number if number < KILLS else 90)
    assert not sender.is_alive() and not failed, failed
    all_arrived(app, visit, paths)


@pytest.mark.parametrize("times", [2])
def test_an_upload_paused_over_a_restart_goes_on_where_it_was(
    times: int, app: Flask, database_url: str, tmp_path: Path
) -> None:
    """Nothing that was answered is asked for again, although server and client are others by now."""
    (ana,) = make_people(app, ana=None)
    path = tmp_path / "photo.jpg"
    path.write_bytes(os.urandom(64 * 1024 * (times + 2)))
    visit = wanted(app, ana, [path])
    at = ""
    for number in range(1, times + 1):
        with serving(database_url, app.config["RUHU"].var) as address:
            sender = TusClient(f"{address}/api/v1/uploads", headers=ana.headers).uploader(
                str(path), chunk_size=64 * 1024, metadata={"sha256": sha256(path.read_bytes())},
                url=f"{address}{at}" if at else None,
            )
            assert sender.offset == 64 * 1024 * (number - 1)
            sender.upload(stop_at=64 * 1024 * number)
            at = sender.url.removeprefix(address)
    with serving(database_url, app.config["RUHU"].var) as address:
        url = f"{address}{at}"
        sender = TusClient(f"{address}/api/v1/uploads", headers=ana.headers).uploader(str(path), url=url)
        assert sender.offset == 64 * 1024 * times
        sender.upload()
    all_arrived(app, visit, [path])
