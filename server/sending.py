"""Statements that are put together once and go straight to the driver.

SQLAlchemy writes the SQL and says how values cross to the database and back. What else it does with each statement (a
key for its cache, a context, a result that knows its columns) costs several times the sending: a third of a single
submission's time. A `Ready` statement pays for it once in a process (plans.py). On PostgreSQL it waits on the line
(line.py) until somebody looks at what a statement found, or for the commit: then all that wait cross together.
(docs/decisions/2026-11-23-ready-statements.md)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

from sqlalchemy import JSON, ColumnElement, Connection, Executable, String, any_, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles

from server.line import Answer, Line
from server.plans import Plan, Values, plan

__all__ = ["Found", "Ready", "Values", "among", "catch_up", "forget", "list_of"]

MANY = 24  # rows that go by COPY: fewer are quicker one by one, on the line
_CURSOR = "cursor of ready statements"


class Among(ColumnElement[bool]):
    """Whether a column is one of the values of a list. The text of the statement is the same for lists of any length,
    so that one plan serves all of them.
    """

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column, self.name = column, name


def list_of(kind: Any) -> ARRAY[Any]:
    """The type of a list of such values. Texts have no length there: PostgreSQL would cut a longer one to it without a
    word, and it might be another's id then.
    """
    return ARRAY(String() if type(kind) is String else kind)


def among(column: Any, name: str) -> ColumnElement[bool]:
    """`column` is one of the list that is given under this name."""
    return Among(getattr(column, "expression", column), name)


@compiles(Among)
def _among(element: Among, compiler: Any, **more: Any) -> str:
    given = bindparam(element.name, type_=list_of(element.column.type))
    return str(compiler.process(element.column == any_(given), **more))


@compiles(Among, "sqlite")
def _among_in_json(element: Among, compiler: Any, **more: Any) -> str:
    given = func.json_each(bindparam(element.name, type_=JSON)).table_valued("value")
    return str(compiler.process(element.column.in_(select(given.c.value)), **more))


class Found:
    """Rows that a statement found; their cells have the names of their columns. They are read when somebody looks."""

    __slots__ = ("_read", "_rows")

    def __init__(self, read: Callable[[], list[Any]]) -> None:
        self._read: Callable[[], list[Any]] | None = read
        self._rows: list[Any] = []

    def __iter__(self) -> Iterator[Any]:
        return iter(self.all())

    def all(self) -> list[Any]:
        """All rows. DBAPIError, as SQLAlchemy raises it, of this statement or one that was sent before it."""
        if self._read is not None:
            self._rows, self._read = self._read(), None
        return self._rows

    def scalars(self) -> list[Any]:
        """The first cell of each row."""
        return [row[0] for row in self.all()]

    def scalar_one(self) -> Any:
        """The first cell of the only row."""
        ((found, *_),) = self.all()
        return found


class Ready:
    """A statement that differs in its values alone: `bindparam` names each, `among` those that are lists. Of an INSERT
    the values are named by its columns.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement: Any = statement
        self._plans: dict[tuple[str, ...], Plan] = {}

    def ask(self, here: Connection, values: Values, alone: bool = False) -> Found:
        """Sends it; what it finds is there for who looks at it. `alone`: it is a transaction of its own."""
        return self.ask_each(here, (values,), alone)

    def ask_each(self, here: Connection, rows: Sequence[Values], alone: bool = False) -> Found:
        """Sends it for each of these rows, which all name the same."""
        ready, line, given = self._prepare(here, rows)
        if line is None:
            found = _ask_sqlite(here, ready, given)
            return Found(lambda: found)
        with _Failing(here, ready.sql):
            answers = [line.put(ready.text, values, alone) for values in given]
        return Found(partial(_found, here, line, ready, answers))

    def send(self, here: Connection, rows: Sequence[Values]) -> None:
        """As `ask_each`, where nothing is to be found. What fails is told with the next answer, or the commit."""
        ready, line, given = self._prepare(here, rows)
        with _Failing(here, ready.sql):
            if line is None:
                _cursor(here).executemany(ready.sql, given)
            elif ready.copy and len(given) >= MANY:
                _copy(line, ready, given)
            else:
                for values in given:
                    line.put(ready.text, values)

    def _prepare(self, here: Connection, rows: Sequence[Values]) -> tuple[Plan, Line | None, list[list[Any]]]:
        key = (here.dialect.name, *rows[0])
        ready = self._plans.get(key)
        if ready is None:
            ready = self._plans[key] = plan(self._statement, here.dialect, rows[0])
        given = [ready.given(row) for row in rows]
        _tell(here, ready.sql, given)
        return ready, _line(here), given


def catch_up(here: Connection) -> None:
    """Has everything sent that waits on the line. DBAPIError of the first that fails."""
    line = _line(here)
    if line is not None:
        with _Failing(here, ""):
            line.catch_up()


def forget(here: Connection) -> None:
    """What waits on the line is never sent. On a connection that ended nothing waits."""
    line = None if here.invalidated else _line(here)
    if line is not None:
        line.forget()


def _found(here: Connection, line: Line, ready: Plan, answers: Sequence[Answer]) -> list[Any]:
    with _Failing(here, ready.sql):
        results = [answer.result() for answer in answers]
        return [row for one in results for row in ready.found(here.dialect, partial(line.columns, one), line.rows(one))]


def _ask_sqlite(here: Connection, ready: Plan, given: Sequence[Sequence[Any]]) -> list[Any]:
    cursor, found = _cursor(here), list[Any]()
    with _Failing(here, ready.sql):
        for values in given:
            cursor.execute(ready.sql, values)
            if cursor.description:
                found += ready.found(here.dialect, lambda: cursor.description, cursor.fetchall())
    return found


def _copy(line: Line, ready: Plan, given: Sequence[Sequence[Any]]) -> None:
    with line.cursor() as cursor, cursor.copy(ready.copy) as lines:
        for values in given:
            lines.write_row(values)


def _line(here: Connection) -> Line | None:
    """The line of this connection; None on SQLite."""
    driver: Any = here.connection.driver_connection
    return driver if isinstance(driver, Line) else None


def _cursor(here: Connection) -> Any:
    """The cursor that this connection keeps. Whatever it finds is read at once, so nobody shares it."""
    kept = here.info.get(_CURSOR)
    if kept is None:
        driver: Any = here.connection.driver_connection
        kept = here.info[_CURSOR] = driver.cursor()
    return kept


def _tell(here: Connection, sql: str, given: Sequence[Any]) -> None:
    """Who listens to the engine's statements hears of this one too."""
    if here._has_events or here.engine._has_events:
        for told in here.dispatch.before_cursor_execute:
            told(here, None, sql, given, None, len(given) > 1)


class _Failing:
    """The driver's error becomes SQLAlchemy's, without the values: they are what people told us. Of a connection that
    died SQLAlchemy hears too: it makes the others of its age anew, so that not each of them fails somebody's request.
    """

    __slots__ = ("here", "sql")

    def __init__(self, here: Connection, sql: str) -> None:
        self.here, self.sql = here, sql

    def __enter__(self) -> None: ...

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if error and isinstance(error, self.here.dialect.loaded_dbapi.Error):
            self.here._handle_dbapi_exception(error, self.sql, None, None, None)
