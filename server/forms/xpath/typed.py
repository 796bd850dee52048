"""Answers as values: what the text of a node is worth by the type of its bind."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import tzinfo

from server.forms.xpath.clock import parse, parse_time
from server.forms.xpath.numbers import java_double
from server.forms.xpath.values import Atom, Day, Moment

_INTEGER = re.compile(r"[+-]?[0-9]{1,18}")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,3})?")
# So many digits are an integer whatever they are; nearly all numbers have fewer.
_SURE_DIGITS = 18
_TRUTHS = {"true": True, "1": True, "false": False, "0": False}


def typed_value(text: str, type: str, zone: tzinfo) -> Atom:
    """The value of an answer of a bind type, as JavaRosa holds it: set it as Node.value.

    int, integer, long, decimal → float; date → Day; dateTime → Moment in `zone`; time → Moment on 1970-01-01;
    boolean → bool; geopoint, geotrace, geoshape → text with four decimals per place; everything else stays text.
    What does not look like its type stays text: it is a finding of the type check, not of every expression
    that reads it. An empty text stays empty.
    """
    convert = _CONVERSIONS.get(type.rpartition(":")[2])
    return text if convert is None or text == "" else convert(text, zone)


def converter(type: str) -> Callable[[str, tzinfo], Atom] | None:
    """What typed_value does for a bind type, for those who ask often; None where text stays text."""
    return _CONVERSIONS.get(type.rpartition(":")[2])


def _integer(text: str, zone: tzinfo) -> Atom:
    if text.isdigit() and text.isascii() and len(text) <= _SURE_DIGITS:
        return float(text)
    return float(int(text)) if _INTEGER.fullmatch(text) else text


def _decimal(text: str, zone: tzinfo) -> Atom:
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return float(text)
    return float(text) if _DECIMAL.fullmatch(text) else text


def _date(text: str, zone: tzinfo) -> Atom:
    found = parse(text, zone)
    return text if found is None else Day(found.days)


def _moment(text: str, zone: tzinfo) -> Atom:
    found = parse(text, zone)
    return text if found is None else Moment(found.days, found.millis)


def _time(text: str, zone: tzinfo) -> Atom:
    found = parse_time(text, 0, zone)
    return text if found is None else Moment(0, found.millis)


def _truth(text: str, zone: tzinfo) -> Atom:
    return _TRUTHS.get(text, text)


def _places(text: str, zone: tzinfo) -> Atom:
    try:
        places = [[float(part) for part in place.split()] for place in text.split(";") if place.strip()]
    except ValueError:
        return text
    if any(len(place) > 4 for place in places):
        return text
    return "; ".join(" ".join(map(java_double, (place + [0.0] * 4)[:4])) for place in places)


_CONVERSIONS: dict[str, Callable[[str, tzinfo], Atom]] = {
    "int": _integer,
    "integer": _integer,
    "long": _integer,
    "decimal": _decimal,
    "date": _date,
    "dateTime": _moment,
    "time": _time,
    "boolean": _truth,
    "geopoint": _places,
    "geotrace": _places,
    "geoshape": _places,
}
