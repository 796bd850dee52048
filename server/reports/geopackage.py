"""Writes points into a GeoPackage (OGC 12-128r17, version 1.3): one table a layer, each with its R*Tree. PURE.

A GeoPackage is an SQLite file with tables of fixed names. Rows go in as they come; nothing but a page of them is in
memory. The index is filled with the rows, and its triggers are made at the end: they call functions that only
spatial programs have.
"""

from __future__ import annotations

import sqlite3
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path

from server.geo.geopackage import quoted

Value = str | int | float | None
Place = tuple[float, float] | None  # longitude, latitude; WGS-84

_SRS = 4326
_HEADER = struct.pack("<2sBBi", b"GP", 0, 1, _SRS)  # version 1, little endian, no envelope
_WGS84 = (
    'GEOGCS["WGS 84",DATUM["WGS_1984",SPHEROID["WGS 84",6378137,298.257223563,AUTHORITY["EPSG","7030"]],'
    'AUTHORITY["EPSG","6326"]],PRIMEM["Greenwich",0,AUTHORITY["EPSG","8901"]],'
    'UNIT["degree",0.0174532925199433,AUTHORITY["EPSG","9122"]],AUTHORITY["EPSG","4326"]]'
)
_TABLES = """
PRAGMA application_id = 0x47504B47;
PRAGMA user_version = 10300;
CREATE TABLE gpkg_spatial_ref_sys (srs_name TEXT NOT NULL, srs_id INTEGER NOT NULL PRIMARY KEY,
  organization TEXT NOT NULL, organization_coordsys_id INTEGER NOT NULL, definition TEXT NOT NULL, description TEXT);
CREATE TABLE gpkg_contents (table_name TEXT NOT NULL PRIMARY KEY, data_type TEXT NOT NULL, identifier TEXT UNIQUE,
  description TEXT DEFAULT '', last_change DATETIME NOT NULL DEFAULT (strftime('%Y-%m-%dT%H:%M:%fZ','now')),
  min_x DOUBLE, min_y DOUBLE, max_x DOUBLE, max_y DOUBLE, srs_id INTEGER,
  CONSTRAINT fk_gc_r_srs_id FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_geometry_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL,
  geometry_type_name TEXT NOT NULL, srs_id INTEGER NOT NULL, z TINYINT NOT NULL, m TINYINT NOT NULL,
  CONSTRAINT pk_geom_cols PRIMARY KEY (table_name, column_name), CONSTRAINT uk_gc_table_name UNIQUE (table_name),
  CONSTRAINT fk_gc_tn FOREIGN KEY (table_name) REFERENCES gpkg_contents(table_name),
  CONSTRAINT fk_gc_srs FOREIGN KEY (srs_id) REFERENCES gpkg_spatial_ref_sys(srs_id));
CREATE TABLE gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL,
  definition TEXT NOT NULL, scope TEXT NOT NULL,
  CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name));
"""
_SYSTEMS = (
    ("Undefined Cartesian SRS", -1, "NONE", -1, "undefined", "undefined Cartesian coordinate reference system"),
    ("Undefined geographic SRS", 0, "NONE", 0, "undefined", "undefined geographic coordinate reference system"),
    ("WGS 84 geodetic", _SRS, "EPSG", _SRS, _WGS84, "longitude/latitude in decimal degrees on the WGS 84 spheroid"),
)
# The triggers of the extension gpkg_rtree_index as version 1.3 words them. T: the table, R: its index.
_TRIGGERS = (
    """CREATE TRIGGER "R_insert" AFTER INSERT ON "T" WHEN (NEW."geom" NOT NULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN INSERT OR REPLACE INTO "R" VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"),
ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END""",
    """CREATE TRIGGER "R_update1" AFTER UPDATE OF "geom" ON "T" WHEN OLD."fid" = NEW."fid"
AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN INSERT OR REPLACE INTO "R" VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"),
ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END""",
    """CREATE TRIGGER "R_update2" AFTER UPDATE OF "geom" ON "T" WHEN OLD."fid" = NEW."fid"
AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom")) BEGIN DELETE FROM "R" WHERE id = OLD."fid"; END""",
    """CREATE TRIGGER "R_update3" AFTER UPDATE ON "T" WHEN OLD."fid" != NEW."fid"
AND (NEW."geom" NOTNULL AND NOT ST_IsEmpty(NEW."geom"))
BEGIN DELETE FROM "R" WHERE id = OLD."fid";
INSERT OR REPLACE INTO "R" VALUES (NEW."fid", ST_MinX(NEW."geom"), ST_MaxX(NEW."geom"),
ST_MinY(NEW."geom"), ST_MaxY(NEW."geom")); END""",
    """CREATE TRIGGER "R_update4" AFTER UPDATE ON "T" WHEN OLD."fid" != NEW."fid"
AND (NEW."geom" ISNULL OR ST_IsEmpty(NEW."geom"))
BEGIN DELETE FROM "R" WHERE id IN (OLD."fid", NEW."fid"); END""",
    """CREATE TRIGGER "R_delete" AFTER DELETE ON "T" WHEN OLD."geom" NOT NULL
BEGIN DELETE FROM "R" WHERE id = OLD."fid"; END""",
)


