"""Rules from files: what a wrong one is told, and the rules that a dataset has for one record of its own."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from server.forms.datasets import load_datasets
from server.forms.issue import DefinitionError
from server.forms.rule import RuleSet
from server.forms.rule_files import load_rules
from server.forms.rules import check_record
from tests.forms.rule_cases import datasets

RULE = """group: people
labels: {zh: 人, en: People}
rules:
  - id: two_heads
    over: household
    severity: hard
    when: count(member[relation = '02']) > policy/limits/heads
    message: {zh: 两个户主。, en: Two heads.}
    cure: {zh: 核对。, en: Check.}
    properties: [head_name, member.relation]
    source: 规则
    status: indicative
"""
POND = """name: pond
labels: {zh: 鱼塘, en: Pond}
label_property: owner
properties:
  owner: {type: text, labels: {zh: 主人, en: Owner}, sensitivity: personal, merge: review}
  dug_on: {type: date, labels: {zh: 开挖, en: Dug on}, sensitivity: internal, merge: review}
  filled_on: {type: date, labels: {zh: 放水, en: Filled on}, sensitivity: internal, merge: review}
rules:
  - id: filled_before_dug
    severity: hard
    when: filled_on_day < dug_on_day
    message: {zh: 放水早于开挖。, en: Filled before it was dug.}
    cure: {zh: 核对日期。, en: Check the dates.}
    properties: [dug_on, filled_on]
    source: 常识
    status: confirmed
"""


def load(tmp_path: Path, text: str) -> RuleSet:
    (tmp_path / "people.yaml").write_text(text, "utf-8")
    return load_rules(tmp_path, datasets(), {"limits": ("heads",)})


def test_a_good_file_loads(tmp_path: Path) -> None:
    rules = load(tmp_path, RULE)
    (rule,) = rules.rules
    assert rule.properties == ("household.head_name", "member.relation")
    assert rules.groups == {"people": {"zh": "人", "en": "People"}}
    assert "/household/policy/limits/heads" in rules.reads


def test_another_condition_is_another_version_and_another_wording_is_not(tmp_path: Path) -> None:
    first = load(tmp_path, RULE)
    reworded = load(tmp_path, RULE.replace("Two heads.", "Two heads on record."))
    changed = load(tmp_path, RULE.replace("= '02'", "= '01'"))
    assert first.version == reworded.version != changed.version


@pytest.mark.parametrize(
    ("change", "line", "why"),
    [
        (("member[relation", "member[relatoin"), 7, "no “/household/member/relatoin”"),
        (("policy/limits/heads", "policy/limits/tails"), 7, "no “/household/policy/limits/tails”"),
        (("count(member[", "cuont(member["), 7, "cuont"),
        (("count(member[relation = '02'])", "today()"), 7, "“today” cannot be used in rules"),
        (("count(member[relation = '02'])", "instance('member')/root/item"), 7, "“instance” cannot be used in rules"),
        (("count(member[relation = '02'])", "count(member[relation = '02'"), 7, "cannot be read from character"),
        (("count(member[relation = '02']) > policy/limits/heads", ""), 7, "cannot be read"),
        (("over: household", "over: pond"), 5, "“pond” is not defined"),
        (("severity: hard", "severity: high"), 6, "“high” is not one of the allowed values"),
        (("head_name, member.relation", "head_name, member.realtion"), 10, "“member.realtion” is not defined"),
        (("[head_name, member.relation]", "[]"), 10, "names no property"),
        (("{zh: 核对。, en: Check.}", "{zh: 核对。}"), 9, "Both a Chinese and an English label"),
        (("en: Two heads.", "en: Two heads, no less."), 8, "a comma in the text"),
        (("status: indicative", "state: indicative"), 12, "“state” is not known here"),
        (("    source: 规则\n", ""), 4, "“source” is missing"),
        (("id: two_heads", "id: Two heads"), 4, "is not allowed"),
    ],
)
def test_a_wrong_rule_is_told_its_line_cause_and_cure(
    tmp_path: Path, change: tuple[str, str], line: int, why: str
) -> None:
    text = RULE.replace(*change, 1)
    assert text != RULE
    with pytest.raises(DefinitionError) as refused:
        load(tmp_path, text)
    found = [one for one in refused.value.issues if why in one.why]
    assert found, refused.value.issues
    assert any(f"people.yaml line {line} " in f"{one.where} " for one in found), [one.where for one in found]
    assert all(one.fix for one in refused.value.issues)


def test_an_id_stands_for_one_rule_in_all_groups(tmp_path: Path) -> None:
    (tmp_path / "again.yaml").write_text(RULE.replace("group: people", "group: again"), "utf-8")
    with pytest.raises(DefinitionError, match="two_heads"):
        load(tmp_path, RULE)


def test_a_dataset_judges_one_record_by_its_own_rules(tmp_path: Path) -> None:
    (tmp_path / "pond.yaml").write_text(POND, "utf-8")
    pond = load_datasets(tmp_path)["pond"]
    day = date(2026, 6, 30)
    broken = check_record(pond, {"dug_on": "2026-05-02", "filled_on": "2026-05-01"}, day)
    assert [(rule.id, rule.severity, rule.properties) for rule in broken] == [
        ("filled_before_dug", "hard", ("pond.dug_on", "pond.filled_on"))
    ]
    assert check_record(pond, {"dug_on": "2026-05-01", "filled_on": "2026-05-01"}, day) == ()
    assert check_record(pond, {"dug_on": "2026-05-02", "filled_on": None}, day) == ()


def test_a_rule_of_a_dataset_sees_that_record_alone(tmp_path: Path) -> None:
    (tmp_path / "pond.yaml").write_text(POND.replace("< dug_on_day", "< /household/day"), "utf-8")
    with pytest.raises(DefinitionError, match="/household/day"):
        load_datasets(tmp_path)
