"""Making frames, from a CSV file or from rows. PURE: no database, no HTTP.

A file may be UTF-8 with or without byte order mark, or GB18030, which Chinese Excel writes (told in a note); with LF or
CRLF; empty lines are skipped. Every fault is told with its line, up to MOST_FAULTS.
"""

from __future__ import annotations

import csv
import io
import itertools
import re
import unicodedata
from array import array
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO

from server.errors import Fault, Problem
from server.inspection.frame import COLUMNS, Frame
from server.inspection.sampling_messages import at_line, fault, note

MOST_ROWS = 20_000_000
MOST_CHARACTERS = 300
MOST_FAULTS = 20
MOST_SHARED = 200_000
_CONTROL = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029\ud800-\udfff]")
_PLAIN = re.compile(r"[!-~](?:[ -~]*[!-~])?").fullmatch  # printable ASCII without outer blanks is canonical already
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE)

Row = tuple[int, Sequence[str]]


def read_frame(path: Path) -> Frame:
    """The frame in a CSV file. Raises Problem frame.invalid with every fault."""
    try:
        encoding = _encoding(path)
        with path.open(encoding=encoding, newline="") as file:
            rows = _rows(file)
            line, header = next(rows, (1, []))
            frame = _collect(header, rows, line)
    except OSError as error:
        raise _invalid([fault("file.unreadable", path.name, cause=error.strerror or type(error).__name__)]) from error
    if encoding == "gb18030":
        return Frame(frame.columns, frame.cells, (note("file.gb18030"), *frame.notes))
    return frame


def frame_of(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Frame:
    """The frame of these rows, their cells in the order of `columns`. Raises Problem frame.invalid."""
    return _collect(columns, enumerate(rows, 2), 1)


def frame_from_bytes(content: bytes) -> Frame:
    """The frame in canonical bytes, as they are stored and published. Raises Problem frame.invalid."""
    rows = _rows(io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", newline=""))
    _, header = next(rows, (1, []))
    return _collect(header, rows, 1)


def _encoding(path: Path) -> str:
    """UTF-8, or GB18030 when it is none. One pass over the file, in bounded memory."""
    with path.open("rb") as file:
        if file.read(4).startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise _invalid([fault("file.zipped", at_line(1))])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            with path.open(encoding=encoding, newline="") as text:
                if all("\0" not in piece for piece in iter(lambda: text.read(1 << 20), "")):
                    return encoding
        except UnicodeDecodeError:
            continue
    raise _invalid([fault("file.encoding", at_line(1))])


def _rows(file: TextIO) -> Iterator[Row]:
    """(line, cells) of each line that is not empty."""
    reader = csv.reader(file, strict=True)
    try:
        for cells in reader:
            if cells and (cells[0].strip() or any(map(str.strip, cells))):
                yield reader.line_num, cells
    except csv.Error as error:
        raise _invalid([fault("file.csv", at_line(reader.line_num), cause=error)]) from error


def _collect(header: Sequence[str], rows: Iterable[Row], line: int) -> Frame:
    names = [_clean(cell) for cell in header]
    faults = list(_header_faults(names, line))
    if faults:
        raise _invalid(faults)
    columns = (*COLUMNS, *sorted(set(names) - set(COLUMNS)))
    builder = _Builder(names, columns)
    for number, cells in rows:
        builder.take(number, cells)
    return builder.frame()


def _header_faults(names: Sequence[str], line: int) -> Iterator[Fault]:
    where = at_line(line)
    for number, name in enumerate(names, 1):
        if not name or len(name) > 60 or _CONTROL.search(name):
            yield fault("column.name", where, number=number, name=ascii(name)[1:-1][:60])
        elif names.index(name) < number - 1:
            yield fault("column.twice", where, name=name)
    for name in COLUMNS:
        if name not in names:
            yield fault("column.missing", where, name=name, known=", ".join(names)[:300])


class _Builder:
    """Columns of a frame in the making; the lines are known until the ids are seen to be unique."""

    def __init__(self, names: Sequence[str], columns: tuple[str, ...]) -> None:
        self.names = names
        self.columns = columns
        self.cells: dict[str, list[str]] = {name: [] for name in columns}
        self.order = [self.cells[name] for name in names]
        self.lines = array("L")
        self.known: dict[str, str] = {}
        self.faults: list[Fault] = []

    def take(self, line: int, cells: Sequence[str]) -> None:
        if len(cells) != len(self.names):
            return self.complain(fault("row.width", at_line(line), found=len(cells), wanted=len(self.names)))
        if len(self.cells["household_id"]) >= MOST_ROWS:
            raise _invalid([fault("frame.too_long", at_line(line), limit=MOST_ROWS)])
        self.lines.append(line)
        for column, name, cell in zip(self.order, self.names, cells, strict=True):
            if name == "household_id":
                column.append(self._id(line, cell))
            else:
                value = self.known.get(cell)
                column.append(self._shared(line, name, cell) if value is None else value)
        return None

    def _id(self, line: int, cell: str) -> str:
        value = cell if _PLAIN(cell) and len(cell) <= MOST_CHARACTERS else self._checked(line, "household_id", cell)
        if value[:1].isdigit() and _SCIENTIFIC.fullmatch(value):
            self.complain(fault("row.number", at_line(line), value=value))
        return value

    def _shared(self, line: int, name: str, cell: str) -> str:
        """The clean cell, kept once: a million rows share a few villages."""
        value = self._checked(line, name, cell)
        if value and len(self.known) < MOST_SHARED:
            self.known[cell] = value = self.known.setdefault(value, value)
        return value

    def _checked(self, line: int, name: str, cell: str) -> str:
        value = _clean(cell)
        if not value and name in COLUMNS:
            self.complain(fault("row.empty", at_line(line), name=name))
        elif len(value) > MOST_CHARACTERS or _CONTROL.search(value):
            self.complain(fault("row.character", at_line(line), name=name, limit=MOST_CHARACTERS))
        return value

    def complain(self, one: Fault) -> None:
        self.faults.append(one)
        if len(self.faults) >= MOST_FAULTS:
            raise _invalid([*self.faults, fault("row.more", one.where)])

    def frame(self) -> Frame:
        if self.faults:
            raise _invalid(self.faults)
        ids = self.cells["household_id"]
        if not ids:
            raise _invalid([fault("frame.empty", at_line(1))])
        self._refuse_twice(ids)
        if any(before > after for before, after in itertools.pairwise(ids)):
            self._sort(ids)
        notes = [note("column.personal", name=name) for name in Frame(self.columns, self.cells).personal()]
        return Frame(self.columns, self.cells, tuple(notes))

    def _refuse_twice(self, ids: list[str]) -> None:
        if len(set(ids)) == len(ids):
            return
        seen: dict[str, int] = {}
        for line, id_ in zip(self.lines, ids, strict=True):
            if id_ in seen:
                self.complain(fault("row.twice", at_line(line), value=id_, line=seen[id_]))
            seen.setdefault(id_, line)
        raise _invalid(self.faults)

    def _sort(self, ids: list[str]) -> None:
        order = sorted(range(len(ids)), key=ids.__getitem__)
        for name, column in self.cells.items():
            self.cells[name] = [column[row] for row in order]


def _clean(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).strip()


def _invalid(faults: Sequence[Fault]) -> Problem:
    return Problem("frame.invalid", faults=faults)
