"""Each cleaning rule: a case that trips it and one that does not, at its limits."""

from __future__ import annotations

from collections import Counter

import pytest

from server.forms.rules import run
from tests.forms.rule_cases import DAY, Case, cases, datasets, policies, rules


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_rule_finds_what_it_should_and_nothing_else(case: Case) -> None:
    judged = run(rules(), datasets(), case.household, policies(), DAY)
    assert not judged.unjudged
    found = {one.rule.id for one in judged.tripped}
    assert (case.rule in found) is case.trips


def test_every_rule_has_both_kinds_of_case() -> None:
    told = Counter((case.rule, case.trips) for case in cases())
    wanted = {(rule.id, trips) for rule in rules().rules for trips in (True, False)}
    assert wanted == set(told)


def test_every_value_of_a_case_is_a_property() -> None:
    """A misspelt property would make a case that proves nothing."""
    for case in cases():
        for record in (case.household.record, *case.household.below):
            assert set(record.values) <= set(datasets()[record.dataset].properties), case


def test_messages_are_friendly_bilingual_and_hold_no_values() -> None:
    """A check is a question: it says where to look and what to do, names nobody and blames nobody."""
    for rule in rules().rules:
        for text in (rule.message, rule.cure):
            assert text["zh"].endswith("。") and text["en"].endswith((".", "?")), rule.id
            assert "!" not in text["zh"] + text["en"] and "！" not in text["zh"]
            assert "{" not in text["zh"] + text["en"]
        assert rule.source, rule.id
