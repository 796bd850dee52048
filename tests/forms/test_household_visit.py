"""The household visit in the engine of ODK Collect: prefilled, only what applies, and true to what was opened."""

from __future__ import annotations

import re
from typing import Any

import pytest
from lxml import etree

from server.forms.instance import extract_writes, parse_instance
from server.forms.pin import PINNED
from tests.forms.collect_engine import CollectEngine, Filled, Row
from tests.forms.samples import HOUSEHOLD, MEMBERS, datasets, visit_form, visit_model

VISIT_ANSWERS = {
    "/data/household": HOUSEHOLD,
    "/data/contact_mode": "in_person",
    "/data/notice/consent": "agreed",
    "/data/notice/no_signature_reason": "cannot_write",
    "/data/members/n_new": "0",
    "/data/income/income_asked": "yes",
    "/data/means/means_changed": "no",
    "/data/housing/grading/grade_changed": "no",
}


def _household(version: int, **changed: object) -> Row:
    return {
        "name": HOUSEHOLD, "label": "王大山", "__version": version, "__trunkVersion": version, "__branchId": "",
        "head_name": "王大山", "address": "3组12号", "contact_phone": "13800138000", "household_category": "exited",
        "assistance": "none", "poverty_cause": "illness", "measures": "health industry", "planned_exit_year": 2027,
        "wage_income": 12000, "operating_income": 8000, "operating_cost": 3000, "property_income": 0,
        "transfer_income": 2600, "house_structure": "masonry", "house_area": 96, "house_occupied": "yes",
        "living_place": "", "house_grade": "B", "water_supply_mode": "centralized", "water_in_house": "yes",
        "water_fetch_minutes": "", "water_shortage_days": 5, "water_looks_clean": "yes", "lon": "101.5",
        "region": "990101001003", "cadre_kin": "no", "relocated": "no", "assets": "tv fridge",
        **changed,
    }  # fmt: skip


def _member(n: int, name: str, version: int, **changed: object) -> Row:
    return {
        "name": MEMBERS[n], "label": name, "__version": version, "__trunkVersion": version, "__branchId": "",
        "household": HOUSEHOLD, "full_name": name, "member_state": "at_home", "state_since": "", "relation": "02",
        "ethnic_group": "14", "serious_illness_insurance": "yes", "pension_insurance": "resident",
        "sex": "1", "birth_date": "1970-05-01", "health": "healthy", "medical_insurance": "resident",
        "school_status": "", "education": "primary", "labour_capacity": "ordinary", "works_away": "yes",
        "work_place": "昆明", "work_months": 6, "monthly_wage": 3500, **changed,
    }  # fmt: skip


OPENED = {
    "household": [_household(5)],
    "member": [_member(0, "王大山", 3), _member(1, "李秀兰", 2, relation="10", sex="2")],
}
# Meanwhile others worked: newer versions, other values, a member in front who was not there, another order.
PULLED = {
    "household": [_household(6, head_name="王大海", house_grade="D")],
    "member": [
        _member(2, "新来的", 1),
        _member(1, "李秀英", 7, relation="30", works_away="no"),
        _member(0, "王大海", 4, health="serious"),
    ],
}


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> CollectEngine:
    return CollectEngine(tmp_path_factory.mktemp("javarosa"))


@pytest.fixture(scope="module")
def draft(engine: CollectEngine) -> Filled:
    """A visit in which nothing changed."""
    return _fill(engine, {})


def _fill(engine: CollectEngine, answers: dict[str, str], **more: Any) -> Filled:
    return engine.fill(visit_form().xform, more.pop("lists", OPENED), {**VISIT_ANSWERS, **answers}, **more)


def _writes(filled: Filled) -> dict[str, Any]:
    found = extract_writes(visit_model(), parse_instance(filled.xml), datasets())
    return {write.id: write for write in found}


def _without_end(xml: str) -> str:
    return re.sub(r"<end>[^<]*</end>", "", xml)


def test_a_visit_without_changes_is_valid_and_repeats_what_is_known(draft: Filled) -> None:
    """Prefilled: nothing that is known is asked again; unchanged values come back canonically equal."""
    assert draft.outcome == "VALID" and not draft.refused
    writes = _writes(draft)
    household = writes[HOUSEHOLD].values
    for name in ("head_name", "contact_phone", "measures", "wage_income", "house_area", "water_shortage_days"):
        assert household[name] == str(OPENED["household"][0][name])
    assert household["net_income"] == "19600" and household["per_capita_net_income"] == "9800"
    assert household["household_size"] == "2" and household["main_income_source"] == "wage"
    assert "house_grade" not in household and "lon" not in household
    assert writes[MEMBERS[1]].values["full_name"] == "李秀兰"
    assert [write.dataset for write in writes.values()] == ["household", "member", "member"]


