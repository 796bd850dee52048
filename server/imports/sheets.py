"""Opens the files of a register: CSV (UTF-8, with or without mark, GB18030) and .xlsx, row by row.

CSV needs constant memory. Of a workbook only its shared texts are held; nothing is computed, and what could blow up or
reach outside is refused before the workbook is opened.
"""

from __future__ import annotations

import codecs
import csv
import re
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import openpyxl

from server.errors import Fault, Problem
from server.forms.workbook_limits import MAX_PARTS
from server.imports.cells import Cell, Formula
from server.imports.messages import fault, note

ZIP = b"PK\x03\x04"
MAX_UNPACKED = 768 * 1024 * 1024
MAX_TEXTS = 192 * 1024 * 1024  # of a workbook's shared texts, which are held in memory
PIECE = 1024 * 1024
MOST_CELLS = 500  # of a row
_DELIMITERS = (",", "\t", ";", "，")
_ZEROS = re.compile("00+")  # a number format: so many digits at least
_BROKEN = (zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError, OSError, ValueError)
csv.field_size_limit(1024 * 1024)


@dataclass(frozen=True)
class Row:
    """`number` as a person counts: the first line is row 1."""

    number: int
    cells: Sequence[Cell]


@dataclass(frozen=True)
class Sheet:
    """One table, read anew with each `rows()`: the rows below its header. `file`: the office's name of `path`."""

    name: str
    header: tuple[str, ...]
    path: Path
    file: str
    header_row: int
    encoding: str = ""
    delimiter: str = ""

    def rows(self) -> Iterator[Row]:
        """Rows that hold anything. Problem import.not_readable where the file breaks off."""
        is_csv = bool(self.encoding)
        rows = (
            _csv_rows(self.path, self.file, self.encoding, self.delimiter)
            if is_csv
            else _book_rows(self.path, self.name)
        )
        for row in rows:
            if row.number > self.header_row and any(cell not in (None, "") for cell in row.cells):
                yield row


@dataclass(frozen=True)
class Opened:
    """The sheets of one file, by name, and remarks for a person."""

    sheets: Mapping[str, Sheet]
    notes: tuple[str, ...]


def open_register(path: Path, filename: str, header_row: int, delimiter: str) -> Opened:
    """What the file holds. Problem import.not_readable."""
    with path.open("rb") as file:
        start = file.read(8)
    if start.startswith(ZIP):
        return _open_book(path, filename, header_row)
    if start.startswith(b"\xd0\xcf\x11\xe0") or b"\0" in start:
        raise not_readable(fault("file.kind", filename))
    return _open_csv(path, filename, header_row, delimiter)


def look_at(stream: IO[bytes], filename: str, header_row: int) -> Opened:
    """The sheets and headers of a file that is only looked at: its copy is gone when this ends, no rows can be read."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "register"
        with path.open("wb") as copy:
            shutil.copyfileobj(stream, copy, PIECE)
        return open_register(path, filename, header_row, "")


def not_readable(*faults: Fault) -> Problem:
    return Problem("import.not_readable", faults=faults)


def _open_csv(path: Path, filename: str, header_row: int, delimiter: str) -> Opened:
    encoding = _encoding(path, filename)
    parted_by = delimiter or _delimiter(path, encoding, header_row)
    name = filename.rpartition(".")[0] or filename
    header = next((row.cells for row in _csv_rows(path, filename, encoding, parted_by) if row.number >= header_row), ())
    names = tuple(str(cell or "").strip() for cell in header)
    sheet = Sheet(name, names, path, filename, header_row, encoding, parted_by)
    shown = {"utf-8-sig": "UTF-8", "gb18030": "GB18030"}[encoding]
    mark = "Tab" if parted_by == "\t" else parted_by
    return Opened({name: sheet}, (note("csv.encoding", encoding=shown), note("csv.delimiter", delimiter=mark)))


def _encoding(path: Path, filename: str) -> str:
    """The first encoding in which the whole file can be read."""
    for encoding in ("utf-8-sig", "gb18030"):
        decoder = codecs.getincrementaldecoder(encoding)()
        with suppress(UnicodeDecodeError), path.open("rb") as file:
            while piece := file.read(PIECE):
                if "\0" in decoder.decode(piece):
                    break
            else:
                decoder.decode(b"", final=True)
                return encoding
    raise not_readable(fault("file.encoding", filename))


def _delimiter(path: Path, encoding: str, header_row: int) -> str:
    """The mark that stands most often in the header's line."""
    with path.open(encoding=encoding, newline="") as file:
        line = ""
        for _ in range(header_row):
            line = file.readline(1024 * 1024)
    return max(_DELIMITERS, key=lambda mark: (line.count(mark), mark == ","))


