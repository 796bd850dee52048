"""A connection to PostgreSQL on which statements travel together (libpq's pipeline mode).

A statement that is sent by itself costs a turn: both sides fall asleep and are woken, and the driver does much around
it. What is `put` on the line waits until somebody asks for an answer, or for the commit; then all of it crosses at
once, with the BEGIN before it and the COMMIT behind it. So a transaction takes as many turns as it has questions that
need the answer to an earlier one. PostgreSQL does one after the other, as if each had been sent alone; after one that
failed it does nothing more of that turn.

Whoever uses the connection in the driver's usual ways is served as usual: what waits is sent first.
(docs/decisions/2026-11-23-statements-travel-together.md)
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import Any

from psycopg import Connection, Cursor, InternalError, IsolationLevel, ServerCursor
from psycopg.abc import PQGen
from psycopg.adapt import PyFormat, Transformer
from psycopg.errors import error_from_result
from psycopg.generators import fetch_many, send
from psycopg.pq import ExecStatus, TransactionStatus
from psycopg.pq.abc import PGconn, PGresult
from psycopg.rows import tuple_row

Key = tuple[bytes, tuple[int, ...]]  # a statement with the types of its values
YOUNG = 64  # transactions after which a connection's plans are made anew, and again after twice as many each time
MOST_WAITING = 500  # statements; more are sent on at once, so that a long list is not kept twice
# What is prepared fits no more: a table changed under it, or somebody dropped it.
_OUTLIVED = ("0A000", "26000")


class Answer:
    """What a statement on the line comes to. Whoever asks for it has all that waits sent."""

    __slots__ = ("_line", "_result")

    def __init__(self, line: Line) -> None:
        self._line: Line | None = line
        self._result: PGresult | None = None

    def take(self, result: PGresult | None) -> None:
        """None: there is none, as it failed, or was never sent. By then the line may be somebody else's."""
        self._line, self._result = None, result

    def result(self) -> PGresult:
        """psycopg.Error if it failed, or one that was sent before it."""
        if self._line is not None:
            self._line.catch_up()
        if self._result is None:
            raise InternalError("its transaction failed or was undone")
        return self._result


class _Waiting:
    """A statement with its values as the database takes them. Without an answer it is only to be prepared."""

    __slots__ = ("answer", "formats", "key", "values")

    def __init__(self, key: Key, values: Sequence[Any] = (), formats: Sequence[Any] = (), answer: Answer | None = None):
        self.key, self.values, self.formats, self.answer = key, values, formats, answer


