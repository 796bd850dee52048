"""Values of a row as JSON and back, by the type of their column. PURE."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

import shapely
from sqlalchemy import Column, Date, LargeBinary, Table

from server.columns import UtcDateTime
from server.geo.column import Shape

Coder = Callable[[Any], Any]


def _plain(value: Any) -> Any:
    return value


def _coders(column: Column[Any]) -> tuple[Coder, Coder]:
    """How a value of this column is written and read; None never comes here."""
    if isinstance(column.type, Shape):
        return (lambda shape: shapely.to_wkb(shape, hex=True), shapely.from_wkb)
    if isinstance(column.type, UtcDateTime):
        return datetime.isoformat, datetime.fromisoformat
    if isinstance(column.type, Date):
        return date.isoformat, date.fromisoformat
    if isinstance(column.type, LargeBinary):
        return (lambda content: base64.b64encode(content).decode(), base64.b64decode)
    return _plain, _plain


def writer_of(table: Table) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Turns a row (by column name) into what JSON can hold."""
    coders = {column.name: _coders(column)[0] for column in table.columns}
    return lambda row: {name: None if row[name] is None else write(row[name]) for name, write in coders.items()}


def reader_of(table: Table) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Turns it back into a row, by column key."""
    coders = {column.name: (column.key, _coders(column)[1]) for column in table.columns}
    return lambda row: {
        key: None if row.get(name) is None else read(row[name]) for name, (key, read) in coders.items()
    }
