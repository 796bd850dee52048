"""Secondary instances: lists that the form carries, and those from files beside it (CSV, XML, GeoJSON)."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from server.forms.issue import InstanceUnreadable
from server.forms.xml import local, parse_xml
from server.forms.xpath import Node, Table, tree_of

Row = Mapping[str, str]
Rows = Sequence[Row]


@dataclass(frozen=True)
class Seen:
    """A list as far as it is known what its reader saw.

    `unknown`: columns whose values nobody here may say (masked or not delivered): what reads them is not judged.
    `exact` False: the rows may have changed since, so computed values that read them are not judged. `whole` False: the
    reader may have had other rows as well: what does not look up single rows is not judged.
    """

    rows: Rows | Table
    unknown: frozenset[str] = frozenset()
    exact: bool = True
    whole: bool = True


List = Rows | Table | Node | Seen


class ListUnreadable(ValueError):
    """The file is not the list that its name says; the text says why, for people."""


def own_instance(element: Any) -> Node | Table:
    """An internal secondary instance (its root element)."""
    rows = _rows(element)
    return Table(rows) if rows is not None else tree_of(element)


def _rows(root: Any) -> list[Row] | None:
    """Rows of /root/item with plain columns; None for any other shape."""
    if local(root) != "root" or len(root.attrib):
        return None
    rows: list[Row] = []
    for item in root:
        if local(item) != "item" or len(item.attrib):
            return None
        row: dict[str, str] = {}
        for column in item:
            if len(column) or local(column) in row:
                return None
            row[local(column)] = (column.text or "").strip()
        rows.append(row)
    return rows


def read_list(filename: str, content: bytes) -> Node | Table:
    """The list in a file, by the ending of its name. Raises ListUnreadable."""
    ending = filename.rpartition(".")[2].lower()
    try:
        if ending == "csv":
            return Table(csv_rows(content))
        if ending == "xml":
            return own_instance(parse_xml(content))
        if ending == "geojson":
            return Table(geojson_rows(content))
    except (InstanceUnreadable, csv.Error, UnicodeDecodeError, ValueError, RecursionError) as error:
        raise ListUnreadable(f"{filename}: {error}") from error
    raise ListUnreadable(f"{filename}: .csv, .xml, .geojson")


def csv_rows(content: bytes) -> list[Row]:
    """Rows by column name; a cell that is missing is empty."""
    reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""), restval="")
    return [{str(name).strip(): value or "" for name, value in row.items() if name} for row in reader]


def geojson_rows(content: bytes) -> list[Row]:
    """The features of a collection: properties, id, and `geometry` as ODK writes it ("lat lon 0 0; …")."""
    read = json.loads(content)
    if not isinstance(read, dict) or read.get("type") != "FeatureCollection":
        raise ValueError("FeatureCollection")
    return [_feature(feature) for feature in read.get("features") or ()]


def _feature(feature: dict[str, Any]) -> Row:
    row = {name: _plain(value) for name, value in (feature.get("properties") or {}).items()}
    if feature.get("id") is not None:
        row["id"] = _plain(feature["id"])
    shape = feature.get("geometry") or {}
    row["geometry"] = _points(shape.get("type"), shape.get("coordinates"))
    return row


def _plain(value: object) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _points(kind: object, coordinates: Any) -> str:
    if kind not in ("Point", "LineString", "Polygon"):
        raise ValueError(f"geometry {kind}")
    points = [coordinates] if kind == "Point" else coordinates if kind == "LineString" else coordinates[0]
    return "; ".join(f"{lat} {lon} 0 0" for lon, lat, *_ in points)


def tables_of(
    files: Iterable[str], own: Mapping[str, Node | Table], lists: Mapping[str, List]
) -> dict[str, Node | Table]:
    """All secondary instances for an evaluation; a list that is not known is empty."""
    found = dict(own)
    for name in files:
        given = lists.get(name, ())
        rows = given.rows if isinstance(given, Seen) else given
        found[name] = rows if isinstance(rows, Node | Table) else Table(rows)
    return found
