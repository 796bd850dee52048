"""Honest intervals of a share: exact for verdicts, Wilson for the eye, Student's t for what is no share. PURE.

Counts and sizes may be fractions: a rate of a clustered sample comes with its effective size n / deff in place of n
(Korn and Graubard 1998). Never Wald: 0 wrong of 150 is not “0 to 0”. The incomplete beta function and its inverse are
SciPy's (docs/decisions/2026-11-22-beta-quantiles-by-scipy.md).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from math import inf, isfinite, sqrt
from statistics import NormalDist
from types import ModuleType

from server.inspection.variance import Rate


@cache
def _special() -> ModuleType:
    """Loaded when the first interval is asked for: half a second that no other request should pay."""
    from scipy import special

    return special  # type: ignore[no-any-return]


def clopper_pearson(count: float, size: float, confidence: float = 0.95) -> tuple[float, float]:
    """(low, high) of a share seen `count` times in `size` trials; covers the truth at least as often as promised.

    ValueError where count is not within 0 … size, or size is 0.
    """
    _check(count, size, confidence)
    tail = (1 - confidence) / 2
    low = 0.0 if count <= 0 else float(_special().betaincinv(count, size - count + 1, tail))
    high = 1.0 if count >= size else float(_special().betaincinv(count + 1, size - count, 1 - tail))
    return low, high


def at_most(count: float, size: float, confidence: float = 0.95) -> float:
    """One-sided exact bound: with this confidence the share is not larger. ValueError as clopper_pearson()."""
    return clopper_pearson(count, size, 2 * confidence - 1)[1]


def wilson(count: float, size: float, confidence: float = 0.95) -> tuple[float, float]:
    """(low, high) by Wilson's score; narrower than the exact one, right on average. ValueError as clopper_pearson()."""
    _check(count, size, confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    share, spread = count / size, z * z / size
    middle = (share + spread / 2) / (1 + spread)
    half = z / (1 + spread) * sqrt(share * (1 - share) / size + spread / (4 * size))
    return (0.0 if count <= 0 else max(middle - half, 0.0)), (1.0 if count >= size else min(middle + half, 1.0))


def binomial_at_most(count: int, size: int, share: float) -> float:
    """Chance of `count` or fewer in `size` independent trials; the trials may be fewer than the count."""
    if count >= size:
        return 1.0
    return float(_special().bdtr(count, size, share))


def t_quantile(probability: float, freedom: float) -> float:
    """Quantile of Student's t; the normal one where `freedom` is infinite. ValueError where it is not above 0."""
    if freedom <= 0 or not 0 < probability < 1:
        raise ValueError(f"no quantile {probability} with {freedom} degrees of freedom")
    if not isfinite(freedom):
        return NormalDist().inv_cdf(probability)
    return float(_special().stdtrit(freedom, probability))


def student(rate: Rate, confidence: float = 0.95) -> tuple[float, float] | None:
    """(low, high) of an estimate by its design-based variance; None where the sample tells no variance."""
    if rate.variance is None:
        return None
    half = t_quantile((1 + confidence) / 2, rate.freedom or inf) * sqrt(rate.variance) if rate.variance else 0.0
    return rate.estimate - half, rate.estimate + half


@dataclass(frozen=True)
class Share:
    """A share with both its intervals. `size`: the effective number of independent trials behind them."""

    estimate: float
    low: float
    high: float
    shown_low: float
    shown_high: float
    size: float


def share(rate: Rate, confidence: float = 0.95, planned_effect: float = 1.0) -> Share:
    """Exact (low, high) and Wilson (shown) intervals of a share from any design, in the manner of Korn and Graubard.

    Effective size: p(1−p) / variance, but never more than the sample; times (t_{n−1} / t_df)² for few villages. Where
    the sample tells no variance (all alike, or one village), it is the sample's size / `planned_effect`. A census has
    no variance: both intervals are the estimate itself.
    """
    p = min(max(rate.estimate, 0.0), 1.0)
    if rate.is_census:
        return Share(p, p, p, p, p, float(rate.households))
    size = effective_size(rate, confidence, planned_effect)
    return Share(p, *clopper_pearson(p * size, size, confidence), *wilson(p * size, size, confidence), size)


def by_trials(rate: Rate, trials: float) -> Rate:
    """The same, where not the household stands or falls but each of these items (or people) of its own."""
    times = trials / rate.households
    return replace(rate, households=round(trials), population=rate.population * times)


def effective_size(rate: Rate, confidence: float = 0.95, planned_effect: float = 1.0) -> float:
    """How many independent households would tell as much; see share(). More than 0."""
    p, n = rate.estimate, float(rate.households)
    if rate.variance is None or not 0 < p < 1 or rate.variance <= 0:
        size = n / max(planned_effect, 1.0)
    else:
        size = min(p * (1 - p) / rate.variance, _largest(rate))
    if not rate.freedom or not isfinite(rate.freedom):
        return size
    few = t_quantile((1 + confidence) / 2, rate.freedom)
    many = t_quantile((1 + confidence) / 2, max(n - 1, 1))
    return size * min((many / few) ** 2, 1.0)


def _largest(rate: Rate) -> float:
    """A sample that is a large part of its frame tells more than its size: n / (1 − n/N), without end at a census."""
    left = 1 - float(rate.households) / rate.population if rate.population else 1.0
    return rate.households / left if left > 0 else inf


def _check(count: float, size: float, confidence: float) -> None:
    if not (0 < size < inf and 0 <= count <= size and 0 < confidence < 1):
        raise ValueError(f"no interval for {count} of {size} at {confidence}")
