"""`ruhu worker` as it runs beside the server."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from server import db
from server.config import ROOT
from server.evidence import photos
from server.evidence.tables import Photo
from tests.evidence.pictures import jpeg, scene
from tests.evidence.test_photos import kept
from tests.sync.uploading import Someone, make_people

pytestmark = pytest.mark.kill


@pytest.fixture
def ana(app: Flask) -> Someone:
    return make_people(app, ana=None)[0]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-c", "from server.cli import main; main()", "worker", *arguments]


def environment(app: Flask, database_url: str) -> dict[str, str]:
    return {**os.environ, "RUHU_DATABASE_URL": database_url, "RUHU_VAR": str(app.config["RUHU"].var)}


def state(app: Flask, attachment_id: str) -> str | None:
    with app.app_context(), db.read() as session:
        photo = session.get(Photo, attachment_id)
        return photo.state if photo else None


def becomes_ready(app: Flask, attachment_id: str) -> bool:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if state(app, attachment_id) == "ready":
            return True
        time.sleep(0.1)
    return False


def children(pid: int) -> list[Path]:
    """/proc folders of a process's children."""
    found = subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False)
    return [Path("/proc") / child for child in found.stdout.split()]


def alive(folder: Path) -> bool:
    try:
        return folder.joinpath("stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_once_does_what_waits_and_stops(app: Flask, client: FlaskClient, ana: Someone, database_url: str) -> None:
    photo = kept(app, client, ana)
    ran = subprocess.run(
        command("--once"), cwd=ROOT, env=environment(app, database_url), capture_output=True, text=True, check=True
    )
    assert "1 photos" in ran.stdout
    assert state(app, photo) == "ready"


def test_a_worker_derives_what_arrives_and_stops_when_asked(
    app: Flask, client: FlaskClient, ana: Someone, database_url: str, tmp_path: Path
) -> None:
    """A photo that came before it started, one that comes later, and a clean end that leaves no process."""
    early = kept(app, client, ana)
    with (tmp_path / "worker.log").open("wb") as log:
        worker = subprocess.Popen(command(), cwd=ROOT, env=environment(app, database_url), stdout=log, stderr=log)
    try:
        assert becomes_ready(app, early)
        late = kept(app, client, ana, jpeg(scene(640, 480)), name="late.jpg")
        assert becomes_ready(app, late)
        darkrooms = children(worker.pid)
        assert darkrooms
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(timeout=30) == 0
    finally:
        worker.kill()
        worker.wait()
    until = time.monotonic() + 10
    while any(map(alive, darkrooms)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(map(alive, darkrooms))


def test_a_killed_worker_leaves_nothing_undone(
    app: Flask, client: FlaskClient, ana: Someone, database_url: str
) -> None:
    """kill -9 in the middle of many photos, then another worker: every photo has its result."""
    ids = [kept(app, client, ana, jpeg(scene(600 + number, 400))) for number in range(6)]
    worker = subprocess.Popen(command(), cwd=ROOT, env=environment(app, database_url), stderr=subprocess.DEVNULL)
    assert becomes_ready(app, ids[0])
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    subprocess.run(command("--once"), cwd=ROOT, env=environment(app, database_url), check=True)
    assert {state(app, photo) for photo in ids} == {"ready"}
    with app.app_context(), db.read() as session:
        assert photos.waiting(session, db.now() + timedelta(days=1), 10) == []