class GeoPackage:
    """A new file; `close` finishes it. Names of tables and columns are ours, never a reader's."""

    def __init__(self, path: Path) -> None:
        path.unlink(missing_ok=True)
        self._file = sqlite3.connect(path, isolation_level=None)
        # Whoever finds a half-written file throws it away, so it needs no journal.
        self._file.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;" + _TABLES)
        self._file.executemany("INSERT INTO gpkg_spatial_ref_sys VALUES (?, ?, ?, ?, ?, ?)", _SYSTEMS)

    def points(
        self, table: str, title: str, columns: Sequence[tuple[str, str]], rows: Iterable[tuple[Place, Sequence[Value]]]
    ) -> int:
        """A layer of points with these columns (name, SQL type); how many rows it has. A row may have no place."""
        declared = "".join(f", {quoted(name)} {type}" for name, type in columns)
        tree = f"rtree_{table}_geom"
        self._file.execute(
            f'CREATE TABLE {quoted(table)} ("fid" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, "geom" POINT{declared})'
        )
        self._file.execute(f"CREATE VIRTUAL TABLE {quoted(tree)} USING rtree(id, minx, maxx, miny, maxy)")
        count = self._fill(table, tree, len(columns), rows)
        self._register(table, tree, title)
        return count

    def table(self, table: str, title: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
        """A table of texts without places."""
        declared = "".join(f", {quoted(name)} TEXT" for name in columns)
        self._file.execute(
            f'CREATE TABLE {quoted(table)} ("fid" INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL{declared})'
        )
        marks = ", ".join("?" * len(columns))
        named = ", ".join(map(quoted, columns))
        self._file.executemany(f"INSERT INTO {quoted(table)} ({named}) VALUES ({marks})", rows)  # noqa: S608
        content = (table, "attributes", f"{table} {title}")
        self._file.execute("INSERT INTO gpkg_contents (table_name, data_type, identifier) VALUES (?, ?, ?)", content)

    def close(self) -> None:
        self._file.close()

    def _fill(self, table: str, tree: str, width: int, rows: Iterable[tuple[Place, Sequence[Value]]]) -> int:
        insert = f"INSERT INTO {quoted(table)} VALUES ({', '.join('?' * (width + 2))})"  # noqa: S608
        index = f"INSERT INTO {quoted(tree)} VALUES (?, ?, ?, ?, ?)"  # noqa: S608
        fid = 0
        self._file.execute("BEGIN")
        for fid, (place, values) in enumerate(rows, 1):
            self._file.execute(insert, (fid, _blob(place), *values))
            if place is not None:
                lon, lat = place
                self._file.execute(index, (fid, lon, lon, lat, lat))
        self._file.execute("COMMIT")
        return fid

    def _register(self, table: str, tree: str, title: str) -> None:
        # From the index its 32-bit floats would come rounded outwards, which is what an extent may be.
        box = self._file.execute(f"SELECT min(minx), min(miny), max(maxx), max(maxy) FROM {quoted(tree)}")  # noqa: S608
        self._file.execute(
            "INSERT INTO gpkg_contents (table_name, data_type, identifier, min_x, min_y, max_x, max_y, srs_id) "
            "VALUES (?, 'features', ?, ?, ?, ?, ?, ?)",
            (table, f"{table} {title}", *box.fetchone(), _SRS),
        )
        self._file.execute("INSERT INTO gpkg_geometry_columns VALUES (?, 'geom', 'POINT', ?, 0, 0)", (table, _SRS))
        rule = "http://www.geopackage.org/spec120/#extension_rtree"
        self._file.execute(
            "INSERT INTO gpkg_extensions VALUES (?, 'geom', 'gpkg_rtree_index', ?, 'write-only')", (table, rule)
        )
        for trigger in _TRIGGERS:
            self._file.execute(trigger.replace('"T"', quoted(table)).replace('"R', f'"{tree}'))


def _blob(place: Place) -> bytes | None:
    """The place as a GeoPackage's geometry: its header, then WKB."""
    return _HEADER + struct.pack("<BIdd", 1, 1, *place) if place is not None else None
