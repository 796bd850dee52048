"""Housing, water and toilet: what a filled form writes, what a reopened draft claims, what a record may not say."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import pytest

from server.forms.instance import EntityWrite, extract_writes, parse_instance
from server.forms.model import FormModel
from server.forms.rules import check_record
from tests.forms.case_files import Case, place, read_cases, rows_of
from tests.forms.collect_engine import CollectEngine, Filled, Row
from tests.forms.our_engine import fill_case
from tests.forms.samples import compiled, datasets

FORMS = {
    "water_safety": "water_supply",
    "housing_screening": "dwelling",
    "housing_appraisal": "dwelling",
    "household_toilet": "toilet",
}
DAY = date(2026, 6, 30)
# dataset, rule, a record that it finds, one that it leaves alone
RULES: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
    ("dwelling", "dangerous_house_occupied", {"house_grade": "C", "occupied": "yes"},
     {"house_grade": "B", "occupied": "yes"}),
    ("dwelling", "threatened_site_occupied", {"site_safety": "severe", "occupied": "yes"},
     {"site_safety": "treatable", "occupied": "yes"}),
    ("dwelling", "demolished_house_occupied", {"vacated_state": "demolished", "occupied": "yes"},
     {"vacated_state": "demolished", "occupied": "no"}),
    ("dwelling", "dangerous_house_without_remedy", {"house_grade": "D", "remedy": "none"},
     {"house_grade": "D", "remedy": "rebuild"}),
    ("dwelling", "renovated_before_built", {"built_year": "2001", "renovated_year": "2000"},
     {"built_year": "2000", "renovated_year": "2000"}),
    ("dwelling", "grade_milder_than_appraised", {"house_grade": "B", "appraised_grade": "C"},
     {"house_grade": "D", "appraised_grade": "C"}),
    ("dwelling", "appraisal_without_certificate", {"appraised_grade": "B"},
     {"appraised_grade": "B", "certificate_no": "1"}),
    ("water_supply", "safe_water_with_a_lower_grade",
     {"water_verdict": "safe", "quantity_grade": "good", "quality_grade": "basic", "access_grade": "good",
      "reliability_grade": "good"},
     {"water_verdict": "safe", "quantity_grade": "good", "quality_grade": "good", "access_grade": "good",
      "reliability_grade": "good"}),
    ("water_supply", "water_not_unsafe_with_a_failed_grade", {"water_verdict": "basic", "access_grade": "fail"},
     {"water_verdict": "unsafe", "access_grade": "fail"}),
    ("water_supply", "water_verdict_pending", {"water_verdict": "pending"}, {"water_verdict": "basic"}),
    ("water_supply", "shortage_without_months", {"shortage_days": "1"}, {"shortage_days": "0"}),
    ("water_supply", "water_works_without_upkeep", {"upkeep": "none"}, {"upkeep": "village"}),
    ("toilet", "sanitary_verdict_of_a_plain_kind", {"toilet_verdict": "sanitary", "toilet_kind": "dry"},
     {"toilet_verdict": "convert", "toilet_kind": "dry"}),
    ("toilet", "converted_toilet_not_used", {"subsidised": "yes", "toilet_state": "idle"},
     {"subsidised": "yes", "toilet_state": "normal"}),
]  # fmt: skip


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> CollectEngine:
    return CollectEngine(tmp_path_factory.mktemp("javarosa"))


def _on_record(form: str) -> Case:
    """The case in which the record is already there."""
    dataset = FORMS[form]
    return next(case for case in read_cases(form) if case.lists.get(dataset) and not case.violations)


def _lists(case: Case, version: str | None = None) -> dict[str, list[Row]]:
    """The case's lists; with `version`, as they are after others worked: newer, and with other values."""
    rows = {name: [dict(row) for row in found[1:]] for name, found in rows_of(case).items()}
    for name, found in rows.items():
        if version and not name.startswith("policy_"):
            rows[name] = [{**row, **_changed(row), "__version": version, "__trunkVersion": version} for row in found]
    return {
        name: [{**dict.fromkeys(rows_of(case)[name][0], ""), **row} for row in found] for name, found in rows.items()
    }


def _changed(row: Mapping[str, str]) -> dict[str, str]:
    # An appraisal that arrives meanwhile is heeded: a screening must not lift it.
    keep = {"name", "label", "household", "region", "appraised_grade"}
    return {name: "9" for name, value in row.items() if value and name not in keep and not name.startswith("__")}


