"""Functions of dates and times, in the zone of the context."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import UTC, tzinfo

from server.forms.xpath.civil import civil_of
from server.forms.xpath.clock import (
    DAY_MS,
    clock_of,
    day_of,
    from_instant,
    instant_of,
    now_of,
    parse,
    week_of,
    weekday_of,
)
from server.forms.xpath.code import Kind
from server.forms.xpath.context import Context
from server.forms.xpath.errors import EvaluationError
from server.forms.xpath.functions.registry import Wants, plain
from server.forms.xpath.java import INT_MAX, INT_MIN
from server.forms.xpath.values import Atom, Day, Moment, text_of

_ATOM = Wants.ATOM
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
_WEEKDAYS = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]


def _zone(context: Context) -> tzinfo:
    return context.now.tzinfo or UTC


@plain("today", gives=Kind.ATOM, in_context=True)
def _today(context: Context) -> Day:
    if context.today is None:
        context.today = Day(day_of(context.now))
    return context.today


@plain("now", gives=Kind.ATOM, in_context=True)
def _now(context: Context) -> Moment:
    return now_of(context.now)


@plain("date", wants=(_ATOM,), gives=Kind.ATOM, in_context=True)
def _date(context: Context, value: Atom) -> Atom:
    """A text keeps its time of day; a number is days, a moment loses its time. Empty stays empty, NaN stays NaN."""
    if isinstance(value, Day):
        return Day(value.days)
    if isinstance(value, float):
        return Day(int(_in_range(value))) if value == value else value
    return _parsed(context, value)


@plain("date-time", wants=(_ATOM,), gives=Kind.ATOM, in_context=True)
def _date_time(context: Context, value: Atom) -> Atom:
    """A number is days since 1970-01-01T00:00Z."""
    if isinstance(value, Day):
        return value
    if isinstance(value, float):
        return from_instant(int(_in_range(value) * DAY_MS), _zone(context)) if value == value else value
    return _parsed(context, value)


def _parsed(context: Context, value: Atom) -> Atom:
    if value == "":
        return ""
    found = parse(value, _zone(context)) if isinstance(value, str) else None
    if found is None:
        raise EvaluationError("no_date", text=text_of(value)[:40])
    return found


def _in_range(number: float) -> float:
    if not INT_MIN <= number <= INT_MAX:
        raise EvaluationError("date_range", text=text_of(number))
    return number


@plain("decimal-date-time", wants=(_ATOM,), gives=Kind.ATOM, in_context=True)
def _decimal_date_time(context: Context, value: Atom) -> Atom:
    """Days since 1970-01-01T00:00Z with their fraction."""
    found = value if isinstance(value, float | Day) else _parsed(context, value)
    if isinstance(found, Day):
        return instant_of(found, _zone(context)) / DAY_MS
    return _in_range(found) if isinstance(found, float) and found == found else found


@plain("decimal-time", wants=(_ATOM,), gives=Kind.ATOM, in_context=True)
def _decimal_time(context: Context, value: Atom) -> Atom:
    """The time of day as a fraction of it, in local time."""
    found = value if isinstance(value, float | Day) else _parsed(context, value)
    if isinstance(found, Day):
        days = (found.days * DAY_MS + found.millis) / DAY_MS
        return days - math.floor(days)
    if isinstance(found, float) and found == found:
        return _in_range(found) - math.floor(found)
    return found


@plain("format-date", "format-date-time", wants=(_ATOM, Wants.TEXT), gives=Kind.TEXT, in_context=True)
def _format(context: Context, value: Atom, format: str) -> str:
    found = _date_time(context, value)
    return formatted(found, format) if isinstance(found, Day) else ""


_Fields = tuple[Day, tuple[int, int, int], tuple[int, int, int, int]]
_PARTS: dict[str, Callable[[_Fields], str]] = {
    "Y": lambda fields: f"{fields[1][0]:04}",
    "y": lambda fields: f"{fields[1][0]:04}"[2:],
    "m": lambda fields: f"{fields[1][1]:02}",
    "n": lambda fields: str(fields[1][1]),
    "b": lambda fields: _MONTHS[fields[1][1] - 1],
    "d": lambda fields: f"{fields[1][2]:02}",
    "e": lambda fields: str(fields[1][2]),
    "H": lambda fields: f"{fields[2][0]:02}",
    "h": lambda fields: str(fields[2][0]),
    "M": lambda fields: f"{fields[2][1]:02}",
    "S": lambda fields: f"{fields[2][2]:02}",
    "3": lambda fields: f"{fields[2][3]:03}",
    "a": lambda fields: _WEEKDAYS[weekday_of(fields[0].days)],
    "W": lambda fields: str(week_of(fields[0].days)),
    "%": lambda fields: "%",
}


def formatted(moment: Day, format: str) -> str:
    """The date in a format of %-letters. Raises EvaluationError for a letter that means nothing."""
    fields = moment, civil_of(moment.days), clock_of(moment)
    parts, at = [], 0
    while at < len(format):
        character = format[at]
        if character != "%":
            parts.append(character)
            at += 1
            continue
        part = _PARTS.get(format[at + 1 : at + 2])
        if part is None:
            raise EvaluationError("date_format", text=format[:40])
        parts.append(part(fields))
        at += 2
    return "".join(parts)
