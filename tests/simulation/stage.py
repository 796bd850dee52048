"""The stage of a run: the server on an SQLite file, a clock that only the run moves, and power that can be cut."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask

from server import db, failpoints, schema
from server.app import create_app
from server.config import Settings
from tests.world import World, build_world

BEGIN = 1_790_000_000.0  # seconds; the server's clock at the beginning of each run
COUNTED = ("push.before_raw", "push.raw_stored", "push.judging", "push.judged", "push.feeds_written", "push.committed")


class PowerCut(BaseException):
    """The server died here. No `except Exception` may survive it."""


class Power:
    """Cuts the server's power at the n-th hit of a place."""

    def __init__(self) -> None:
        self.place, self.hits = "", 0

    def cut_at(self, place: str, hit: int) -> None:
        self.place, self.hits = place, hit

    def act(self, name: str) -> None:
        if name != self.place:
            return
        self.hits -= 1
        if self.hits <= 0:
            self.place = ""
            raise PowerCut(name)


class Clock:
    """Seconds since 1970, moved by the run alone."""

    now = BEGIN


class Stage:
    """One app whose database file is put back to its beginning before each run."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.file = folder, folder / "ruhu.sqlite"
        self.clock, self.power = Clock(), Power()
        self.settings = Settings(database_url=f"sqlite:///{self.file}", var=folder / "var", testing=True)
        (folder / "var").mkdir()
        self.app: Flask = create_app(self.settings)
        self.app.config["TESTING"] = False
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        with self.app.app_context():
            schema.migrate(db.db.engine)
        self.world: World = build_world(self.app)
        self._keep()

    def _keep(self) -> None:
        with self.app.app_context():
            with db.db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.db.engine.dispose()
        shutil.copy(self.file, self.folder / "beginning.sqlite")

    def reset(self) -> None:
        """As at the beginning: records, people, files, clock."""
        with self.app.app_context():
            db.db.engine.dispose()
        for path in self.folder.glob("ruhu.sqlite*"):
            path.unlink()
        shutil.copy(self.folder / "beginning.sqlite", self.file)
        for folder in (self.settings.blobs, self.settings.staging):
            shutil.rmtree(folder, ignore_errors=True)
        self.clock.now = BEGIN
        self.power.cut_at("", 0)


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage with the server's clock and failpoints in the hands of the run."""
    with pytest.MonkeyPatch.context() as patch:
        stage = Stage(folder)

        class Moved(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return datetime.fromtimestamp(stage.clock.now, tz or UTC)

        patch.setattr("server.db.datetime", Moved)
        patch.setattr(failpoints, "_act", stage.power.act)
        yield stage
        with stage.app.app_context():
            db.db.engine.dispose()
