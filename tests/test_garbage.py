"""A worker of gunicorn looks for garbage seldom, and never through what was there when it began."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from server.commands import run

ASK = "import gc, server.garbage; server.garbage.post_worker_init(0); print(gc.get_freeze_count(), *gc.get_threshold())"


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
    assert "python:server.garbage" in started[0]
