"""Random expressions of every type over random instances, for comparing engines.

Left out is what the engines are known to judge differently (differences.py): numeric predicates, comparisons of
several nodes, max and min of what is negative or no number, equality of computed fractions.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import strategies as st

WORDS = [
    "",
    "a",
    "b",
    "abc",
    "a b",
    "1",
    "07",
    "-2.5",
    "1,5",
    " 3 ",
    "2024-02-29",
    "2024-13-01",
    "张三",
    "é",
    "b-c",
    ".5",
]
DATES = ["2024-02-29", "1969-12-31", "2023-12-31", "2024-1-5", "2024-06-01T10:20:30", "2024-06-01T23:30:00+00:00"]
NUMBERS = ["0", "1", "2", "3", "10", "0.5", "2.25", "1000000", "99.99", "12345678.5", "0.001"]
TYPES = {"string": WORDS, "int": ["", "0", "7", "-3", "2147483647"], "decimal": ["", "0.5", "-2.25", "1200000.75", "7"],
         "date": ["", "2024-02-29", "1969-12-31"], "dateTime": ["", "2024-06-01T10:20:30.500+08:00"]}  # fmt: skip
ROWS = [("a", "abc", "1"), ("b", "a b", "2"), ("1", "张三", "07"), ("abc", "", "0.5"), ("a", "b", "")]
ROWS += [("2024-02-29", "é", "10"), ("", "-2.5", "3")]
ITEMS = [f"<item><name>{name}</name><label>{label}</label><n>{n}</n></item>" for name, label, n in ROWS]
LIST = f"<root>{''.join(ITEMS)}</root>"
LEAVES = ("a", "b", "c", "d")
FORMATS = ["%Y-%m-%d", "%e/%n/%y", "%H:%M:%S.%3", "%a %b %W", "100%%", "%h"]
TESTS = ["contains", "starts-with", "ends-with", "selected"]
PATTERNS = ["[a-z]+", "[0-9]{4}-.*", "", ".*", "\\d+", "(a|b| )*", "-?[0-9]*\\.?[0-9]+"]


@st.composite
def cases(draw: st.DrawFn) -> dict[str, Any]:
    """{expr, instance, context, types}: an expression of any type somewhere in an instance."""
    types = {f"/data/{leaf}": draw(st.sampled_from(sorted(TYPES))) for leaf in LEAVES}
    types |= {f"/data/row/{leaf}": draw(st.sampled_from(sorted(TYPES))) for leaf in ("x", "y")}
    rows = draw(st.integers(1, 4))
    own = draw(st.integers(1, rows))
    context = draw(st.sampled_from(["/data/a", "/data/d", f"/data/row[{own}]/x", f"/data/row[{own}]"]))
    return {"expr": draw(expressions()), "instance": _instance(draw, types, rows), "context": context, "types": types,
            "secondary": {"l": LIST}}  # fmt: skip


@lru_cache
def expressions() -> st.SearchStrategy[str]:
    return st.one_of(numbers(), texts(), truths(), dates(), node_sets(), chains(), look_ups())


@lru_cache
def chains() -> st.SearchStrategy[str]:
    """Operators without parentheses: precedence and grouping decide."""
    sum_of = st.builds(
        _chain, _operands(numbers(0)), st.lists(st.sampled_from(["+", "-", "*", "div", "mod"]), max_size=4)
    )
    comparison = st.builds("{} {} {}".format, sum_of, orders(), sum_of)
    return st.one_of(
        sum_of, st.builds(_chain, _operands(comparison), st.lists(st.sampled_from(["and", "or"]), max_size=4))
    )


def _operands(one: st.SearchStrategy[str]) -> st.SearchStrategy[list[str]]:
    signed = st.builds("{}{}".format, st.sampled_from(["", "", "", "-", "- "]), numbers(0))
    return st.lists(st.one_of(one, signed), min_size=5, max_size=5)


def _chain(operands: list[str], operators: list[str]) -> str:
    pairs = zip(operators, operands[1:], strict=False)
    return operands[0] + "".join(f" {operator} {operand}" for operator, operand in pairs)


@lru_cache
def look_ups() -> st.SearchStrategy[str]:
    """Rows of the list `l` (name, label, n), by index or row by row."""
    own = st.sampled_from([f"/data/{leaf}" for leaf in LEAVES])
    value = st.one_of(literals(), st.sampled_from(NUMBERS), own, texts(1))
    equality = st.builds("{} = {}".format, st.sampled_from(["name", "n"]), value)
    condition = st.one_of(
        equality,
        st.builds("n {} {}".format, orders(), st.sampled_from(NUMBERS)),
        st.builds("{}(label, {})".format, st.sampled_from(["starts-with", "contains"]), literals()),
        st.builds("{} != name".format, value),
    )
    both = st.builds("{} {} {}".format, condition, st.sampled_from(["and", "or"]), condition)
    found = st.builds(
        "instance('l')/root/item[{}]{}".format, st.one_of(condition, both), st.sampled_from(["/label", "/n", ""])
    )
    return st.one_of(found, st.builds("count({})".format, found), st.builds("join('|', {})".format, found))


def _instance(draw: st.DrawFn, types: dict[str, str], rows: int) -> str:
    def leaf(path: str) -> str:
        name = path.rpartition("/")[2]
        return f"<{name}>{escape(draw(st.sampled_from(TYPES[types[path]])))}</{name}>"

    repeated = "".join(f"<row>{leaf('/data/row/x')}{leaf('/data/row/y')}</row>" for _ in range(rows))
    return f"<data>{''.join(leaf(f'/data/{name}') for name in LEAVES)}{repeated}</data>"


@lru_cache
def paths() -> st.SearchStrategy[str]:
    """One node, from everywhere."""
    single = [f"/data/{leaf}" for leaf in LEAVES] + [".", "current()/.", "/data/none"]
    return st.sampled_from([*single, "indexed-repeat(/data/row/x, /data/row, 1)"])


@lru_cache
def node_sets() -> st.SearchStrategy[str]:
    predicate = st.one_of(
        st.builds("position() {} {}".format, orders(), st.integers(0, 4)),
        st.builds("{} {} {}".format, st.sampled_from(["x", "y", "position(.)"]), orders(), st.sampled_from(NUMBERS)),
        st.builds("{} = {}".format, st.sampled_from(["x", "y"]), literals()),
        st.builds("selected({}, {})".format, st.just("concat(x, '')"), literals()),
    )
    filtered = st.builds("/data/row[{}]/{}".format, predicate, st.sampled_from(["x", "y"]))
    return st.one_of(st.sampled_from(["/data/row/x", "/data/row", "/data/none"]), filtered)


@lru_cache
def orders() -> st.SearchStrategy[str]:
    return st.sampled_from(["<", "<=", ">", ">="])


@lru_cache
def literals() -> st.SearchStrategy[str]:
    return st.sampled_from([*WORDS, *DATES]).map(lambda word: f"'{word}'")


@lru_cache
def numbers(depth: int = 2) -> st.SearchStrategy[str]:
    leaves = st.one_of(st.sampled_from(NUMBERS), paths(), node_sets().map(lambda nodes: f"count({nodes})"))
    if depth == 0:
        return leaves
    inner, text = numbers(depth - 1), texts(depth - 1)
    return st.one_of(
        leaves,
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "div", "mod"]), inner),
        st.builds("{}({})".format, st.sampled_from(["int", "round", "abs", "number", "-"]), inner),
        st.builds("round({}, {})".format, inner, st.integers(-3, 4)),
        st.builds("{}({})".format, st.sampled_from(["number", "string-length", "count-selected"]), text),
        st.builds("{}({})".format, st.sampled_from(["sum", "count-non-empty"]), node_sets()),
        st.builds("if({}, {}, {})".format, truths(depth - 1), inner, inner),
        st.builds("coalesce({}, {})".format, inner, inner),
        st.builds("{}({})".format, st.sampled_from(["decimal-date-time", "decimal-time", "number"]), dates(depth - 1)),
        st.builds("pow({}, {})".format, inner, st.integers(-2, 3)),
    )


@lru_cache
def texts(depth: int = 2) -> st.SearchStrategy[str]:
    leaves = st.one_of(literals(), paths().map(lambda path: f"string({path})"))
    if depth == 0:
        return leaves
    inner, number, place = texts(depth - 1), numbers(depth - 1), st.integers(-3, 6)
    return st.one_of(
        leaves,
        st.builds("string({})".format, st.one_of(number, truths(depth - 1), dates(depth - 1))),
        st.builds("concat({}, {})".format, inner, st.one_of(inner, number)),
        st.builds("join({}, {})".format, literals(), node_sets()),
        st.builds("substr({}, {}, {})".format, inner, place, place),
        st.builds("{}({}, {})".format, st.sampled_from(["substring-before", "substring-after"]), inner, literals()),
        st.builds("translate({}, {}, {})".format, inner, literals(), literals()),
        st.builds("normalize-space({})".format, inner),
        st.builds("selected-at({}, {})".format, inner, place),
        st.builds("if({}, {}, {})".format, truths(depth - 1), inner, inner),
        st.builds("coalesce({}, {})".format, inner, inner),
        st.builds("once({})".format, inner),
        st.builds("format-date-time({}, {})".format, dates(depth - 1), st.sampled_from(FORMATS).map(repr)),
        st.builds("digest({}, {}, 'hex')".format, inner, st.sampled_from(["'MD5'", "'SHA-256'"])),
    )


@lru_cache
def truths(depth: int = 2) -> st.SearchStrategy[str]:
    leaves = st.one_of(st.sampled_from(["true()", "false()"]), st.builds("boolean({})".format, paths()))
    if depth == 0:
        return leaves
    inner, text, number = truths(depth - 1), texts(depth - 1), numbers(depth - 1)
    signs = st.one_of(orders(), st.sampled_from(["=", "!="]))
    return st.one_of(
        leaves,
        st.builds("({} {} {})".format, number, orders(), st.one_of(number, dates(depth - 1))),
        st.builds("({} {} {})".format, text, signs, text),
        st.builds("({} {} {})".format, st.sampled_from(LEAVES).map("/data/{}".format), signs, st.one_of(
            literals(), st.sampled_from(NUMBERS), dates(0))),
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or", "=", "!="]), inner),
        st.builds("not({})".format, st.one_of(inner, text, number)),
        st.builds("{}({}, {})".format, st.sampled_from(TESTS), text, text),
        st.builds("regex({}, {})".format, text, st.sampled_from(PATTERNS).map("'{}'".format)),
        st.builds("boolean-from-string({})".format, text),
        st.builds("checklist({}, {}, {}, {})".format, st.integers(-1, 2), st.integers(-1, 2), inner, inner),
        st.builds("({} {} {})".format, dates(depth - 1), signs, dates(depth - 1)),
    )  # fmt: skip


@lru_cache
def dates(depth: int = 1) -> st.SearchStrategy[str]:
    leaves = st.one_of(
        st.sampled_from(DATES).map(lambda date: f"'{date}'"),
        st.sampled_from(["today()", "19723", "-1", "''", "/data/a", "/data/b"]),
    )
    whole = st.builds("{}({})".format, st.sampled_from(["date", "date-time"]), leaves)
    if depth == 0:
        return whole
    moved = st.builds("date({} + {})".format, whole, st.integers(-400, 400))
    return st.one_of(whole, moved, st.builds("if({}, {}, {})".format, truths(depth - 1), whole, whole))
