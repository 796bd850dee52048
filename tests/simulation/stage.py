"""The stage of a run: the server on a database, a clock that only the run moves, power to cut, disks that fill."""

from __future__ import annotations

import errno
import logging
import os
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
from server.config import Settings
from server.sync.migrate_records import migrate_all
from tests.apps import app_for
from tests.simulation.databases import Database, Room, opened
from tests.simulation.upgrade import add_draft, later_app
from tests.world import World, build_world

BEGIN = 1_790_000_000.0  # seconds; the server's clock at the beginning of each run
COUNTED = ("push.before_raw", "push.raw_stored", "push.judging", "push.judged", "push.feeds_written", "push.committed")
WRITTEN = ("upload.writing", "upload.syncing", "upload.linking")  # where the store of photos needs room


class PowerCut(BaseException):
    """The server died here. No `except Exception` may survive it."""


class Machine:
    """The server's power is cut at the n-th hit of a place; its disk of photos may be full."""

    def __init__(self) -> None:
        self.place, self.hits, self.full = "", 0, False

    def cut_at(self, place: str, hit: int) -> None:
        self.place, self.hits = place, hit

    def act(self, name: str) -> None:
        if self.full and name in WRITTEN:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
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
    """One server whose database is put back to its beginning before each run; a later program can take its place."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder, self.database = folder, database
        self.clock, self.machine, self.room = Clock(), Machine(), Room()
        self.settings = Settings(database_url=database.url, var=folder / "var", testing=True)
        (folder / "var").mkdir()
        self.first: Flask = app_for(self.settings)
        with self.first.app_context():
            schema.migrate(db.db.engine)
        world = build_world(self.first)
        world.run(add_draft)
        self.app, self.people = self.first, world.people
        self.later = later_app(self.settings, folder)
        structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
        for app in (self.first, self.later):
            app.config["TESTING"] = False
            with app.app_context():
                self.room.limit(db.db.engine)
        self.close()
        with self.first.app_context():
            database.keep(db.db.engine)

    @property
    def world(self) -> World:
        return World(self.app, self.people)

    @property
    def renewed(self) -> bool:
        return self.app is self.later

    def renew(self) -> None:
        """From now on the later program serves."""
        self.close()
        self.app = self.later

    def carry(self) -> None:
        """Stored records are told in today's words."""
        with self.app.app_context():
            migrate_all()

    def reset(self) -> None:
        """As at the beginning: program, records, people, files, clock."""
        self.close()
        self.app = self.first
        self.database.reset()
        for folder in (self.settings.blobs, self.settings.staging):
            shutil.rmtree(folder, ignore_errors=True)
        self.clock.now = BEGIN
        self.machine.cut_at("", 0)
        self.machine.full, self.room.left = False, None

    def close(self) -> None:
        for app in (self.first, self.later):
            with app.app_context():
                db.db.engine.dispose()


@contextmanager
def staged(folder: Path, kind: str = "sqlite", address: str | None = None) -> Iterator[Stage]:
    """A stage with the server's clock and failpoints in the hands of the run. `kind` and `address`: of its database."""
    with pytest.MonkeyPatch.context() as patch, opened(kind, folder, address) as database:
        stage = Stage(folder, database)

        class Moved(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> Any:
                return datetime.fromtimestamp(stage.clock.now, tz or UTC)

        patch.setattr("server.db.datetime", Moved)
        patch.setattr(failpoints, "_act", stage.machine.act)
        yield stage
        stage.close()
