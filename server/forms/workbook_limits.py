"""How much a workbook may hold."""

from __future__ import annotations

from server.forms.issue import FormInvalid
from server.forms.messages import issue

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 40 * 1024 * 1024
MAX_PARTS = 2_000
MAX_CELLS = 150_000
MAX_NESTING = 30
# sheet → (most rows below the header, what is said beyond them)
MAX_ROWS = {
    "survey": (5_000, "workbook.too_many_rows"),
    "choices": (10_000, "workbook.too_many_choices"),
}


def place(sheet: str, row: int) -> str:
    """Where a row stands, as a person counts: the header is row 1."""
    return f"{sheet} 第{row}行 / {sheet} row {row}"


def check_rows(sheet: str, rows: int) -> None:
    """Raises FormInvalid, placed at the first row too many. Sheets of no form are nobody's business."""
    limit, code = MAX_ROWS.get(sheet, (rows, ""))
    if rows > limit:
        raise FormInvalid([issue(code, place(sheet, limit + 2), limit=limit)])


def check_cells(where: str, cells: int) -> None:
    if cells > MAX_CELLS:
        raise FormInvalid([issue("workbook.too_many_cells", where, limit=MAX_CELLS)])
