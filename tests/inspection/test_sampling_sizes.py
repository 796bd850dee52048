"""Intervals and sizes against published values and exact sums."""

from __future__ import annotations

import json
from fractions import Fraction
from math import comb

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from server.cli import main
from server.inspection import sizes
from server.inspection.intervals import at_most, clopper_pearson, share, student, t_quantile, wilson
from server.inspection.variance import Observation, Rate, ratio, total


def _at_most(count: int, size: int, share_: Fraction) -> Fraction:
    """Binomial, summed exactly."""
    terms = (comb(size, k) * share_**k * (1 - share_) ** (size - k) for k in range(count + 1))
    return sum(terms, Fraction(0))


@pytest.mark.parametrize(
    ("count", "size", "exact", "shown"),
    [
        (0, 150, (0.0, 0.02429), (0.0, 0.02497)),
        (10, 100, (0.04900, 0.17622), (0.05523, 0.17437)),
        (81, 263, (0.2527, 0.3676), (0.2553, 0.3662)),  # 81 of 263: Newcombe 1998, table I
        (15, 148, (0.0578, 0.1617), (0.0624, 0.1605)),  # 15 of 148: the same
        (20, 20, (0.83157, 1.0), (0.83887, 1.0)),
    ],
)
def test_intervals_are_those_of_the_tables(
    count: int, size: int, exact: tuple[float, float], shown: tuple[float, float]
) -> None:
    assert clopper_pearson(count, size) == pytest.approx(exact, abs=6e-5)
    assert wilson(count, size) == pytest.approx(shown, abs=6e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 50), st.data(), st.sampled_from((0.8, 0.9, 0.95, 0.99)))
def test_the_exact_interval_leaves_its_tails_by_exact_sums(size: int, data: st.DataObject, confidence: float) -> None:
    count = data.draw(st.integers(0, size))
    low, high = clopper_pearson(count, size, confidence)
    tail = (1 - confidence) / 2
    if count < size:
        assert float(_at_most(count, size, Fraction(high))) == pytest.approx(tail, rel=1e-6)
    if count > 0:
        assert float(1 - _at_most(count - 1, size, Fraction(low))) == pytest.approx(tail, rel=1e-6)
    assert 0 <= low <= count / size <= high <= 1


@pytest.mark.parametrize(("count", "size"), [(-1, 10), (11, 10), (0, 0), (float("nan"), 10)])
def test_what_is_no_count_has_no_interval(count: float, size: float) -> None:
    for interval in (clopper_pearson, wilson):
        with pytest.raises(ValueError, match="no interval"):
            interval(count, size)


def test_quantiles_of_student_are_those_of_the_tables() -> None:
    found = [t_quantile(0.975, freedom) for freedom in (1, 5, 30, float("inf"))]
    assert found == pytest.approx([12.7062, 2.5706, 2.0423, 1.9600], abs=1e-4)


def _cluster(stratum: str, psu: str, *ys: float, psu_pi: float = 0.5, within: float = 1.0) -> list[Observation]:
    return [Observation(stratum, psu, psu_pi, 1 / (psu_pi * within), y, 1.0, within) for y in ys]


def test_the_variance_of_a_simple_sample_is_the_textbooks() -> None:
    """N = 40, n = 10 with 4 failures: (1 − n/N)·N²·s²/n."""
    seen = [Observation("", str(n), 0.25, 4.0, float(n < 4)) for n in range(10)]
    found = total(seen)
    assert found.estimate == 16 and found.freedom == 9
    assert found.variance == pytest.approx(0.75 * 40**2 * (4 / 15) / 10)


def test_the_variance_of_two_stages_is_the_textbooks() -> None:
    """Cochran 11.24: villages 2 of 4 with 3 of 6 households each; between and within added by hand."""
    seen = _cluster("", "a", 1, 0, 0, within=0.5) + _cluster("", "b", 1, 1, 0, within=0.5)
    totals = [6 * 1 / 3, 6 * 2 / 3]
    between = 4**2 * (1 - 2 / 4) / 2 * ((totals[0] - totals[1]) ** 2 / 2)
    within = 4 / 2 * sum(6**2 * (1 - 3 / 6) / 3 * (1 / 3) for _ in range(2))
    found = total(seen)
    assert found.estimate == 4 / 2 * sum(totals) and found.freedom == 1
    assert found.variance == pytest.approx(between + within)


def test_a_certain_village_tells_by_its_households_alone() -> None:
    found = total(_cluster("T", "a", 1, 0, 0, 1, psu_pi=1.0, within=0.5))
    assert found.freedom == 3
    assert found.variance == pytest.approx(8**2 * 0.5 / 4 * (1 / 3))


