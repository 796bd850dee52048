"""Looks at an .xlsx before anything slow or trusting opens it: macros, DTDs, bombs, sheets without end."""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO

from server.forms.issue import FormInvalid
from server.forms.messages import issue
from server.forms.workbook_limits import MAX_PARTS, MAX_UNPACKED, check_cells, check_rows

_BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError, OSError, ValueError,
)  # fmt: skip
_SHEETS = "xl/worksheets/"


@dataclass(frozen=True)
class _Filled:
    """What a part of the zip holds as a sheet: rows with a value, and values."""

    part: str
    rows: int
    cells: int


def check_zip(source: bytes, filename: str) -> None:
    """Raises FormInvalid where the workbook must not be opened, or would take too long."""
    try:
        with zipfile.ZipFile(BytesIO(source)) as archive:
            _check_parts(archive, filename)
            sheets = [_filled(archive.read(part), part.filename, filename) for part in archive.infolist()]
            names = _names(archive) if any(sheet.cells for sheet in sheets) else {}
    except _BROKEN_ZIP as error:
        raise FormInvalid([issue("workbook.unreadable", filename, cause=str(error)[:200])]) from error
    for sheet in sheets:
        check_rows(names.get(sheet.part, "").lower(), sheet.rows - 1)
    largest = max(sheets, key=lambda sheet: sheet.cells, default=_Filled("", 0, 0))
    check_cells(names.get(largest.part, filename), sum(sheet.cells for sheet in sheets))


def _check_parts(archive: zipfile.ZipFile, filename: str) -> None:
    parts = archive.infolist()
    # zipfile never unpacks more of a part than its header declares, so the declared sizes bound it.
    if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise FormInvalid([issue("workbook.bomb", filename, limit=MAX_UNPACKED // 1024 // 1024)])
    if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
        raise FormInvalid([issue("workbook.macros", filename)])


def _filled(content: bytes, part: str, filename: str) -> _Filled:
    # NULs are dropped so that UTF-16 hides nothing.
    if b"<!DOCTYPE" in content.replace(b"\x00", b""):
        raise FormInvalid([issue("workbook.doctype", filename)])
    if not part.startswith(_SHEETS):
        return _Filled(part, 0, 0)
    # A cell that holds anything has a value or a text inside; empty styled ones do not count.
    cells = [row.count(b"<v>") + row.count(b"<is>") for row in content.split(b"</row>")]
    return _Filled(part, sum(count > 0 for count in cells), sum(cells))


def _names(archive: zipfile.ZipFile) -> dict[str, str]:
    """The name of the sheet that each part holds."""
    sheets = archive.read("xl/workbook.xml")
    targets = dict(_relationships(archive.read("xl/_rels/workbook.xml.rels")))
    links = ((_attribute(tag, b"r:id"), _attribute(tag, b"name")) for tag in re.findall(rb"<sheet [^>]*>", sheets))
    return {f"xl/{targets[link].lstrip('/').removeprefix('xl/')}": name for link, name in links if link in targets}


def _relationships(content: bytes) -> Iterator[tuple[str, str]]:
    for tag in re.findall(rb"<Relationship [^>]*>", content):
        yield _attribute(tag, b"Id"), _attribute(tag, b"Target")


def _attribute(tag: bytes, name: bytes) -> str:
    found = re.search(rb'\s%b="([^"]*)"' % name, tag)
    return found[1].decode("utf-8", "replace") if found else ""
