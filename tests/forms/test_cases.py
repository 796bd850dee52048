"""The JSON cases of the forms in JavaRosa and in our own evaluator: `pytest tests/forms/test_cases.py -k FORM`.

The third engine, the phone's, runs the same files in test_cases_on_the_phone.py. A difference that stays has its
reason in differences.py, nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.forms.evaluation import check
from server.forms.instance import parse_instance
from tests.forms.case_files import case_forms, read_cases
from tests.forms.differences import JAVAROSA
from tests.forms.javarosa_engine import JavaRosa
from tests.forms.our_engine import fill_case, lists_of, run_case


@pytest.fixture(scope="module")
def javarosa() -> Iterator[JavaRosa]:
    with JavaRosa() as engine:
        yield engine


@pytest.mark.parametrize("form", case_forms())
def test_we_fill_the_form_as_its_cases_say(form: str) -> None:
    wrong = {case.name: found for case in read_cases(form) if (found := case.differences(run_case(case)))}
    assert wrong == {}


@pytest.mark.parametrize("form", case_forms())
def test_the_server_finds_in_each_case_what_the_person_was_shown(form: str) -> None:
    """Sent as it was filled, nothing but its own violations is found: no false alarm in any case."""
    for case in read_cases(form):
        fill = fill_case(case)
        found = check(fill.plan, parse_instance(fill.xml()), lists_of(case), now=fill.sheet.context.now)
        shown = [(one.path, one.kind) for one in fill.violations()]
        assert (case.name, [(one.path, one.kind) for one in found]) == (case.name, shown)


@pytest.mark.parametrize("form", case_forms())
def test_javarosa_fills_the_form_as_its_cases_say(form: str, javarosa: JavaRosa) -> None:
    wrong = {}
    for case in read_cases(form):
        differences = case.differences(javarosa.fill_case(case))
        if bool(differences) != ((form, case.name) in JAVAROSA):
            wrong[case.name] = differences or "is listed as different (differences.py), but agrees"
    assert wrong == {}
