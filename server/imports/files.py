"""The files of one import: copied in, opened by the mapping, listed as CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from server.config import Settings
from server.errors import Fault
from server.imports.job import folder_of
from server.imports.load import Files
from server.imports.mapping import RegisterMapping, Section
from server.imports.messages import fault, note
from server.imports.sheets import Opened, Sheet, header_faults, not_readable, open_register
from server.imports.staging import Staging
from server.reports.cells import safe


@dataclass(frozen=True)
class OpenFiles:
    """The sheets that the mapping reads, and remarks for a person."""

    files: Files
    notes: tuple[str, ...]


def copies_of(settings: Settings, import_id: str) -> tuple[Path, Path]:
    """Where the register and its second file lie until they are read."""
    folder = folder_of(settings)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder / f"{import_id}.1", folder / f"{import_id}.2"


def open_files(paths: Sequence[Path], filename: str, mapping: RegisterMapping) -> OpenFiles:
    """The sheets with all columns that the mapping reads. Problem import.not_readable."""
    first = open_register(paths[0], filename, mapping.header_row, mapping.delimiter)
    households = _sheet(first, mapping.household)
    if mapping.member is None:
        return _checked(mapping, Files(households, None), first.notes)
    if paths[1].exists():
        stem, dot, ending = filename.rpartition(".")
        second = open_register(paths[1], f"{stem}-2{dot}{ending}", mapping.header_row, mapping.delimiter)
        return _checked(mapping, Files(households, _sheet(second, mapping.member)), (*first.notes, *second.notes))
    members = _sheet(first, mapping.member) if mapping.member.sheet else households
    return _checked(mapping, Files(households, households if members.name == households.name else members), first.notes)


def _sheet(opened: Opened, section: Section) -> Sheet:
    """The sheet that the section names; a CSV, or a workbook of one sheet, needs no name."""
    sheets = opened.sheets
    if section.sheet in sheets:
        return sheets[section.sheet]
    only = next(iter(sheets.values()), None)
    if only is None or (section.sheet and not only.encoding) or (len(sheets) > 1 and not section.sheet):
        known = "、".join(sheets)
        raise not_readable(fault("sheet.missing", "sheet", name=section.sheet or "?", known=known))
    return only


def _checked(mapping: RegisterMapping, files: Files, notes: tuple[str, ...]) -> OpenFiles:
    """By sheet, not by its name: two workbooks may each hold their one sheet under the same name."""
    wanted: dict[Sheet, list[str]] = {files.households: [*mapping.household.names(), *mapping.region]}
    if mapping.member is not None and files.members is not None:
        wanted.setdefault(files.members, []).extend(mapping.member.names())
    faults: list[Fault] = []
    for sheet, columns in wanted.items():
        faults += header_faults(sheet, list(dict.fromkeys(columns)))
    if faults:
        raise not_readable(*faults)
    unused = [name for sheet, columns in wanted.items() for name in sheet.header if name and name not in columns]
    ignored = (note("columns.ignored", names="、".join(unused)[:600]),) if unused else ()
    return OpenFiles(files, (*notes, *ignored))


def refused_csv(staging: Staging) -> Iterator[str]:
    """Rows that were not taken, as they came, with their reasons; for a spreadsheet, so with a byte order mark.

    One line for each row, also where household and member of it were refused: it is to be imported as it stands there.
    """
    names: dict[str, None] = {}
    for _, _, _, found in staging.refused():
        names |= dict.fromkeys(found["cells"])
    yield "\ufeff" + _line(["表 / sheet", "行 / row", "名单 / dataset", "原因 / reason", *names])
    for (sheet, row, cells), group in groupby(staging.refused(), lambda one: (one[0], one[1], one[3]["cells"])):
        _, _, datasets, bodies = zip(*group, strict=True)
        reasons = dict.fromkeys(reason for found in bodies for reason in found["reasons"])
        shown = [cells.get(name, "") for name in names]
        yield _line([sheet, str(row), ", ".join(datasets), "; ".join(reasons), *shown])


def vanished_csv(staging: Staging) -> Iterator[str]:
    """Records that an earlier import wrote and the register no longer names."""
    yield "\ufeff" + _line(["名单 / dataset", "编号 / id", "名称 / label", "区划 / region"])
    for dataset, entity_id, found in staging.vanished():
        yield _line([dataset, entity_id, found["label"], found["region"]])


def _line(cells: Sequence[str]) -> str:
    out = io.StringIO()
    csv.writer(out).writerow([safe(cell) for cell in cells])
    return out.getvalue()


def forget(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)
