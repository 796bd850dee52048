"""What depends on the form alone is found out once per form version."""

from __future__ import annotations

import pytest

from server.forms.evaluation import Seen
from server.forms.evaluation.checks import checks_of
from server.forms.evaluation.doubt import doubt_of
from tests.forms.evaluation.forms import judged, plan, question


@pytest.mark.parametrize(
    ("filter", "values"),
    [("kind = 'red'", {"apple", "cherry"}), ("kind != 'red' or name = 'apple'", {"apple", "pear"}),
     ("kind = 'blue'", set()), ("", {"apple", "cherry", "pear"})],
)  # fmt: skip
def test_a_list_that_is_filtered_the_same_for_everybody_is_fixed(filter: str, values: set[str]) -> None:
    form = plan(question("select_one fruit", "x", choice_filter=filter))
    choices = form.parts["/data/x"].choices
    assert choices is not None and choices.fixed == values
    for fruit in ("apple", "cherry", "pear", "none"):
        assert judged(form, f"<x>{fruit}</x>") == ([] if fruit in values else [("/x", "choice")])


@pytest.mark.parametrize(
    "filter", ["kind = ${a}", "name = ${a} or kind = 'red'", "today() > date('2026-01-01')", "name != current()/../a"]
)
def test_a_list_that_is_filtered_by_answers_or_the_day_is_not(filter: str) -> None:
    form = plan(question("text", "a"), question("select_one fruit", "x", choice_filter=filter))
    choices = form.parts["/data/x"].choices
    assert choices is not None and choices.fixed is None


def test_a_question_that_asks_for_nothing_is_not_checked() -> None:
    form = plan(question("text", "a", required="true()"), question("text", "b", constraint="true()"))
    assert all(checks == () for checks in checks_of(form))


def test_doubt_is_found_once_for_the_same_knowledge_whatever_the_rows() -> None:
    form = plan(
        question("csv-external", "member"),
        question("calculate", "n", calculation="instance('member')/root/item[name = '1']/age"),
    )
    one, other = [{"name": "1", "age": "5"}], [{"name": "1", "age": "6"}]
    assert doubt_of(form, {"member": Seen(one)}) is doubt_of(form, {"member": Seen(other)})
    assert doubt_of(form, {"member": one}).unknown == frozenset()
    assert len(doubt_of(form, {}).unknown) == 1
    assert len(doubt_of(form, {"member": Seen(one, unknown=frozenset({"age"}))}).unknown) == 1
    assert len(doubt_of(form, {"member": Seen(one, exact=False)}).inexact) == 1
