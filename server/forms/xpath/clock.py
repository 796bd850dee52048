"""Dates and times as texts and instants: what JavaRosa reads and writes."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, tzinfo

from server.forms.xpath.civil import civil_of, days_of, first_of, iso_date
from server.forms.xpath.values import Day, Moment

DAY_MS = 86_400_000
_DATE = re.compile(r"\+?([0-9]{1,9})-\+?([0-9]{1,9})-\+?([0-9]{1,9})")
_TIME = re.compile(
    r"([0-9]{1,2}):([0-9]{1,2})(?::([0-9]*\.?[0-9]*)[^:+\-Z]*)?(?:(Z)|([+-])([0-9]{1,2})(?::?([0-9]{2}))?)?"
)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - local wall time without a zone


def parse(text: str, zone: tzinfo) -> Day | None:
    """2026-11-22, or with T and a time, with an offset or without (then it is local). None: no date."""
    if len(text) == 10 and text[4] == text[7] == "-" and text.isascii():
        # Nearly all dates, quickly.
        try:
            return Day(date.fromisoformat(text).toordinal() - _EPOCH_DAY)
        except ValueError:
            return None if "+" not in text else _parse(text, zone)
    return _parse(text, zone)


def _parse(text: str, zone: tzinfo) -> Day | None:
    day, has_time, time = text.partition("T")
    match = _DATE.fullmatch(day)
    days = days_of(int(match[1]), int(match[2]), int(match[3])) if match else None
    if days is None:
        return None
    return parse_time(time, days, zone) if has_time else Day(days)


def parse_time(text: str, days: int, zone: tzinfo) -> Moment | None:
    """A time on a day; one with an offset may fall on the day before or after in `zone`."""
    match = _TIME.fullmatch(text)
    if match is None or match[3] in ("", "."):
        return None
    hour, minute, seconds = int(match[1]), int(match[2]), float(match[3] or 0)
    if hour > 23 or minute > 59 or seconds >= 60:
        return None
    second = int(seconds)
    millis = ((hour * 60 + minute) * 60 + second) * 1000 + int(1000.0 * seconds - 1000.0 * second)
    if match[4] is None and match[5] is None:
        return Moment(days, millis)
    offset = int(match[6] or 0) * 60 + int(match[7] or 0)
    return from_instant(days * DAY_MS + millis - (-offset if match[5] == "-" else offset) * 60_000, zone)


def from_instant(milliseconds: int, zone: tzinfo) -> Moment:
    """Milliseconds since 1970-01-01T00:00Z → local date and time."""
    try:
        utc = _EPOCH.replace(tzinfo=UTC) + timedelta(milliseconds=milliseconds)
        offset = (utc.astimezone(zone).utcoffset() or timedelta()) // timedelta(milliseconds=1)
    except OverflowError:
        offset = _offset_far_off(milliseconds, zone)
    days, millis = divmod(milliseconds + offset, DAY_MS)
    return Moment(days, millis)


def instant_of(moment: Day, zone: tzinfo) -> int:
    """Local date and time → milliseconds since 1970-01-01T00:00Z."""
    return moment.days * DAY_MS + moment.millis - offset_of(moment, zone)


def offset_of(moment: Day, zone: tzinfo) -> int:
    """How far local time is ahead of UTC then, in milliseconds."""
    try:
        local = _EPOCH + timedelta(days=moment.days, milliseconds=moment.millis)
    except OverflowError:
        return _offset_far_off(moment.days, zone)
    return (local.replace(tzinfo=zone).utcoffset() or timedelta()) // timedelta(milliseconds=1)


def _offset_far_off(sign: int, zone: tzinfo) -> int:
    """The offset outside the years 1 to 9999: that of the nearest one known."""
    nearest = datetime(9999, 12, 30, tzinfo=zone) if sign > 0 else datetime(1, 1, 2, tzinfo=zone)
    return (nearest.utcoffset() or timedelta()) // timedelta(milliseconds=1)


def day_of(now: datetime) -> int:
    """The local day of an instant with a zone, in days since 1970-01-01."""
    return now.toordinal() - _EPOCH_DAY


def now_of(now: datetime) -> Moment:
    """The local date and time of an instant with a zone."""
    passed = now.replace(tzinfo=None) - _EPOCH
    return Moment(passed.days, passed.seconds * 1000 + passed.microseconds // 1000)


def iso_text(value: Day, zone: tzinfo) -> str:
    """2026-11-22 for a Day, 2026-11-22T09:30:00.000+08:00 for a Moment."""
    return f"{iso_date(value.days)}T{iso_time(value, zone)}" if isinstance(value, Moment) else iso_date(value.days)


def iso_time(value: Day, zone: tzinfo) -> str:
    """09:30:00.000+08:00."""
    hour, minute, second, millis = clock_of(value)
    offset = offset_of(value, zone) // 60_000
    sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
    shown = f"{sign}{hours:02}:{minutes:02}" if offset else "Z"
    return f"{hour:02}:{minute:02}:{second:02}.{millis:03}{shown}"


def clock_of(value: Day) -> tuple[int, int, int, int]:
    """(hour, minute, second, millisecond)."""
    minutes, millis = divmod(value.millis, 60_000)
    return *divmod(minutes, 60), *divmod(millis, 1000)


def weekday_of(days: int) -> int:
    """0 Monday … 6 Sunday."""
    return (days + 3) % 7


def week_of(days: int) -> int:
    """The week of the year as Java counts it: weeks begin on Sunday, the first is that of 1 January."""
    year, _, _ = civil_of(days)
    start = first_of(year)
    following = first_of(year + 1)
    if days >= following - (weekday_of(following) + 1) % 7:
        return 1
    return (days - start + (weekday_of(start) + 1) % 7) // 7 + 1
