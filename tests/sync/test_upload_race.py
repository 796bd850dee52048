"""Several processes at one upload: one wins each piece, the others are told where to go on."""

from __future__ import annotations

import multiprocessing
import os
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Select

from server import db
from server.app import create_app
from server.config import Settings
from server.sync.blobs import store_of
from tests.sync.uploading import Someone, create, head, make_people, patch, sha256

PIECES = 3
WRITERS = 4
CONTENT = os.urandom(60_000 * PIECES)
STEP = len(CONTENT) // PIECES


def _write(settings: Settings, person: Someone, where: str, offset: int, locked: bool, gate: Any, answers: Any) -> None:
    """One process: waits for the others, then sends the piece while the failpoint keeps it in the middle of it."""
    os.environ["RUHU_FAILPOINT"] = "upload.bytes_written=wait"
    if not locked:
        Select.with_for_update = lambda self, **_: self  # type: ignore[method-assign]
    client = create_app(settings).test_client()
    gate.wait()
    answers.put(patch(client, person, where, offset, CONTENT[offset : offset + STEP]).status_code)


def _all_at_once(app: Flask, person: Someone, where: str, offset: int, locked: bool = True) -> list[int]:
    context = multiprocessing.get_context("fork")
    gate, answers = context.Barrier(WRITERS), context.Queue()
    with app.app_context():
        db.db.engine.dispose()
    arguments = (app.config["RUHU"], person, where, offset, locked, gate, answers)
    writers = [context.Process(target=_write, args=arguments) for _ in range(WRITERS)]
    for writer in writers:
        writer.start()
    got = sorted(answers.get(timeout=60) for _ in writers)
    for writer in writers:
        writer.join(60)
    return got


@pytest.fixture
def postgres(database_url: str) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("one writer at a time")


def test_of_several_processes_one_wins_and_the_others_resume(app: Flask) -> None:
    """A proxy's retry, two tabs, a phone that comes back: 409, then HEAD gives the offset that really follows."""
    (ana,) = make_people(app, ana=None)
    client = app.test_client()
    where = create(client, ana, CONTENT).headers["Location"]
    for number in range(PIECES):
        assert _all_at_once(app, ana, where, number * STEP) == [204] + [409] * (WRITERS - 1)
        assert head(client, ana, where).headers["Upload-Offset"] == str((number + 1) * STEP)
    assert store_of(app.config["RUHU"]).open(sha256(CONTENT)).read() == CONTENT


@pytest.mark.usefixtures("postgres")
def test_without_the_lock_of_the_row_several_would_win(app: Flask) -> None:
    """So the test above would find it if the lock went."""
    (ana,) = make_people(app, ana=None)
    where = create(app.test_client(), ana, CONTENT).headers["Location"]
    assert _all_at_once(app, ana, where, 0, locked=False).count(204) > 1
