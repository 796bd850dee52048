"""Opening an author's workbook: what it is by its bytes, whether it is safe to open, and its sheets as rows."""

import re
import zipfile
import zlib
from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import get_xlsform

from server.forms.issue import FormInvalid
from server.forms.messages import issue

MAX_BYTES = 5 * 1024 * 1024
MAX_UNPACKED = 40 * 1024 * 1024
MAX_PARTS = 2_000
MAX_CELLS = 150_000
MAX_CHOICES = 10_000
MAX_ROWS = 5_000
MAX_NESTING = 30
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The directory entry of a macro project in an old .xls (names are UTF-16 there).
_OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")
_BROKEN_ZIP = (
    zipfile.BadZipFile, zlib.error, KeyError, NotImplementedError, RuntimeError, EOFError, OSError, ValueError,
)  # fmt: skip

Sheets = dict[str, Any]


@dataclass(frozen=True)
class Workbook:
    """The sheets as pyxform takes them: survey, choices, settings, entities … as lists of dicts by column."""

    sheets: Sheets
    question_rows: dict[str, int]
    word_rows: dict[str, int]

    def rows(self, sheet: str) -> list[dict[str, Any]]:
        return list(self.sheets.get(sheet) or [])

    def place(self, sheet: str, row: int) -> str:
        return place(sheet, row)

    def place_of_word(self, word: str) -> str | None:
        """Where a cell of the survey holds exactly this, for complaints that name no row."""
        row = self.word_rows.get(word)
        return self.place("survey", row) if row else None

    def place_of_question(self, name: str) -> str:
        row = self.question_rows.get(name)
        return self.place("survey", row) if row else "survey"


def place(sheet: str, row: int) -> str:
    """Where a row stands, as a person counts: the header is row 1."""
    return f"{sheet} 第{row}行 / {sheet} row {row}"


def read_workbook(source: bytes, filename: str) -> Workbook:
    """Read .xlsx, .xls or Markdown tables, told apart by content and not by name. Raises FormInvalid."""
    if len(source) > MAX_BYTES:
        raise FormInvalid([issue("workbook.too_large", filename, limit=MAX_BYTES // 1024 // 1024)])
    kind = _kind(source)
    if kind == ".xlsx":
        _check_zip(source, filename)
    elif kind == ".xls" and _OLE_MACROS in source:
        raise FormInvalid([issue("workbook.macros", filename)])
    try:
        sheets = asdict(get_xlsform(BytesIO(source), file_type=kind))
    except PyXFormError as error:
        raise FormInvalid([issue("workbook.unreadable", filename, cause=str(error))]) from error
    except Exception as error:  # A damaged file makes the spreadsheet libraries raise almost anything.
        raise FormInvalid([issue("workbook.unreadable", filename, cause=repr(error)[:200])]) from error
    _check_content(sheets, filename)
    # Noted before pyxform works on the rows.
    numbered = list(enumerate(sheets["survey"], start=2))
    questions = {str(row["name"]): number for number, row in numbered if row.get("name")}
    words = {str(cell): number for number, row in reversed(numbered) for cell in row.values()}
    return Workbook(sheets, questions, words)


def _kind(source: bytes) -> str:
    if source.startswith(_ZIP):
        return ".xlsx"
    return ".xls" if source.startswith(_OLE) else ".md"


def _check_zip(source: bytes, filename: str) -> None:
    """Refuse macros, DTDs and bombs before anything unpacks the workbook."""
    try:
        with zipfile.ZipFile(BytesIO(source)) as archive:
            parts = archive.infolist()
            # zipfile never unpacks more of a part than its header declares, so the declared sizes bound it.
            if len(parts) > MAX_PARTS or sum(part.file_size for part in parts) > MAX_UNPACKED:
                raise FormInvalid([issue("workbook.bomb", filename, limit=MAX_UNPACKED // 1024 // 1024)])
            if any(part.filename.lower().endswith("vbaproject.bin") for part in parts):
                raise FormInvalid([issue("workbook.macros", filename)])
            cells = {part.filename: _cells(archive.read(part), part.filename, filename) for part in parts}
            if sum(cells.values()) > MAX_CELLS:
                largest = _sheet_of(archive, max(cells, key=lambda part: cells[part]))
                raise FormInvalid([issue("workbook.too_many_cells", largest or filename, limit=MAX_CELLS)])
    except _BROKEN_ZIP as error:
        raise FormInvalid([issue("workbook.unreadable", filename, cause=str(error)[:200])]) from error


def _cells(content: bytes, part: str, filename: str) -> int:
    """How many filled cells the part holds, counted before anything slow reads it."""
    # NULs are dropped so that UTF-16 hides nothing.
    if b"<!DOCTYPE" in content.replace(b"\x00", b""):
        raise FormInvalid([issue("workbook.doctype", filename)])
    is_sheet = part.startswith("xl/worksheets/")
    # A cell that holds anything has a value or a text inside; empty styled ones are not counted.
    return content.count(b"<v>") + content.count(b"<is>") if is_sheet else 0


def _sheet_of(archive: zipfile.ZipFile, part: str) -> str | None:
    """The name of the sheet that a part holds."""
    names = dict(re.findall(rb'<sheet [^>]*?name="([^"]*)"[^>]*?r:id="([^"]*)"', archive.read("xl/workbook.xml")))
    links = archive.read("xl/_rels/workbook.xml.rels")
    for name, link in names.items():
        found = re.search(rb'<Relationship [^>]*?(?:Id="%b"[^>]*?Target="([^"]*)"|Target="([^"]*)"[^>]*?Id="%b")'
                          % (re.escape(link), re.escape(link)), links)  # fmt: skip
        if found and part.endswith((found[1] or found[2]).decode().lstrip("/")):
            return str(name, "utf-8", "replace")
    return None


def _check_content(sheets: Sheets, filename: str) -> None:
    if not sheets.get("survey"):
        raise FormInvalid([issue("workbook.no_survey", filename)])
    _check_length(sheets)
    _check_nesting(sheets["survey"])
    cells = sum(len(row) for rows in sheets.values() if isinstance(rows, list) for row in rows if row)
    if cells > MAX_CELLS:
        raise FormInvalid([issue("workbook.too_many_cells", filename, limit=MAX_CELLS)])


def _check_length(sheets: Sheets) -> None:
    for sheet, limit, code in (
        ("survey", MAX_ROWS, "workbook.too_many_rows"),
        ("choices", MAX_CHOICES, "workbook.too_many_choices"),
    ):
        if len(sheets.get(sheet) or ()) > limit:
            raise FormInvalid([issue(code, place(sheet, limit + 2), limit=limit)])


def _check_nesting(survey: list[dict[str, Any]]) -> None:
    depth = 0
    for number, row in enumerate(survey, start=2):
        kind = str(row.get("type") or "").strip().lower().replace("_", " ")
        depth += kind.startswith("begin ") - kind.startswith("end ")
        if depth > MAX_NESTING:
            raise FormInvalid([issue("author.too_deep", place("survey", number))])
