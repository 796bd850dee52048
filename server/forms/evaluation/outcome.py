"""What an expression's value becomes in the node that it is computed for, and whether a stored text is that value."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, tzinfo

from server.forms.xpath import Atom, Day, Moment, Value, text_of
from server.forms.xpath.typed import typed_value
from server.forms.xpath.values import atom_of

_TRUE, _FALSE = ("true", "1"), ("false", "0", "")
_CLOSE = 1e-9


def settled(value: Value, type: str, zone: tzinfo) -> Atom:
    """The value as a node of this bind type holds it (JavaRosa's rules): NaN is empty, an int is cut."""
    atom = atom_of(value)
    if isinstance(atom, bool) or atom == "":
        return atom
    if isinstance(atom, float):
        if math.isnan(atom):
            return ""
        return float(math.trunc(atom)) if type in ("int", "integer") and math.isfinite(atom) else atom
    if isinstance(atom, str):
        return typed_value(atom, type, zone)
    if isinstance(atom, Moment) and type == "date":
        return Day(atom.days)
    return atom


def is_same(value: Atom, text: str, zone: tzinfo) -> bool:
    """Whether `text`, written by any client, is `value`: engines write numbers, truths and days differently."""
    if isinstance(value, bool):
        return text in (_TRUE if value else _FALSE)
    if isinstance(value, float):
        return _is_number(value, text)
    if isinstance(value, Day):
        return _is_day(value, text, zone)
    # Blanks at the ends are lost on the way, and with them those between texts that were joined.
    return "".join(value.split()) == "".join(text.split()) or _is_number_text(value, text)


def _is_number(value: float, text: str) -> bool:
    try:
        other = float(text)
    except ValueError:
        return False
    return value == other or math.isclose(value, other, rel_tol=_CLOSE, abs_tol=_CLOSE)


def _is_number_text(value: str, text: str) -> bool:
    """Texts that two engines made of one number: 1.5 and 1.50, 0.1 and 0.1000000001."""
    if "." not in value and "." not in text:
        return False
    try:
        return _is_number(float(value), text)
    except ValueError:
        return False


def _is_day(value: Day, text: str, zone: tzinfo) -> bool:
    if text_of(value) == text:
        return True
    read = typed_value(text, "dateTime" if "T" in text else "date", zone)
    if not isinstance(read, Day):
        return False
    # JavaRosa writes a day into a text node with midnight behind it.
    return read == value or (not isinstance(value, Moment) and read.days == value.days)


def written(value: Atom, type: str, zone: tzinfo) -> str:
    """The text of a value in an instance: a moment with its time and zone, everything else as string() has it."""
    if isinstance(value, Moment) and type != "date":
        return _clock(value, zone) if type == "time" else f"{text_of(value)}T{_clock(value, zone)}"
    return text_of(value)


def _clock(value: Moment, zone: tzinfo) -> str:
    """09:30:00.000+08:00"""
    seconds, millis = divmod(value.after_midnight, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    offset = _offset(value, zone)
    sign, ahead = ("-", -offset) if offset < timedelta(0) else ("+", offset)
    zone_hours, rest = divmod(ahead, timedelta(hours=1))
    return f"{hours:02}:{minutes:02}:{seconds:02}.{millis:03}{sign}{zone_hours:02}:{rest.seconds // 60:02}"


def _offset(value: Moment, zone: tzinfo) -> timedelta:
    try:
        day = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=value.days, milliseconds=value.after_midnight)
        return zone.utcoffset(day.replace(tzinfo=None)) or timedelta(0)
    except OverflowError:
        return timedelta(0)
