"""Policies: what a wrong file is told, and which values hold where and when."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from server.forms.issue import DefinitionError
from server.forms.policies import Policy, load_policies
from server.forms.policy_rows import contradictions, gaps, in_force, policy_csv, policy_list
from tests.forms.samples import DEFINITIONS

WATER = """
name: water
labels: {zh: 饮水, en: Water}
source: 标准
values:
  good: {type: decimal, unit: L, labels: {zh: 达标, en: Good}, min: 0, max: 200}
  days: {type: integer, labels: {zh: 天数, en: Days}}
versions:
  - {id: national_2019, area: "", from: 2019-01-01, status: confirmed, source: 甲, values: {good: 60, days: 18}}
  - {id: national_2024, area: "", from: 2024-01-01, status: confirmed, source: 甲, values: {good: 60.50, days: 15}}
  - {id: dry_2020, area: "62", from: 2020-01-01, until: 2025-01-01, status: indicative, source: 乙, values: {good: 40}}
  - {id: county_2022, area: "620100", from: 2022-01-01, status: confirmed, source: 丙, values: {days: 20}}
"""


def policies(tmp_path: Path, text: str = WATER, name: str = "water.yaml") -> dict[str, Policy]:
    (tmp_path / name).write_text(text, "utf-8")
    return load_policies(tmp_path)


@pytest.mark.parametrize(
    ("region", "day", "name", "good", "days"),
    [
        ("990101200000", date(2018, 12, 31), None, None, None),
        ("990101200000", date(2019, 1, 1), "national_2019", "60", "18"),
        ("990101200000", date(2023, 12, 31), "national_2019", "60", "18"),
        ("990101200000", date(2024, 1, 1), "national_2024", "60.5", "15"),
        ("620200000000", date(2020, 1, 1), "dry_2020", "40", "18"),
        ("620200000000", date(2024, 1, 1), "dry_2020@2024-01-01", "40", "15"),
        ("620200000000", date(2025, 1, 1), "national_2024", "60.5", "15"),
        ("620100100200", date(2022, 1, 1), "county_2022", "40", "20"),
        ("620100100200", date(2025, 1, 1), "county_2022@2025-01-01", "60.5", "20"),
    ],
)
def test_the_most_specific_area_and_then_the_latest_day_decide(
    tmp_path: Path, region: str, day: date, name: str | None, good: str | None, days: str | None
) -> None:
    """Nation → province → county, by day; what a version leaves out follows the wider areas as they change."""
    found = in_force(policy_list(policies(tmp_path)["water"]), region, day)
    assert (found and found["name"]) == name
    if found:
        assert (found["good"], found["days"]) == (good, days)


def test_a_row_is_confirmed_only_when_all_that_it_says_is(tmp_path: Path) -> None:
    rows = {row["name"]: row["status"] for row in policy_list(policies(tmp_path)["water"])}
    assert rows["county_2022"] == "indicative"  # its litres come from the province's indicative version
    assert rows["county_2022@2025-01-01"] == "confirmed"


def test_rank_grows_with_the_area_and_then_with_the_day(tmp_path: Path) -> None:
    rows = policy_list(policies(tmp_path)["water"])
    order = [(len(row["area"]), row["valid_from"]) for row in sorted(rows, key=lambda row: int(row["rank"]))]
    assert order == sorted(order)
    assert len({row["rank"] for row in rows}) == len(rows)


def test_the_list_is_a_csv_with_whole_rows(tmp_path: Path) -> None:
    policy = policies(tmp_path)["water"]
    lines = policy_csv(policy, policy_list(policy)).decode().splitlines()
    assert lines[0] == "name,label,area,valid_from,valid_until,from_day,until_day,rank,status,good,days"
    assert lines[1] == (
        "national_2019,饮水（2019-01-01 起） / Water (from 2019-01-01),,2019-01-01,,17897,99999,1,confirmed,60,18"
    )


def test_a_value_that_nobody_sets_is_named(tmp_path: Path) -> None:
    policy = policies(tmp_path, WATER.replace("values: {good: 60, days: 18}", "values: {good: 60}"))["water"]
    places = {one.where for one in gaps(policy, policy_list(policy))}
    assert places == {"water.yaml national_2019", "water.yaml dry_2020"}


@pytest.mark.parametrize(
    ("change", "line", "why"),
    [
        (("type: decimal", "type: money"), 6, "“money” is not one of the allowed values"),
        (("good: 60,", "good: 600,"), 9, "600 is outside the bounds 0 to 200"),
        (("good: 60,", "good: sixty,"), 9, "a number such as 8500 or 0.5"),
        (("days: 18", "days: 18.5"), 9, "a whole number"),
        (("days: 18", "litres: 18"), 9, "“litres” is not known here"),
        (("from: 2019-01-01", "from: 1.1.2019"), 9, "a date such as 2026-01-31"),
        (("until: 2025-01-01", "until: 2020-01-01"), 11, "this version never holds"),
        (('area: "62"', "area: 6"), 11, "“6” is no beginning of a division code"),
        (("status: indicative", "status: maybe"), 11, "“maybe” is not one of the allowed values"),
        (("id: dry_2020", "id: national_2024"), 11, "is used twice"),
        (("from: 2024-01-01", "from: 2019-01-01"), 10, "begin on the same day"),
        (("  days: {", "  rank: {"), 7, "“rank” is a fixed column"),
        (("name: water", "name: wasser"), 2, "The name in the file is “wasser”"),
        (("source: 标准", "origin: 标准"), 4, "“origin” is not known here"),
        (("labels: {zh: 达标, en: Good}", "labels: {zh: 达标}"), 6, "Both a Chinese and an English label"),
        (("name: water", "name: [water"), 3, "The file cannot be read"),
    ],
)
def test_a_wrong_file_is_told_its_line_cause_and_cure(
    tmp_path: Path, change: tuple[str, str], line: int, why: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        policies(tmp_path, WATER.replace(*change, 1))
    assert [one for one in refused.value.issues if f"water.yaml line {line} " in f"{one.where} " and why in one.why]
    assert all(" / " in one.fix for one in refused.value.issues)


def test_bars_that_contradict_each_other_are_named_also_across_areas(tmp_path: Path) -> None:
    """The county sets only its good bar: below the basic bar of the nation nothing could be basically met."""
    bars = WATER.replace("200}", "200}\n  basic: {type: integer, at_most: good, labels: {zh: 基本, en: Basic}}", 1)
    for bar in ("good: 60,", "good: 60.50,"):
        bars = bars.replace(bar, f"{bar} basic: 35,")
    bars = bars.replace("{good: 40}", "{good: 30}")
    policy = policies(tmp_path, bars)["water"]
    found = contradictions(policy, policy_list(policy))
    assert {one.where.partition("@")[0] for one in found} == {"water.yaml dry_2020", "water.yaml county_2022"}
    assert all("“basic” is 35, more than “good”, which is 30" in one.why for one in found)


def test_a_word_that_no_form_knows_is_refused(tmp_path: Path) -> None:
    """A form takes an unknown word for its default: so a slip of the pen would change verdicts unseen."""
    words = WATER.replace("  days: {type: integer,", "  days: {type: text, one_of: [few, many],")
    for number, word in (("18", "few"), ("15", "lots"), ("20", "many")):
        words = words.replace(f"days: {number}", f"days: {word}")
    with pytest.raises(DefinitionError) as refused:
        policies(tmp_path, words)
    (found,) = refused.value.issues
    assert "water.yaml line 10 " in found.where and "few, many" in found.fix


def test_the_policies_of_this_installation_load_and_are_complete() -> None:
    found = load_policies(DEFINITIONS / "policies")
    assert "income" in found
    for policy in found.values():
        assert gaps(policy, policy_list(policy)) == contradictions(policy, policy_list(policy)) == []
        assert all(version.source for version in policy.versions), policy.name