class Line(Connection[Any]):
    """See above. What is put on it is prepared, once for each set of types."""

    def __init__(self, pgconn: PGconn, row_factory: Any = tuple_row) -> None:
        super().__init__(pgconn, row_factory)
        self.cursor_factory, self.server_cursor_factory = _UsualCursor, _UsualServerCursor
        self._waiting: list[_Waiting] = []
        self._names: dict[Key, bytes] = {}
        self._named = 0
        self._begun = 0
        self._adapter: Any = None
        self._reading = Lock()

    def put(self, statement: bytes, values: Sequence[Any], alone: bool = False) -> Answer:
        """Has a statement (with $1, $2 … for its values) sent with the next one that somebody waits for. `alone`: it is
        a transaction of its own.
        """
        if len(self._waiting) >= MOST_WAITING:
            self.catch_up()
        if not alone and not self._waiting and self.pgconn.transaction_status == TransactionStatus.IDLE:
            self._begin()
        return self._add(statement, values)

    def rows(self, result: PGresult) -> list[tuple[Any, ...]]:
        """The rows of a result, each value as Python knows it. Whoever reads what was found after the commit may do so
        while somebody else has the connection and reads as well.
        """
        loads = self._adapts()
        with self._reading:
            loads.set_pgresult(result)
            found: list[tuple[Any, ...]] = loads.load_rows(0, result.ntuples, tuple)
        return found

    def columns(self, result: PGresult) -> list[tuple[str, int]]:
        """Names and types of a result's columns."""
        return [((result.fname(n) or b"").decode(), result.ftype(n)) for n in range(result.nfields)]

    def catch_up(self) -> None:
        """Sends what waits and takes the answers. psycopg.Error of the first that failed; what follows was not done."""
        if self._waiting:
            waiting, self._waiting = self._waiting, []
            with self.lock:
                sent = self._with_preparing(waiting)
                self._take(sent, self._cross(sent))

    def forget(self) -> None:
        """What waits is never sent: for what is undone anyway."""
        for one in self._waiting:
            if one.answer is not None:
                one.answer.take(None)
        self._waiting.clear()

    def commit(self) -> None:
        """The commit crosses with what waits. psycopg.Error when nothing was committed."""
        if self.pgconn.transaction_status == TransactionStatus.INERROR:
            raise InternalError("the transaction had failed before: PostgreSQL would roll it back and call it done")
        if self._waiting:
            self._add(b"COMMIT", ()).result()
        else:
            super().commit()

    def rollback(self) -> None:
        """What waits is never sent."""
        self.forget()
        if self.pgconn.transaction_status != TransactionStatus.IDLE:
            super().rollback()

    def _begin(self) -> None:
        """A plan that was made when the tables were small is bad when they are large, and nobody asks it again: so it
        is made anew when a connection did twice as much as before. (Of large tables PostgreSQL tells by itself.)
        """
        self._add(_beginning(self.isolation_level, self.read_only), ())
        self._begun += 1
        if self._begun % YOUNG == 0 and (self._begun // YOUNG).bit_count() == 1:
            self._add(b"DISCARD PLANS", ())

    def _add(self, statement: bytes, values: Sequence[Any]) -> Answer:
        answer, dumps = Answer(self), self._adapts()
        given = dumps.dump_sequence(values, _formats(len(values)))
        self._waiting.append(_Waiting((statement, dumps.types or ()), given, dumps.formats or (), answer))
        return answer

    def _adapts(self) -> Any:
        """psycopg's own way of values to the database and back (in C, without types)."""
        if self._adapter is None:
            self._adapter = Transformer(self)
        return self._adapter

    def _with_preparing(self, waiting: Sequence[_Waiting]) -> list[_Waiting]:
        """What is new to this connection is named, and prepared just before it is used: after the BEGIN, which must be
        first.
        """
        sent = []
        for one in waiting:
            if one.key not in self._names:
                self._named += 1
                self._names[one.key] = b"line_%d" % self._named
                sent.append(_Waiting(one.key))
            sent.append(one)
        return sent

    def _cross(self, sent: Sequence[_Waiting]) -> list[PGresult]:
        """One turn. Whatever ends it in its middle ends the connection: nobody knows what comes next on it."""
        self._check_connection_ok()
        try:
            return self.wait(self._exchange(sent))
        except BaseException:
            self.close()
            raise

    def _exchange(self, sent: Sequence[_Waiting]) -> PQGen[list[PGresult]]:
        here = self.pgconn
        here.enter_pipeline_mode()
        for one in sent:
            self._send(one)
        here.pipeline_sync()
        yield from send(here)
        found = []
        while (results := (yield from fetch_many(here)))[0].status != ExecStatus.PIPELINE_SYNC:
            found.append(results[0])
        here.exit_pipeline_mode()
        return found

    def _send(self, one: _Waiting) -> None:
        name = self._names[one.key]
        if one.answer is not None:
            self.pgconn.send_query_prepared(name, one.values, one.formats)
        else:
            self.pgconn.send_prepare(name, *one.key)

    def _take(self, sent: Sequence[_Waiting], found: Sequence[PGresult]) -> None:
        failed = None
        for one, result in zip(sent, found, strict=True):
            is_done = result.status in (ExecStatus.COMMAND_OK, ExecStatus.TUPLES_OK)
            if one.answer is not None:
                one.answer.take(result if is_done else None)
            elif not is_done:
                self._names.pop(one.key)
            if not is_done and failed is None:
                failed = error_from_result(result, encoding=self.info.encoding)
        if failed is not None:
            if failed.sqlstate in _OUTLIVED:
                self._names.clear()
            raise failed

    def _deallocate(self, name: bytes | None) -> PQGen[None]:
        """The driver drops everything that is prepared after some rollbacks."""
        if name is None:
            self._names.clear()
        yield from super()._deallocate(name)


class _UsualCursor(Cursor[Any]):
    """A cursor before whose statements everything is sent that waits on the line."""

    def execute(self, *given: Any, **more: Any) -> Any:
        _catch_up(self)
        return super().execute(*given, **more)

    def executemany(self, *given: Any, **more: Any) -> None:
        _catch_up(self)
        super().executemany(*given, **more)

    def copy(self, *given: Any, **more: Any) -> Any:
        _catch_up(self)
        return super().copy(*given, **more)


class _UsualServerCursor(ServerCursor[Any]):
    """The same for a cursor that the database keeps."""

    def execute(self, *given: Any, **more: Any) -> Any:
        _catch_up(self)
        return super().execute(*given, **more)


def _catch_up(cursor: Cursor[Any] | ServerCursor[Any]) -> None:
    if isinstance(cursor.connection, Line):
        cursor.connection.catch_up()


@cache
def _formats(count: int) -> list[PyFormat]:
    return [PyFormat.AUTO] * count


@cache
def _beginning(level: IsolationLevel | None, read_only: bool | None) -> bytes:
    isolation = f" ISOLATION LEVEL {level.name.replace('_', ' ')}" if level else ""
    access = "" if read_only is None else " READ ONLY" if read_only else " READ WRITE"
    return f"BEGIN{isolation}{access}".encode()
