"""Reading a table of regions (CSV). Pure: bytes in, rows and every fault by line out.

Columns: code, parent, level, name_zh, name_en, valid_from, valid_to; others are left alone. Encodings: UTF-8
with or without a byte order mark, and GB18030, which Chinese Excel writes.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date

from server.errors import Fault
from server.geo.messages import at_line, fault, note
from server.geo.tables import LEVELS

COLUMNS = ("code", "parent", "level", "name_zh", "name_en", "valid_from", "valid_to")
NEEDED = ("code", "parent", "level", "name_zh")
NAME_LENGTH = 100

# The code says the level: 2 digits of the province, 6 of the county, 9 of the township, 12 of the village.
_SHAPES = {
    "province": (re.compile(r"[1-9]\d0{10}"), "990000000000"),
    "county": (re.compile(r"[1-9]\d(?!0000)\d{4}0{6}"), "990101000000"),
    "township": (re.compile(r"[1-9]\d{5}(?!000)\d{3}000"), "990101100000"),
    "village": (re.compile(r"[1-9]\d{8}(?!000)\d{3}"), "990101100201"),
    "group": (re.compile(r"[1-9]\d{8}(?!000)\d{3}-\d{1,3}"), "990101100201-01"),
}
_ANY_CODE = re.compile(r"\d{12}(-\d{1,3})?")
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)


@dataclass(frozen=True)
class RegionRow:
    """One line of the table. `parent` is None for a province."""

    line: int
    code: str
    parent: str | None
    level: str
    name_zh: str
    name_en: str
    valid_from: date | None
    valid_to: date | None


@dataclass
class RegionFile:
    """What a table says: good rows, the codes of the others, everything that is wrong, and remarks."""

    rows: list[RegionRow] = field(default_factory=list)
    spoiled: set[str] = field(default_factory=set)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def read_region_file(raw: bytes) -> RegionFile:
    """All rows and all faults of a table; a file that cannot be read at all has one fault and no row."""
    found = RegionFile()
    text = _decode(raw, found)
    if text is None:
        return found
    lines = _cells(text, found)
    header = next(lines, (1, []))
    names = [cell.lower() for cell in header[1]]
    if _header_is_good(names, found):
        for line, cells in lines:
            _read_row(line, cells, names, found)
    if not found.rows and not found.faults:
        found.faults.append(fault("file.empty", at_line(1)))
    return found


def _decode(raw: bytes, found: RegionFile) -> str | None:
    if raw.startswith(b"PK\x03\x04") or raw.startswith(b"\xd0\xcf\x11\xe0"):
        found.faults.append(fault("file.zipped", at_line(1)))
        return None
    try:
        return _whole(raw.decode("utf-8-sig"))
    except UnicodeError:
        pass
    try:
        text = _whole(raw.decode("gb18030"))
    except UnicodeError as error:
        found.faults.append(fault("file.encoding", at_line(1), cause=str(error)))
        return None
    found.notes.append(note("file.gb18030"))
    return text


def _whole(text: str) -> str:
    # UTF-16 decodes as GB18030 now and then; its zero bytes give it away.
    if "\0" in text:
        raise UnicodeError("zero bytes")
    return text


def _cells(text: str, found: RegionFile) -> Iterator[tuple[int, list[str]]]:
    """(line, cells) of each line that is not empty; cells are NFC and trimmed."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        for cells in reader:
            clean = [unicodedata.normalize("NFC", cell).strip() for cell in cells]
            if any(clean):
                yield reader.line_num, clean
    except csv.Error as error:
        found.faults.append(fault("file.quotes", at_line(reader.line_num), cause=str(error)))


def _header_is_good(names: list[str], found: RegionFile) -> bool:
    before = len(found.faults)
    where = at_line(1)
    for mark in (";", "\t", "，"):
        if len(names) == 1 and mark in names[0]:
            found.faults.append(fault("file.delimiter", where, found="Tab" if mark == "\t" else mark))
            return False
    for name in NEEDED:
        if name not in names:
            found.faults.append(fault("column.missing", where, name=name, known=",".join(COLUMNS)))
    for name in sorted(set(names)):
        if name in COLUMNS and names.count(name) > 1:
            found.faults.append(fault("column.twice", where, name=name))
        elif name not in COLUMNS:
            found.notes.append(note("column.ignored", name=name))
    return len(found.faults) == before


def _read_row(line: int, cells: list[str], names: list[str], found: RegionFile) -> None:
    row = dict.fromkeys(COLUMNS, "") | dict(zip(names, cells, strict=False))
    faults = [*_width_faults(line, cells, names)] or [*_code_faults(line, row), *_name_faults(line, row)]
    valid_from, valid_to = _dates(line, row, faults)
    found.faults += faults
    if faults:
        found.spoiled.add(row["code"])
    else:
        found.rows.append(
            RegionRow(
                line, row["code"], row["parent"] or None, row["level"], row["name_zh"], row["name_en"],
                valid_from, valid_to,
            )
        )  # fmt: skip


def _width_faults(line: int, cells: list[str], names: list[str]) -> Iterator[Fault]:
    if len(cells) != len(names):
        yield fault("row.width", at_line(line), found=len(cells), wanted=len(names))


def _code_faults(line: int, row: dict[str, str]) -> Iterator[Fault]:
    code, level, where = row["code"], row["level"], at_line(line)
    if level not in LEVELS:
        yield fault("level.unknown", where, level=level, known=", ".join(LEVELS))
    if _SCIENTIFIC.fullmatch(code):
        yield fault("code.number", where, code=code)
    elif not code.isascii() or not _ANY_CODE.fullmatch(code):
        yield fault("code.shape", where, code=code)
    elif level in LEVELS and not _SHAPES[level][0].fullmatch(code):
        yield fault("code.level", where, code=code, level=level, example=_SHAPES[level][1])


def _name_faults(line: int, row: dict[str, str]) -> Iterator[Fault]:
    if not row["name_zh"]:
        yield fault("name.missing", at_line(line))
    for column in ("name_zh", "name_en"):
        if len(row[column]) > NAME_LENGTH:
            yield fault("name.long", at_line(line), column=column, length=len(row[column]), most=NAME_LENGTH)


def _dates(line: int, row: dict[str, str], faults: list[Fault]) -> tuple[date | None, date | None]:
    found: list[date | None] = []
    for column in ("valid_from", "valid_to"):
        try:
            found.append(date.fromisoformat(row[column]) if row[column] else None)
        except ValueError:
            faults.append(fault("date.shape", at_line(line), column=column, value=row[column]))
            found.append(None)
    start, end = found
    if start and end and end < start:
        faults.append(fault("date.order", at_line(line)))
    return start, end