def test_a_reopened_draft_claims_only_what_it_was_opened_with(engine: CollectEngine, draft: Filled) -> None:
    """The promise of the pin: the lists changed under the draft, and nothing in it changes."""
    reopened = _fill(engine, {}, lists=PULLED, draft=draft.xml)
    assert reopened.outcome == "VALID"
    assert _without_end(reopened.xml) == _without_end(draft.xml)
    bases = {write.id: write.base_version for write in _writes(reopened).values()}
    assert bases == {HOUSEHOLD: 5, MEMBERS[0]: 3, MEMBERS[1]: 2}
    names = {write.id: write.values.get("full_name") for write in _writes(reopened).values()}
    assert (names[MEMBERS[0]], names[MEMBERS[1]]) == ("王大山", "李秀兰")


def _unpin(xform: str) -> str:
    root = etree.fromstring(xform.encode())
    for bind in root.iter("{*}bind"):
        if bind.get("nodeset").endswith(PINNED):
            bind.set("calculate", bind.get("calculate").removeprefix("once(").removesuffix(")"))
    return etree.tostring(root, encoding="unicode")


def test_without_the_pin_a_reopened_draft_claims_too_much(engine: CollectEngine) -> None:
    """The mutation: the same form with our step undone claims to have seen version 6, which its author never saw."""
    unpinned = _unpin(visit_form().xform)
    draft = engine.fill(unpinned, OPENED, VISIT_ANSWERS)
    reopened = engine.fill(unpinned, PULLED, VISIT_ANSWERS, draft.xml)
    bases = {write.id: write.base_version for write in _writes(reopened).values()}
    assert bases == {HOUSEHOLD: 6, MEMBERS[0]: 4, MEMBERS[1]: 7}


def test_a_new_member_is_created_and_the_others_are_updated(engine: CollectEngine) -> None:
    row = "/data/members/member_row[3]"
    filled = _fill(
        engine,
        {
            "/data/members/n_new": "1", f"{row}/m_basic/m_name": "王小明", f"{row}/m_basic/m_state": "at_home",
            f"{row}/m_details/m_relation": "20", f"{row}/m_details/m_sex": "1",
            f"{row}/m_details/m_birth_date": "2015-03-01", f"{row}/m_details/m_medical_insurance": "resident",
            f"{row}/m_details/m_id_typed": "11010519491231002X",
            f"{row}/m_details/m_school_status": "primary", f"{row}/m_details/m_ethnic_group": "14",
            f"{row}/m_details/m_serious_illness_insurance": "yes", f"{row}/m_details/m_left_behind_now": "no",
        },
    )  # fmt: skip
    assert filled.outcome == "VALID" and not filled.refused
    (new,) = [write for write in _writes(filled).values() if write.create]
    assert (new.label, new.parent, new.base_version) == ("王小明", HOUSEHOLD, None)
    assert new.values["id_number"] == "11010519491231002X"
    assert new.values["labour_capacity"] == "none", "a child is not asked about work, and counts as unable"
    assert new.values["left_behind"] == "none" and "pension_insurance" not in new.values
    assert _writes(filled)[HOUSEHOLD].values["household_size"] == "3"


def test_a_new_member_keeps_its_id_when_the_draft_is_reopened(engine: CollectEngine) -> None:
    name = {"/data/members/n_new": "1", "/data/members/member_row[3]/m_basic/m_name": "王小明"}
    draft = _fill(engine, name)
    assert _writes(_fill(engine, name, lists=PULLED, draft=draft.xml)).keys() == _writes(draft).keys()


def test_who_left_is_asked_nothing_more_and_no_longer_counts(engine: CollectEngine) -> None:
    filled = _fill(engine, {"/data/members/member_row[2]/m_basic/m_state": "left",
                            "/data/members/member_row[2]/m_basic/m_state_since_now": "2026-01-02"})  # fmt: skip
    writes = _writes(filled)
    assert writes[MEMBERS[1]].values == {
        "household": HOUSEHOLD, "full_name": "李秀兰", "member_state": "left", "state_since": "2026-01-02",
    }  # fmt: skip
    assert writes[HOUSEHOLD].values["household_size"] == "1"


def test_what_no_longer_applies_is_cleared_and_not_left_behind(engine: CollectEngine) -> None:
    """A merge group never mixes: who works no more has no place of work."""
    filled = _fill(engine, {"/data/members/member_row/m_details/m_work/m_works_away": "no"})
    values = _writes(filled)[MEMBERS[0]].values
    assert (values["works_away"], values["work_place"], values["work_months"]) == ("no", None, None)


def test_an_answer_that_was_emptied_stays_empty_when_the_draft_is_reopened(engine: CollectEngine) -> None:
    """once() alone would put the known value back; a flag set by the edit stops it."""
    place = "/data/members/member_row/m_details/m_work/m_work_place_now"
    emptied = _fill(engine, {place: ""})
    reopened = _fill(engine, {}, lists=PULLED, draft=emptied.xml)
    assert _writes(reopened)[MEMBERS[0]].values["work_place"] is None
    assert _writes(reopened)[MEMBERS[1]].values["work_place"] == "昆明"


