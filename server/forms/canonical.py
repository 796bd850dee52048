"""One spelling for each value, so that equality is a comparison of texts (design.md §5)."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:T.*)?", re.ASCII)
# Longer numbers are no measurement; as text they stay exactly what was written.
_LONGEST_NUMBER = 40


def canonical(value: object, type: str) -> str | None:
    """The canonical text of `value`, or None when it is empty. Never fails.

    Text is Unicode NFC and trimmed, without NUL (no database keeps it). `type` is a dataset or bind type:
    numbers become plain decimal strings, a select_multiple is sorted, instants are UTC, a geopoint is
    "lat lon [altitude accuracy]" with trailing zero parts left out. What does not look like its type stays
    text: judging it is validation's work, losing it is nobody's.
    """
    text = _text(value)
    if text is None:
        return None
    spell = _SPELLINGS.get(type)
    return spell(text) if spell else text


def _text(value: object) -> str | None:
    if value is None:
        return None
    if type(value) is not str:  # as nearly everything is
        value = _joined(value)
    text = value.replace("\x00", "")
    return (text if text.isascii() else unicodedata.normalize("NFC", text)).strip() or None


def _joined(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return " ".join(str(part) for part in value)
    return str(value)


def _number(text: str) -> str:
    if text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER:
        return text.lstrip("0") or "0"
    # People type full-width digits; NFKC makes them plain.
    plain = unicodedata.normalize("NFKC", text).strip()
    if len(plain) > _LONGEST_NUMBER or not _NUMBER.fullmatch(plain):
        return text
    try:
        number = Decimal(plain)
    except InvalidOperation:
        return text
    if abs(number.adjusted()) > _LONGEST_NUMBER:
        return text
    digits = format(number, "f")
    if "." in digits:
        digits = digits.rstrip("0").rstrip(".")
    return "0" if digits.lstrip("+-0") == "" else digits


def _choices(text: str) -> str:
    return " ".join(sorted(set(text.split())))


def _date(text: str) -> str:
    found = _DATE.fullmatch(text)
    return f"{found[1]}-{int(found[2]):02}-{int(found[3]):02}" if found else text


def _instant(text: str) -> str:
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo is not None:
            moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return text
    spelled = moment.isoformat(timespec="milliseconds").replace(".000", "")
    return spelled.replace("+00:00", "Z") if moment.tzinfo else spelled


def _point(text: str) -> str:
    parts = [_number(part) for part in text.split()]
    while len(parts) > 2 and parts[-1] == "0":
        parts.pop()
    return " ".join(parts)


def _points(text: str) -> str:
    return ";".join(_point(point) for point in text.split(";") if point.strip())


_SPELLINGS: dict[str, Callable[[str], str]] = {
    "integer": _number,
    "int": _number,
    "decimal": _number,
    "range": _number,
    "date": _date,
    "datetime": _instant,
    "dateTime": _instant,
    "select_multiple": _choices,
    "geopoint": _point,
    "geotrace": _points,
    "geoshape": _points,
    # Entity ids compare without regard to case or the OpenRosa prefix.
    "reference": lambda text: text.lower().removeprefix("uuid:"),
}
