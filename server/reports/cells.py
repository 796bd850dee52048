"""Single answers as a spreadsheet and as JSON take them. PURE."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Any

from server.forms.canonical import canonical
from server.reports.layout import POINT_PARTS

NUMBERS = ("int", "integer", "decimal", "range")
# A cell that starts with one of these is a formula to a spreadsheet program.
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,15})?", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
LONGEST_CELL = 32_767  # of Excel


def safe(text: str) -> str:
    """The text so that no spreadsheet program takes it for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text


def point_part(value: str | None, part: str) -> str | None:
    """One part of "lat lon altitude accuracy"."""
    pieces = (value or "").split()
    place = POINT_PARTS.index(part)
    return pieces[place] if place < len(pieces) else None


def as_number(value: str | None, type: str) -> Decimal | None:
    """The number of a numeric answer; None for everything that only looks like one."""
    if value is None or type not in NUMBERS:
        return None
    spelled = canonical(value, "decimal")
    return Decimal(spelled) if spelled and _NUMBER.fullmatch(spelled) else None


def plain_cell(value: str | None, type: str) -> str:
    """An answer in a CSV: numbers as they are, texts made harmless."""
    if value is None:
        return ""
    number = as_number(value, type)
    return str(number) if number is not None else safe(value.replace("\x00", ""))


def sheet_cell(value: str | None, type: str) -> str | Decimal | None:
    """An answer in a workbook: numbers are numbers, texts harmless and no longer than a cell takes."""
    number = as_number(value, type)
    if number is not None:
        return number
    if value is None:
        return None
    text = safe(_CONTROL.sub("\ufffd", value))
    return text if len(text) <= LONGEST_CELL else text[: LONGEST_CELL - 1] + "…"


def typed(value: str | None, type: str) -> Any:
    """An answer in JSON: whole numbers as numbers, decimals as texts (they must survive), choices as lists."""
    if value is None:
        return None
    if type in ("int", "integer"):
        return _whole(value)
    if type in ("select_multiple", "rank"):
        return value.split()
    if type == "geopoint":
        return {part: point_part(value, part) for part in POINT_PARTS}
    return canonical(value, type) if type in ("decimal", "date", "dateTime") else value


def _whole(value: str) -> int | str:
    try:
        number = Decimal(canonical(value, "int") or "")
    except InvalidOperation:
        return value
    return int(number) if number == number.to_integral_value() and abs(number) < 2**53 else value
