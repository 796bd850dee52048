"""Real workbooks, made here: as offices would send them, and as nobody should."""

from __future__ import annotations

import io
import random
import zipfile
from collections.abc import Mapping, Sequence

import openpyxl

Row = Sequence[str | None]
SETTINGS: Sequence[Row] = (("form_id", "version"), ("odd", "1"))


def xlsx(sheets: Mapping[str, Sequence[Row]]) -> bytes:
    book = openpyxl.Workbook(write_only=True)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def form(survey: Sequence[Row], *, choices: Sequence[Row] = (), header: Row = ("type", "name", "label")) -> bytes:
    """A workbook with these rows of questions (and choices: list_name, name, label)."""
    sheets: dict[str, Sequence[Row]] = {"survey": [header, *survey], "settings": SETTINGS}
    if choices:
        sheets["choices"] = [("list_name", "name", "label"), *choices]
    return xlsx(sheets)


def with_part(workbook: bytes, name: str, content: bytes) -> bytes:
    """The workbook with one more part in its zip."""
    out = io.BytesIO(workbook)
    with zipfile.ZipFile(out, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(name, content)
    return out.getvalue()


def with_picture(workbook: bytes, length: int) -> bytes:
    """The workbook with a picture of so many bytes that do not pack."""
    return with_part(workbook, "xl/media/picture.png", random.Random(1).randbytes(length))
