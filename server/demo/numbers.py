"""Numbers that cannot belong to anybody: ID numbers of area 99 with a right check digit, phones 1990000xxxx."""

from __future__ import annotations

from collections import Counter
from datetime import date

AREA = "990101"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def check_digit(first17: str) -> str:
    """The last character of an ID number (GB 11643-1999)."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


class IdNumbers:
    """Gives each number once."""

    def __init__(self) -> None:
        self._serials: Counter[tuple[date, str]] = Counter()
        self._phones = 0

    def next(self, born: date, sex: str) -> str:
        """The next ID number of this day; odd serials are male ("1"), even ones female ("2")."""
        self._serials[born, sex] += 1
        serial = 2 * self._serials[born, sex] - (1 if sex == "1" else 0)
        first17 = f"{AREA}{born:%Y%m%d}{serial:03}"
        return first17 + check_digit(first17)

    def phone(self) -> str:
        self._phones += 1
        return f"1990000{self._phones:04}"