def _fill(engine: CollectEngine, case: Case, version: str | None = None, draft: str | None = None) -> Filled:
    answers = {} if draft else {place(path): value for path, value in case.answers}
    return engine.fill(compiled(case.form).xform, _lists(case, version), answers, draft)


def _writes(form: str, xml: str) -> dict[str, EntityWrite]:
    model = FormModel.from_xform(compiled(form).xform)
    return {write.dataset: write for write in extract_writes(model, parse_instance(xml), datasets())}


@pytest.mark.parametrize("form", FORMS)
def test_a_reopened_draft_claims_only_what_it_was_opened_with(form: str, engine: CollectEngine) -> None:
    """Others changed the record meanwhile: answers, ids and the version seen stay those of the opening."""
    case = _on_record(form)
    draft = _fill(engine, case)
    reopened = _fill(engine, case, version="9", draft=draft.xml)
    assert draft.outcome == reopened.outcome == "VALID"
    before, after = _writes(form, draft.xml), _writes(form, reopened.xml)
    assert before.keys() == after.keys()
    for name, write in before.items():
        assert (write.id, write.base_version, write.values) == (
            after[name].id,
            after[name].base_version,
            after[name].values,
        )


@pytest.mark.parametrize("form", FORMS)
def test_what_is_on_record_is_updated_and_never_made_twice(form: str, engine: CollectEngine) -> None:
    case = _on_record(form)
    write = _writes(form, _fill(engine, case).xml)[FORMS[form]]
    row = next(iter(case.lists[FORMS[form]]))
    assert (write.id, write.update, write.create) == (row["name"], True, False)
    assert write.base_version == int(row["__version"]) and write.parent == row["household"]


@pytest.mark.parametrize("form", FORMS)
def test_a_filled_form_writes_a_merge_group_whole_or_not_at_all(form: str) -> None:
    """A verdict never stands beside answers of another assessment, nor a grade beside another's name and day.

    In every case that is complete. Sizes are facts of the building: a screening measures fewer of them.
    """
    broken: set[tuple[str, str, str]] = set()
    whole: set[str] = set()
    for case in read_cases(form):
        if case.violations:
            continue
        for write in _writes(form, fill_case(case).xml()).values():
            members = _groups(write.dataset)
            touched = {group for group in members if members[group] & write.values.keys()}
            whole |= touched
            broken |= {
                (case.name, group, name)
                for group in touched - {"size"}
                for name in members[group] - write.values.keys()
            }
    assert not broken and len(whole) >= 2


def _groups(dataset: str) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for one in datasets()[dataset].properties.values():
        if one.group:
            found.setdefault(one.group, set()).add(one.name)
    return found


def test_what_a_grade_rests_on_is_in_its_group() -> None:
    groups = {name: _groups(name) for name in ("dwelling", "water_supply", "toilet")}
    parts = {"foundation", "walls", "frame", "roof", "secondary"}
    assert {f"screened_{part}" for part in parts} < groups["dwelling"]["screening"]
    assert {f"appraised_{part}" for part in parts} < groups["dwelling"]["appraisal"]
    grades = {"quantity_grade", "quality_grade", "access_grade", "reliability_grade"}
    assert grades | {"litres_per_person", "shortage_days", "water_policy"} < groups["water_supply"]["assessment"]


def test_only_a_qualified_person_is_offered_the_appraisal() -> None:
    settings = {form: FormModel.from_xform(compiled(form).xform).settings for form in FORMS}
    assert settings["housing_appraisal"]["qualification"] == "house_appraiser"
    assert all("qualification" not in settings[form] for form in FORMS if form != "housing_appraisal")


@pytest.mark.parametrize(("dataset", "rule", "trips", "fine"), RULES)
def test_a_rule_of_a_record_finds_what_cannot_be_right(
    dataset: str, rule: str, trips: dict[str, str], fine: dict[str, str]
) -> None:
    known = datasets()[dataset]
    assert rule in {one.id for one in check_record(known, trips, DAY)}
    assert rule not in {one.id for one in check_record(known, fine, DAY)}


def test_every_rule_of_these_records_is_tried() -> None:
    known = {rule.id for name in ("dwelling", "water_supply", "toilet") for rule in datasets()[name].rules}
    assert {rule for _, rule, _, _ in RULES} == known
