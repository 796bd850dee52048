"""Numbers as texts and back, spelled as JavaRosa spells them."""

from __future__ import annotations

import math
import re

NAN = math.nan
# The comma: some keyboards type it as the decimal sign.
_NUMBER = re.compile(r"-?(?:[0-9]+[.,]?[0-9]*|[.,][0-9]+)")
_JAVA_BLANKS = "".join(map(chr, range(33)))
_INT_MAX, _INT_MIN = 2**31 - 1, -(2**31)


def number_of_text(text: str) -> float:
    """NaN unless it is an optional minus, digits and at most one decimal sign. No exponent, no plus, no Infinity."""
    if text.isdigit() and text.isascii():
        return float(text)
    text = text.strip(_JAVA_BLANKS)
    return float(text.replace(",", ".")) if _NUMBER.fullmatch(text) else NAN


def text_of_number(number: float) -> str:
    """3, 0.1, NaN, Infinity; from 10,000,000 on and below 0.001 non-integers have an exponent (1.25E7)."""
    if number != number:
        return "NaN"
    if abs(number) < 1e-12:
        return "0"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    whole = int(number)
    # Whole numbers beyond 32 bits get an exponent, too.
    if _INT_MIN <= whole <= _INT_MAX and abs(number - whole) < 1e-12:
        return str(whole)
    return java_double(number)


def java_double(number: float) -> str:
    """Java's Double.toString of a finite number: the shortest digits that mean it, 3.0, 1.25E7."""
    if 1e-3 <= abs(number) < 1e7 or number == 0:
        return repr(number)
    digits, _, power = f"{number!r}e0".partition("e")
    sign, digits = ("-", digits[1:]) if digits[0] == "-" else ("", digits)
    whole, _, fraction = digits.partition(".")
    exponent = int(power.removesuffix("e0")) + len(whole) - 1
    significant = (whole + fraction).rstrip("0")
    leading = len(significant) - len(significant.lstrip("0"))
    significant = significant[leading:]
    return f"{sign}{significant[0]}.{significant[1:] or '0'}E{exponent - leading}"
