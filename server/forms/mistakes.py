"""All mistakes of a workbook at once: pyxform stops at the first, so each one found is made harmless and it goes on.

Only rows of questions are made harmless; a group that is not closed, broken settings and the like end the search.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

from pyxform.errors import PyXFormError
from pyxform.xls2xform import convert

MOST = 20
_ROW = re.compile(r"\[row : (\d+)\]")


def complaints(sheets: dict[str, Any]) -> list[str]:
    """What pyxform says about these sheets, one text a mistake; empty when it compiles. The sheets stay as they are."""
    sheets = copy.deepcopy(sheets)
    found: list[str] = []
    for _ in range(MOST):
        new = [text for text in _tried(sheets) if text not in found]
        if not new:
            break
        found += new
        changed = [_made_harmless(sheets["survey"], text) for text in new]
        if not all(changed):
            break
    return found


def _row_number(text: str) -> int:
    found = _ROW.search(text)
    return int(found[1]) if found else 0


def _tried(sheets: dict[str, Any]) -> list[str]:
    try:
        convert(copy.deepcopy(sheets), form_name="data")
    except PyXFormError as error:
        return list(_lines(str(error)))
    except Exception:  # What it meets with a bare error came of what was made harmless, or is told by compile_form.
        return []
    return []


def _lines(message: str) -> Iterator[str]:
    """pyxform joins the errors of one kind with line breaks; each new one starts with its row."""
    parts = [part for part in re.split(r"\n(?=\[row : )", message.strip()) if part.strip()]
    yield from parts or [message]


def _made_harmless(survey: list[dict[str, Any]], text: str) -> bool:
    """Turns the row of a complaint into a plain question with a name of its own; whether that could be done."""
    number = _row_number(text) - 2
    if "On the '" in text.replace("On the 'survey'", "") or not 0 <= number < len(survey):
        return False
    row = survey[number]
    kind = str(_of(row, "type") or "")
    if not kind or kind.strip().lower().startswith(("begin", "end")):
        return False
    name = str(_of(row, "name") or "")
    is_used = any(other is not row and _of(other, "name") == name for other in survey)
    fits = re.fullmatch(r"[A-Za-z_][\w.-]*", name) and not is_used
    texts = {column: text for column, text in row.items() if column.lower().startswith("label")}
    plain = {"type": "text", "name": name if fits else f"harmless_{number}"}
    survey[number] = texts | {_column(row, column): text for column, text in plain.items()}
    return True


def _column(row: dict[str, Any], column: str) -> str:
    """The column as its author wrote it: Type, type …"""
    return next((name for name in row if name.lower() == column), column)


def _of(row: dict[str, Any], column: str) -> Any:
    return row.get(_column(row, column))
