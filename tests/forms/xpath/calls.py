"""Random calls of the functions whose corners are their own: patterns, dates as texts, places, mathematics, choices."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st

_ATOMS = [
    "a",
    "b",
    "1",
    "中",
    "é",
    " ",
    "-",
    ".",
    "_",
    "~",
    "#",
    "^",
    "$",
    "\\d",
    "\\w",
    "\\s",
    "\\D",
    "\\W",
    "\\S",
    "\\b",
    "\\.",
    "[a-c]",
    "[^a]",
    "[\\d.-]",
    "[\\w ]",
    "[^\\d]",
    "[\\D]",
    "[a-]",
    "[]a]",
    "[[:alpha:]]",
    "[a-z&&[^b]]",
    "[一-龥]",
    "\\p{L}",
    "\\p{Lu}",
    "\\p{IsHan}",
    "\\p{IsAlphabetic}",
    "\\p{Digit}",
    "\\p{Alpha}",
    "\\p{Punct}",
    "\\P{Alpha}",
    "\\p{InCJKUnifiedIdeographs}",
    "(?i)A",
    "(?:a|1)",
    "(?=a)",
    "(?!a)",
    "\\Qa.\\E",
    "\\x61",
    "\\u4e2d",
    "\\0101",
    "\\t",
    "\\h",
    "\\R",
    "\\A",
    "\\Z",
    "\\/",
    "\\-",
    "&&",
]
_REPEATS = ["", "", "", "?", "*", "+", "{2}", "{1,3}", "{2,}", "*?", "++"]
_PLACES = [
    "1 2",
    "1 2 0 0",
    "-1.5 100.25",
    "0 0",
    "12.345678 108.654321 5 3",
    "91 181",
    "",
    "x",
    "1",
    "1 2 3 4 5",
    "1e1 2",
]
_NUMBERS = [
    "0",
    "1",
    "-1",
    "0.5",
    "-0.5",
    "2",
    "10",
    "0.1",
    "100",
    "-3",
    "1000000",
    "0.3333",
    "(1 div 0)",
    "(-1 div 0)",
    "(0 div 0)",
]
_TEXTS = ["a b c", " a", "b  c", "", "a", "A", "1 2", "中 文"]
_FORMATS = ["%Y", "%y", "%m", "%n", "%b", "%d", "%e", "%H", "%h", "%M", "%S", "%3", "%a", "%W", "-", "%%", "x"]


def _of(*choices: str) -> st.SearchStrategy[str]:
    return st.sampled_from(choices)


def _build(template: str, *parts: st.SearchStrategy[object]) -> st.SearchStrategy[str]:
    return st.builds(template.format, *parts)


def _pattern() -> st.SearchStrategy[str]:
    single = _build("{}{}", _of(*_ATOMS), _of(*_REPEATS))
    group = _build("({}|{}){}", single, single, _of("", "?", "*"))
    return st.lists(st.one_of(single, single, group), min_size=1, max_size=4).map("".join)


def _date() -> st.SearchStrategy[str]:
    """Years before 1970 keep clear of the times when towns had their own clocks."""
    year = _of("2024", "1969", "1988", "2024 ", "10000", "-5", "+2024", "")
    day = _build("{}-{}-{}", year, _of("02", "2", "06", "12", "13", "00"), _of("29", "31", "1", "01", "0"))
    clock = _of("10:20", "10:20:30", "10:20:30.5", "10:20:30.123", "24:00:00", "9:5", "10:20:61", "", "10", "10:20:")
    return st.one_of(day, _build("{}T{}{}", day, clock, _of("", "", "Z", "+08:00", "-05:30", "+05", "z")))


def calls() -> st.SearchStrategy[str]:
    number, date = _of(*_NUMBERS), _date().map("'{}'".format)
    text, place = _of(*_TEXTS).map("'{}'".format), _of(*_PLACES).map("'{}'".format)
    string = st.text("aab1c中é -.AB2_\\/ß#~٣", max_size=5)
    trace = st.lists(_of(*_PLACES), min_size=1, max_size=4).map(";".join).map("'{}'".format)
    counted: Callable[..., st.SearchStrategy[int]] = st.integers
    return st.one_of(
        _build("regex('{}', '{}')", string, _pattern()),
        _build("regex('{}', '{}')", string, _pattern()),
        _build("{}({})", _of("date", "date-time", "decimal-date-time"), st.one_of(date, date, number)),
        _build("decimal-time({})", number),
        _build("format-date({}, '{}')", date, st.lists(_of(*_FORMATS), max_size=4).map("".join)),
        _build("distance({}, {})", place, place),
        _build("distance({})", st.one_of(trace, st.just("/data/g"))),
        st.just("area(/data/g)"),
        _build("geofence({}, /data/g)", place),
        _build(
            "{}({})", _of("sin", "cos", "tan", "asin", "acos", "atan", "sqrt", "exp", "exp10", "log", "log10"), number
        ),
        _build("{}({}, {})", _of("pow", "atan2"), number, number),
        _build("round({} * {}, {})", number, number, counted(-4, 6)),
        _build("{} {} {}", number, _of("div", "mod"), number),
        _build("selected({}, {})", text, text),
        _build("selected-at({}, {})", text, number),
        _build("substr({}, {}, {})", text, number, number),
        _build("translate({}, {}, {})", text, text, text),
        _build("base64-decode('{}')", st.text("ABCabc09+/= -_!", max_size=9)),
        _build("checklist({}, {}, /data/r/x)", counted(-2, 3), counted(-2, 3)),
        _build("checklist({}, {}, {}, {})", number, number, text, number),
        _build("weighted-checklist({}, {}, /data/r/x, /data/r/y)", number, number),
        _build("weighted-checklist({}, {}, {}, {}, true(), {})", number, number, text, number, number),
        _build("join(',', randomize(/data/r/y, {}))", st.one_of(number, counted(-(10**12), 10**12))),
    )


def instances() -> st.SearchStrategy[str]:
    """/data/g, a trace or shape; /data/r rows with x ("", 1 or a) and y (a digit)."""
    shape = _build("{}{}", st.lists(_of(*_PLACES[:6]), min_size=1, max_size=5).map(";".join), _of("", ";", "; "))
    row = _build("<r><x>{}</x><y>{}</y></r>", _of("", "1", "a"), st.integers(0, 9))
    return _build("<data><g>{}</g>{}</data>", shape, st.lists(row, min_size=1, max_size=4).map("".join))
