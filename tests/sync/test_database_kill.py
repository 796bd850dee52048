"""kill -9 of PostgreSQL itself while pushes go on: what somebody was told is true afterwards.

The first commit of a push does not wait for the disk, the second one does (db.write_at_once). So that nothing which did
not wait is there by chance, whoever of PostgreSQL writes the log beside the commits stands still.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Barrier

import pytest
import requests
from flask import Flask
from sqlalchemy import create_engine, insert, select, text
from sqlalchemy.exc import DBAPIError

from server import db, schema
from server.config import Settings
from server.sending import Ready
from server.sync.tables import OpLog, ServerFact, Submission
from tests.apps import app_for
from tests.postgres import kill, private_postgres, writer_stopped
from tests.serving import forked
from tests.world import Phone, World, build_world

pytestmark = [pytest.mark.kill, pytest.mark.postgres]

# Room for all of the log, and nobody else who has it written.
ROOM = {"wal_buffers": "64MB", "autovacuum": "off", "bgwriter_lru_maxpages": "0", "wal_level": "minimal",
        "max_wal_senders": "0"}  # fmt: skip
CLIENTS, TOLD = 3, 8  # answers that each gets before the end
FACT = Ready(insert(ServerFact).returning(ServerFact.name))
UNWRITTEN = text("SELECT pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()")


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="ruhu-pg-") as name:
        yield Path(name)


@contextmanager
def running(folder: Path) -> Iterator[str]:
    """Address of the durable database in this folder."""
    with private_postgres(durable=True, kept=folder, more=ROOM) as address, writer_stopped(folder):
        yield address.format(name="postgres")


@contextmanager
def migrated(address: str, var: Path) -> Iterator[Flask]:
    """An app on the database, its context open."""
    app = app_for(Settings(database_url=address, var=var))
    with app.app_context():
        schema.migrate(db.db.engine)
        yield app
        db.db.engine.dispose()


def send_until_it_ends(address: str, phone: Phone, told: Barrier) -> list[str]:
    """Pushes one visit after the other, also past the end of the database; the ops that were answered."""
    answered: list[str] = []
    for count in range(10 * TOLD):
        if count == TOLD:
            told.wait()
        op = phone.visit(water_days=str(count))
        answer = requests.post(f"{address}/api/v1/sync/push", json={"ops": [op]}, headers=phone.headers, timeout=30)
        if answer.status_code != 200:
            break
        answered += [result["op_id"] for result in answer.json()["results"]]
    return answered


def test_what_was_answered_is_there_after_the_database_was_killed(folder: Path, tmp_path: Path) -> None:
    """Seen to fail where the second commit does not wait either."""
    with running(folder) as database:
        with migrated(database, tmp_path) as app:
            world = build_world(app)
            phones = [world.phone("li") for _ in range(CLIENTS)]
            db.db.engine.dispose()
        told = Barrier(CLIENTS + 1, timeout=60)
        with forked(app.config["RUHU"]) as address, ThreadPoolExecutor(CLIENTS) as pool:
            sending = [pool.submit(send_until_it_ends, address, phone, told) for phone in phones]
            told.wait()
            kill(folder)
            answered = [op_id for one in sending for op_id in one.result()]
    assert len(answered) >= CLIENTS * TOLD
    with running(folder) as database, migrated(database, tmp_path) as app:
        judged, visits = (
            World(app).look(lambda session, column=column: set(session.scalars(select(column))))
            for column in (OpLog.op_id, Submission.op_id)
        )
    assert not set(answered) - judged
    assert not set(answered) - visits


def fact(name: str) -> dict[str, str]:
    return {"name": name, "value": ""}


def is_unwritten() -> bool:
    """Whether the database was given something that is not on its disk."""
    with db.db.engine.connect() as here:
        return bool(here.scalar(UNWRITTEN))


def test_who_asks_for_it_does_not_wait_for_the_disk_and_the_next_commit_writes_both(
    folder: Path, tmp_path: Path
) -> None:
    with running(folder) as database, migrated(database, tmp_path):
        db.write_at_once(FACT, [fact("a")])
        assert not is_unwritten()
        db.write_at_once(FACT, [fact("b")], lasting=False)
        assert is_unwritten()
        db.transact(lambda session: session.add(ServerFact(name="c", value="")))
        assert not is_unwritten()


def test_after_a_connection_ended_everything_waits_for_the_disk_again(folder: Path, tmp_path: Path) -> None:
    """What ended it may be an op that the database dies of: the next time it must be known that it was tried."""
    with running(folder) as database, migrated(database, tmp_path):
        with pytest.raises(DBAPIError), db.write() as session:
            session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))
        db.write_at_once(FACT, [fact("a")], lasting=False)
        assert not is_unwritten()


def test_one_that_had_lain_idle_is_no_such_sign(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A firewall forgets connections every day."""
    with running(folder) as database, migrated(database, tmp_path):
        with db.db.engine.connect() as here:
            pid = here.scalar(text("SELECT pg_backend_pid()"))
        other = create_engine(db.db.engine.url)
        with other.connect() as connection:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        other.dispose()
        monkeypatch.setattr("server.connecting.IDLE", 0)
        db.write_at_once(FACT, [fact("a")], lasting=False)
        assert is_unwritten()
