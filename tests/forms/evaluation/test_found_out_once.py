"""What depends on the form alone is found out once per form version."""

from __future__ import annotations

import gc

import pytest

from server.forms.evaluation import Seen, check
from server.forms.evaluation.cells import Cell
from server.forms.evaluation.checks import checks_of
from server.forms.evaluation.doubt import doubt_of
from server.forms.evaluation.sheet import Sheet
from server.forms.evaluation.values import glance_of
from tests.forms.evaluation.forms import NOW, instance, judged, plan, question


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


def test_a_number_within_bounds_is_seen_at_a_glance() -> None:
    form = plan(
        question("integer", "n", constraint=". > 0 and . <= 30"), question("decimal", "d", constraint=". < ${n}"),
        question("text", "t", constraint=". < 5"), question("integer", "i"),
    )  # fmt: skip
    at = {path: part.index for path, part in form.parts.items()}
    bounds = {index: (least, most) for index, least, most in glance_of(form).numbers}
    assert set(bounds) == {at["/data/n"], at["/data/d"], at["/data/i"]}
    assert 0 < bounds[at["/data/n"]][0] < 1e-300 and bounds[at["/data/n"]][1] == 30
    assert [index for index, _ in glance_of(form).others] == [at["/data/d"], at["/data/t"]]
    for number, kinds in {"0": ["constraint"], "1": [], "30": [], "30.5": ["type"], "31": ["constraint"]}.items():
        assert [kind for _, kind in judged(form, f"<n>{number}</n>")] == kinds


def test_what_has_its_limits_is_judged_one_after_another_whatever_else_is_right() -> None:
    form = plan(
        question("text", "a"), question("text", "b", constraint="count(//*) > 3"),
        question("text", "c", required="${a} = 'x'"), question("integer", "n"),
    )  # fmt: skip
    assert glance_of(form).careful == (form.parts["/data/b"].index, form.parts["/data/c"].index)
    assert judged(form, "<a>x</a><b>y</b><c/><n>1</n>") == [("/c", "required")]
    assert judged(form, "<a>x</a><b>y</b><c/><n>z</n>") == [("/c", "required"), ("/n", "type")]


def test_children_by_name_are_those_there_are_whenever_somebody_asks() -> None:
    form = plan(
        question("begin_group", "g"), question("text", "x"), question("end_group"),
        question("begin_repeat", "row"), question("text", "a"), question("end_repeat"), question("text", "z"),
    )  # fmt: skip
    sheet = Sheet(form, {}, NOW)
    sheet.read(sheet.root, instance("<z>3</z><row><a>1</a></row><row/>").root)
    sheet.add_rows(form.parts["/data/row"], sheet.root, 1)
    assert [child.name for child in sheet.root.children] == ["g", "row", "row", "row", "z", "meta"]
    assert {name: len(like) for name, like in sheet.root.named.items()} == {"g": 1, "row": 3, "z": 1, "meta": 1}
    for group in (sheet.root, *sheet.root.named["row"], *sheet.root.named["g"]):
        assert [one for like in group.named.values() for one in like] == group.children


def test_judging_leaves_nothing_to_the_collector() -> None:
    form = plan(question("begin_group", "g"), question("integer", "n"), question("end_group"))
    gc.collect()
    gc.disable()
    try:
        check(form, instance("<g><n>1</n></g>"), {}, now=NOW)
        assert not any(isinstance(one, Sheet | Cell) for one in gc.get_objects())
    finally:
        gc.enable()
