"""Where a finding stands: a function of its steps, its workflow and the day. PURE."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from server.inspection.finding_workflow import ORDERED, RISE, StepKind, Workflow


@dataclass(frozen=True)
class Taken:
    """A step that was taken. `due`: the day that it orders, None where it orders none."""

    step: str
    on: date
    due: date | None = None


@dataclass(frozen=True)
class Standing:
    """State of a finding on a day, since when, and the last day of its clock (None: no clock runs)."""

    state: str
    since: date
    due_on: date | None


class Refused(Exception):
    """This step cannot be taken now; `state` is where the finding stands."""

    def __init__(self, state: str) -> None:
        super().__init__(state)
        self.state = state


def standing(flow: Workflow, opened_on: date, steps: Sequence[Taken], day: date) -> Standing:
    """Where the finding stands on `day`. Raises Refused where a step does not follow from what came before."""
    found = _enter(flow, flow.start, opened_on, opened_on, None)
    for taken in steps:
        found = _after(flow, opened_on, _lapsed(flow, opened_on, found, taken.on), taken)
    return _lapsed(flow, opened_on, found, day)


def possible(flow: Workflow, state: str) -> list[StepKind]:
    """The steps that lead out of a state."""
    return [step for step in flow.steps.values() if state in step.of]


def days_over(found: Standing, day: date) -> int:
    """How many days the clock is over; 0 while it runs."""
    return max(0, (day - found.due_on).days) if found.due_on else 0


def levels_risen(flow: Workflow, opened_on: date, found: Standing, day: date) -> int:
    """How many area levels it has risen: one when the clock is over, one more for each further `rise_days`."""
    over = days_over(found, day)
    return 0 if over == 0 else 1 + (over - 1) // flow.clocks_on(opened_on).days[RISE]


def _after(flow: Workflow, opened_on: date, found: Standing, taken: Taken) -> Standing:
    step = flow.steps.get(taken.step)
    if step is None or found.state not in step.of:
        raise Refused(found.state)
    return _enter(flow, step.to, opened_on, taken.on, taken.due)


def _lapsed(flow: Workflow, opened_on: date, found: Standing, day: date) -> Standing:
    """What follows by itself where the clock has run out before this day; it begins on the day after the last."""
    then = flow.states[found.state].then
    if then is None or found.due_on is None or day <= found.due_on:
        return found
    return _lapsed(flow, opened_on, _enter(flow, then, opened_on, found.due_on + timedelta(days=1), None), day)


def _enter(flow: Workflow, state: str, opened_on: date, day: date, ordered: date | None) -> Standing:
    clock = flow.states[state].clock
    if clock is None or clock == ORDERED:
        return Standing(state, day, ordered if clock else None)
    return Standing(state, day, day + timedelta(days=flow.clocks_on(opened_on).days[clock]))
