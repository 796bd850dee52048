"""Chance, by simulation: every design draws with the probabilities that it states, its totals are unbiased and its
intervals cover the truth as often as they promise.

1,000 draws each from one invented population, with fixed seeds. Bounds: each unit's frequency within 4.5 standard
errors of its probability; the mean of the estimated totals within 4 standard errors of the truth; the mean of the
estimated variances between 0.8 and 1.35 of the variance seen (1.7 for the systematic design, which is reckoned as a
simple one); coverage of intervals of 95 %: Student's t of a total at
least 91 %, of a ratio 90 %, the exact one of a share at least 94 %, Wilson's of a share at least 92 %.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from math import sqrt
from statistics import fmean, variance

import pytest

from server.inspection import variance as estimates
from server.inspection.intervals import share, student
from server.inspection.plan_file import plan_of
from server.inspection.sampling import draw
from tests.inspection.sampling_ground import PLANS, frame_in, observed, population

DRAWS = 1000
RANDOM = [name for name in PLANS if name != "census"]


@dataclass
class Runs:
    """What many draws gave. `units`: household or village → (probability, times drawn)."""

    pi: dict[str, Fraction] = field(default_factory=dict)
    times: Counter[str] = field(default_factory=Counter)
    totals: list[float] = field(default_factory=list)
    variances: list[float] = field(default_factory=list)
    covered: Counter[str] = field(default_factory=Counter)
    rates: list[float] = field(default_factory=list)


@cache
def runs(name: str) -> Runs:
    people = population()
    by_id = {one.id: one for one in people}
    frame, plan = frame_in(people), plan_of(PLANS[name])
    truth = sum(one.fails for one in people)
    persons = sum(one.wrong for one in people) / sum(one.people for one in people)
    found = Runs()
    for number in range(DRAWS):
        drawn = draw(frame, plan, f"{number:020}")
        for one in drawn.households:
            found.pi.setdefault(one.household_id, one.pi)
            found.times[one.household_id] += 1
        for village in drawn.villages:
            found.pi.setdefault(f"{village.village} ", village.pi)
            found.times[f"{village.village} "] += 1
        seen = [observed(one, by_id[one.household_id].fails) for one in drawn.households]
        total, rate = estimates.total(seen), estimates.ratio(seen)
        of_people = estimates.ratio(
            [observed(one, by_id[one.household_id].wrong, by_id[one.household_id].people) for one in drawn.households]
        )
        assert rate is not None and of_people is not None and total.variance is not None
        found.totals.append(total.estimate)
        found.variances.append(total.variance)
        found.rates.append(of_people.estimate - persons)
        low, high = student(total) or (0.0, 0.0)
        found.covered["student"] += low <= truth <= high
        low, high = student(of_people) or (0.0, 0.0)
        found.covered["ratio"] += low <= persons <= high
        interval = share(rate)
        found.covered["exact"] += interval.low <= truth / len(people) <= interval.high
        found.covered["wilson"] += interval.shown_low <= truth / len(people) <= interval.shown_high
    return found


@pytest.mark.parametrize("name", RANDOM)
def test_each_household_and_village_is_drawn_as_often_as_its_probability_says(name: str) -> None:
    found = runs(name)
    for unit, pi in found.pi.items():
        error = sqrt(pi * (1 - pi) / DRAWS)
        assert abs(found.times[unit] / DRAWS - pi) <= 4.5 * error, (unit, pi, found.times[unit])


@pytest.mark.parametrize("name", RANDOM)
def test_nobody_is_without_a_chance(name: str) -> None:
    assert {one.id for one in population()} <= set(runs(name).pi)


@pytest.mark.parametrize("name", RANDOM)
def test_estimated_totals_are_unbiased(name: str) -> None:
    found = runs(name)
    truth = sum(one.fails for one in population())
    assert abs(fmean(found.totals) - truth) <= 4 * sqrt(variance(found.totals) / DRAWS)
    assert abs(fmean(found.rates)) <= 0.01  # a ratio is biased, by a little


@pytest.mark.parametrize("name", RANDOM)
def test_estimated_variances_are_those_that_are_seen(name: str) -> None:
    found = runs(name)
    most = 1.7 if name == "systematic" else 1.35
    assert 0.8 <= fmean(found.variances) / variance(found.totals) <= most


@pytest.mark.parametrize("name", RANDOM)
def test_intervals_cover_the_truth_as_often_as_they_promise(name: str) -> None:
    covered = {kind: times / DRAWS for kind, times in runs(name).covered.items()}
    assert covered["student"] >= 0.91, covered
    assert covered["ratio"] >= 0.90, covered
    assert covered["exact"] >= 0.94, covered
    assert covered["wilson"] >= 0.92, covered


def test_a_census_knows_the_truth_and_says_so_without_an_interval() -> None:
    people = population()
    drawn = draw(frame_in(people), plan_of(PLANS["census"]), "1")
    by_id = {one.id: one for one in people}
    rate = estimates.ratio(observed(one, by_id[one.household_id].fails) for one in drawn.households)
    assert rate is not None
    truth = sum(one.fails for one in people) / len(people)
    found = share(rate)
    assert (rate.variance, found.low, found.high) == (0.0, pytest.approx(truth), pytest.approx(truth))
