"""Random people fill our forms in our evaluator and in JavaRosa: the same values, the same questions, the same faults.

RUHU_EXAMPLES=2000 looks longer than the usual few seconds.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st
from lxml import etree

from server.forms.evaluation import Filling, FormPlan, check
from server.forms.evaluation.checking import MOST_MISSING_ROWS
from server.forms.evaluation.doubt import wide_reads
from server.forms.evaluation.judge import MOST_FINDINGS
from server.forms.evaluation.plan import Part
from server.forms.evaluation.sheet import TooLarge
from server.forms.instance import parse_instance
from tests.forms.case_files import Case, case_forms, place, read_cases, rows_of, same
from tests.forms.javarosa_engine import JavaRosa
from tests.forms.our_engine import CHINA, fill_case, lists_of, plan_of
from tests.forms.samples import compiled

EXAMPLES = int(os.environ.get("RUHU_EXAMPLES", "25"))
EDGES = ["0", "1", "59", "60", "365", "366", "8000", "99999"]
NUMBERS = st.one_of(st.integers(-2, 120).map(str), st.sampled_from(EDGES))
BY_TYPE: dict[str, st.SearchStrategy[str]] = {
    "int": NUMBERS,
    "decimal": st.one_of(NUMBERS, st.sampled_from(["0.5", "59.9", "59.99", "7999.99"])),
    "date": st.dates().map(str).filter(lambda day: "1930" < day < "2026-11")
    | st.sampled_from(["2024-02-29", "2025-01-01", "2024-12-31", "2019-11-28"]),
    "time": st.sampled_from(["09:30:00.000+08:00"]),
    "dateTime": st.sampled_from(["2025-06-01T09:00:00.000+08:00", "2025-06-01T11:00:00.000+08:00"]),
    "geopoint": st.sampled_from(["23.1 108.1 210.0 6.5", "25.5 101.25 1900.0 12.0"]),
    "binary": st.sampled_from(["a.jpg"]),
    "string": st.sampled_from(["王大山", "x", "11010519491231002X", "110105194912310021", "13800138000", "a b c"]),
}


_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT.*")


@pytest.fixture(scope="module")
def javarosa() -> Iterator[JavaRosa]:
    with JavaRosa() as engine:
        yield engine


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_random_answers_come_to_the_same_in_both_engines(javarosa: JavaRosa, data: st.DataObject) -> None:
    form = data.draw(st.sampled_from(case_forms()), "form")
    case = data.draw(st.sampled_from([case for case in read_cases(form) if not case.violations]), "case")
    fill = fill_case(case)
    answers = [*case.answers, *_random_answers(fill, data)]
    assume(not fill.dropped_rows)  # JavaRosa keeps rows above a count that became smaller
    outcome = _in_javarosa(javarosa, case, answers, fill)
    assert outcome["failure"] is None, outcome["failure"]
    assert outcome["refused"] == []
    shown = [path for path in outcome["values"] if not _alike(fill.value(path), outcome["values"][path])]
    assert {path: (fill.value(path), outcome["values"][path]) for path in shown} == {}
    assert {path: fill.is_relevant(path) for path in outcome["relevant"]} == outcome["relevant"]
    ours = [(place(one.path), one.kind) for one in fill.violations()]
    assert ours == [(place(one["path"]), one["kind"]) for one in outcome["violations"]]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_what_was_filled_so_is_found_by_the_server_exactly_so(data: st.DataObject) -> None:
    """The instance of any filling has the findings that the person was shown, and no other."""
    form = data.draw(st.sampled_from(case_forms()), "form")
    case = data.draw(st.sampled_from(read_cases(form)), "case")
    fill = fill_case(case)
    list(_random_answers(fill, data))
    assume(len(fill.violations()) <= MOST_FINDINGS)
    found = check(fill.plan, parse_instance(fill.xml()), lists_of(case), now=fill.sheet.context.now)
    assert [(one.path, one.kind) for one in found] == [(one.path, one.kind) for one in fill.violations()]


@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.data())
def test_a_changed_instance_is_judged_as_javarosa_validates_it(javarosa: JavaRosa, data: st.DataObject) -> None:
    """Answers are cleared or changed in the instance itself, behind the form's back."""
    form = data.draw(st.sampled_from(case_forms()), "form")
    case = data.draw(st.sampled_from(read_cases(form)), "case")
    fill = fill_case(case)
    root = etree.fromstring(fill.xml())
    for path in data.draw(st.lists(st.sampled_from(list(fill.questions())), max_size=4), "questions"):
        element = root.find("/".join(path.split("/")[2:]))
        assert element is not None
        element.text = data.draw(_value(fill, path), "answer") or None
    xml = etree.tostring(root, encoding="unicode")
    outcome = javarosa.fill(compiled(form).xform, rows_of(case), instance=xml)
    assert outcome["failure"] is None, outcome["failure"]
    found = check(fill.plan, parse_instance(xml), lists_of(case), now=datetime.now(CHINA))
    assume(len(outcome["violations"]) < MOST_MISSING_ROWS)  # thousands of rows
    ours = [(place(one.path), one.kind) for one in found if one.kind in ("required", "constraint")]
    assert ours == [(place(one["path"]), one["kind"]) for one in outcome["violations"]]


