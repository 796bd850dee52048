"""PostgreSQL: statements that wait on a line are done in their order, all or none, and nobody overtakes them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import closing

import psycopg
import pytest
from flask import Flask
from psycopg.errors import UniqueViolation
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from server import db
from server.line import MOST_WAITING, YOUNG, Line
from server.sending import Ready

PUT = "INSERT INTO server_fact (name, value) VALUES ($1, $2)"
NAMES = text("SELECT name FROM server_fact WHERE name LIKE 'line%' ORDER BY name")
INSERT = Ready(text("INSERT INTO server_fact (name, value) VALUES (:name, 'x')"))
FOUND = Ready(text("SELECT name, value FROM server_fact WHERE name LIKE :like ORDER BY name"))
PREPARED = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE 'INSERT INTO server_fact%'"


@pytest.fixture
def here(app: Flask, database_url: str) -> Iterator[Connection]:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite is in the same process")
    with app.app_context(), db.db.engine.connect() as connection:
        yield connection


@pytest.fixture
def line(here: Connection) -> Line:
    """The line of this connection."""
    driver = here.connection.driver_connection
    assert isinstance(driver, Line)
    return driver


def put(line: Line, *names: str) -> None:
    for name in names:
        line.put(PUT.encode(), [name, "x"])


def there(here: Connection) -> list[str]:
    return list(here.scalars(NAMES))


def committed() -> list[str]:
    with db.db.engine.connect() as other:
        return there(other)


def test_nothing_is_sent_before_somebody_waits_and_the_commit_is_for_all(line: Line) -> None:
    put(line, "line1", "line2")
    assert line.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    line.commit()
    assert committed() == ["line1", "line2"]


def test_nobody_overtakes_what_waits(here: Connection, line: Line) -> None:
    """Neither a cursor nor a copy nor a cursor of the database, whoever uses it."""
    put(line, "line1")
    assert there(here) == ["line1"]
    put(line, "line2")
    with line.cursor() as cursor, cursor.copy("COPY server_fact (name, value) FROM STDIN") as rows:
        rows.write_row(["line3", "x"])
    put(line, "line4")
    with closing(line.cursor("kept")) as kept:
        kept.execute("SELECT name FROM server_fact WHERE name LIKE 'line%'")
        assert len(kept.fetchall()) == 4
    put(line, "line5")
    with line.cursor() as cursor:
        cursor.executemany("UPDATE server_fact SET value = %s WHERE name = %s", [("new", "line5"), ("new", "line4")])
        assert cursor.rowcount == 2


def test_after_one_that_fails_nothing_is_done_and_nothing_is_committed(line: Line) -> None:
    put(line, "line1", "line1", "line2")
    with pytest.raises(UniqueViolation):
        line.commit()
    assert line.info.transaction_status == psycopg.pq.TransactionStatus.INERROR
    line.rollback()
    assert committed() == []
    put(line, "line1")
    line.commit()
    assert committed() == ["line1"], "the line goes on"


def test_who_overlooks_a_failure_cannot_commit(line: Line) -> None:
    put(line, "line1", "line1")
    with pytest.raises(UniqueViolation):
        line.catch_up()
    with pytest.raises(psycopg.InternalError, match="failed before"):
        line.commit()
    put(line, "line2")
    with pytest.raises(psycopg.InternalError, match="failed before"):
        line.commit()
    line.rollback()
    assert committed() == []


def test_what_waits_is_gone_with_the_rollback(line: Line) -> None:
    answer = line.put(b"SELECT 1", [])
    put(line, "line1")
    line.rollback()
    with pytest.raises(psycopg.InternalError, match="undone"):
        answer.result()
    line.commit()
    assert committed() == []


def test_who_asks_too_late_sends_nothing_of_who_has_the_line_by_then(line: Line) -> None:
    undone = line.put(b"SELECT 1", [])
    line.rollback()
    put(line, "line1")
    failed = line.put(PUT.encode(), ["line1", "x"])
    with pytest.raises(UniqueViolation):
        line.catch_up()
    line.rollback()
    put(line, "line1")
    for answer in (undone, failed):
        with pytest.raises(psycopg.InternalError):
            answer.result()
    assert line.info.transaction_status == psycopg.pq.TransactionStatus.IDLE
    line.commit()
    assert committed() == ["line1"]


def test_what_fails_within_a_savepoint_is_undone_with_it(here: Connection) -> None:
    with db.write() as session:
        db.send_rows(session, INSERT, [{"name": "line1"}])
        with pytest.raises(IntegrityError), db.savepoint(session):
            db.send_rows(session, INSERT, [{"name": "line2"}, {"name": "line2"}])
        db.send_rows(session, INSERT, [{"name": "line3"}])
    assert committed() == ["line1", "line3"]


def test_what_fails_within_a_savepoint_is_told_and_not_what_still_waited(here: Connection) -> None:
    """It would come with the ROLLBACK TO, in place of the failure, and end the whole transaction."""
    with db.write() as session:
        db.send_rows(session, INSERT, [{"name": "line1"}])
        with pytest.raises(ZeroDivisionError), db.savepoint(session):
            db.send_rows(session, INSERT, [{"name": "line2"}, {"name": "line2"}])
            _ = 1 / 0
        db.send_rows(session, INSERT, [{"name": "line3"}])
    assert committed() == ["line1", "line3"]


def test_a_failure_comes_with_the_commit_and_a_retry_finds_nothing_of_it(here: Connection) -> None:
    with pytest.raises(IntegrityError), db.write() as session:
        db.send_rows(session, INSERT, [{"name": "line1"}, {"name": "line1"}])
    assert committed() == []


def test_more_than_may_wait_are_sent_on(line: Line) -> None:
    put(line, *(f"line{n:05d}" for n in range(2 * MOST_WAITING + 7)))
    assert len(line._waiting) <= MOST_WAITING + 1
    line.commit()
    assert len(committed()) == 2 * MOST_WAITING + 7


def test_large_values_cross_both_ways_at_once(here: Connection) -> None:
    """More than the sockets hold: who only sends, or only reads, would wait for ever."""
    with db.write() as session:
        wanted = Ready(text("SELECT CAST(:value AS text) AS value"))
        found = [db.ask(session, wanted, {"value": str(n) * 2_000_000}) for n in range(8)]
        assert [one.scalar_one() for one in found] == [str(n) * 2_000_000 for n in range(8)]


def test_what_the_driver_forgets_is_prepared_anew(line: Line) -> None:
    """After some rollbacks the driver drops whatever is prepared on its connection."""
    line.prepare_threshold = 0
    put(line, "line1")
    line.catch_up()
    with line.cursor() as cursor:
        assert cursor.execute(PREPARED).fetchall() == [(1,)]
    line.rollback()
    put(line, "line1")
    line.commit()
    assert committed() == ["line1"]


def test_a_connection_that_ends_in_the_middle_is_no_more_used(here: Connection, line: Line) -> None:
    with pytest.raises(psycopg.OperationalError):
        line.put(b"SELECT pg_terminate_backend(pg_backend_pid())", []).result()
    assert line.closed
    here.invalidate()
    with db.write() as session:
        db.send_rows(session, INSERT, [{"name": "line1"}])
    assert committed() == ["line1"]


def test_plans_of_small_tables_are_made_anew_when_they_have_grown(line: Line) -> None:
    """By the indexes: a table that is looked through in an empty database would be in a full one."""
    sent = []
    for _ in range(5 * YOUNG):
        line.put(b"SELECT count(*) FROM server_fact", [])
        sent.append(len(line._waiting))
        line.commit()
    assert [count for count, waited in enumerate(sent, 1) if waited == 3] == [YOUNG, 2 * YOUNG, 4 * YOUNG]


def test_what_is_found_can_be_read_after_the_commit(here: Connection) -> None:
    found = db.transact(lambda session: db.ask(session, FOUND, {"like": "line%"}))
    assert found.all() == []


def test_what_is_read_after_the_commit_is_not_what_the_next_one_found(line: Line) -> None:
    """The connection may be somebody else's by then, who reads on it at the same moment."""
    wrong = list[object]()
    asked = [
        line.put(b"SELECT $1::text FROM generate_series(1, $2::int)", [name, n]) for n, name in ((3, "a"), (4, "b"))
    ]
    wanted = [[("a",)] * 3, [("b",)] * 4]

    def read(at: int) -> None:
        found = asked[at].result()
        for _ in range(20_000):
            try:
                rows: object = line.rows(found)
            except psycopg.Error as error:
                rows = error
            if rows != wanted[at]:
                wrong.append(rows)

    line.catch_up()
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        readers = [threading.Thread(target=read, args=(at,)) for at in (0, 1)]
        for one in readers:
            one.start()
        for one in readers:
            one.join()
    finally:
        sys.setswitchinterval(usual)
    assert wrong == []


def test_a_statement_that_is_wrong_is_told_when_somebody_looks(here: Connection) -> None:
    with pytest.raises(DBAPIError), db.write() as session:
        db.ask(session, Ready(text("SELECT nothing FROM server_fact")), {}).all()
    with db.write() as session:
        assert db.ask(session, FOUND, {"like": "line%"}).all() == []