def test_one_village_tells_no_variance_and_gives_no_interval_of_its_own() -> None:
    found = ratio(_cluster("T", "a", 1, 0, 0))
    assert found is not None and found.variance is None and found.freedom == 0
    assert student(found) is None
    assert share(found, planned_effect=2.0).size == 1.5


def test_no_base_is_no_rate() -> None:
    assert ratio([Observation("T", "a", 0.5, 2.0, 0.0, 0.0)]) is None


def test_a_share_that_was_never_seen_is_bounded_by_the_planned_effect() -> None:
    none = Rate(0.0, 0.0, 9, 150, 5000.0)
    narrow, wide = share(none), share(none, planned_effect=1.45)
    assert 0.0243 < narrow.high < wide.high and narrow.low == 0.0


def test_sizes_without_failure_are_those_of_the_tables() -> None:
    found = [sizes.for_no_failure(0.02, 0.95, frame).households for frame in (None, 300, 1000, 5000)]
    assert found == [149, 117, 138, 147] and sizes.for_no_failure(0.01).households == 299
    assert at_most(0, 149) <= 0.02 < at_most(0, 148)
    assert sizes.for_no_failure(0.02, 0.95, 10) == sizes.Size(10, 0, whole=True)


@pytest.mark.parametrize(("good", "bad", "risk"), [(1, 4, 5), (1, 2, 10), (1, 4, 10)])
def test_lots_keep_both_risks_by_exact_sums_and_no_smaller_sample_does(good: int, bad: int, risk: int) -> None:
    found = sizes.for_lots(good / 100, bad / 100, risk / 100, risk / 100)
    known = {(1, 4, 5): (261, 5), (1, 2, 10): (945, 13), (1, 4, 10): (166, 3)}
    assert (found.households, found.accept) == known[good, bad, risk]
    n, accept = found.households, found.accept or 0
    assert _at_most(accept, n, Fraction(bad, 100)) <= Fraction(risk, 100)
    assert _at_most(accept, n, Fraction(good, 100)) >= 1 - Fraction(risk, 100)
    assert _at_most(accept, n - 1, Fraction(bad, 100)) > Fraction(risk, 100)


def test_sizes_to_a_margin_are_those_of_the_tables() -> None:
    effect = sizes.effect_of(10, 0.05)
    assert effect == 1.45
    assert sizes.for_margin(0.02, 0.01).households == 753
    assert sizes.for_margin(0.02, 0.01, effect=effect).households == 1092
    assert sizes.for_margin(0.5, 0.01, population=200) == sizes.Size(196)
    assert sizes.for_margin(0.5, 0.001, population=200).whole


def test_what_a_sample_can_prove_is_what_its_interval_says() -> None:
    found = sizes.power(1500, 0.02)
    assert found.meets_to is not None
    assert clopper_pearson(found.meets_to, 1500)[1] <= 0.02 < clopper_pearson(found.meets_to + 1, 1500)[1]
    assert clopper_pearson(found.fails_from - 1, 1500)[0] <= 0.02 < clopper_pearson(found.fails_from, 1500)[0]
    assert all(sum(chances) == pytest.approx(1) for chances in found.chances.values())
    assert sizes.power(240, 0.02, effect=1.45).meets_to is None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ("proportion --rate 2% --margin 1% --per-village 10", ("1092", "能说明", "不能说明", "It cannot tell")),
        ("zero --limit 2%", ("149", "双侧", "It cannot tell")),
        ("lots --good 1% --bad 4%", ("261", "至多 5 户", "It cannot tell")),
        ("check --households 240 --limit 2% --per-village 10", ("165", "样本还是太小", "can never prove")),
        ("zero --limit 2% --population 10", ("普查", "census")),
    ],
)
def test_the_helper_says_what_a_size_can_and_cannot_prove(arguments: str, said: tuple[str, ...]) -> None:
    told = CliRunner().invoke(main, ["sample", "size", *arguments.split()])
    assert told.exit_code == 0 and all(one in told.stdout for one in said), told.output


def test_the_helper_gives_numbers_and_refuses_what_does_not_go_together() -> None:
    told = CliRunner().invoke(main, ["sample", "size", "zero", "--limit", "2%", "--json"])
    assert json.loads(told.stdout)["households"] == 149
    for arguments in ("zero", "zero --limit 0%", "zero --limit 200%", "lots --good 5% --bad 1%", "check --limit 2%"):
        assert CliRunner().invoke(main, ["sample", "size", *arguments.split()]).exit_code != 0, arguments
