"""Three rates and one degree: estimates against sums by hand, verdicts by the whole interval, standings by reasons."""

from __future__ import annotations

from pathlib import Path

import pytest

from server.forms.policies import load_policies
from server.forms.policy_rows import policy_list
from server.inspection.comparison import Fact, compare
from server.inspection.indicators import CODES, Drawn, Indicator, Limits, Visited, indicators, verdict, weighted
from server.inspection.standing import REASONS, Standing, net_income, standing

POLICIES = Path(__file__).parents[2] / "form_definitions" / "policies"
LIMITS = Limits.of(policy_list(load_policies(POLICIES)["indicators"])[0])
POLICY_ROWS = {"income": {"monitoring_line": "7000"}, "water": {"basic_shortage_days": "36", "basic_minutes": "20"}}


def drawn(village: str, weight: float = 10.0, answered: bool = True, disposition: str = "complete") -> Drawn:
    return Drawn("t", village, village, weight, 0.1, 0.5, disposition if answered else "nobody", answered)


def met(village: str, people: int, below: bool, category: str = "ordinary", opinion: str | None = "satisfied",
        weight: float = 10.0) -> Visited:  # fmt: skip
    reasons = ("income",) if below else ()
    return Visited(drawn(village, weight), Standing(people, reasons), category, False, opinion)


def by_code(visited: list[Visited]) -> dict[str, Indicator]:
    found = indicators(visited, LIMITS)
    assert [one.code for one in found] == list(CODES)
    return {one.code: one for one in found}


def test_rates_are_people_of_people_with_weights() -> None:
    """By hand: (10·4 + 30·1) of (10·4 + 10·2 + 30·1 + 30·5) people = 70 of 240; without weights 5 of 12."""
    found = by_code([
        met("a", 4, True), met("a", 2, False), met("b", 1, True, weight=30.0), met("b", 5, False, weight=30.0),
    ])  # fmt: skip
    incidence = found["incidence"]
    assert incidence.rate is not None and incidence.rate.estimate == pytest.approx(70 / 240)
    assert (incidence.count, incidence.base) == (5, 12)


def test_each_rate_has_its_own_base() -> None:
    """Wrongly released: of those released; missed: of those nobody follows; content: of those with an opinion."""
    released = Visited(drawn("a"), Standing(3, ("housing",)), "at_risk_marginal", True, "unsatisfied")
    found = by_code([
        met("a", 4, True, "exited"), released, met("b", 2, False, "ordinary"), met("b", 6, True, "unstable_exited"),
        met("c", 1, False, "ordinary", opinion="not_applicable"),
    ])  # fmt: skip
    assert (found["wrong_exit"].count, found["wrong_exit"].base) == (7, 7)
    assert (found["missed"].count, found["missed"].base) == (0, 3)
    assert (found["incidence"].count, found["incidence"].base) == (13, 16)
    assert (found["recognition"].count, found["recognition"].base) == (3, 4)
    assert found["errors"].verdict is None and found["errors"].rate is None


def test_the_answered_carry_the_weight_of_those_who_were_not_met() -> None:
    """One of two in village a was met: weight 20. An empty house is no missing answer; village b keeps its weight."""
    away = Visited(drawn("a", answered=False))
    empty = Visited(Drawn("t", "b", "b", 10.0, 0.1, 0.5, "empty", False))
    found = weighted([met("a", 1, False), away, met("b", 1, False), empty])
    assert [one.drawn.weight for one in found] == [20.0, 10.0]


def test_none_wrong_of_few_shows_nothing_and_of_many_meets() -> None:
    """Zero of 30 in 3 villages is no proof of 2 %; zero of 600 in 60 villages is, with ρ = 0.05 for the villages."""
    few = by_code([met(f"v{n % 3}", 1, False) for n in range(30)])["incidence"]
    many = by_code([met(f"v{n % 60}", 1, False) for n in range(600)])["incidence"]
    assert (few.verdict, many.verdict) == ("too_small", "meets")
    # deff = 1 + 9·0.05 = 1.45: 600/1.45 = 413.8; 1 − 0.025^(1/413.8) = 0.88 %.
    assert many.share is not None and many.share.size <= 600 / 1.45
    assert many.share.high == pytest.approx(1 - 0.025 ** (1 / many.share.size), rel=1e-6)


