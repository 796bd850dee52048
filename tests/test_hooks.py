"""A worker of gunicorn looks for garbage seldom, never through what was there when it began; pieces travel alone."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import requests

from server.commands import run
from tests.serving import serving

ASK = "import gc, server.hooks; server.hooks.post_worker_init(0); print(gc.get_freeze_count(), *gc.get_threshold())"


def test_what_is_there_at_the_start_is_never_looked_through(tmp_path: Path) -> None:
    answer = subprocess.run([sys.executable, "-c", ASK], capture_output=True, text=True, check=True)
    frozen, *threshold = map(int, answer.stdout.split())
    assert frozen > 1000
    assert threshold == [10_000, 20, 20]


def test_the_server_starts_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[list[str]] = []

    class Children:
        def start(self, _name: str, command: list[str], **_more: Any) -> None:
            started.append(command)

    run.start_server(Children(), run.Place("127.0.0.1", 1))  # type: ignore[arg-type]
    assert "python:server.hooks" in started[0]
    assert "--worker-class" not in started[0], "the hooks say which: it would be overruled"


def test_the_next_piece_of_an_upload_takes_a_connection_of_its_own(empty_sqlite: Path, tmp_path: Path) -> None:
    """Proved by what the server says of each connection; a browser repeats what it sent on a used one."""
    with serving(f"sqlite:///{empty_sqlite}", tmp_path) as address, requests.Session() as line:
        base = f"{address}/api/v1"
        said = {way: line.request(way, f"{base}/uploads/none").headers["Connection"] for way in ("PATCH", "HEAD")}
        other = line.get(f"{base}/regions").headers["Connection"]
    assert (said, other) == ({"PATCH": "close", "HEAD": "close"}, "keep-alive")
