"""Reads areas from a GeoPackage (OGC 12-128): an SQLite file with tables of fixed names. PURE.

The file comes from elsewhere: it is opened in memory, read only, and nothing that its schema holds (views, triggers,
functions) may do more than read.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

MAGIC = b"SQLite format 3\0"
CODE = "code"
UNDEFINED = "undefined"
SECONDS = 60.0  # a layer may be a view, and a view may ask for more than ever ends
_ENVELOPES = {0: 0, 1: 32, 2: 48, 3: 48, 4: 64}  # bytes of the envelope in a geometry's header
_READING = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION)


class NotAGeoPackage(Exception):
    """Why the file cannot be read."""


@dataclass(frozen=True)
class Row:
    """One feature: its layer, the region's code, its geometry as WKB (None: empty) and the name of its system."""

    layer: str
    code: Any
    wkb: bytes | None
    crs: str


def read_rows(raw: bytes) -> list[Row]:
    """All features of all layers that have a column `code`. Raises NotAGeoPackage."""
    try:
        with closing(sqlite3.connect(":memory:")) as connection:
            connection.deserialize(raw)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA cell_size_check = ON")
            connection.set_authorizer(_only_reading)
            until = time.monotonic() + SECONDS
            connection.set_progress_handler(lambda: time.monotonic() > until, 100_000)
            return list(_rows(connection))
    except (sqlite3.Error, OverflowError, ValueError) as error:
        raise NotAGeoPackage(str(error)) from error


def _only_reading(action: int, *_about: object) -> int:
    return sqlite3.SQLITE_OK if action in _READING else sqlite3.SQLITE_DENY


def _rows(connection: sqlite3.Connection) -> Iterator[Row]:
    layers = connection.execute(
        "SELECT g.table_name, g.column_name, g.srs_id FROM gpkg_geometry_columns g "
        "JOIN gpkg_contents c ON c.table_name = g.table_name WHERE c.data_type = 'features' ORDER BY g.table_name"
    ).fetchall()
    systems = dict(_systems(connection))
    names = {layer: _code_column(connection, layer) for layer, _, _ in layers}
    if not any(names.values()):
        raise NotAGeoPackage(f"no layer has a column “{CODE}”: {', '.join(names) or 'no layers'}")
    for layer, column, srs in layers:
        if names[layer]:
            # Names of tables cannot be parameters; they are quoted as SQL wants it.
            query = f"SELECT {quoted(names[layer])}, {quoted(column)} FROM {quoted(layer)}"  # noqa: S608
            for code, geometry in connection.execute(query):
                yield Row(layer, code, *_opened(geometry, srs, systems))


def _systems(connection: sqlite3.Connection) -> Iterator[tuple[int, str]]:
    """The systems of coordinates: by authority where there is one, else by definition. Undefined ones are no system:
    a person has to say which it is.
    """
    query = "SELECT srs_id, organization, organization_coordsys_id, definition FROM gpkg_spatial_ref_sys"
    for srs, organization, number, definition in connection.execute(query):
        if srs in (0, -1):
            yield srs, UNDEFINED
        elif str(organization).upper() == "EPSG":
            yield srs, f"EPSG:{number}"
        else:
            yield srs, str(definition)


def _code_column(connection: sqlite3.Connection, layer: str) -> str:
    columns = connection.execute(f"SELECT * FROM {quoted(layer)} LIMIT 0").description  # noqa: S608
    names = [str(column[0]) for column in columns]
    return next((name for name in names if name.lower() == CODE), "")


def quoted(name: str) -> str:
    """A name as SQL wants it where no parameter can stand."""
    return '"' + name.replace('"', '""') + '"'


def _opened(geometry: object, srs: int, systems: dict[int, str]) -> tuple[bytes | None, str]:
    """The WKB behind a geometry's header, and its system: the geometry's own word goes before the layer's."""
    if geometry is None:
        return None, systems.get(srs, UNDEFINED)
    if not isinstance(geometry, bytes) or geometry[:2] != b"GP" or len(geometry) < 8:
        raise NotAGeoPackage("a geometry does not begin as one of a GeoPackage does")
    flags = geometry[3]
    envelope = _ENVELOPES.get(flags >> 1 & 7)
    if envelope is None or flags & 0b100000:
        raise NotAGeoPackage("a geometry of a kind that is not of the standard")
    own = int.from_bytes(geometry[4:8], "little" if flags & 1 else "big", signed=True)
    empty = bool(flags & 0b10000)
    return (None if empty else geometry[8 + envelope :]), systems.get(own if own in systems else srs, UNDEFINED)
