"""Points of a table in SQLite's own R*Tree, kept by triggers: no extension is loaded, no write path can forget it.

For a table T with a text key and a point column there are `T_spot` (an integer for each key, because the tree takes
only integers and rowids may change) and `T_tree` (the tree). The tree keeps 32-bit floats, rounded outward; so whoever
asks it looks at the exact point afterwards (ops.py), by the functions that `prepare` gives to each connection.
"""

from __future__ import annotations

import sqlite3
import struct
from functools import lru_cache, reduce

import shapely
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Engine, TableClause, column, event, table

from server.geo.inside import metres_between

_LITTLE, _BIG = struct.Struct("<dd"), struct.Struct(">dd")


def spot_table(name: str) -> TableClause:
    """`T_spot(n, ref)`."""
    return table(f"{name}_spot", column("n"), column("ref"))


def tree_table(name: str) -> TableClause:
    """`T_tree(n, west, east, south, north)`."""
    return table(f"{name}_tree", *(column(part) for part in ("n", "west", "east", "south", "north")))


_PARTS = {
    "$put": """
        INSERT INTO $table_spot (ref) VALUES (NEW.$key) ON CONFLICT (ref) DO NOTHING;
        INSERT OR REPLACE INTO $table_tree
            SELECT n, ruhu_lon(NEW.$place), ruhu_lon(NEW.$place), ruhu_lat(NEW.$place), ruhu_lat(NEW.$place)
            FROM $table_spot WHERE ref = NEW.$key;""",
    "$lift": "DELETE FROM $table_tree WHERE n = (SELECT n FROM $table_spot WHERE ref = OLD.$key);",
}
_STATEMENTS = (
    "CREATE TABLE $table_spot (n INTEGER PRIMARY KEY, ref VARCHAR NOT NULL UNIQUE)",
    "CREATE VIRTUAL TABLE $table_tree USING rtree(n, west, east, south, north)",
    "CREATE TRIGGER $table_placed AFTER INSERT ON $table WHEN NEW.$place IS NOT NULL BEGIN $put END",
    "CREATE TRIGGER $table_moved AFTER UPDATE OF $place ON $table"
    " WHEN NEW.$place IS NOT NULL AND NEW.$place IS NOT OLD.$place BEGIN $put END",
    "CREATE TRIGGER $table_lifted AFTER UPDATE OF $place ON $table WHEN NEW.$place IS NULL BEGIN $lift END",
    "CREATE TRIGGER $table_gone AFTER DELETE ON $table"
    " BEGIN $lift DELETE FROM $table_spot WHERE ref = OLD.$key; END",
    "INSERT INTO $table_spot (ref) SELECT $key FROM $table WHERE $place IS NOT NULL",
    "INSERT INTO $table_tree SELECT n, ruhu_lon($place), ruhu_lon($place), ruhu_lat($place), ruhu_lat($place)"
    " FROM $table JOIN $table_spot ON ref = $key",
)


def statements(name: str, key: str, place: str) -> list[str]:
    """What makes the tree of a table, with the rows that are there already. The names are ours, never typed in."""
    words = {**_PARTS, "$table": name, "$key": key, "$place": place}
    return [reduce(lambda text, word: text.replace(word, words[word]), words, text) for text in _STATEMENTS]


def prepare(engine: Engine) -> None:
    """Gives every connection of SQLite the functions that the triggers and the exact looks need."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: sqlite3.Connection, _record: object) -> None:
        for name, takes, work in (
            ("ruhu_lon", 1, _lon),
            ("ruhu_lat", 1, _lat),
            ("ruhu_metres", 3, _metres),
            ("ruhu_covers", 2, _covers),
        ):
            connection.create_function(name, takes, work, deterministic=True)


def _xy(wkb: bytes) -> tuple[float, float]:
    """Longitude and latitude of a point's WKB: one byte of order, four of type, two numbers."""
    x, y = (_LITTLE if wkb[0] else _BIG).unpack_from(wkb, 5)
    return x, y


def _lon(wkb: bytes | None) -> float | None:
    return _xy(wkb)[0] if wkb else None


def _lat(wkb: bytes | None) -> float | None:
    return _xy(wkb)[1] if wkb else None


def _metres(wkb: bytes | None, lon: float, lat: float) -> float | None:
    return metres_between(*_xy(wkb), lon, lat) if wkb else None


def _covers(area: bytes, wkb: bytes | None) -> bool | None:
    return bool(shapely.intersects_xy(_area(area), *_xy(wkb))) if wkb else None


@lru_cache(maxsize=64)
def _area(wkb: bytes) -> BaseGeometry:
    area = shapely.from_wkb(wkb)
    shapely.prepare(area)
    return area
