"""ID numbers by GB 11643-1999: its own specimens, and each kind of mistake."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.forms.id_number import check_character, read_id_number


@pytest.mark.parametrize(
    ("text", "born", "sex"),
    [
        ("11010519491231002X", date(1949, 12, 31), "2"),
        ("440524188001010014", date(1880, 1, 1), "1"),
        (" 11010519491231002x ", date(1949, 12, 31), "2"),
    ],
)
def test_the_specimens_of_the_standard_are_valid(text: str, born: date, sex: str) -> None:
    found = read_id_number(text)
    assert found.is_valid and (found.birth_date, found.sex) == (born, sex)
    assert found.text == text.strip().upper()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "length"),
        ("110105491231002", "length"),
        ("11010519491231002", "length"),
        ("11010519491231002XX", "length"),
        ("1101051949123100ZX", "characters"),
        ("X1010519491231002X", "characters"),
        ("１１０１０５１９４９１２３１００２Ｘ", "characters"),
        ("11010519490230002X", "date"),
        ("110105194913310021", "date"),
        ("110105179912310021", "date"),
        ("110105194912310021", "check"),
        ("11010519491231001X", "check"),
    ],
)
def test_each_mistake_has_its_reason(text: str, fault: str) -> None:
    found = read_id_number(text)
    assert (found.fault, found.is_valid) == (fault, False)


def test_an_unknown_area_is_no_mistake() -> None:
    number = "999999" + "19900101" + "123"
    assert read_id_number(number + check_character(number)).is_valid


_NUMBERS = st.builds(
    lambda area, born, order: f"{area:06}{born:%Y%m%d}{order:03}",
    st.integers(0, 999_999), st.dates(date(1800, 1, 1), date(2100, 1, 1)), st.integers(0, 999),
)  # fmt: skip


@given(_NUMBERS, st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(number: str, place: int, step: int) -> None:
    """What the check character is for; and the right one says birth date and sex."""
    whole = number + check_character(number)
    good = read_id_number(whole)
    assert good.is_valid and f"{good.birth_date:%Y%m%d}" == number[6:14]
    assert good.sex == ("1" if int(number[16]) % 2 else "2")
    wrong = whole[:place] + str((int(whole[place]) + step) % 10) + whole[place + 1 :]
    assert not read_id_number(wrong).is_valid
