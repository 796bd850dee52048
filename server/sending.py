"""Statements that are put together once and go straight to the driver.

SQLAlchemy writes the SQL and says how values cross to the database and back. What else it does with each statement (a
key for its cache, a context, a result that knows its columns) costs several times the sending: a third of a single
submission's time. A `Ready` statement pays for it once in a process.
(docs/decisions/2026-11-23-ready-statements.md)
"""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from sqlalchemy import (
    JSON,
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Executable,
    Insert,
    any_,
    bindparam,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.ext.compiler import compiles

Values = Mapping[str, Any]
Process = Callable[[Any], Any]
_CURSOR = "cursor of ready statements"


class Among(ColumnElement[bool]):
    """Whether a column is one of the values of a list. The text of the statement is the same for lists of any length,
    so that one plan serves all of them.
    """

    inherit_cache = False

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        self.column, self.name = column, name


def among(column: Any, name: str) -> ColumnElement[bool]:
    """`column` is one of the list that is given under this name."""
    return Among(getattr(column, "expression", column), name)


@compiles(Among)
def _among(element: Among, compiler: Any, **more: Any) -> str:
    given = bindparam(element.name, type_=ARRAY(element.column.type))
    return str(compiler.process(element.column == any_(given), **more))


@compiles(Among, "sqlite")
def _among_in_json(element: Among, compiler: Any, **more: Any) -> str:
    given = func.json_each(bindparam(element.name, type_=JSON)).table_valued("value")
    return str(compiler.process(element.column.in_(select(given.c.value)), **more))


class Found:
    """What a statement found: rows whose cells have the names of their columns."""

    __slots__ = ("_rows",)

    def __init__(self, rows: list[Any]) -> None:
        self._rows = rows

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def all(self) -> list[Any]:
        return self._rows

    def scalars(self) -> list[Any]:
        """The first cell of each row."""
        return [row[0] for row in self._rows]

    def scalar_one(self) -> Any:
        """The first cell of the only row."""
        ((found, *_),) = self._rows
        return found


class Ready:
    """A statement that differs in its values alone: `bindparam` names each, `among` those that are lists. Of an INSERT
    the values are named by its columns.
    """

    def __init__(self, statement: Executable) -> None:
        self._statement: Any = statement
        self._plans: dict[tuple[str, ...], _Plan] = {}

    def ask(self, here: Connection, values: Values) -> Found:
        """Sends it and reads all that it finds. DBAPIError, as SQLAlchemy raises it."""
        plan, cursor = self._plan(here, values), _cursor(here)
        given = plan.given(values)
        _tell(here, cursor, plan.sql, given)
        with _Failing(here, plan.sql):
            cursor.execute(plan.sql, given)
            return Found(plan.found(here.dialect, cursor))

    def ask_each(self, here: Connection, rows: Sequence[Values]) -> Found:
        """Sends it for each of these rows, which all name the same, and reads all that it finds."""
        if len(rows) == 1:
            return self.ask(here, rows[0])
        plan, cursor = self._plan(here, rows[0]), _cursor(here)
        given = [plan.given(row) for row in rows]
        _tell(here, cursor, plan.sql, given)
        with _Failing(here, plan.sql):
            return Found(
                [row for one in _results(here, cursor, plan.sql, given) for row in plan.found(here.dialect, one)]
            )

    def send(self, here: Connection, rows: Sequence[Values]) -> None:
        """Sends it for each of these rows, which all name the same; nothing is read."""
        plan, cursor = self._plan(here, rows[0]), _cursor(here)
        given = [plan.given(row) for row in rows]
        _tell(here, cursor, plan.sql, given)
        with _Failing(here, plan.sql):
            _send_each(cursor, plan, given)

    def _plan(self, here: Connection, values: Values) -> _Plan:
        key = (here.dialect.name, *values)
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = _plan(self._statement, here.dialect, values)
        return found


@dataclass
class _Plan:
    """A statement in one dialect, for values of certain names.

    `fixed`: values that it brings itself; `writers` and `types`: how values cross to the database and back; `order`: of
    values, where the driver takes them by place; `copied`: the columns of the COPY `copy` that does the same for many
    rows; `row` and `readers`: known when it has found something once.
    """

    sql: str
    fixed: Values
    writers: Sequence[tuple[str, Process]]
    order: Sequence[str] | None
    types: Sequence[Any]
    copied: Sequence[str]
    copy: str
    row: Callable[[Iterable[Any]], Any] | None = None
    readers: Sequence[tuple[int, Process]] = ()

    def given(self, values: Values) -> Any:
        """The values as the driver takes them."""
        found = {**self.fixed, **values}
        for name, write in self.writers:
            found[name] = write(found[name])
        return found if self.order is None else [found[name] for name in self.order]

    def found(self, dialect: Dialect, cursor: Any) -> list[Any]:
        if self.row is None and not self._learn(dialect, cursor.description):
            return []
        row: Any = self.row
        return [row(self._read(cells) if self.readers else cells) for cells in cursor.fetchall()]

    def _read(self, cells: Iterable[Any]) -> list[Any]:
        values = list(cells)
        for place, read in self.readers:
            values[place] = read(values[place])
        return values

    def _learn(self, dialect: Dialect, columns: Sequence[Any] | None) -> bool:
        """Whether it finds rows at all. What their columns are called and how they are read is known from now on."""
        if columns is None:
            return False
        read = [
            (place, kind._cached_result_processor(dialect, column[1]))
            for place, (kind, column) in enumerate(zip(self.types, columns, strict=False))
        ]
        self.readers = [(place, process) for place, process in read if process]
        named: Any = namedtuple("Row", [column[0] for column in columns], rename=True)  # type: ignore[misc]
        self.row = partial(tuple.__new__, named)
        return True


def _plan(statement: Any, dialect: Dialect, values: Values) -> _Plan:
    compiled = statement.compile(dialect=dialect, column_keys=list(values))
    defaults = {column.key: _default(column) for column in compiled.insert_prefetch or ()}
    binds = {**compiled.construct_params(dict.fromkeys(values)), **defaults}
    copied = list(binds) if _is_plain_insert(statement, dialect) else []
    return _Plan(
        sql=compiled.string,
        fixed={name: value for name, value in binds.items() if name not in values},
        writers=tuple(compiled._bind_processors.items()),
        order=compiled.positiontup,
        types=[column.type for column in compiled._result_columns or ()],
        copied=copied,
        copy=_copy_into(statement.table, copied, dialect) if copied else "",
    )


def _default(column: Column[Any]) -> Any:
    """What a column holds that a row does not name."""
    default: Any = column.default
    if default is None or not default.is_scalar:
        raise ValueError(f"{column} is worked out for each row: name its value")
    return default.arg


def _is_plain_insert(statement: Any, dialect: Dialect) -> bool:
    is_plain = isinstance(statement, Insert) and statement._post_values_clause is None and not statement._returning
    return is_plain and dialect.name == "postgresql"


def _copy_into(table: Any, names: Iterable[str], dialect: Dialect) -> str:
    quoted = dialect.identifier_preparer
    return f"COPY {quoted.format_table(table)} ({', '.join(map(quoted.quote, names))}) FROM STDIN"


def _send_each(cursor: Any, plan: _Plan, given: Sequence[Any]) -> None:
    if len(given) == 1:
        cursor.execute(plan.sql, given[0])
    elif plan.copied:
        _copy(cursor, plan, given)
    else:
        cursor.executemany(plan.sql, given)


def _results(here: Connection, cursor: Any, sql: str, given: Sequence[Any]) -> Iterator[Any]:
    """The cursor at what each of these found. PostgreSQL is sent all of them before it is asked for anything."""
    if here.dialect.name == "postgresql":
        cursor.executemany(sql, given, returning=True)
        yield from cursor.results()
    else:
        yield from (cursor.execute(sql, values) for values in given)


def _copy(cursor: Any, plan: _Plan, given: Iterable[Values]) -> None:
    with cursor.copy(plan.copy) as lines:
        for values in given:
            lines.write_row([values[name] for name in plan.copied])


def _cursor(here: Connection) -> Any:
    """The cursor that this connection keeps for ready statements: what it learned of values' types it need not learn
    again, which is a third of psycopg's time. Whatever it finds is read at once, so nobody shares it.
    """
    kept = here.info.get(_CURSOR)
    if kept is None:
        driver: Any = here.connection.driver_connection
        kept = here.info[_CURSOR] = driver.cursor()
    return kept


def _tell(here: Connection, cursor: Any, sql: str, given: Any) -> None:
    """Who listens to the engine's statements hears of this one too."""
    if here._has_events or here.engine._has_events:
        for told in here.dispatch.before_cursor_execute:
            told(here, cursor, sql, given, None, False)


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
