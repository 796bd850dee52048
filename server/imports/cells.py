"""One cell of a register as a canonical value, or why it is none. PURE."""

from __future__ import annotations

import math
import re
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache

from server.forms.canonical import canonical
from server.forms.dataset import Property
from server.forms.fitting import LONGEST
from server.imports.mapping import DATES, Column

EXACT = 10**15  # a spreadsheet keeps no more digits than that
TINY = 1e-9
_SCIENTIFIC = re.compile(r"\d(\.\d+)?E\+\d+", re.IGNORECASE | re.ASCII)
# Thousands may be parted; a comma elsewhere may mean a point, or two numbers: nobody guesses.
_NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}([, ]\d{3})+)(\.\d+)?", re.ASCII)
_QUOTED = re.compile(r'="([^"=]*)"')  # how some programs keep a spreadsheet from touching a code
_ERRORS = ("#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!")
_INVISIBLE = re.compile("[\u200b-\u200f\u2060\ufeff\x00-\x08\x0b\x0c\x0e-\x1f]")


class Formula(str):
    """The text of a formula, which nobody computes."""


class Day(str):
    """A cell that the workbook itself calls a date, as ISO 8601: the formats of texts are not asked."""


Cell = str | int | float | Decimal | bool | datetime | date | time | None


@dataclass(frozen=True)
class Spoiled:
    """Why a cell cannot be taken: a code of messages.FAULTS and what fills its placeholders in."""

    code: str
    values: tuple[tuple[str, object], ...] = ()


def plain(cell: Cell) -> str | Spoiled:
    """The cell as a person reads it; "" is empty."""
    if isinstance(cell, Formula):
        return Spoiled("cell.formula")
    if cell is None:
        return ""
    if isinstance(cell, str):
        return _plain_text(cell)
    if isinstance(cell, bool):
        return "是" if cell else "否"
    if isinstance(cell, int | float):
        return _plain_number(cell)
    if isinstance(cell, datetime):
        return Day(cell.date().isoformat() if cell.time() == time() else cell.isoformat(timespec="seconds"))
    if isinstance(cell, date):
        return Day(cell.isoformat())
    return cell.isoformat() if isinstance(cell, time) else str(cell)


def _plain_text(cell: str) -> str | Spoiled:
    text = unicodedata.normalize("NFC", _INVISIBLE.sub("", cell)).strip()
    quoted = _QUOTED.fullmatch(text)
    text = (quoted[1] if quoted else text.removeprefix("'")).strip()
    if text in _ERRORS:
        return Spoiled("cell.error")
    if text.startswith("=") and len(text) > 1:
        return Spoiled("cell.formula")
    return Spoiled("cell.digits_lost") if _SCIENTIFIC.fullmatch(text) else text


def _plain_number(cell: int | float) -> str | Spoiled:
    if isinstance(cell, float) and not math.isfinite(cell):
        return Spoiled("cell.error")
    if abs(cell) >= EXACT:
        return Spoiled("cell.digits_lost")
    if cell == int(cell):
        return str(int(cell))
    # 15 digits are what a spreadsheet shows of what it computed: 0.1 + 0.2 is 0.3.
    return format(Decimal(f"{cell:.15g}"), "f") if abs(cell) > TINY else repr(cell)


def value_of(column: Column, text: str) -> str | Spoiled | None:
    """The canonical value of a cell's text; None for ""."""
    if not text:
        return None
    prop = column.to
    if prop.choices is not None:
        return _coded(column, text)
    if prop.type in ("integer", "decimal"):
        return _number(prop, text)
    if prop.type == "date":
        return _day(DATES if isinstance(text, Day) else column.dates, text)
    if len(text) > LONGEST:
        return Spoiled("cell.long", (("limit", LONGEST),))
    return canonical(text.upper() if prop.name == "id_number" else text, prop.type)


def _coded(column: Column, text: str) -> str | Spoiled | None:
    known = _labels(column.to)
    parts = [text]
    if column.to.type == "select_multiple" and text not in column.codes and text not in known:
        parts = [part.strip() for part in re.split(f"[{re.escape(column.parted_by)}]+", text) if part.strip()]
    found = [column.codes.get(part, known.get(part)) for part in parts]
    if None in found:
        words = "、".join(f"{c.value} {c.labels['zh']}" for c in (column.to.choices or ())[:12])
        return Spoiled("cell.code", (("known", words),))
    return canonical(" ".join(str(part) for part in found), column.to.type)


@lru_cache(maxsize=512)
def _labels_of(choices: tuple[tuple[str, str, str], ...]) -> dict[str, str]:
    found = {code: code for code, _, _ in choices}
    for code, zh, en in choices:
        found.setdefault(zh, code)
        found.setdefault(en, code)
    return found


def _labels(prop: Property) -> dict[str, str]:
    """Codes and both labels, each to its code."""
    return _labels_of(tuple((c.value, c.labels.get("zh", ""), c.labels.get("en", "")) for c in prop.choices or ()))


def _number(prop: Property, text: str) -> str | Spoiled | None:
    digits = unicodedata.normalize("NFKC", text)
    if not _NUMBER.fullmatch(digits):
        return Spoiled("cell.number")
    value = canonical(digits.replace(",", "").replace(" ", ""), prop.type)
    return Spoiled("cell.whole") if prop.type == "integer" and "." in (value or "") else value


def _day(formats: tuple[str, ...], text: str) -> str | Spoiled:
    day = unicodedata.normalize("NFKC", text).partition("T")[0]
    for form in formats:
        try:
            found = datetime.strptime(day, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
        # Digits alone must all be there: 198312 is a month, and 2024115 two days.
        whole = not day.isdigit() or found.strftime(form) == day
        if whole and 1800 <= found.year <= 2200:
            return found.isoformat()
    return Spoiled("cell.date")


def key_part(text: str) -> str:
    """How a cell counts in a key: width, case and blanks make no difference."""
    found = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    # Until it stays: without a blank between them two letters may become one.
    return text if found == text else key_part(found)