def _csv_rows(path: Path, file_name: str, encoding: str, delimiter: str) -> Iterator[Row]:
    """All rows. A quote that is never closed is told where its row begins: it ends with the file."""
    begun = 1
    with path.open(encoding=encoding, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        try:
            for number, cells in enumerate(reader, 1):
                yield Row(number, cells[:MOST_CELLS])
                begun = reader.line_num + 1
        except csv.Error as error:
            where = f"{file_name} 第{begun}行 / {file_name} line {begun}"
            raise not_readable(fault("file.quotes", where, cause=str(error))) from error


def _open_book(path: Path, filename: str, header_row: int) -> Opened:
    _check_book(path, filename)
    try:
        names = _sheet_names(path)
    except Exception as error:  # A damaged workbook makes the library raise almost anything.
        raise not_readable(fault("file.broken", filename, cause=type(error).__name__)) from error
    return Opened({name: _book_sheet(path, filename, name, header_row) for name in names}, ())


def _sheet_names(path: Path) -> list[str]:
    with _book(path) as book:
        return [sheet.title for sheet in book.worksheets]


@contextmanager
def _book(path: Path) -> Iterator[Any]:
    with path.open("rb") as file:
        book = openpyxl.load_workbook(file, read_only=True, data_only=False, keep_links=False)
        try:
            yield book
        finally:
            book.close()


def _book_sheet(path: Path, filename: str, name: str, header_row: int) -> Sheet:
    cells = next((row.cells for row in _book_rows(path, name) if row.number >= header_row), ())
    names = tuple("" if cell is None else str(cell).strip() for cell in cells)
    return Sheet(name, names, path, filename, header_row)


def _check_book(path: Path, filename: str) -> None:
    """Refuses bombs, macros and DTDs before anything trusting opens the workbook. Reads in pieces."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            texts = sum(part.file_size for part in parts if part.filename.lower().endswith("sharedstrings.xml"))
            # zipfile never unpacks more of a part than its header declares, so the declared sizes bound it.
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED or texts > MAX_TEXTS:
                raise not_readable(fault("file.bomb", filename, limit=MAX_UNPACKED // 1024 // 1024))
            if any(_is_hostile(archive, part) for part in parts):
                raise not_readable(fault("file.hostile", filename))
    except _BROKEN as error:
        raise not_readable(fault("file.broken", filename, cause=type(error).__name__)) from error


def _is_hostile(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> bool:
    """Macros, or a document type: XML allows one only before the first element, so the beginning is enough."""
    name = part.filename.lower()
    if name.endswith("vbaproject.bin"):
        return True
    if not name.endswith((".xml", ".rels", ".vml")):
        return False
    with archive.open(part) as file:
        # NULs are dropped so that UTF-16 hides nothing.
        return b"<!DOCTYPE" in file.read(PIECE).replace(b"\x00", b"")


def _book_rows(path: Path, name: str) -> Iterator[Row]:
    try:
        with _book(path) as book:
            sheet = book[name]
            # Some programs write a wrong size of the sheet, or none: it is not believed.
            sheet.reset_dimensions()
            for number, cells in enumerate(sheet.iter_rows(), 1):
                yield Row(number, [_cell(cell) for cell in cells[:MOST_CELLS]])
    except _BROKEN as error:
        raise not_readable(fault("file.broken", name, cause=type(error).__name__)) from error


def _cell(cell: Any) -> Cell:
    """The value, as it was typed; a formula is only marked. A code that is shown with leading zeros keeps them."""
    if cell.data_type == "f":
        return Formula(str(cell.value))
    value: Cell = cell.value
    if type(value) is int and _ZEROS.fullmatch(cell.number_format):
        return str(value).zfill(len(cell.number_format))
    return value


def header_faults(sheet: Sheet, wanted: Sequence[str]) -> list[Fault]:
    """Columns that the mapping reads and the sheet has not, or twice."""
    where = f"{sheet.name} 第{sheet.header_row}行 / {sheet.name} row {sheet.header_row}"
    known = "、".join(name for name in sheet.header if name)[:600]
    missing = [fault("column.missing", where, name=name, known=known) for name in wanted if name not in sheet.header]
    return missing + [fault("column.twice", where, name=name) for name in wanted if sheet.header.count(name) > 1]
