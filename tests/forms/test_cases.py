"""The JSON cases of the forms in JavaRosa and in our own evaluator: `pytest tests/forms/test_cases.py -k FORM`.

The third engine, the phone's, runs the same files in test_cases_on_the_phone.py. A difference that stays has its
reason in differences.py, nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.forms.case_files import case_forms, read_cases
from tests.forms.differences import JAVAROSA
from tests.forms.javarosa_engine import JavaRosa


@pytest.fixture(scope="module")
def javarosa() -> Iterator[JavaRosa]:
    with JavaRosa() as engine:
        yield engine


@pytest.mark.parametrize("form", case_forms())
def test_javarosa_fills_the_form_as_its_cases_say(form: str, javarosa: JavaRosa) -> None:
    wrong = {}
    for case in read_cases(form):
        differences = case.differences(javarosa.fill_case(case))
        if bool(differences) != ((form, case.name) in JAVAROSA):
            wrong[case.name] = differences or "is listed as different (differences.py), but agrees"
    assert wrong == {}
