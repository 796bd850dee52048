"""Whether a value that a person gave by hand is one of its property. PURE.

A submission is judged by its form and a register cell by cell; what comes without either is held to their bounds here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from server.forms.canonical import canonical
from server.forms.dataset import Property
from server.forms.evaluation.lexical import is_date, is_decimal, is_int, is_moment, is_point

LONGEST = 4000  # characters of a text, as in a register
LARGEST = 10**15
_MASK = "**"  # what every list shows in the middle of a sensitive value (registry/masking.py): nobody's number
_UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.ASCII)


def fits(prop: Property, value: object) -> bool:
    """Whether `value`, as it came in JSON, can stand in the property; an empty one can."""
    parts = value if isinstance(value, list) and prop.type == "select_multiple" else [value]
    if not all(map(_is_plain, parts)):
        return False
    text = canonical(value, prop.type)
    if text is None:
        return True
    is_masked = prop.sensitivity == "sensitive" and _MASK in text
    return not is_masked and len(text) <= LONGEST and _is_of_its_type(prop, text)


def _is_plain(part: object) -> bool:
    if isinstance(part, float):
        return math.isfinite(part)
    return part is None or (isinstance(part, str | int) and not isinstance(part, bool))


def _is_of_its_type(prop: Property, text: str) -> bool:
    if prop.choices is not None:
        chosen = text.split() if prop.type == "select_multiple" else [text]
        return {*chosen} <= {choice.value for choice in prop.choices}
    check = _CHECKS.get(prop.type)
    return check is None or check(text)


def _is_measure(text: str) -> bool:
    """A canonical number: what is too long to be one keeps its exponent."""
    return is_decimal(text) and "e" not in text.lower() and abs(float(text)) < LARGEST


def _is_day(text: str) -> bool:
    return is_date(text) and 1800 <= int(text[:4]) <= 2200


def _is_id(text: str) -> bool:
    return _UUID4.fullmatch(text) is not None


_CHECKS: dict[str, Callable[[str], bool]] = {
    "integer": is_int,
    "decimal": _is_measure,
    "date": _is_day,
    "datetime": is_moment,
    "geopoint": is_point,
    "reference": _is_id,
}
