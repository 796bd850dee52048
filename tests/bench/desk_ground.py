"""The ground of bench_desk: a PostgreSQL with a county after a year of work, filled once and kept.

The demo county goes in by the product's own doors; `desk_rows.sql` makes the rest from its rows, with the indexes away
and the foreign keys unasked, so that it takes minutes. What is not as the product would leave it: sealed values and
answers are those of the demo's rows, ops keep one short payload, new entries of the audit are in no chain, and of most
values the heads are left out.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

import psycopg
from flask import Flask
from sqlalchemy.orm import Session

from server import db, schema
from server.app import create_app
from server.commands import upkeep
from server.config import Settings
from server.demo.load import load_demo
from server.evidence import tasks
from server.evidence.tables import Verdict
from server.sync.office_tables import Answer, Feedback, Question
from server.sync.tables import Quarantine
from tests.postgres import private_postgres

ROWS = Path(__file__).with_name("desk_rows.sql")
WHOLE, SMALL = 100_000, 3_000  # households
SERVING = {"shared_buffers": "512MB", "max_wal_size": "2GB", "maintenance_work_mem": "256MB"}


@dataclass(frozen=True)
class DeskGround:
    """A filled database: its address, and the app on it."""

    url: str
    app: Flask


@contextmanager
def desk_ground(folder: Path, households: int) -> Iterator[DeskGround]:
    """The county in this folder; filled now unless it is there. Migrated in any case, so that a new index counts."""
    with private_postgres(kept=folder / "postgres", more=SERVING) as address:
        for name, template, work in (("demo", "template0", _load), ("desk", "demo", partial(_fill, households))):
            if not (folder / name).exists():
                _make(address, folder, name, template, work)
        with _app(address, "desk", folder) as app:
            schema.migrate(db.db.engine)
            yield DeskGround(app.config["RUHU"].database_url, app)


@contextmanager
def _app(address: str, name: str, folder: Path) -> Iterator[Flask]:
    """The app on one of the databases, its context open."""
    app = create_app(Settings(database_url=address.format(name=name), var=folder / "var", testing=True))
    with app.app_context():
        yield app
        db.db.session.remove()
        db.db.engine.dispose()


def _make(address: str, folder: Path, name: str, template: str, work: Callable[[Flask], None]) -> None:
    """A new database, marked by a file when it is whole; what a fill that was cut off left is gone."""
    began = time.monotonic()
    with psycopg.connect(address.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)".encode())
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}".encode())
    with _app(address, name, folder) as app:
        work(app)
    (folder / name).touch()
    print(f"{name}: filled in {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def _load(app: Flask) -> None:
    """The demo county with its photos looked at."""
    settings: Settings = app.config["RUHU"]
    schema.migrate(db.db.engine)
    load_demo(settings, lambda _what, _done, _total: None)
    tasks.sweep(settings, grace=timedelta(0))
    upkeep.keep_up()


def _fill(households: int, app: Flask) -> None:
    settings: Settings = app.config["RUHU"]
    schema.migrate(db.db.engine)
    with psycopg.connect(settings.database_url, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET work_mem = '256MB'")
        with _without_indexes(connection):
            for statement in _statements(households):
                connection.execute(statement)
        connection.execute("VACUUM (ANALYZE)")


def _statements(households: int) -> Iterator[bytes]:
    """The statements of desk_rows.sql, with the number of households and sealed texts put in."""
    words = {"households": str(households), **_sealed()}
    text = re.sub("@([a-z]+)@", lambda found: words[found[1]], ROWS.read_text())
    for statement in text.split("\n\n"):
        if any(not line.startswith("--") for line in statement.splitlines()):
            yield statement.encode()


def _sealed() -> dict[str, str]:
    """SQL literals of texts, sealed as their columns seal them."""
    dialect = db.db.engine.dialect
    db.transact(_nothing)  # the keys are loaded
    columns = {
        "question": (Question.text, "哪一天去的？Which day was it?"),
        "answer": (Answer.text, "上周三。Last Wednesday."),
        "note": (Verdict.note, "看过了。Seen."),
        "feedback": (Feedback.text, "照片传得慢。Photos are slow."),
        "payload": (Quarantine.raw, b"{}"),
    }
    found = {name: column.type.process_bind_param(value, dialect) for name, (column, value) in columns.items()}
    return {name: f"'\\x{one.hex()}'::bytea" if isinstance(one, bytes) else f"'{one}'" for name, one in found.items()}


def _nothing(_session: Session) -> None:
    """A transaction that does nothing."""


@contextmanager
def _without_indexes(connection: psycopg.Connection) -> Iterator[None]:
    """No index but those of keys while rows come in; afterwards they are made again as they were."""
    rows = connection.execute(
        "SELECT i.indexname, i.indexdef FROM pg_indexes i"
        " WHERE i.schemaname = 'public' AND i.tablename <> 'spatial_ref_sys'"
        " AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conname = i.indexname)"
    ).fetchall()
    for name, _ in rows:
        connection.execute(f'DROP INDEX "{name}"'.encode())
    yield
    for _, definition in rows:
        connection.execute(definition.encode())
