"""The only place that knows the database.

`db.read()` is a snapshot that sees one moment; `db.write()` starts as a writer (BEGIN IMMEDIATE on SQLite, so that
a read is never upgraded) and commits at its end. `transact` runs a piece of work in `write()` and runs it again when
the database asks for it (deadlock, serialisation failure, busy). Functions that are given a session never commit.
"""

from __future__ import annotations

import fcntl
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any, TypeVar, overload

from flask import Flask, current_app
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Executable,
    String,
    bindparam,
    text,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, SessionTransaction

from server import connecting
from server.columns import Base
from server.connecting import PREPARED_AFTER
from server.failures import try_again
from server.sending import Found, Ready, Values, catch_up, forget, list_of

T = TypeVar("T")


BEFORE_FLUSH = "before flush"


class OneEngine(FlaskSession):
    """A session that looks its engine up once, not with each statement: one database is one county.

    What `info` names as BEFORE_FLUSH is done before its objects are written and before it asks for anything.
    """

    def flush(self, objects: Sequence[Any] | None = None) -> None:
        before = self.info.get(BEFORE_FLUSH)
        if before is not None:
            before(self)
        super().flush(objects)

    def get_bind(
        self, mapper: Any = None, clause: Any = None, bind: Engine | Connection | None = None, **more: Any
    ) -> Engine | Connection:
        found: Engine | Connection | None = bind or self.__dict__.get("_engine")
        if found is None:
            found = self._engine = super().get_bind(mapper, clause, bind, **more)
        return found


db = SQLAlchemy(model_class=Base, session_options={"class_": OneEngine, "expire_on_commit": False, "autoflush": True})


CHINA = timezone(timedelta(hours=8))
_BEFORE = "ruhu_before_transactions"


def now() -> datetime:
    """The present moment, with zone."""
    return datetime.now(UTC)


def today() -> date:
    """The present day where the work is done."""
    return datetime.now(CHINA).date()


def init_app(app: Flask, url: str) -> None:
    """Binds the database to the app."""
    if url.startswith("sqlite:///"):
        Path(url.removeprefix("sqlite:///")).parent.mkdir(parents=True, exist_ok=True)
    app.config["SQLALCHEMY_DATABASE_URI"] = url.replace("postgresql://", "postgresql+psycopg://")
    app.config["SQLALCHEMY_ENGINE_OPTIONS"] = connecting.options(url)
    db.init_app(app)
    with app.app_context():
        connecting.prepare(db.engine)


def before_transactions(app: Flask, work: Callable[[], None]) -> None:
    """`work` runs before each transaction of the app, outside of it."""
    app.extensions.setdefault(_BEFORE, []).append(work)


def _prepare() -> None:
    for work in current_app.extensions.get(_BEFORE, ()):
        work()


def once(session: Session, key: tuple[object, ...], ask: Callable[[], T | None]) -> T | None:
    """What `ask` finds, asked once in a transaction: for what is needed again and again and does not change in it.

    What is not found is asked for anew: it may come about in between.
    """
    found: T | None = session.info.get(key)
    if found is None:
        found = session.info[key] = ask()
    return found


Rows = CursorResult[*tuple[Any, ...]]
_CONNECTION = "connection"


@overload
def ask(session: Session, statement: Ready, values: Values) -> Found: ...
@overload
def ask(session: Session, statement: Executable, values: Any = None) -> Rows: ...
def ask(session: Session, statement: Executable | Ready, values: Any = None) -> Rows | Found:
    """Sends a statement of plain columns past the session: its objects are not written first, and none are made. What
    is asked often is a `Ready` statement, which goes past SQLAlchemy too.
    """
    here = connection(session)
    return statement.ask(here, values) if isinstance(statement, Ready) else here.execute(statement, values)


def ask_each(session: Session, statement: Ready, rows: Sequence[Values]) -> Found:
    """What a statement finds for each of these rows (at least one), which all name the same."""
    return statement.ask_each(connection(session), rows)


def send_rows(session: Session, statement: Ready, rows: Sequence[Values]) -> None:
    """As `ask_each`, for a statement that finds nothing."""
    statement.send(connection(session), rows)


def connection(session: Session) -> Connection:
    """The connection of the session's transaction."""
    return session.info.get(_CONNECTION) or session.connection()


@contextmanager
def savepoint(session: Session) -> Iterator[SessionTransaction]:
    """A savepoint that is set now, and not with the session's next statement: `ask` goes past the session. What was
    sent within fails within; what still waits when the work fails is undone unsent, so that it cannot fail instead.
    """
    with session.begin_nested() as kept:
        here = session.connection()
        try:
            yield kept
            catch_up(here)
        except BaseException:
            forget(here)
            raise


_ONE_PLAN = Ready(
    text("SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)")
)


def plan_once(session: Session) -> None:
    """From now on in this transaction one plan of a statement serves whatever it is asked for. For who asks by ids
    alone: PostgreSQL would plan statements with lists anew each time, which takes longer than to carry them out. A plan
    that was made while a table was empty must be good when it is full: so it goes by the indexes.
    """
    if not is_sqlite(session):
        ask(session, _ONE_PLAN, {})


def is_sqlite(session: Session) -> bool:
    return session.get_bind().dialect.name == "sqlite"


def speaks_sqlite() -> bool:
    """As `is_sqlite`, of the app's database."""
    return db.engine.dialect.name == "sqlite"


def inserter(sqlite_speaks: bool) -> Callable[[Any], Any]:
    """What makes an INSERT into a table that can say ON CONFLICT, in the dialect of the database."""
    return sqlite.insert if sqlite_speaks else postgresql.insert


def upsert(session: Session, table: type[Any]) -> Any:
    """An INSERT that can say ON CONFLICT."""
    return inserter(is_sqlite(session))(table)


