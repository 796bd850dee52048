"""Whether a text is a value of its type: the lexical forms that ODK clients write."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

_INT = re.compile(r"[+-]?\d{1,10}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_ZONE = r"(Z|[+-](0\d|1[0-4])(:?[0-5]\d)?)?"
_TIME = re.compile(rf"([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d+)?)?{_ZONE}", re.ASCII)
_LARGEST_INT = 2**31


def is_int(text: str) -> bool:
    """32 bits, as everywhere in ODK."""
    return _INT.fullmatch(text) is not None and -_LARGEST_INT <= int(text) < _LARGEST_INT


def is_decimal(text: str) -> bool:
    return _DECIMAL.fullmatch(text) is not None


def is_date(text: str) -> bool:
    """2026-11-21, and such a day there is."""
    try:
        return len(text) == 10 and text[4] == text[7] == "-" and bool(date.fromisoformat(text))
    except ValueError:
        return False


def is_time(text: str) -> bool:
    return _TIME.fullmatch(text) is not None


def is_moment(text: str) -> bool:
    day, separator, clock = text.partition("T")
    return bool(separator) and is_date(day) and is_time(clock)


def is_boolean(text: str) -> bool:
    return text in ("true", "false", "1", "0")


def is_point(text: str) -> bool:
    """ "lat lon", with altitude and accuracy if known."""
    parts = text.split()
    if not 2 <= len(parts) <= 4 or not all(map(is_decimal, parts)):
        return False
    return abs(float(parts[0])) <= 90 and abs(float(parts[1])) <= 180


def _points(text: str, least: int) -> list[str] | None:
    points = [point.strip() for point in text.split(";") if point.strip()]
    return points if len(points) >= least and all(map(is_point, points)) else None


def is_trace(text: str) -> bool:
    return _points(text, 2) is not None


def is_shape(text: str) -> bool:
    """Closed: it ends where it began."""
    points = _points(text, 4)
    return points is not None and points[0].split()[:2] == points[-1].split()[:2]


LEXICAL: dict[str, Callable[[str], bool]] = {
    "int": is_int,
    "integer": is_int,
    "decimal": is_decimal,
    "date": is_date,
    "time": is_time,
    "dateTime": is_moment,
    "boolean": is_boolean,
    "geopoint": is_point,
    "geotrace": is_trace,
    "geoshape": is_shape,
}
