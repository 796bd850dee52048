"""What a register calls a change: births, deaths, moves, splits, merges; dated by the record itself."""

from __future__ import annotations

from typing import Any

import pytest

from server.config import ROOT
from server.forms.datasets import load_datasets
from server.registry.happenings import happenings

DATASETS = load_datasets(ROOT / "form_definitions" / "datasets")
DAY = "2026-11-02"
CHILD = {"birth_date": "2026-10-01", "state_since": "2026-10-08", "member_state": "at_home", "household": "a"}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (None, CHILD, [{"kind": "registered"}, {"kind": "born", "day": "2026-10-01"}]),
        (None, {**CHILD, "birth_date": "1980-10-01"}, [{"kind": "registered"}]),
        (None, {**CHILD, "birth_date": "2026-11-01"}, [{"kind": "registered"}]),
        (None, {**CHILD, "birth_date": "soon"}, [{"kind": "registered"}]),
        (CHILD, {**CHILD, "member_state": "died", "state_since": DAY}, [{"kind": "died", "day": DAY}]),
        (CHILD, {**CHILD, "member_state": "left", "state_since": None}, [{"kind": "left"}]),
        (CHILD, {**CHILD, "household": "b"}, [{"kind": "household_changed", "from": "a", "to": "b"}]),
        ({**CHILD, "member_state": "away"}, CHILD, [{"kind": "came_back", "day": "2026-10-08"}]),
        (CHILD, {**CHILD, "@state": "archived", "@same_as": "c"}, [{"kind": "merged", "to": "c"}]),
        (CHILD, {**CHILD, "@state": "archived"}, [{"kind": "archived"}]),
        ({**CHILD, "@state": "archived"}, {**CHILD, "@state": "active"}, [{"kind": "reopened"}]),
        (CHILD, {**CHILD, "phone": "1"}, []),
    ],
)
def test_a_change_of_a_member_has_its_word_and_day(before: Any, now: Any, told: Any) -> None:
    assert happenings(DATASETS["member"], now, before, "clear") == told


def test_who_does_not_see_the_state_of_a_person_is_not_told_of_a_death() -> None:
    gone = {**CHILD, "member_state": "died"}
    assert happenings(DATASETS["member"], gone, CHILD, "audit") == []
    assert [one["kind"] for one in happenings(DATASETS["member"], CHILD, None, "audit")] == ["registered"]


def test_a_household_changes_its_head_and_its_village() -> None:
    before = {"head_name": "王大山", "region": "990101200000"}
    now = {"head_name": "王小山", "region": "990102200000"}
    found = happenings(DATASETS["household"], now, before, "clear")
    assert [one["kind"] for one in found] == ["village_changed", "head_changed"]
