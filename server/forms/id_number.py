"""Citizens' ID numbers (GB 11643-1999). PURE.

6 digits of area, 8 of birth, 3 of order (the last of them odd for men), and a check character: the weighted sum of the
17 digits modulo 11 picks it. An area code that no table knows is no mistake: many were retired.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

LENGTH = 18
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_SHAPE = re.compile(r"\d{17}[\dX]", re.ASCII)


@dataclass(frozen=True)
class IdNumber:
    """What a number says. `fault`: "" when it is good, else length, characters, date or check.

    `birth_date` and `sex` (GB/T 2261.1: 1 male, 2 female) are read whenever the shape allows, also with a wrong check
    character: it may be the only mistake.
    """

    text: str
    fault: str
    birth_date: date | None = None
    sex: str | None = None

    @property
    def is_valid(self) -> bool:
        return not self.fault


def read_id_number(text: str) -> IdNumber:
    """Read a number; blanks around it are dropped and a small x is raised."""
    number = text.strip().upper()
    if len(number) != LENGTH:
        return IdNumber(number, "length")
    if not _SHAPE.fullmatch(number):
        return IdNumber(number, "characters")
    birth_date = _birth_date(number[6:14])
    sex = "1" if int(number[16]) % 2 else "2"
    if birth_date is None:
        return IdNumber(number, "date", None, sex)
    return IdNumber(number, "" if check_character(number) == number[17] else "check", birth_date, sex)


def check_character(number: str) -> str:
    """The last character that belongs to the first 17 digits."""
    return _CHECKS[sum(int(digit) * weight for digit, weight in zip(number[:17], _WEIGHTS, strict=True)) % 11]


def _birth_date(digits: str) -> date | None:
    """YYYYMMDD from 1800 on (the standard's own specimen was born in 1880)."""
    try:
        found = date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None
    return found if found.year >= 1800 else None
