"""PostgreSQL: what a connection prepared stays prepared, whatever is read and written; and an old plan is no end."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, NotSupportedError
from sqlalchemy.orm import Session

from server import db
from server.sending import Ready

PREPARED = text("SELECT count(*) FROM pg_prepared_statements")
OFTEN = 8  # psycopg prepares what it was given five times


@pytest.fixture
def on_postgres(app: Flask, database_url: str) -> Flask:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite prepares by itself")
    return app


def ask(session: Session, number: int) -> object:
    return session.scalar(text("SELECT count(*) FROM region WHERE code = :code"), {"code": str(number)})


def test_reading_keeps_what_the_connection_prepared(on_postgres: Flask) -> None:
    """A rollback at the end of each reading would drop all of it: then nothing is ever prepared."""
    with on_postgres.app_context():
        for number in range(OFTEN):
            with db.read(often=True) as session:
                ask(session, number)
        with db.read() as session:
            assert session.scalar(PREPARED) == 1


def test_a_list_is_planned_for_what_it_is_asked_for(on_postgres: Flask) -> None:
    """A plan for any area takes the county for a village: the queue of photos then took ten seconds now and then."""
    with on_postgres.app_context():
        for number in range(OFTEN):
            with db.read() as session:
                ask(session, number)
        with db.read() as session:
            assert session.scalar(PREPARED) == 0


def test_a_change_of_a_table_under_a_prepared_statement_is_only_a_retry(on_postgres: Flask) -> None:
    def every(session: Session) -> int:
        return len(session.execute(text("SELECT * FROM odd")).all())

    with on_postgres.app_context():
        with db.db.engine.begin() as other:
            other.execute(text("CREATE TABLE odd (a int)"))
        try:
            for _ in range(OFTEN):
                db.transact(every)
            with db.db.engine.connect(), db.db.engine.connect() as other:
                other.execute(text("ALTER TABLE odd ADD b int"))
                other.commit()
            assert db.transact(every) == 0
            assert db.transact(every) == 0
        finally:
            with db.db.engine.begin() as other:
                other.execute(text("DROP TABLE odd"))


def test_a_change_of_a_table_is_no_end_for_what_waits_on_the_line(on_postgres: Flask) -> None:
    """Of each connection one look-up fails, and a transaction is only tried again."""
    every = Ready(text("SELECT a FROM odd"))

    def ask_it(session: Session) -> list[object]:
        return db.ask(session, every, {}).all()

    def look_up_fails() -> bool:
        try:
            return bool(db.look_up(every, {}).all())
        except NotSupportedError:
            return True

    with on_postgres.app_context():
        with db.db.engine.begin() as other:
            other.execute(text("CREATE TABLE odd (a varchar(10))"))
        try:
            for length in (20, 30):
                for _ in range(OFTEN):
                    assert db.transact(ask_it) == []
                with db.db.engine.connect(), db.db.engine.connect() as other:
                    other.execute(text(f"ALTER TABLE odd ALTER a TYPE varchar({length})"))
                    other.commit()
                assert db.transact(ask_it) == []
                failed = [look_up_fails() for _ in range(OFTEN)]
                assert sum(failed) <= 2
                assert not any(failed[-2:])
        finally:
            with db.db.engine.begin() as other:
                other.execute(text("DROP TABLE odd"))


def test_a_statement_that_somebody_dropped_is_prepared_anew(on_postgres: Flask) -> None:
    every = Ready(text("SELECT name FROM server_fact WHERE name = :name"))

    def dropped(session: Session) -> None:
        db.ask(session, every, {"name": "none"}).all()
        session.execute(text("DEALLOCATE ALL"))

    def ask_it(session: Session) -> list[object]:
        return db.ask(session, every, {"name": "none"}).all()

    with on_postgres.app_context():
        db.transact(dropped)
        with pytest.raises(DBAPIError):
            db.transact(ask_it)
        assert db.transact(ask_it) == []
