"""The JSON cases of the forms in the phone's own engine: values, what is shown, and what stands in the way."""

from __future__ import annotations

import pytest

from tests.forms.case_files import Case, case_forms
from tests.forms.differences import PHONE
from tests.forms.phone_engine import Outcome, fill_on_the_phone

Filled = dict[str, list[tuple[Case, Outcome]]]


@pytest.fixture(scope="module")
def filled(request: pytest.FixtureRequest) -> Filled:
    """All forms that were asked for, in one start of Node."""
    items = [item for item in request.session.items if hasattr(item, "callspec") and item.module is request.module]
    asked = {item.callspec.params.get("form") for item in items}
    # Without a listed difference pytest puts a mark of its own in place of the form.
    return fill_on_the_phone(sorted(form for form in asked if isinstance(form, str)))


@pytest.mark.parametrize("form", case_forms())
def test_the_phone_fills_the_form_as_its_cases_say(form: str, filled: Filled) -> None:
    wrong = {
        case.name: differences
        for case, outcome in filled[form]
        if (form, case.name) not in PHONE and (differences := case.differences(outcome))
    }
    assert wrong == {}


@pytest.mark.parametrize("form", sorted({form for form, _ in PHONE}))
def test_a_listed_difference_is_still_there(form: str, filled: Filled) -> None:
    """A reason that no longer applies hides the next real difference."""
    agreeing = [
        case.name for case, outcome in filled[form] if (form, case.name) in PHONE and not case.differences(outcome)
    ]
    assert agreeing == []