def _random_answers(fill: Filling, data: st.DataObject) -> Iterator[tuple[str, str]]:
    """Answers to questions that are shown, given to `fill` one after the other."""
    for _ in range(data.draw(st.integers(0, 8), "answers")):
        # JavaRosa computes a question again when it validates, over what a person made of it: those are left alone.
        shown = [path for path in fill.questions() if _is_open(fill.plan, _part(fill, path))]
        path = data.draw(st.sampled_from(shown), "question")
        value = data.draw(_value(fill, path), "answer")
        pinned = _pinned(fill)
        try:
            fill.answer(path, value)
        except TooLarge:  # thousands of rows
            reject()
        if pinned - _pinned(fill):
            reject()  # in JavaRosa once() forgets what it kept while its question is hidden: answers are lost there
        yield path, value


def _pinned(fill: Filling) -> set[str]:
    """Shown nodes that hold what once() keeps."""
    return {
        cell.place for cell in fill.sheet.root.everything()
        if cell.relevant and cell.text and cell.part.calculate and "once" in cell.part.calculate.functions
    }  # fmt: skip


def _value(fill: Filling, path: str) -> st.SearchStrategy[str]:
    part, offered = _part(fill, path), fill.choices(path)
    if offered is not None:
        one = st.sampled_from(["", *offered])
        some = st.lists(st.sampled_from(offered or [""]), max_size=3, unique=True).map(" ".join)
        return one if part.control == "select1" else some
    if part.control == "trigger":
        return st.just("OK")
    return st.just("") | BY_TYPE.get(part.type, BY_TYPE["string"])


def _is_open(plan: FormPlan, part: Part) -> bool:
    # In JavaRosa a row does not hear of a change in its neighbour until the form is opened again.
    heard = {
        index for (_, expression), wide in wide_reads(plan).items()
        if "indexed-repeat" in expression.functions for index in wide.parts
    }  # fmt: skip
    if part.index in heard:
        return False
    from_file = part.choices is not None and part.choices.source in ("household", "region")
    return part.readonly is not True and part.calculate is None and not from_file


def _part(fill: Filling, path: str) -> Part:
    return fill.plan.parts[re.sub(r"\[\d+\]", "", path)]


def _in_javarosa(javarosa: JavaRosa, case: Case, answers: list[tuple[str, str]], fill: Filling) -> dict[str, Any]:
    cells = [cell for cell in fill.sheet.root.everything() if not cell.part.items]
    stable = [cell.place for cell in cells if _is_stable(cell.part)]
    return javarosa.fill(
        compiled(case.form).xform, rows_of(case), answers=answers, repeats=dict(case.repeats), values=stable,
        relevant=[cell.place for cell in cells],
    )  # fmt: skip


def _alike(ours: str, theirs: str | None) -> bool:
    """Equal as the cases compare, or two readings of the clock that followed each other, or two chance ids."""
    if theirs is not None and _UUID.search(ours) and _UUID.search(theirs):
        return _UUID.sub("", ours) == _UUID.sub("", theirs)
    if theirs is not None and _MOMENT.fullmatch(ours) and _MOMENT.fullmatch(theirs):
        return abs(datetime.fromisoformat(ours) - datetime.fromisoformat(theirs)) < timedelta(minutes=1)
    # JavaRosa writes a day that is computed into a text as the midnight that begins it.
    return same(ours, theirs.removesuffix("T00:00:00.000+08:00") if theirs else theirs)


def _is_stable(part: Part) -> bool:
    """Not chance, not the clock, not made at the start."""
    return part.preload is None and (part.calculate is None or part.calculate.is_stable)


def test_every_form_has_a_plan() -> None:
    for form in case_forms():
        assert plan_of(form).steps
