"""How many households a question needs, and what a number of them can and cannot prove. PURE.

Shares are between 0 and 1. `effect` (design effect) says how many times more households a clustered sample needs than a
simple one: 1 + (m − 1)·ρ for m households a village that are alike by ρ. Words: size_words.py.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import ceil, floor, lgamma, log, log1p
from statistics import NormalDist

from server.inspection.intervals import binomial_at_most, clopper_pearson

MOST = 10_000_000
_SLACK = 1e-12  # what rounding may take from a probability


@dataclass(frozen=True)
class Size:
    """`households` are needed; `accept`: at most so many may fail, None where no rule follows. `whole`: that is all."""

    households: int
    accept: int | None = None
    whole: bool = False


@dataclass(frozen=True)
class Power:
    """What a sample of a given size can prove about a limit, by the exact two-sided interval of the verdict.

    `meets_to`: with at most so many failures it shows that the limit is kept, None: it never can. `fails_from`: from so
    many on it shows that it is broken. `chances`: true share → (meets, fails, too small) in a simple sample of the
    effective size.
    """

    effective: int
    meets_to: int | None
    fails_from: int
    chances: dict[float, tuple[float, float, float]]


def effect_of(per_village: float, likeness: float) -> float:
    """1 + (m − 1)·ρ, at least 1."""
    return max(1 + (per_village - 1) * likeness, 1.0)


def for_margin(
    share: float, margin: float, confidence: float = 0.95, population: int | None = None, effect: float = 1.0
) -> Size:
    """So many that a share of about `share` is told to ± margin: n₀ = z²·p·(1 − p)/e², smaller in a small frame."""
    _check(margin=margin, confidence=confidence)
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    needed = z * z * share * (1 - share) / (margin * margin)
    if population is not None:
        needed = needed / (1 + (needed - 1) / population)
    return _size(ceil(needed * effect - _SLACK), None, population)


def for_no_failure(limit: float, confidence: float = 0.95, population: int | None = None, effect: float = 1.0) -> Size:
    """So many that, when none of them fails, the share of failures is at most `limit` with this confidence.

    Of a known population: a whole number of failures above `limit` would be overlooked at most 1 − confidence of times.
    """
    _check(limit=limit, confidence=confidence)
    if population is None:
        needed = ceil(log(1 - confidence) / log1p(-limit) - _SLACK)
    else:
        needed = _first(lambda n: _none_of(population, limit, n) <= 1 - confidence + _SLACK, population)
    return _size(ceil(needed * effect - _SLACK), 0, population)


def _none_of(population: int, limit: float, n: int) -> float:
    """Chance that n of the population miss every failure, when there are as many as the limit allows, rounded down."""
    bad = max(floor(limit * population + _SLACK), 1)
    if n > population - bad:
        return 0.0
    logs = lgamma(population - bad + 1) - lgamma(population - bad - n + 1)
    return float(2.718281828459045 ** (logs + lgamma(population - n + 1) - lgamma(population + 1)))


def for_lots(good: float, bad: float, alpha: float = 0.05, beta: float = 0.05, effect: float = 1.0) -> Size:
    """Lot quality: accept with at most `accept` failures; a lot as good as `good` is refused at most alpha of times,
    one as bad as `bad` accepted at most beta of times. The smallest such sample (exact binomial), times `effect`.

    ValueError where good is not below bad, or they are too near each other.
    """
    _check(bad=bad, alpha=alpha, beta=beta)
    if not 0 <= good < bad:
        raise ValueError("good must be below bad")
    for accept in range(100_000):
        n = _first(lambda n, c=accept: binomial_at_most(c, n, bad) <= beta, MOST)  # type: ignore[misc]
        if binomial_at_most(accept, n, good) >= 1 - alpha:
            return _size(ceil(n * effect - _SLACK), floor(accept * effect), None)
    raise ValueError("good and bad are too near each other")


def power(households: int, limit: float, confidence: float = 0.95, effect: float = 1.0) -> Power:
    """See Power; true shares: a quarter, half, once and twice the limit."""
    _check(limit=limit, confidence=confidence)
    n = max(floor(households / effect + _SLACK), 1)
    meets = _first(lambda k: clopper_pearson(min(k, n), n, confidence)[1] > limit, n) - 1
    fails = _first(lambda k: clopper_pearson(min(k, n), n, confidence)[0] > limit, n + 1)
    chances = {}
    for share in (limit / 4, limit / 2, limit, min(2 * limit, 1.0)):
        low = binomial_at_most(meets, n, share) if meets >= 0 else 0.0
        high = 1 - binomial_at_most(fails - 1, n, share) if fails <= n else 0.0
        chances[share] = (low, high, 1 - low - high)
    return Power(n, meets if meets >= 0 else None, fails, chances)


def _first(holds: Callable[[int], bool], most: int) -> int:
    """The smallest number from 0 to `most` for which it holds; once it holds it keeps holding."""
    low, high = 0, most
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if holds(middle) else (middle + 1, high)
    return low


def _size(needed: int, accept: int | None, population: int | None) -> Size:
    if population is not None and needed >= population:
        return Size(population, accept, whole=True)
    return Size(max(needed, 1), accept)


def _check(**shares: float) -> None:
    for name, share in shares.items():
        if not 0 < share < 1:
            raise ValueError(f"{name} must be between 0 and 1")
