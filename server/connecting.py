"""What every connection to the database is given once, when it is made or taken out: db.py works on them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from functools import partial
from typing import Any
from weakref import WeakSet

from sqlalchemy import Engine, event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.pool import ConnectionPoolEntry

from server.line import Line
from server.spelling import spell


def options(url: str) -> dict[str, Any]:
    """How the engine for this address is made."""
    # Errors get into logs, and parameters are what people told us.
    found: dict[str, Any] = {"hide_parameters": True, "json_serializer": spell, "json_deserializer": _read_json}
    if not url.startswith("sqlite"):
        found["isolation_level"] = "READ COMMITTED"  # of writers: so they need not set it each time
        found["pool_use_lifo"] = True  # a few connections that are warm, not all of them by turns
    return found


def prepare(engine: Engine) -> None:
    """Has each connection of the engine made ready."""
    if engine.dialect.name == "sqlite":
        _prepare_sqlite(engine)
        return
    _ask_after_idling(engine)
    event.listen(engine, "invalidate", partial(_note_death, engine))
    event.listen(engine, "do_connect", _on_a_line)
    event.listen(engine, "connect", _prepare_postgres)
    # GeoAlchemy2 listens to every statement of every engine, on behalf of SQL Server; here nobody need be told. (Who
    # listens to this engine later sets it again.)
    engine._has_events = False


_read_whole = json.JSONDecoder().raw_decode


def _read_json(content: str | bytes) -> Any:
    """JSON as a database keeps it: one value in UTF-8, nothing around it. A push reads thirty an op. What a person
    wrote there with blanks around it is read at leisure, and so is told what more there is.

    SQLite gives a lone number as one; SQLAlchemy takes it so on a TypeError.
    """
    written = content.decode() if isinstance(content, bytes) else content
    try:
        found, end = _read_whole(written)
    except json.JSONDecodeError:
        return json.loads(written)
    return found if end == len(written) else json.loads(written)


PREPARED = 400  # statements that a connection keeps prepared beside the ready ones; lists come in many lengths
PREPARED_AFTER = 5  # times that a statement was sent
IDLE = 5  # seconds after which a connection may have died; asking each time would cost a turn a transaction


def _on_a_line(_dialect: object, _record: object, given: Sequence[Any], more: dict[str, Any]) -> Line:
    return Line.connect(*given, **more)


def _prepare_postgres(connection: Any, _record: object) -> None:
    connection.prepared_max = PREPARED
    # Compiling our queries takes hundreds of milliseconds, running them a few (tests/bench/bench_desk.py).
    connection.autocommit = True
    connection.execute("SET jit = off")
    connection.autocommit = False


def _ask_after_idling(engine: Engine) -> None:
    """A connection that lay idle is asked whether it lives before it is used again; a dead one is made anew."""

    @event.listens_for(engine, "checkin")
    def _rest(_connection: object, record: ConnectionPoolEntry) -> None:
        record.info["since"] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def _ask(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        if time.monotonic() - record.info.get("since", time.monotonic()) < IDLE:
            return
        try:
            engine.dialect.do_ping(connection)
        except Exception as error:
            raise DisconnectionError("the connection died while it lay idle") from error


_died: WeakSet[Engine] = WeakSet()


def has_seen_death(engine: Engine) -> bool:
    """Whether a connection of this process ever ended in the middle of its work: the database may have gone with it,
    and what somebody sent may be why. Whoever sends may come again after hours.
    """
    return engine in _died


def _note_death(engine: Engine, _connection: object, _record: object, error: BaseException | None) -> None:
    if not isinstance(error, DisconnectionError):  # that one had lain idle
        _died.add(engine)


def _prepare_sqlite(engine: Engine) -> None:
    """SQLAlchemy begins the transactions itself: otherwise savepoints leak (pysqlite commits behind our back)."""

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "busy_timeout=20000"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        writer = connection.get_execution_options().get("writer")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")
