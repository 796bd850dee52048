"""PostgreSQL: what a connection prepared stays prepared, whatever is read and written; and an old plan is no end."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import text
from sqlalchemy.orm import Session

from server import db

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