def _options(write: bool) -> dict[str, Any]:
    if speaks_sqlite():
        return {"writer": write}
    if write:
        return {}
    return {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}


def _keep_prepared(connection: Connection, often: bool) -> None:
    """What is sent often stays prepared; all else is planned anew each time, for the values that it is sent with.

    The plan of a prepared statement serves any value. For the lists of the desk it takes a county for a village and
    walks it row by row: seconds instead of a tenth of one (tests/bench/bench_desk.py, screen `look`).
    """
    if connection.dialect.name != "sqlite":
        driver: Any = connection.connection.driver_connection
        driver.prepare_threshold = PREPARED_AFTER if often else None


@contextmanager
def _transaction(write: bool, apart: bool = False, often: bool = True) -> Iterator[Session]:
    session = db.session.session_factory() if apart else db.session()
    if session.in_transaction():
        raise RuntimeError("a transaction is already open: read() and write() do not nest")
    try:
        session.info[_CONNECTION] = here = session.connection(execution_options=_options(write))
        _keep_prepared(here, often)
        yield session
        if not write:
            session.expunge_all()  # nothing of it is to be written
        # Also what only read ends so: with a rollback psycopg drops all statements that the connection had prepared.
        session.commit()
    finally:
        session.info.clear()
        session.expunge_all()  # before the rollback, which would expire what the block hands out
        session.rollback()


@contextmanager
def read(often: bool = False) -> Iterator[Session]:
    """A session that sees one snapshot and cannot write. `often`: for short look-ups that every request sends."""
    _prepare()
    with _transaction(write=False, often=often) as session:
        yield session


_NOT_YET = Ready(text("SET LOCAL synchronous_commit = off"))


def write_at_once(statement: Ready, rows: Sequence[Values], *, lasting: bool = True) -> Found:
    """Sends a statement for each of these rows in a transaction of its own, without a session; what it found, after the
    commit.

    Not `lasting`: everybody sees it from now on, but it is written to the disk with the next lasting commit of anybody
    (or by PostgreSQL itself, mostly within 0.6 s). For what nobody is told of before such a commit. SQLite writes it at
    once all the same, and so does a process that has seen the database die.
    """
    _prepare()
    return _again(lambda: _at_once(statement, rows, lasting))


def _at_once(statement: Ready, rows: Sequence[Values], lasting: bool) -> Found:
    with _turn(), db.engine.connect().execution_options(**_options(write=True)) as here, here.begin():
        if not (lasting or speaks_sqlite() or connecting.has_seen_death(db.engine)):
            _NOT_YET.send(here, ({},))
        return statement.ask_each(here, rows)


def look_up(statement: Ready, values: Values) -> Found:
    """What one statement finds of all that is committed by now: no transaction need be begun and ended for it."""
    with db.engine.connect() as here:
        found = statement.ask(here, values, alone=True)
        found.all()
        return found


@contextmanager
def read_apart() -> Iterator[Session]:
    """As `read`, in a session of its own: for an answer that is still sent when its request has ended.

    (When a request ends, its session is closed, and what is read afterwards would be another moment.)
    """
    _prepare()
    with _transaction(write=False, apart=True) as session:
        yield session


@contextmanager
def write() -> Iterator[Session]:
    """A session that writes; committed when the block ends, rolled back when it raises."""
    _prepare()
    with _turn(), _transaction(write=True) as session:
        yield session


@contextmanager
def _turn() -> Iterator[None]:
    """On SQLite, waits for the writer's turn in the operating system's queue.

    SQLite itself lets waiting writers poll with growing pauses, so that with four of them some wait half a second
    (tests/bench/bench_submissions.py). BEGIN IMMEDIATE remains the guard; this only makes the waiting fair.
    """
    file = db.engine.url.database
    if not (speaks_sqlite() and file):
        yield
        return
    with Path(f"{file}-turn").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        yield


RETRIES = 12


def transact(work: Callable[[Session], T]) -> T:
    """Runs `work(session)` in one write transaction; again when the database says "try again"."""

    def written() -> T:
        with write() as session:
            return work(session)

    return _again(written)


def _again(work: Callable[[], T]) -> T:
    for attempt in range(RETRIES):
        try:
            return work()
        except DBAPIError as error:
            if attempt == RETRIES - 1 or not try_again(error):
                raise
        # Spreads the competitors; no secret depends on it.
        time.sleep(random.uniform(0, 0.02 * (attempt + 1)))  # noqa: S311
    raise AssertionError("unreachable")


_KEYS = bindparam("keys", type_=list_of(String()))
_LOCK = Ready(text("SELECT pg_advisory_xact_lock(hashtextextended(k, 0)) FROM unnest(:keys) AS k").bindparams(_KEYS))
_SHARE = Ready(
    text("SELECT pg_advisory_xact_lock_shared(hashtextextended(k, 0)) FROM unnest(:keys) AS k").bindparams(_KEYS)
)


def lock(session: Session, keys: set[str]) -> None:
    """Locks names until the transaction ends, in one order for everybody.

    PostgreSQL: advisory locks; SQLite: its writer is alone already.
    """
    if keys and not is_sqlite(session):
        ask(session, _LOCK, {"keys": sorted(keys)})


def lock_shared(session: Session, keys: set[str]) -> None:
    """As `lock`, but together with others who only share; it keeps out who takes a name alone."""
    if keys and not is_sqlite(session):
        ask(session, _SHARE, {"keys": sorted(keys)})


def try_lock(session: Session, key: str) -> bool:
    """Takes the name alone if nobody has it now; whether it did."""
    if is_sqlite(session):
        return True
    return bool(session.scalar(text("SELECT pg_try_advisory_xact_lock(hashtextextended(:key, 0))"), {"key": key}))
