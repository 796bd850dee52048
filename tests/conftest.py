"""Fixtures for everybody: an app on each database with real commits, and people by name.

SQLite: an empty database file is made once and copied for each test. PostgreSQL: one private cluster for the run;
each test
begins with its tables emptied (measured: 20 ms against 550 ms for a copy of a PostGIS template).
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import settings

os.environ.setdefault("RUHU_TESTING", "1")

from server import db, schema
from server.api import form_life
from server.columns import Base
from server.config import Settings
from server.forms.compile_apart import HASTY, PATIENT
from tests.apps import app_for
from tests.postgres import available, private_postgres

# No test fails on time: a busy machine is no fault of the code.
settings.register_profile("ruhu", deadline=None)
settings.load_profile("ruhu")

WANTED = os.environ.get("RUHU_TEST_DATABASES", "sqlite,postgres").split(",")

# Files that take longest go first, so that no worker is left alone with one at the end (a file goes to one worker).
LONGEST = (
    "tests/simulation/", "tests/e2e/", "tests/forms/test_cases_on_the_phone.py", "tests/demo/test_load.py",
    "tests/sync/test_upload_kill.py", "tests/sync/test_kill_decisions.py", "tests/sync/test_model", "tests/sealing/",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In the order of LONGEST, then as collected; within a file as before."""

    def place(item: pytest.Item) -> int:
        return next((n for n, name in enumerate(LONGEST) if item.nodeid.startswith(name)), len(LONGEST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file."""
    path = tmp_path_factory.mktemp("sqlite") / "empty.sqlite"
    app = app_for(Settings(database_url=f"sqlite:///{path}", var=path.parent))
    with app.app_context():
        schema.migrate(db.db.engine)
        with db.db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.db.engine.dispose()
    return path


@pytest.fixture(scope="session")
def postgres_address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """`…{name}…`: address of the private cluster; its database `ruhu` is migrated."""
    if not available():
        pytest.fail("PostgreSQL 15 with PostGIS is missing: apt-get install postgresql-15 postgresql-15-postgis-3")
    with private_postgres() as address:
        _run(address, "CREATE DATABASE ruhu")
        url = address.format(name="ruhu")
        app = app_for(Settings(database_url=url, var=tmp_path_factory.mktemp("pg")))
        with app.app_context():
            schema.migrate(db.db.engine)
            db.db.engine.dispose()
        yield address


def _run(address: str, statement: str) -> None:
    engine = sa.create_engine(
        address.format(name="postgres").replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.exec_driver_sql(statement)
    engine.dispose()


def _empty(address: str) -> None:
    """Tables that hold something lose it, and every number counts from one again (13 ms; all tables: 60 ms)."""
    engine = sa.create_engine(address.format(name="ruhu").replace("postgresql:", "postgresql+psycopg:"))
    with engine.begin() as connection:
        held = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT FROM \"{name}\")" for name in _tables())
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")  # in any order of the tables
        for name in connection.exec_driver_sql(held).scalars().all():
            connection.exec_driver_sql(f'DELETE FROM "{name}"')
        counted = "SELECT setval(format('%I.%I', schemaname, sequencename)\\:\\:regclass, start_value, false)"
        connection.execute(sa.text(f"{counted} FROM pg_sequences WHERE last_value IS NOT NULL"))
        connection.exec_driver_sql("DELETE FROM server_fact WHERE name <> 'epoch'")
    engine.dispose()


def _tables() -> list[str]:
    """All but the one with the epoch, which the migration made."""
    return [name for name in Base.metadata.tables if name != "server_fact"]


@pytest.fixture(params=["sqlite", "postgres"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database; the test runs once for each kind."""
    if request.param not in WANTED:
        pytest.skip(f"RUHU_TEST_DATABASES leaves out {request.param}")
    if request.param == "sqlite":
        path = tmp_path / "ruhu.sqlite"
        shutil.copy(request.getfixturevalue("empty_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    address = request.getfixturevalue("postgres_address")
    _empty(address)
    yield address.format(name="ruhu")


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on a fresh database with real commits."""
    var = tmp_path / "var"
    var.mkdir()
    application = app_for(Settings(database_url=database_url, var=var, testing=True))
    application.config["TESTING"] = False  # errors are answered as in production
    yield application
    with application.app_context():
        db.db.engine.dispose()


@pytest.fixture(autouse=True)
def patient_uploads(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a busy machine an honest form may take longer than a desk waits; the limit of work has tests of its own."""
    counts = request.module.__name__.endswith("test_wrong_uploads")
    monkeypatch.setattr(form_life, "HASTY", replace(HASTY, wall=PATIENT.wall) if counts else PATIENT)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()