def test_income_that_is_not_reckoned_this_time_is_not_written(engine: CollectEngine) -> None:
    values = _writes(_fill(engine, {"/data/income/income_asked": "no"}))[HOUSEHOLD].values
    assert not {"wage_income", "income_from", "net_income", "per_capita_net_income"} & values.keys()


def test_a_household_that_declines_is_not_changed(engine: CollectEngine) -> None:
    filled = _fill(engine, {"/data/notice/consent": "refused",
                            "/data/notice/refusal_reason": "no_time"})  # fmt: skip
    assert filled.outcome == "VALID" and not _writes(filled)


def test_a_visit_by_phone_asks_for_no_photo_place_or_grade(engine: CollectEngine) -> None:
    xml = _fill(engine, {"/data/contact_mode": "phone"}).xml
    assert not re.search(r"<photo_|<house_point|<house_grade|<grade_changed", xml)


def test_a_dangerous_house_asks_for_two_more_photos(engine: CollectEngine, draft: Filled) -> None:
    """Photos only where needed: one of a safe house with a public supply."""
    unsafe = _fill(engine, {"/data/housing/grading/grade_changed": "yes",
                            "/data/housing/grading/house_grade": "D"}).xml  # fmt: skip
    assert re.findall(r"<(photo_\w+)", draft.xml) == ["photo_house_front"]
    assert len(re.findall(r"<(photo_\w+)", unsafe)) == 3


def test_a_grade_is_never_written_without_who_judged_it_and_when(engine: CollectEngine) -> None:
    filled = _fill(engine, {"/data/housing/grading/grade_changed": "yes", "/data/housing/grading/house_grade": "C"})
    values = _writes(filled)[HOUSEHOLD].values
    assert (values["house_grade"], values["assessment_level"]) == ("C", "screening")
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", values["house_graded_on"] or "")


def test_a_measured_position_is_written_with_all_that_belongs_to_it(engine: CollectEngine) -> None:
    filled = _fill(engine, {"/data/place/place_again": "yes",
                            "/data/place/house_point": "25.1234567 101.7654321 1890.5 12.3"})  # fmt: skip
    values = _writes(filled)[HOUSEHOLD].values
    assert (values["lon"], values["lat"], values["accuracy_m"]) == ("101.7654321", "25.1234567", "12.3")
    assert (values["datum"], values["source"]) == ("wgs84", "gps")
    assert (values["fix_time"] or "").endswith("Z")


def test_a_second_household_in_one_form_is_refused(engine: CollectEngine, draft: Filled) -> None:
    """Everything pinned belongs to the first; another household needs another form."""
    other = {"/data/household": "11111111-0b0a-4908-8706-050403020100"}
    assert _fill(engine, other, draft=draft.xml).refused == ["/data/household"]


def test_impossible_answers_are_refused(engine: CollectEngine) -> None:
    wrong = {
        "/data/facts/contact_phone": "123",
        "/data/members/n_new": "21",
        "/data/members/member_row/m_details/m_birth_date": "1850-01-01",
        "/data/members/member_row/m_details/m_id_typed": "110105194912310021",
        "/data/members/member_row/m_details/m_work/m_work_months_now": "13",
        "/data/income/amounts/income_to": "2001-01-01",
        "/data/income/amounts/wage_income": "-1",
        "/data/water/water_shortage_days": "367",
    }
    assert sorted(_fill(engine, wrong).refused) == sorted(wrong)


def test_every_question_speaks_chinese_and_english() -> None:
    for question in visit_model().questions:
        if question.type != "calculate":
            zh, en = question.labels["zh"], question.labels["en"]
            assert re.search(r"[\u4e00-\u9fff]", zh) and not re.search(r"[\u4e00-\u9fff]", en), question.path


def test_the_form_compiles_without_warnings_and_has_at_most_four_photos_and_a_signature() -> None:
    form = visit_form()
    assert form.warnings == () and form.names == {"zh": "入户走访", "en": "Household visit"}
    slots = [question.slot for question in visit_model().questions if question.type == "image"]
    assert slots == ["signature", "house_front", "house_danger", "house_back", "water_source"]


def test_choices_are_worded_as_in_the_datasets() -> None:
    """One word per idea: the same code never reads differently in the form and on the card."""
    known = datasets()
    for question in visit_model().questions:
        if not question.save_to or not question.choices:
            continue
        dataset, name = question.save_to
        labels = {choice.value: choice.labels for choice in known[dataset].properties[name].choices or ()}
        for choice in question.choices:
            assert choice.labels == labels[choice.value], (name, choice.value)


def test_the_form_needs_no_file_but_lists_and_policies() -> None:
    assert visit_form().media == {} and visit_form().policies == ("income", "water", "household_rules")
    names = {file.rpartition("/")[2] for file in visit_model().files}
    lists = {"household.csv", "member.csv", "region.csv"}
    assert names == lists | {"policy_income.csv", "policy_water.csv", "policy_household_rules.csv"}
