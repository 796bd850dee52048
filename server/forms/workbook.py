"""Opening an author's workbook: what it is by its bytes, whether it is safe to open, and its sheets as rows."""

from dataclasses import asdict, dataclass
from io import BytesIO
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.xls2json_backends import get_xlsform

from server.forms.issue import FormInvalid
from server.forms.messages import issue
from server.forms.workbook_limits import MAX_BYTES, MAX_NESTING, check_cells, check_rows, place
from server.forms.workbook_zip import check_zip

_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# The directory entry of a macro project in an old .xls (names are UTF-16 there).
_OLE_MACROS = "_VBA_PROJECT".encode("utf-16-le")
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


def read_workbook(source: bytes, filename: str) -> Workbook:
    """Read .xlsx, .xls or Markdown tables, told apart by content and not by name. Raises FormInvalid."""
    if len(source) > MAX_BYTES:
        raise FormInvalid([issue("workbook.too_large", filename, limit=MAX_BYTES // 1024 // 1024)])
    kind = _kind(source)
    if kind == ".xlsx":
        check_zip(source, filename)
    elif kind == ".xls" and _OLE_MACROS in source:
        raise FormInvalid([issue("workbook.macros", filename)])
    elif kind == ".md" and not _has_tables(source):
        raise FormInvalid([issue("workbook.no_workbook", filename)])
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


def _has_tables(source: bytes) -> bool:
    """Whether it is text with lines of a Markdown table."""
    try:
        lines = source.decode("utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return False
    return any(line.lstrip().startswith("|") for line in lines)


def _check_content(sheets: Sheets, filename: str) -> None:
    if not sheets.get("survey"):
        raise FormInvalid([issue("workbook.no_survey", filename)])
    tables = {name: rows for name, rows in sheets.items() if isinstance(rows, list)}
    for name, rows in tables.items():
        check_rows(name, len(rows))
    check_cells(filename, sum(len(row) for rows in tables.values() for row in rows if row))
    _check_nesting(sheets["survey"])


def _check_nesting(survey: list[dict[str, Any]]) -> None:
    depth = 0
    for number, row in enumerate(survey, start=2):
        kind = str(row.get("type") or "").strip().lower().replace("_", " ")
        depth += kind.startswith("begin ") - kind.startswith("end ")
        if depth > MAX_NESTING:
            raise FormInvalid([issue("author.too_deep", place("survey", number))])