def test_many_wrong_fail_and_recognition_is_held_from_below() -> None:
    found = by_code([met(f"v{n % 20}", 1, n % 3 == 0, opinion="unsatisfied" if n % 2 else "satisfied")
                     for n in range(200)])  # fmt: skip
    assert (found["incidence"].verdict, found["recognition"].verdict) == ("fails", "fails")


@pytest.mark.parametrize(
    ("low", "high", "limit", "at_least", "said"),
    [
        (0.0, 0.019, 0.02, False, "meets"),
        (0.0, 0.021, 0.02, False, "too_small"),
        (0.021, 0.3, 0.02, False, "fails"),
        (0.91, 0.99, 0.9, True, "meets"),
        (0.85, 0.95, 0.9, True, "too_small"),
        (0.5, 0.89, 0.9, True, "fails"),
    ],
)
def test_a_verdict_needs_the_whole_interval(low: float, high: float, limit: float, at_least: bool, said: str) -> None:
    assert verdict(low, high, limit, at_least) == said


def test_errors_are_wrong_items_of_checked_items_without_what_changes() -> None:
    """Two of three households are all right: 2 wrong of 30 steady items; the changing one is left out by the policy."""
    steady = [Fact(f"/d/q{n}", "household", f"p{n}", "integer", "fixed") for n in range(10)]
    moving = Fact("/d/m", "household", "m", "integer", "changing")
    record = {("household", fact.property): "1" for fact in [*steady, moving]}
    visited = []
    for village, wrong in (("a", 0), ("b", 2), ("c", 0)):
        answers = {fact.question: "2" if n < wrong else "1" for n, fact in enumerate(steady)} | {"/d/m": "9"}
        items = compare([*steady, moving], record, answers, "complete")
        visited.append(Visited(drawn(village), items=items))
    errors = by_code(visited)["errors"]
    assert (errors.count, errors.base) == (2, 30)
    assert errors.rate is not None and errors.rate.estimate == pytest.approx(2 / 30)
    assert errors.share is not None and errors.share.low <= 2 / 30 <= errors.share.high


HOME = {"n_people": "4", "income_kinds": "wage operating", "wage_income": "40000", "operating_income": "10000",
        "operating_cost": "4000", "food_enough": "yes", "clothes_enough": "yes", "n_out_of_school": "0",
        "n_uninsured": "0", "care_given_up": "no", "grade": "B", "house_occupied": "yes", "water_looks_clean": "yes",
        "water_shortage_days": "10"}  # fmt: skip


def test_a_household_that_lives_up_to_the_standard_has_no_reason() -> None:
    assert net_income(HOME) == 11500
    assert standing(HOME, POLICY_ROWS) == Standing(4, ())


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"wage_income": "20000"}, "income"),
        ({"food_enough": "no"}, "food"),
        ({"clothes_enough": "no"}, "clothes"),
        ({"n_out_of_school": "1"}, "schooling"),
        ({"n_uninsured": "2"}, "insurance"),
        ({"care_given_up": "yes"}, "care"),
        ({"grade": "D"}, "housing"),
        ({"water_shortage_days": "37"}, "water"),
        ({"water_fetch_minutes": "25"}, "water"),
        ({"water_looks_clean": "no"}, "water"),
    ],
)
def test_each_shortcoming_is_named_alone(changes: dict[str, str], reason: str) -> None:
    assert standing({**HOME, **changes}, POLICY_ROWS).reasons == (reason,)
    assert reason in REASONS


def test_what_was_not_said_judges_nothing() -> None:
    """An amount that the household could not tell, a dangerous house that stands empty, a policy that is not loaded."""
    assert standing({**HOME, "wage_income": None}, POLICY_ROWS).reasons == ()
    assert standing({**HOME, "grade": "D", "house_occupied": "no"}, POLICY_ROWS).reasons == ()
    assert standing({**HOME, "wage_income": "0"}, {}).reasons == ()
    assert net_income({**HOME, "n_people": None}) is None
    assert net_income({"n_people": "2", "income_kinds": "none"}) == 0
