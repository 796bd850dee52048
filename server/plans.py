"""A statement put together once: its text in a dialect, and how its values cross to the database and back.

SQLAlchemy writes the text and knows the types; what is asked of it here it is asked once in a process.
(docs/decisions/2026-11-23-ready-statements.md)
"""

from __future__ import annotations

import copy
import re
from collections import namedtuple
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

from sqlalchemy import ARRAY, Column, Dialect, Insert, String

Values = Mapping[str, Any]
Columns = Callable[[], Iterable[tuple[str, Any]]]
Process = Callable[[Any], Any]


@dataclass
class Plan:
    """A statement in one dialect, for values of certain names.

    `text`: as the line to PostgreSQL takes it; `fixed`: values that it brings itself; `writers` and `types`: how values
    cross to the database and back; `order`: of the values; `copy`: the COPY by which many rows may go, of the values in
    this order, or nothing; `row` and `readers`: known when it has found something once.
    """

    sql: str
    text: bytes
    fixed: Values
    writers: Sequence[tuple[str, Process]]
    order: Sequence[str]
    types: Sequence[Any]
    copy: str
    row: Callable[[Iterable[Any]], Any] | None = None
    readers: Sequence[tuple[int, Process]] = ()

    def given(self, values: Values) -> list[Any]:
        """The values as the driver takes them."""
        found = {**self.fixed, **values}
        for name, write in self.writers:
            found[name] = write(found[name])
        return [found[name] for name in self.order]

    def found(self, dialect: Dialect, columns: Columns, rows: Iterable[Any]) -> list[Any]:
        """Rows as the driver found them, with named cells. `columns`: their names and the driver's types of them."""
        if self.row is None:
            self._learn(dialect, list(columns()))
        row: Any = self.row
        return [row(self._read(cells) if self.readers else cells) for cells in rows]

    def _read(self, cells: Iterable[Any]) -> list[Any]:
        values = list(cells)
        for place, read in self.readers:
            values[place] = read(values[place])
        return values

    def _learn(self, dialect: Dialect, columns: Sequence[tuple[str, Any]]) -> None:
        read = [
            (place, kind._cached_result_processor(dialect, column[1]))
            for place, (kind, column) in enumerate(zip(self.types, columns, strict=False))
        ]
        self.readers = [(place, process) for place, process in read if process]
        named: Any = namedtuple("Row", [column[0] for column in columns], rename=True)  # type: ignore[misc]
        self.row = partial(tuple.__new__, named)


def plan(statement: Any, dialect: Dialect, values: Values) -> Plan:
    """The plan for values of these names. ValueError: it would freeze what is to be worked out for each row."""
    compiled = statement.compile(dialect=_numbering(dialect), column_keys=list(values))
    defaults = {column.key: _default(column) for column in compiled.insert_prefetch or ()}
    binds = {**compiled.construct_params(dict.fromkeys(values)), **defaults}
    order = compiled.positiontup or []
    return Plan(
        sql=compiled.string,
        text=compiled.string.encode(),
        fixed={name: value for name, value in binds.items() if name not in values},
        writers=(*compiled._bind_processors.items(), *_lists(compiled, dialect)),
        order=order,
        types=[column.type for column in compiled._result_columns or ()],
        copy=_copy_into(statement.table, order, dialect) if _is_plain_insert(statement, dialect) else "",
    )


def _lists(compiled: Any, dialect: Dialect) -> Iterator[tuple[str, Process]]:
    """How lists of texts cross to PostgreSQL."""
    for name, given in compiled.binds.items():
        kind = given.type
        if dialect.name == "postgresql" and isinstance(kind, ARRAY) and isinstance(kind.item_type, String):
            yield name, spell_list


_PLAIN = re.compile(r"[\w:.-]+(?:,[\w:.-]+)*", re.ASCII).fullmatch


def spell_list(values: Sequence[str | None]) -> str | Sequence[str | None]:
    """A list as PostgreSQL writes an array, if its values are plain: ids, keys, codes. All others are left to the
    driver, which looks at each value and takes five times as long (a tenth of a millisecond for a single submission).
    """
    try:
        joined = ",".join(values)  # type: ignore[arg-type]
    except TypeError:
        return values  # one of them is None
    is_plain = _PLAIN(joined) and joined.count(",") == len(values) - 1 and "null" not in joined.lower()
    return f"{{{joined}}}" if is_plain else values


@lru_cache(maxsize=4)
def _numbering(dialect: Dialect) -> Dialect:
    """The dialect as PostgreSQL itself writes it, with $1, $2 … for values; of SQLite the dialect as it is."""
    if dialect.name != "postgresql":
        return dialect
    numbering: Any = copy.copy(dialect)
    numbering.paramstyle, numbering.positional = "numeric_dollar", True
    numbering.identifier_preparer = numbering.preparer(numbering)
    return numbering  # type: ignore[no-any-return]


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
