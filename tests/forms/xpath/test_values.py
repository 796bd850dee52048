"""Numbers as texts, dates, typed answers: the corners, with what Java prints written down."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.forms.xpath import Context, Day, Moment, Node, compile_expression, number_of, text_of, truth_of, typed_value
from server.forms.xpath.civil import civil_of, days_of
from server.forms.xpath.clock import from_instant, instant_of, parse
from server.forms.xpath.numbers import number_of_text, text_of_number
from tests.forms.xpath.ours import SHANGHAI, value

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (3.0, "3"),
        (-3.0, "-3"),
        (-0.0, "0"),
        (0.1 + 0.2, "0.30000000000000004"),
        (1 / 3, "0.3333333333333333"),
        (2147483647.0, "2147483647"),
        (2147483648.0, "2.147483648E9"),
        (1e7 + 0.5, "1.00000005E7"),
        (9999999.5, "9999999.5"),
        (0.001, "0.001"),
        (0.00012, "1.2E-4"),
        (-1e-5, "-1.0E-5"),
        (1e-13, "0"),
        (1e23, "1.0E23"),
        (math.inf, "Infinity"),
        (-math.inf, "-Infinity"),
        (math.nan, "NaN"),
    ],
)
def test_a_number_is_written_as_java_writes_it(number: float, text: str) -> None:
    assert text_of_number(number) == text


@pytest.mark.parametrize("text", ["", "-", "--1", "1-2", "1.2.3", "+1", "1e3", "Infinity", "٣", "1 2", "0x1", "."])
def test_what_is_no_plain_decimal_is_no_number(text: str) -> None:
    assert math.isnan(number_of_text(text))


@pytest.mark.parametrize(("text", "number"), [(" 7 ", 7.0), ("1,5", 1.5), (".5", 0.5), ("5.", 5.0), ("-2.25", -2.25)])
def test_a_plain_decimal_is_a_number_with_either_sign_of_decimals(text: str, number: float) -> None:
    assert number_of_text(text) == number


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_the_text_of_a_number_has_all_its_digits(number: float) -> None:
    text = text_of_number(number)
    assert float(text) == number or abs(float(text) - number) < 1e-12


@given(st.integers(-(10**7), 10**7))
def test_every_day_has_one_date(days: int) -> None:
    assert days_of(*civil_of(days)) == days


@given(st.integers(-(10**14), 10**14), st.sampled_from([UTC, SHANGHAI, BERLIN]))
def test_an_instant_survives_becoming_local_time(milliseconds: int, zone: Any) -> None:
    """But for the hour that is there twice when summer time ends."""
    back = instant_of(from_instant(milliseconds, zone), zone)
    assert back == milliseconds or abs(back - milliseconds) == 3_600_000


@pytest.mark.parametrize("text", ["", "2024", "2024-13-01", "2023-02-29", "2024-01-01T", "2024-01-01T25:00", "a-b-c"])
def test_what_is_no_date_is_none(text: str) -> None:
    assert parse(text, UTC) is None


def test_a_time_with_an_offset_becomes_local() -> None:
    assert parse("2024-01-01T23:30:00+00:00", SHANGHAI) == Moment(days_of(2024, 1, 2) or 0, 27_000_000)
    assert parse("2024-01-01T10:00", SHANGHAI) == Moment(days_of(2024, 1, 1) or 0, 36_000_000)


@pytest.mark.parametrize(
    ("text", "type", "expected"),
    [
        ("07", "int", 7.0),
        ("x", "int", "x"),
        ("", "int", ""),
        ("1.50", "decimal", 1.5),
        ("2024-02-29", "date", Day(19782)),
        ("2024-02-30", "date", "2024-02-30"),
        ("2024-02-29T01:00:00.000+08:00", "dateTime", Moment(19782, 3_600_000)),
        ("10:30:00.000+08:00", "time", Moment(0, 37_800_000)),
        ("true", "boolean", True),
        ("a b", "select", "a b"),
        ("12.5 108 0 0", "geopoint", "12.5 108.0 0.0 0.0"),
        ("1 2;3 4", "geotrace", "1.0 2.0 0.0 0.0; 3.0 4.0 0.0 0.0"),
        ("north", "geopoint", "north"),
    ],
)
def test_an_answer_is_worth_what_its_type_says(text: str, type: str, expected: object) -> None:
    """What does not look like its type stays text."""
    found = typed_value(text, type, SHANGHAI)
    assert found == expected and isinstance(found, expected.__class__)


def test_a_date_is_its_iso_text_its_days_and_true() -> None:
    day, moment = Day(19723), Moment(19723, 36_000_000)
    assert (text_of(day), number_of(day), truth_of(day)) == ("2024-01-01", 19723.0, True)
    assert (text_of(moment), number_of(moment)) == ("2024-01-01", 19723.0)


def test_today_and_now_are_of_the_zone_of_the_context() -> None:
    """20:00 UTC is the next day in China."""
    root = Node("data")
    context = Context(root, root, now=datetime(2026, 11, 21, 20, 0, tzinfo=UTC).astimezone(SHANGHAI))
    assert text_of(compile_expression("today()")(context)) == "2026-11-22"
    assert compile_expression("format-date-time(now(), '%H:%M')")(context) == "04:00"
    assert compile_expression("decimal-date-time(now()) = decimal-date-time('2026-11-21T20:00:00Z')")(context) is True


@pytest.mark.parametrize(
    ("line", "crosses"),
    [
        ("0 0;0 2;1 1", False),
        ("0 0;2 2;2 0;0 2", True),
        ("0 0;0 2;2 2;2 0;0 0", False),
        ("0 0;2 2;0 2;2 0;0 0", True),
        ("0 0;0 2;0 1", True),
        ("0 0;1 1;2 2", False),
        ("0 0;0 2;2 2;0 1;5 5", True),
        ("", False),
        ("x y;1 2", False),
        ("0 0;0 0;1 1", False),
        ("0 0 0 0; 2 2 0 0; 2 0 0 0; 0 2 0 0;", True),
    ],
)
def test_intersects_tells_a_line_that_crosses_itself(line: str, crosses: bool) -> None:
    assert value(f"intersects('{line}')") is crosses


def test_a_signed_text_is_extracted_only_with_its_key() -> None:
    """Ed25519 with a key made here."""
    from base64 import b64encode

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    public = b64encode(key.public_key().public_bytes_raw()).decode()
    message = "户 1".encode()
    signed = b64encode(key.sign(message) + message).decode()
    other = b64encode(Ed25519PrivateKey.from_private_bytes(bytes(32)).public_key().public_bytes_raw()).decode()
    assert value(f"extract-signed('{signed}', '{public}')") == "户 1"
    assert value(f"extract-signed('{signed}', '{other}')") == ""
    assert value(f"extract-signed('{signed[4:]}', '{public}')") == ""
