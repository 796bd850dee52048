"""The calendar: days since 1970-01-01 and back, for any year."""

from __future__ import annotations

from datetime import date

_EPOCH = date(1970, 1, 1).toordinal()
_FIRST, _LAST = date.min.toordinal() - _EPOCH, date.max.toordinal() - _EPOCH
# 400 years repeat exactly.
_CYCLE_YEARS, _CYCLE_DAYS = 400, 146_097


def civil_of(days: int) -> tuple[int, int, int]:
    """(year, month, day) of the proleptic Gregorian calendar."""
    cycles = 0
    if not _FIRST <= days <= _LAST:
        cycles, days = divmod(days, _CYCLE_DAYS)
    found = date.fromordinal(days + _EPOCH)
    return found.year + cycles * _CYCLE_YEARS, found.month, found.day


def days_of(year: int, month: int, day: int) -> int | None:
    """Days since 1970-01-01; None when there is no such day."""
    cycles = 0
    if not 1 <= year <= 9999:
        cycles, year = divmod(year, _CYCLE_YEARS)
        cycles, year = cycles - 5, year + 5 * _CYCLE_YEARS
    try:
        return date(year, month, day).toordinal() - _EPOCH + cycles * _CYCLE_DAYS
    except ValueError:
        return None


def first_of(year: int) -> int:
    """The days of 1 January."""
    return days_of(year, 1, 1) or 0


def iso_date(days: int) -> str:
    """2026-11-22. The year has no leading zeros."""
    year, month, day = civil_of(days)
    return f"{year}-{month:02}-{day:02}"
