"""Values that mean the same are spelled the same; nothing is lost and nothing fails."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.forms.canonical import canonical
from server.forms.datasets import TYPES

ANY_TYPE = st.sampled_from([*TYPES, "string", "int", "dateTime", "geotrace", "geoshape", "image", "unheard_of"])
ANY_VALUE = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text(max_size=5), max_size=4),
    st.from_regex(r"[+-]?[0-9]{1,30}(\.[0-9]{1,12})?([eE][+-]?[0-9]{1,4})?", fullmatch=True),
    st.from_regex(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(T.{0,20})?", fullmatch=True),
)  # fmt: skip


@given(ANY_VALUE, ANY_TYPE)
def test_a_canonical_value_is_its_own_canonical_value(value: object, type: str) -> None:
    """Otherwise a value that merely passes through once more would look like a change."""
    once = canonical(value, type)
    assert once is None or (once == canonical(once, type) and once == once.strip() and once)


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**9), max_value=10**9, places=6))
def test_a_decimal_keeps_its_value(number: object) -> None:
    from decimal import Decimal

    spelled = canonical(str(number), "decimal")
    assert spelled is not None and Decimal(spelled) == number and "E" not in spelled.upper()


@pytest.mark.parametrize(
    ("type", "one", "other"),
    [
        ("decimal", "012.500", "12.5"),
        ("decimal", "1.2e3", "1200"),
        ("decimal", "-0.0", "0"),
        ("decimal", "１２.５", "12.5"),
        ("decimal", 96.0, "96"),
        ("decimal", "+7", "7"),
        ("integer", 3, "3"),
        ("text", " cafe\u0301 ", "café"),
        ("text", "a\x00b", "ab"),
        ("select_multiple", "water  health water", "health water"),
        ("select_multiple", ["water", "health"], "health water"),
        ("date", "2026-1-5", "2026-01-05"),
        ("date", "2026-11-21T00:00:00.000+08:00", "2026-11-21"),
        ("datetime", "2026-11-21T08:00:00.000+08:00", "2026-11-21T00:00:00Z"),
        ("geopoint", "25.10 101.70 0.0 0.0", "25.1 101.7"),
        ("geopoint", "25.1 101.7 1890.50 12.30", "25.1 101.7 1890.5 12.3"),
        ("geotrace", "1.0 2 0 0; 3 4.50 0 0;", "1 2;3 4.5"),
        ("reference", "uuid:AAAAAAAA-0000-4000-8000-000000000000", "aaaaaaaa-0000-4000-8000-000000000000"),
    ],
)  # fmt: skip
def test_two_spellings_of_one_value_are_equal(type: str, one: object, other: object) -> None:
    assert canonical(one, type) == canonical(other, type) == other


@pytest.mark.parametrize(("type", "text"), [
    ("decimal", "about 12"), ("decimal", "1" * 50), ("decimal", "NaN"), ("decimal", "1e999"),
    ("date", "yesterday"), ("datetime", "24 o'clock"), ("geopoint", "north"),
])  # fmt: skip
def test_what_does_not_look_like_its_type_stays_as_written(type: str, text: str) -> None:
    assert canonical(text, type) == text


@pytest.mark.parametrize("empty", [None, "", "  ", "\u3000", [], "\x00"])
def test_nothing_is_none(empty: object) -> None:
    assert canonical(empty, "text") is None
