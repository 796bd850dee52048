"""Small habits of Java that forms rely on."""

from __future__ import annotations

import math

# What String.trim() takes away.
BLANKS = "".join(map(chr, range(33)))
INT_MAX, INT_MIN = 2**31 - 1, -(2**31)
LONG_MAX, LONG_MIN = 2**63 - 1, -(2**63)


def to_int(number: float) -> int:
    """(int) number: towards zero, NaN is 0, and what is too large becomes the largest."""
    return _cast(number, INT_MIN, INT_MAX)


def to_long(number: float) -> int:
    """(long) number."""
    return _cast(number, LONG_MIN, LONG_MAX)


def _cast(number: float, least: int, most: int) -> int:
    if math.isnan(number):
        return 0
    if math.isinf(number):
        return most if number > 0 else least
    return min(max(int(number), least), most)
