"""Which records a filled form makes and changes: the whole cases, filled by JavaRosa as ODK Collect would, and read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from server.forms.instance import EntityWrite, extract_writes, parse_instance
from server.forms.model import FormModel
from tests.forms.case_files import read_cases, rows_of
from tests.forms.collect_engine import CollectEngine
from tests.forms.samples import compiled, datasets

HOUSEHOLD = "0f0e0d0c-0b0a-4908-8706-050403020100"


@pytest.fixture(scope="module")
def collect(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CollectEngine]:
    yield CollectEngine(tmp_path_factory.mktemp("javarosa"))


def writes(collect: CollectEngine, form: str, name: str) -> list[EntityWrite]:
    (case,) = [case for case in read_cases(form) if case.name == name]
    filled = collect.fill(compiled(form).xform, rows_of(case), dict(case.answers))
    assert filled.outcome == "VALID" and not filled.refused
    model = FormModel.from_xform(compiled(form).xform)
    return list(extract_writes(model, parse_instance(filled.xml), datasets()))


def one(found: list[EntityWrite], dataset: str) -> EntityWrite:
    (write,) = [write for write in found if write.dataset == dataset]
    return write


def test_a_year_of_income_goes_to_the_ledger_the_household_and_who_worked(collect: CollectEngine) -> None:
    found = writes(collect, "quarterly_income", "twelve months are reckoned, compared and written")
    ledger, household, member = one(found, "income"), one(found, "household"), one(found, "member")
    assert (ledger.create, ledger.parent, ledger.label) == (True, HOUSEHOLD, "2024-06-01 – 2025-05-31")
    assert (ledger.values["period_from"], ledger.values["net_income"]) == ("2024-06-01", "19600")
    assert ledger.values["income_verdict"] == "near"
    assert household.update and household.values["per_capita_net_income"] == "9800"
    assert household.values["income_to"] == "2025-05-31"
    assert member.update and member.values == {
        "works_away": "yes", "work_place": "昆明", "monthly_wage": "2000", "work_months": "6", "work_wish": None,
    }  # fmt: skip


def test_a_quarter_leaves_the_household_s_year_alone(collect: CollectEngine) -> None:
    found = writes(collect, "quarterly_income", "a quarter goes to the ledger and is not compared with a yearly line")
    assert sorted(write.dataset for write in found) == ["income", "member"]
    assert "work_months" not in one(found, "member").values, "three months are not a year's"


def test_a_new_clue_is_a_record_of_its_own_below_the_household(collect: CollectEngine) -> None:
    found = writes(collect, "risk_clue", "a clue of illness is complete and due in fifteen days")
    clue, household = one(found, "risk_clue"), one(found, "household")
    assert (clue.create, clue.update, clue.parent, clue.label) == (True, False, HOUSEHOLD, "2025-06-01 因病")
    assert (clue.values["due_on"], clue.values["heavy_burden"]) == ("2025-06-16", "yes")
    assert (household.update, household.values["eligible_out_of_pocket"]) == (True, "9000")


def test_following_a_clue_changes_the_same_record(collect: CollectEngine) -> None:
    clue = one(writes(collect, "risk_clue", "an open clue is followed up with what is known"), "risk_clue")
    assert (clue.create, clue.update, clue.id) == (False, True, "cccccccc-0000-4000-8000-000000000001")
    assert "title" not in clue.values and clue.values["clue_state"] == "to_identify"


def test_a_household_that_declines_writes_nothing(collect: CollectEngine) -> None:
    assert writes(collect, "risk_clue", "a household that declines has no clue written") == []
    assert writes(collect, "quarterly_income", "a household that declines is not asked") == []
    assert writes(collect, "household_visit", "a household that declines is not asked further") == []


def test_known_and_new_measures_and_the_household_s_kinds_are_written_together(collect: CollectEngine) -> None:
    found = writes(collect, "measures_log", "a new measure is planned")
    known, new = [write for write in found if write.dataset == "measure"]
    assert (known.create, known.update, known.values["amount"]) == (False, True, "3000")
    assert (new.create, new.update, new.parent, new.values["kind"]) == (True, False, HOUSEHOLD, "water")
    assert new.values["planned_until"] == "2025-09-30" and "amount" not in new.values
    assert one(found, "household").values == {"measures": "health industry"}, "a plan is not yet a measure received"


def test_a_try_changes_what_the_next_person_must_know(collect: CollectEngine) -> None:
    write = one(writes(collect, "contact_attempt", "who can be called is visited by phone"), "household")
    assert (write.values["contact_disposition"], write.values["away_reason"]) == ("all_away", "work")
    assert write.values["away_back_on"] == "2026-01-20"
    assert write.values["contact_at"] == "2025-06-10T02:00:00Z"


def test_a_visit_that_took_place_clears_why_they_were_away(collect: CollectEngine) -> None:
    write = one(writes(collect, "contact_attempt", "a visit that took place ends the count"), "household")
    assert write.values["contact_tries"] == "0"
    assert write.values["away_reason"] is None and write.values["next_attempt_at"] is None


def test_a_registration_makes_the_household_and_everybody_in_it(collect: CollectEngine) -> None:
    found = writes(collect, "household_visit", "a new household is registered with everybody in it")
    household, members = one(found, "household"), [write for write in found if write.dataset == "member"]
    assert (household.create, household.update, household.label) == (True, False, "赵有田")
    assert household.values["region"] == "990101100201-01" and household.values["house_grade"] == "C"
    assert [(write.create, write.parent) for write in members] == [(True, household.id)] * 2
    assert len({write.id for write in found}) == 3
