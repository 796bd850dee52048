"""Writes answers as CSV tables in a zip, as a workbook, or as one JSON object a line; a few submissions in memory."""

from __future__ import annotations

import csv
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Any, Protocol

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font

from server.reports.answered import Cell, Line
from server.reports.cells import plain_cell, safe, sheet_cell
from server.reports.facts import FACTS, KEYS
from server.reports.layout import Column, Table

SHEET_ROWS = 1_048_576
Facts = Mapping[str, str]
WORDS = {"codes": "", "zh": "zh", "en": "en"}


class Sink(Protocol):
    """Takes submissions one by one; `close` finishes the file."""

    def add(self, facts: Facts, lines: Iterator[Line]) -> None: ...
    def close(self) -> None: ...


def columns_before(table: Table) -> list[str]:
    """The columns of a table that are no answers."""
    return [*FACTS] if table.above is None else [*KEYS]


def headers(table: Table, words: str) -> list[str]:
    """Names, or labels with their names: labels alone are not unique."""
    known = {**FACTS, **KEYS}
    language = WORDS[words]
    before = [known[name][language] if language else name for name in columns_before(table)]
    return before + [_header(column, language) for column in table.columns]


def _header(column: Column, language: str) -> str:
    label = column.question.labels.get(language, "") if language else ""
    return safe(f"{label} ({column.name})") if label else column.name


class CsvZip:
    """One CSV a table, UTF-8 with a mark that Excel knows it by, zipped at the end."""

    def __init__(self, target: Path, tables: Sequence[Table], words: str) -> None:
        self._target, self._words = target, WORDS[words]
        self._stack = ExitStack()
        self._files: list[IO[str]] = []
        folder = self._stack.enter_context(TemporaryDirectory(dir=target.parent))
        self._paths = {table.path: Path(folder) / f"{table.name}.csv" for table in tables}
        self._tables = {table.path: table for table in tables}
        self._writers = {table.path: self._writer(table, words) for table in tables}

    def _writer(self, table: Table, words: str) -> Any:
        file = self._stack.enter_context(self._paths[table.path].open("w", encoding="utf-8-sig", newline=""))
        self._files.append(file)
        writer = csv.writer(file)
        writer.writerow(headers(table, words))
        return writer

    def add(self, facts: Facts, lines: Iterator[Line]) -> None:
        for line in lines:
            table = self._tables[line.table]
            cells = (_in(line.cells.get(column.name), self._words) for column in table.columns)
            before = [safe(text) for text in _before(table, facts, line)]
            self._writers[line.table].writerow([*before, *(plain_cell(value, type) for value, type in cells)])

    def close(self) -> None:
        with self._stack:
            for file in self._files:
                file.close()
            with zipfile.ZipFile(self._target, "w", zipfile.ZIP_DEFLATED) as archive:
                for path in self._paths.values():
                    archive.write(path, path.name)


class Book:
    """A workbook with one sheet a table; a sheet that is full goes on in the next."""

    def __init__(self, target: Path, tables: Sequence[Table], words: str) -> None:
        self._target, self._words, self._given = target, WORDS[words], words
        self._book = Workbook(write_only=True)
        self._tables = {table.path: table for table in tables}
        self._sheets = {table.path: self._sheet(table, 1) for table in tables}
        self._rows = dict.fromkeys(self._sheets, 1)
        self._parts = dict.fromkeys(self._sheets, 1)

    def _sheet(self, table: Table, part: int) -> Any:
        title = table.name[:25] if part == 1 else f"{table.name[:22]} ({part})"
        sheet = self._book.create_sheet(title)
        sheet.freeze_panes = "B2"
        cells = []
        for text in headers(table, self._given):
            cell = WriteOnlyCell(sheet, text)
            cell.font = Font(bold=True)
            cells.append(cell)
        sheet.append(cells)
        return sheet

    def add(self, facts: Facts, lines: Iterator[Line]) -> None:
        for line in lines:
            table = self._tables[line.table]
            if self._rows[line.table] >= SHEET_ROWS:
                self._parts[line.table] += 1
                self._sheets[line.table] = self._sheet(table, self._parts[line.table])
                self._rows[line.table] = 1
            cells = (_in(line.cells.get(column.name), self._words) for column in table.columns)
            before = [sheet_cell(text, "") for text in _before(table, facts, line)]
            self._sheets[line.table].append([*before, *(sheet_cell(value, type) for value, type in cells)])
            self._rows[line.table] += 1

    def close(self) -> None:
        self._book.save(self._target)


class JsonLines:
    """One submission a line, answers nested as in the form."""

    def __init__(self, target: Path) -> None:
        self._file: IO[str] = target.open("w", encoding="utf-8")

    def add_object(self, found: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(found, ensure_ascii=False) + "\n")

    def close(self) -> None:
        self._file.close()


def _before(table: Table, facts: Facts, line: Line) -> list[str]:
    return [line.key, line.above or ""] if table.above is not None else [facts[name] for name in FACTS]


def _in(cell: Cell | None, language: str) -> tuple[str | None, str]:
    """The value in codes or in words, with the type that decides how it is written."""
    if cell is None:
        return None, ""
    if language and cell.words is not None:
        return cell.words.get(language) or cell.value, "string"
    return cell.value, cell.type


MAKERS: Mapping[str, Callable[[Path, Sequence[Table], str], Sink]] = {"csv": CsvZip, "xlsx": Book}
