"""Households, submissions and photos with their places, as a GeoPackage, GeoJSON or CSV; a page in memory at a time."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.evidence.feature_layers import COLLECTIONS
from server.evidence.features import Feature, Wanted, every, with_address
from server.forms.dataset import Dataset
from server.reports.cells import safe
from server.reports.geopackage import GeoPackage, Place, Value
from server.reports.map_fields import BOOK, CODES, Field, book_lines, code_lines, fields_of, title_of

FORMATS = {
    "gpkg": ("gpkg", "application/geopackage+sqlite3"),
    "geojson": ("zip", "application/zip"),
    "csv": ("zip", "application/zip"),
}
LAYERS = tuple(COLLECTIONS)
_TYPES = {"text": "TEXT", "whole": "INTEGER", "number": "REAL", "moment": "DATETIME"}


@dataclass(frozen=True)
class Layer:
    """One layer with its features, which can be read once."""

    name: str
    fields: tuple[Field, ...]
    features: Iterator[Feature]


def write_map(
    session: Session, actor: Actor, datasets: Mapping[str, Dataset], wanted: Wanted, target: Path,
    *, format: str = "gpkg", layers: Sequence[str] = LAYERS, base: str = "",
) -> int:  # fmt: skip
    """Writes the file and answers how many features are in it. `base`: the server's address, for links to photos."""
    found = (
        Layer(name, fields_of(name, datasets), _linked(every(session, actor, datasets, name, wanted), base))
        for name in LAYERS
        if name in layers
    )
    return _WRITERS[format](target, found)


def _linked(features: Iterator[Feature], base: str) -> Iterator[Feature]:
    return (with_address(feature, base) for feature in features)


def _write_geopackage(target: Path, layers: Iterator[Layer]) -> int:
    file, count, books, codes = GeoPackage(target), 0, [], []
    for layer in layers:
        columns = [(one.column, _TYPES[one.type]) for one in layer.fields]
        rows = ((_place(feature), _values(layer.fields, feature)) for feature in layer.features)
        count += file.points(layer.name, title_of(layer.name), columns, rows)
        books += book_lines(layer.name, layer.fields)
        codes += code_lines(layer.name, layer.fields)
    file.table("codebook", "编码本 Codebook", BOOK, books)
    file.table("codes", "代码 Codes", CODES, codes)
    file.close()
    return count


def _place(feature: Feature) -> Place:
    return tuple(feature["geometry"]["coordinates"]) if feature["geometry"] else None


def _values(fields: tuple[Field, ...], feature: Feature) -> list[Value]:
    told = {"id": feature["id"], **feature["properties"]}
    return [_utc(told.get(one.name)) if one.type == "moment" else told.get(one.name) for one in fields]


def _utc(moment: str | None) -> str | None:
    """A time as a GeoPackage spells it."""
    if moment is None:
        return None
    return datetime.fromisoformat(moment).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3] + "Z"


def _write_geojson(target: Path, layers: Iterator[Layer]) -> int:
    """A file of GeoJSON (RFC 7946) a layer, and the codebook, in a zip."""
    return _write_zip(target, layers, _collection)


def _write_csv(target: Path, layers: Iterator[Layer]) -> int:
    """A table a layer with lon and lat (WGS-84), and the codebook, in a zip."""
    return _write_zip(target, layers, _table)


def _write_zip(target: Path, layers: Iterator[Layer], write: Callable[[zipfile.ZipFile, Layer], int]) -> int:
    count = 0
    books: list[tuple[str, ...]] = [BOOK]
    codes: list[tuple[str, ...]] = [CODES]
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for layer in layers:
            count += write(archive, layer)
            books += book_lines(layer.name, layer.fields)
            codes += code_lines(layer.name, layer.fields)
        archive.writestr("codebook.csv", _csv(books))
        archive.writestr("codes.csv", _csv(codes))
    return count


def _collection(archive: zipfile.ZipFile, layer: Layer) -> int:
    """Writes one layer; how many features it has."""
    count = 0
    with archive.open(f"{layer.name}.geojson", "w", force_zip64=True) as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8", newline="\n")
        file.write('{"type": "FeatureCollection", "name": "' + layer.name + '", "features": [')
        for count, feature in enumerate(layer.features, 1):
            file.write((",\n" if count > 1 else "\n") + json.dumps(_whole(layer.fields, feature), ensure_ascii=False))
        file.write("\n]}\n")
        file.flush()
        file.detach()
    return count


def _table(archive: zipfile.ZipFile, layer: Layer) -> int:
    """Writes one layer as CSV, UTF-8 with a mark for spreadsheets; how many rows it has."""
    count = 0
    with archive.open(f"{layer.name}.csv", "w", force_zip64=True) as raw:
        file = io.TextIOWrapper(raw, encoding="utf-8-sig", newline="")
        writer = csv.writer(file)
        writer.writerow(("lon", "lat", *(one.column for one in layer.fields)))
        for feature in layer.features:
            values = [*(_place(feature) or (None, None)), *_whole(layer.fields, feature)["properties"].values()]
            writer.writerow(safe(value) if isinstance(value, str) else value for value in values)
            count += 1
        file.flush()
        file.detach()
    return count


def _whole(fields: tuple[Field, ...], feature: Feature) -> Feature:
    """The feature with every property of its layer, so that all features have the same."""
    told = {"id": feature["id"], **feature["properties"]}
    return {**feature, "properties": {one.column: told.get(one.name) for one in fields}}


def _csv(lines: Sequence[Sequence[str]]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out).writerows([safe(text) for text in line] for line in lines)
    return out.getvalue().encode("utf-8-sig")


_WRITERS: Mapping[str, Callable[[Path, Iterator[Layer]], int]] = {
    "gpkg": _write_geopackage,
    "geojson": _write_geojson,
    "csv": _write_csv,
}
