"""A form's source as an Excel workbook, for offices that change forms there. PURE."""

from __future__ import annotations

import io
from collections.abc import Iterable

import openpyxl
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet
from pyxform.xls2json_backends import md_table_to_workbook

from server.forms.source import FormSource

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_BINARY = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_WIDTHS = (10, 42)  # characters: the narrowest and the widest column
_AS_TEXT = "@"  # or Excel makes 2 of the code 02
_HEAD = PatternFill("solid", fgColor="DFE4E0")


def excel_of(source: FormSource) -> tuple[bytes, str]:
    """The workbook and its name: as it was handed in, or made of Markdown tables. It compiles to the same form."""
    if source.content.startswith(_BINARY):
        return source.content, source.filename
    written = io.BytesIO()
    md_table_to_workbook(source.content.decode("utf-8")).save(written)
    book = openpyxl.load_workbook(written)
    for sheet in book.worksheets:
        _lay_out(sheet)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue(), f"{source.filename.rpartition('.')[0] or 'form'}.xlsx"


def _lay_out(sheet: Worksheet) -> None:
    """Every cell a text, the head in sight, columns as wide as their words."""
    sheet.freeze_panes = "C2" if sheet.title == "survey" else "A2"
    for row in sheet.iter_rows():
        for cell in row:
            cell.number_format = _AS_TEXT
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), _HEAD
    for n, column in enumerate(sheet.iter_cols(values_only=True), 1):
        sheet.column_dimensions[get_column_letter(n)].width = _width(column)


def _width(column: Iterable[object]) -> int:
    longest = max((len(str(value).encode("gb18030", "replace")) for value in column if value), default=0)
    return max(_WIDTHS[0], min(_WIDTHS[1], longest + 2))
