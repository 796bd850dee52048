"""Instances that nobody filled in honestly: a bounded amount of work, findings, never an exception."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.forms.evaluation import check
from tests.forms.evaluation.forms import NOW, instance, judged, plan, question

ROWS = plan(
    question("integer", "n"),
    question("begin_repeat", "row", repeat_count="${n}"),
    question("integer", "a", constraint=". < 5", required="true()"),
    question("calculate", "place", calculation="position(..)"),
    question("calculate", "twins", calculation="count(../../row[a = current()/../a])"),
    question("end_repeat"),
    question("calculate", "total", calculation="sum(${a})"),
)
# Far above what the bounded work costs here, far below what the unbounded work would.
SECONDS = 20


@pytest.mark.parametrize(
    ("rows", "row"),
    [
        pytest.param(100_000, "<row/>", id="100,000 empty rows"),
        pytest.param(90_000, "<row><a>9</a></row>", id="90,000 rows with a wrong answer each"),
        pytest.param(3_000, "<row><a>9</a></row>", id="rows that would be compared each with each"),
    ],
)
def test_more_rows_than_any_village_are_not_judged_one_by_one(rows: int, row: str) -> None:
    began = time.process_time()
    found = check(ROWS, instance(f"<n>{rows}</n>" + row * rows), {}, now=NOW)
    assert time.process_time() - began < SECONDS
    assert any("too much in it" in one.message["en"] for one in found)
    assert len(found) <= 201


@pytest.mark.parametrize(
    "expression",
    ["count(//*[//*[//*]]) > 0", "count(//zz[. = current()]) > 0", "count(//*[following::*[preceding::zz]]) = 1",
     "count(/data/row/following-sibling::row[preceding-sibling::row/a = 'x']) = 0"],
)  # fmt: skip
def test_an_expression_that_goes_through_everything_for_everything_ends(expression: str) -> None:
    """Its author meant no harm: with a few rows it is quick."""
    form = plan(
        question("begin_repeat", "row"),
        question("text", "a", constraint=expression),
        question("text", "b", constraint=f"not({expression})"),
        question("end_repeat"),
    )
    began = time.process_time()
    check(form, instance("<row><a>x</a><b>y</b></row>" * 3_000), {}, now=NOW)
    assert time.process_time() - began < SECONDS


def test_rows_are_judged_as_long_as_they_are_few_enough() -> None:
    rows = "".join(f"<row><a>{n % 5}</a><place>{n + 1}</place><twins>20</twins></row>" for n in range(100))
    assert judged(ROWS, f"<n>100</n>{rows}<total>200</total>") == []


def test_the_list_of_findings_ends_somewhere() -> None:
    found = check(ROWS, instance("<n>500</n>" + "<row><a>9</a></row>" * 500), {}, now=NOW)
    assert len(found) == 201
    assert found[-1].message["zh"] == "还有更多问题没有列出"


def test_strange_elements_are_named_a_few_times() -> None:
    found = check(ROWS, instance("".join(f"<x{n}/>" for n in range(5000))), {}, now=NOW)
    assert len(found) < 30


ANYTHING = plan(
    question("integer", "i", constraint=". div 0 > 1 or int(.) > 3"),
    question("decimal", "d", constraint="round(., 300) != 1"),
    question("date", "day", constraint="format-date(., '%Y-%m-%d') != '' and . < date('2020-01-01') + pow(10, 300)"),
    question("dateTime", "moment", constraint="decimal-date-time(.) > 0 - pow(10, 308)"),
    question("geopoint", "place", constraint="distance(.) >= 0"),
    question("select_multiple fruit", "many", choice_filter="kind = ${i} or regex(${text}, name)"),
    question("text", "text", constraint="regex(., '^[a-z]+$') or substr(., -5, pow(10, 300)) = 'x'"),
    question("begin_repeat", "row", repeat_count="${d}"),
    question("text", "in_row", relevant="date(${text}) > today() or indexed-repeat(${c}, ${row}, ${i}) = 'x'"),
    question("calculate", "c", calculation="pow(${i}, ${d}) + number(${text}) + date(${text})"),
    question("end_repeat"),
    question("calculate", "all", calculation="concat(join(' ', ${in_row}), max(${c}), date-time(${day}))"),
)
TEXTS = st.one_of(
    st.sampled_from(["", "0", "-1", "1e308", "NaN", "Infinity", "9" * 40, "2026-13-45", "0000-00-00", "99999-12-31",
                     "1 2 3 4 5", "90 180", "a" * 30 + "!", "{}", "%s", "😀", "apple pear", "T", "-", "2026-11-21T"]),
    st.text(alphabet=st.characters(blacklist_categories=("Cs", "Cc")), max_size=12).map(
        lambda text: text.replace("&", "").replace("<", "")
    ),
)  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(["i", "d", "day", "moment", "place", "many", "text", "row", "all", "zzz"]),
                          TEXTS), max_size=12), TEXTS)  # fmt: skip
def test_any_readable_instance_gives_findings(leaves: list[tuple[str, str]], inner: str) -> None:
    inside = "".join(
        f"<row><in_row>{text}</in_row><c>{inner}</c></row>" if name == "row" else f"<{name}>{text}</{name}>"
        for name, text in leaves
    )
    for one in check(ANYTHING, instance(inside), {}, now=NOW):
        assert one.path.startswith("/data") and set(one.message) == {"zh", "en"}
