"""The rules of the datasets: each finds the contradiction that it names, and leaves its neighbour alone."""

from __future__ import annotations

from datetime import date

import pytest

from server.forms.rules import check_record
from tests.forms.samples import datasets

DAY = date(2026, 6, 30)
AMOUNTS = {
    "wage_income": "100", "operating_income": "50", "property_income": "0", "transfer_income": "10",
    "operating_cost": "20",
}  # fmt: skip

# dataset, rule, a record that breaks it, what is changed so that it does not
CASES: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
    ("household", "income_period_backwards", {"income_from": "2026-01-02", "income_to": "2026-01-01"},
     {"income_to": "2026-01-02"}),
    ("household", "net_income_sum", {**AMOUNTS, "net_income": "140.02"}, {"net_income": "140.01"}),
    ("household", "lived_in_elsewhere", {"house_occupied": "yes", "living_place": "rented"}, {"house_occupied": "no"}),
    ("household", "fetched_though_piped", {"water_in_house": "yes", "water_fetch_minutes": "5"},
     {"water_fetch_minutes": "0"}),
    ("household", "main_cause_twice", {"poverty_cause": "illness", "other_causes": "illness no_skill"},
     {"other_causes": "no_skill"}),
    ("household", "too_many_causes", {"other_causes": "illness no_skill no_land"},
     {"other_causes": "illness no_skill"}),
    ("household", "exclusion_unexplained", {"exclusions": "vehicle"}, {"exclusion_note": "三轮车卖菜"}),
    ("household", "shortage_days_impossible", {"water_shortage_days": "367"}, {"water_shortage_days": "366"}),
    ("member", "gone_before_birth", {"state_since": "2020-01-01", "birth_date": "2020-01-02"},
     {"state_since": "2020-01-02"}),
    ("member", "dropout_in_school", {"dropout_reason": "work", "school_status": "junior"},
     {"school_status": "dropped_out"}),
    ("member", "member_of_no_age", {"left_behind": "child", "labour_capacity": "ordinary"},
     {"labour_capacity": "none"}),
    ("risk_clue", "due_before_discovery", {"discovered_on": "2026-06-02", "due_on": "2026-06-01"},
     {"due_on": "2026-06-02"}),
    ("risk_clue", "main_risk_not_named", {"risks": "illness", "main_risk": "water"}, {"risks": "illness water"}),
    ("risk_clue", "too_many_risks", {"risks": "illness water housing disaster accident schooling"},
     {"risks": "illness water housing disaster accident"}),
    ("risk_clue", "open_and_closed", {"clue_state": "open", "closed_on": "2026-06-01"}, {"clue_state": "dismissed"}),
    ("risk_clue", "closed_before_discovery",
     {"discovered_on": "2026-06-02", "closed_on": "2026-06-01", "clue_state": "dismissed"},
     {"closed_on": "2026-06-02"}),
    ("measure", "ended_before_start",
     {"started_on": "2026-06-02", "ended_on": "2026-06-01", "measure_state": "done"}, {"ended_on": "2026-06-02"}),
    ("measure", "done_without_day", {"measure_state": "done"}, {"ended_on": "2026-06-02"}),
    ("measure", "under_way_but_ended", {"measure_state": "under_way", "ended_on": "2026-06-02"},
     {"measure_state": "stopped"}),
    ("measure", "amount_negative", {"amount": "-0.01"}, {"amount": "0"}),
    ("income", "period_backwards", {"period_from": "2026-01-02", "period_to": "2026-01-01"},
     {"period_to": "2026-01-02"}),
    ("income", "period_net_income_sum", {**AMOUNTS, "net_income": "139"}, {"net_income": "140"}),
    ("income", "nobody_counted", {"people": "0"}, {"people": "1"}),
]  # fmt: skip


@pytest.mark.parametrize(("dataset", "rule", "broken", "mended"), CASES, ids=[case[1] for case in CASES])
def test_a_rule_finds_its_contradiction_and_leaves_its_neighbour_alone(
    dataset: str, rule: str, broken: dict[str, str], mended: dict[str, str]
) -> None:
    known = datasets()[dataset]
    assert [one.id for one in check_record(known, broken, DAY)] == [rule]
    assert check_record(known, broken | mended, DAY) == ()


def test_every_rule_of_these_datasets_is_tried() -> None:
    tried = {(dataset, rule) for dataset, rule, *_ in CASES}
    names = ("household", "member", "risk_clue", "measure", "income")
    assert {(name, rule.id) for name in names for rule in datasets()[name].rules} == tried


def test_an_empty_record_breaks_nothing() -> None:
    for dataset in datasets().values():
        assert check_record(dataset, {}, DAY) == (), dataset.name
