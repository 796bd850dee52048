"""Connections that go from hand to hand: each transaction finds the isolation that is its own, in each app its own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import connecting, db
from server.config import Settings
from server.sending import Ready
from tests.apps import app_for

ISOLATION = text("SELECT current_setting('transaction_isolation'), current_setting('transaction_read_only')")
READER, WRITER = ("repeatable read", "on"), ("read committed", "off")
INSERT = text("INSERT INTO server_fact (name, value) VALUES (:name, 'x')")
COUNT = text("SELECT count(*) FROM server_fact WHERE name = :name")


@pytest.fixture
def on_postgres(app: Flask, database_url: str) -> Iterator[Flask]:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has one isolation")
    with app.app_context():
        yield app


def modes(session: Session) -> tuple[int, tuple[str, str]]:
    isolation, read_only = session.execute(ISOLATION).one()
    return session.scalar(text("SELECT pg_backend_pid()")) or 0, (isolation, read_only)


def read_and_write() -> set[int]:
    """Connections on which both were as they should be."""
    with db.write() as session:
        writer, found = modes(session)
        assert found == WRITER
    with db.read() as session:
        reader, found = modes(session)
        assert found == READER
    with db.read(often=True) as session:
        assert modes(session)[1] == READER
    with db.read_apart() as session:
        assert modes(session)[1] == READER
    with db.write() as session:
        assert modes(session)[1] == WRITER
    return {writer, reader}


def test_a_connection_is_a_writers_after_it_was_a_readers(on_postgres: Flask) -> None:
    assert len(read_and_write()) == 1


@pytest.mark.parametrize("kind", ["read", "write"])
def test_a_failure_leaves_nothing_of_its_transaction_behind(on_postgres: Flask, kind: str) -> None:
    for wrong in ("SELECT nothing_of_that_name", "INSERT INTO server_fact (name) VALUES (NULL)"):
        with pytest.raises(DBAPIError), getattr(db, kind)() as session:
            session.execute(text(wrong))
        read_and_write()
    with pytest.raises(KeyError), getattr(db, kind)():
        raise KeyError
    read_and_write()


def test_who_asks_the_engine_itself_gets_a_writers_connection(on_postgres: Flask) -> None:
    with db.read() as session:
        modes(session)
    with db.db.engine.connect() as connection:
        assert tuple(connection.execute(ISOLATION).one()) == WRITER
    read_and_write()


def test_a_process_that_let_its_connections_go_sets_them_anew(on_postgres: Flask) -> None:
    """So does a server before its children are born."""
    before = read_and_write()
    db.db.engine.dispose()
    assert not before & read_and_write()


def test_a_connection_that_died_is_replaced_by_one_like_it(on_postgres: Flask) -> None:
    (before,) = read_and_write()
    other = create_engine(db.db.engine.url)
    with other.connect() as connection:
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": before})
    other.dispose()
    with pytest.raises(DBAPIError), db.read() as session:
        modes(session)
    assert before not in read_and_write()


LOOKED = Ready(text("SELECT pg_backend_pid() AS pid WHERE :one = 1"))


def test_after_a_look_up_that_failed_nothing_is_committed_by_itself(on_postgres: Flask) -> None:
    def fail(*_: object) -> None:
        raise KeyError

    event.listen(db.db.engine, "before_cursor_execute", fail)
    with pytest.raises(KeyError):
        db.look_up(LOOKED, {"one": 1})
    event.remove(db.db.engine, "before_cursor_execute", fail)
    with pytest.raises(KeyError), db.write() as session:
        session.execute(INSERT, {"name": "undone"})
        raise KeyError
    with db.read() as session:
        assert session.scalar(COUNT, {"name": "undone"}) == 0
    read_and_write()


def test_when_the_database_began_anew_one_request_fails_and_not_one_for_each_connection(on_postgres: Flask) -> None:
    with ExitStack() as taken:
        connections = [taken.enter_context(db.db.engine.connect()) for _ in range(3)]
        before = [connection.scalar(text("SELECT pg_backend_pid()")) for connection in connections]
    other = create_engine(db.db.engine.url)
    with other.connect() as connection:
        for pid in before:
            connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    other.dispose()
    with pytest.raises(DBAPIError):
        db.look_up(LOOKED, {"one": 1})
    for _ in before:
        assert db.look_up(LOOKED, {"one": 1}).scalar_one() not in before
    with db.write() as session:
        assert db.ask(session, LOOKED, {"one": 1}).scalar_one() not in before


def test_a_new_engine_warns_of_nothing(on_postgres: Flask, caplog: pytest.LogCaptureFixture) -> None:
    """psycopg warns of a JSON writer that closes over something: each start of a server told it four times."""
    engine = create_engine(db.db.engine.url, **connecting.options("postgresql"))
    engine.dispose()
    assert [record.getMessage() for record in caplog.records if record.name == "psycopg"] == []


def test_a_reader_cannot_write_and_a_writer_sees_what_others_committed(on_postgres: Flask) -> None:
    with pytest.raises(DBAPIError, match="read-only"), db.read() as session:
        session.execute(INSERT, {"name": "odd"})
    with db.write() as session:
        assert session.scalar(COUNT, {"name": "odd"}) == 0
        with db.db.engine.begin() as other:
            other.execute(INSERT, {"name": "odd"})
        assert session.scalar(COUNT, {"name": "odd"}) == 1
    with db.read() as session:
        assert session.scalar(COUNT, {"name": "odd"}) == 1
        with db.db.engine.begin() as other:
            other.execute(text("DELETE FROM server_fact WHERE name = 'odd'"))
        assert session.scalar(COUNT, {"name": "odd"}) == 1


def test_two_apps_in_one_process_keep_to_their_own_database(app: Flask, empty_sqlite: Path, tmp_path: Path) -> None:
    """Also with the one's context within the other's, and back."""
    (tmp_path / "beside").mkdir()
    (tmp_path / "beside.sqlite").write_bytes(empty_sqlite.read_bytes())
    own = Settings(database_url=f"sqlite:///{tmp_path / 'beside.sqlite'}", var=tmp_path / "beside", testing=True)
    beside = app_for(own)

    def here(name: str) -> object:
        with db.read() as session, db.read_apart() as apart:
            found = session.scalar(COUNT, {"name": name})
            assert found == db.ask(apart, COUNT, {"name": name}).scalar()
            return found

    with app.app_context():
        db.transact(lambda session: session.execute(INSERT, {"name": "first"}))
        with beside.app_context():
            assert here("first") == 0
            db.transact(lambda session: db.ask(session, INSERT, {"name": "second"}))
            assert here("second") == 1
        assert (here("first"), here("second")) == (1, 0)
    with beside.app_context():
        assert (here("first"), here("second")) == (0, 1)
        db.db.engine.dispose()
