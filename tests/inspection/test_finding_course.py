"""The life of a finding as data: mistakes are told when it is loaded, and any order of steps keeps its laws."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from server.commands.definitions import _workflow_issues
from server.config import ROOT
from server.forms.issue import DefinitionError
from server.forms.policies import PolicyVersion, load_policies
from server.forms.policy_rows import policy_list
from server.inspection.finding_clocks import flow_in
from server.inspection.finding_course import Refused, Standing, Taken, days_over, levels_risen, possible, standing
from server.inspection.finding_workflow import ORDERED, read_workflow

FILE = ROOT / "form_definitions" / "workflows" / "finding.yaml"
FLOW = read_workflow(FILE)
START = date(2026, 11, 2)
NAMES = sorted(FLOW.steps)


@pytest.mark.parametrize(
    ("what", "instead", "told"),
    [
        ("    to: verified\n", "    to: checked\n", "checked"),
        ("    clock: verify_days\n", "", "verify_days"),
        ("    needs: [due, lead]\n", "    needs: [lead]\n", "order"),
        ("    by: village\n", "    by: anybody\n", "anybody"),
        ("rise_days: 5", "rise_days: 0", "rise_days"),
        ("close_days: 3, ", "", "close_days"),
        ("    from: [verified]\n", "    from: [claimed]\n", "verified"),
        ("    then: upheld\n", "    then: nowhere\n", "nowhere"),
        ("    to: withdrawn\n", "    to: closed\n", "withdrawn"),
        ("start: opened", "start: begun", "begun"),
    ],
)
def test_what_cannot_hold_is_told_with_its_place_when_it_is_loaded(
    tmp_path: Path, what: str, instead: str, told: str
) -> None:
    """Also proves that `ruhu definitions check` looks at it."""
    source = FILE.read_text("utf-8")
    path = tmp_path / "finding.yaml"
    path.write_text(source.replace(what, instead, 1), "utf-8")
    assert what in source
    with pytest.raises(DefinitionError) as refused:
        read_workflow(path)
    assert any(told in issue.where + issue.why and "finding.yaml" in issue.where for issue in refused.value.issues)
    assert [*_workflow_issues(path)] == list(refused.value.issues)


def test_only_the_inspection_side_judges_verifies_and_closes() -> None:
    """Proves it of the definition that is shipped, so that a later change of it is seen."""
    village = {step.name for step in FLOW.steps.values() if step.by == "village"}
    assert village == {"appeal", "accept", "claim"}
    for name in ("uphold", "withdraw", "close"):
        assert "opener" in FLOW.steps[name].bars
    assert {step.name for step in FLOW.steps.values() if step.to == "closed"} == {"close"}
    assert FLOW.steps["close"].of == ("verified",) and FLOW.steps["verify"].needs == ("check",)


def test_the_clock_of_the_day_of_opening_holds_to_the_end(tmp_path: Path) -> None:
    """A later version with longer days changes nothing for what was opened before it."""
    text = FILE.read_text("utf-8").rstrip("\n") + (
        "\n  - id: later\n    from: 2026-12-01\n    status: confirmed\n    source: x\n"
        "    clocks: {appeal_days: 10, rule_days: 5, order_days: 3, verify_days: 7, close_days: 3, rise_days: 5}\n"
    )
    path = tmp_path / "finding.yaml"
    path.write_text(text, "utf-8")
    flow = read_workflow(path)
    assert standing(flow, START, (), START).due_on == START + timedelta(days=5)
    later = date(2026, 12, 1)
    assert standing(flow, later, (), later).due_on == later + timedelta(days=10)


def test_a_day_after_the_last_day_to_appeal_the_finding_stands() -> None:
    last = START + timedelta(days=5)
    assert standing(FLOW, START, (), last).state == "opened"
    found = standing(FLOW, START, (), last + timedelta(days=1))
    assert found == Standing("upheld", last + timedelta(days=1), last + timedelta(days=4))
    with pytest.raises(Refused) as refused:
        standing(FLOW, START, [Taken("appeal", last + timedelta(days=1))], last + timedelta(days=1))
    assert refused.value.state == "upheld"


@given(st.integers(0, 60))
def test_what_is_over_rises_one_level_and_then_one_more_for_each_five_days(over: int) -> None:
    found = Standing("rectifying", START, START)
    day = START + timedelta(days=over)
    assert days_over(found, day) == over
    assert levels_risen(FLOW, START, found, day) == (0 if over == 0 else 1 + (over - 1) // 5)


class Life(RuleBasedStateMachine):
    """Any steps on any days: what is refused changes nothing, what is taken follows the definition."""

    def __init__(self) -> None:
        super().__init__()
        self.day = START
        self.taken: list[Taken] = []

    def now(self) -> Standing:
        return standing(FLOW, START, self.taken, self.day)

    @rule(days=st.integers(0, 9))
    def wait(self, days: int) -> None:
        self.day += timedelta(days=days)

    @rule(name=st.sampled_from(NAMES), due=st.integers(0, 30))
    def try_step(self, name: str, due: int) -> None:
        before, step = self.now(), FLOW.steps[name]
        day = self.day + timedelta(days=due) if "due" in step.needs else None
        try:
            after = standing(FLOW, START, [*self.taken, Taken(name, self.day, day)], self.day)
        except Refused as refused:
            assert refused.state == before.state and before.state not in step.of
            return
        assert before.state in step.of and after.since == self.day
        self.taken.append(Taken(name, self.day, day))
        assert self.now() == after and after.state == step.to

    @precondition(lambda self: self.taken)
    @rule(back=st.integers(1, 5))
    def an_earlier_part_stands_as_it_did(self, back: int) -> None:
        part = self.taken[:-back]
        assert standing(FLOW, START, part, part[-1].on if part else START).state in FLOW.states

    @invariant()
    def the_clock_runs_unless_it_is_final(self) -> None:
        now = self.now()
        state = FLOW.states[now.state]
        assert (now.due_on is None) == state.final
        assert not (state.then and days_over(now, self.day))
        assert state.clock != ORDERED or now.due_on == self.taken[-1].due
        assert bool(possible(FLOW, now.state)) or now.state == "withdrawn"

    @invariant()
    def closed_means_verified_and_claimed_before(self) -> None:
        names: list[Any] = [one.step for one in self.taken]
        if self.now().state == "closed":
            assert names[-3:] == ["claim", "verify", "close"]


TestLife = Life.TestCase


def test_the_days_are_those_of_the_area_when_it_was_opened() -> None:
    """The policy `finding_clocks` says them by area and date; a later version leaves what is open alone."""
    flow = read_workflow(FILE)
    policy = load_policies(ROOT / "form_definitions" / "policies")["finding_clocks"]
    assert set(policy.values) == set(flow.versions[0].days)
    county = PolicyVersion("c", "990101", date(2026, 6, 1), None, "confirmed", "", {"appeal_days": "9"})
    rows = policy_list(replace(policy, versions=(*policy.versions, county)))

    def due(region: str, opened: date) -> date | None:
        return standing(flow_in(flow, rows, region, opened), opened, (), opened).due_on

    assert due("990101200000", date(2026, 6, 1)) == date(2026, 6, 10)
    assert due("990101200000", date(2026, 5, 31)) == date(2026, 6, 5)
    assert due("990102200000", date(2026, 6, 1)) == date(2026, 6, 6)
