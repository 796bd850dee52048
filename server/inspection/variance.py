"""Estimates from a sample, and how far they may be off as the design of the draw has it. PURE.

A rate is a ratio R = Σ w·y / Σ w·x (persons/persons, wrong items/checked items, or y of 0 and 1 with x = 1); a total is
Σ w·y (Horvitz and Thompson). The variance is linearised: with u = (y − R·x) / Σ w·x for a rate and u = y for a total,

  V = Σ_h n_h/(n_h − 1) · Σ_v (1 − π_v) · (z_v − z̄_h)²  +  Σ_v π_v · m_v/(m_v − 1) · (1 − f_v)·Σ_j (w·u_j − m̄_v)²

z_v sums w·u over a first-stage unit (the village; the household itself where no villages were drawn), z̄_h is the mean
of the stratum weighted by 1 − π_v, and f_v is the share of the village that was drawn. The first part is 0 for units
that were certain, the second for designs of one stage; with equal probabilities the first is the textbook (1 − n/N)·…;
with probabilities proportional to size it is that of Hájek and Deville. A stratum with one uncertain unit has no spread
of its own: the unit counts with its distance from the mean of all strata, which is rather too much than too little.
Degrees of freedom: uncertain units less their strata; a certain village that was not taken whole counts as a stratum
of its households. A household without a base (x = 0, such as one that a rate is not about) has u = 0: it belongs to the
design, but it is neither counted among the households behind a rate nor among its degrees of freedom.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True)
class Observation:
    """One household that answered. `weight`: 1/pi, corrected for missing answers where they are.

    `psu` and `psu_pi` as in sampling.DrawnHousehold; `within`: probability of the household once its psu was drawn
    (pi / psu_pi), 1 in designs of one stage.
    """

    stratum: str
    psu: str
    psu_pi: float
    weight: float
    y: float
    x: float = 1.0
    within: float = 1.0


@dataclass(frozen=True)
class Rate:
    """An estimate. `variance` None: the sample cannot tell it. `freedom`: degrees of freedom, 0 where there are none,
    infinite for a census. `households`: those that answered and have a base (x > 0); `population`: Σ of their weights,
    the households that they stand for.
    """

    estimate: float
    variance: float | None
    freedom: float
    households: int
    population: float
    is_census: bool = False

    @property
    def design_effect(self) -> float | None:
        """Variance against that of as many households drawn simply, without regard to the size of the frame."""
        p = self.estimate
        if self.variance is None or not 0 < p < 1:
            return None
        return self.variance * self.households / (p * (1 - p))


def ratio(seen: Iterable[Observation]) -> Rate | None:
    """R with its variance; None where nobody has a base (Σ w·x is 0)."""
    known = list(seen)
    base = sum(one.weight * one.x for one in known)
    if base <= 0:
        return None
    rate = sum(one.weight * one.y for one in known) / base
    return _rate(rate, known, [one.weight * (one.y - rate * one.x) / base for one in known])


def total(seen: Iterable[Observation]) -> Rate:
    """Σ w·y with its variance."""
    known = list(seen)
    parts = [one.weight * one.y for one in known]
    return _rate(sum(parts), [replace(one, x=1.0) for one in known], parts)


@dataclass
class _Psu:
    pi: float
    within: float
    parts: list[float]
    based: int = 0  # how many have a base

    @property
    def sum(self) -> float:
        return sum(self.parts)


def _rate(estimate: float, seen: Sequence[Observation], parts: Sequence[float]) -> Rate:
    strata = _psus(seen, parts)
    first = [[psu for psu in psus if psu.pi < 1] for psus in strata]
    second = [psu for psus in strata for psu in psus if psu.within < 1]
    based = [one.weight for one in seen if one.x > 0]
    households, population = len(based), sum(based)
    if not any(first) and not second:
        return Rate(estimate, 0.0, inf, households, population, is_census=True)
    middle = _mean([psu for psus in first for psu in psus])
    variance = sum(_between(psus, middle) for psus in first) + sum(_within(psu) for psu in second)
    freedom = sum(max(sum(psu.based > 0 for psu in psus) - 1, 0) for psus in first)
    freedom += sum(max(psu.based - 1, 0) for psu in second if psu.pi >= 1)
    return Rate(estimate, variance if freedom else None, freedom, households, population)


def _psus(seen: Sequence[Observation], parts: Sequence[float]) -> list[list[_Psu]]:
    strata: dict[str, dict[str, _Psu]] = {}
    for one, part in zip(seen, parts, strict=True):
        psus = strata.setdefault(one.stratum, {})
        psu = psus.setdefault(one.psu, _Psu(one.psu_pi, one.within, []))
        psu.parts.append(part)
        psu.based += one.x > 0
    return [list(psus.values()) for psus in strata.values()]


def _between(psus: Sequence[_Psu], middle: float) -> float:
    """The part of the first stage in one stratum; `middle`: the mean of all strata."""
    count = len(psus)
    if count == 0:
        return 0.0
    if count == 1:
        return (1 - psus[0].pi) * (psus[0].sum - middle) ** 2
    own = _mean(psus)
    return count / (count - 1) * sum((1 - psu.pi) * (psu.sum - own) ** 2 for psu in psus)


def _mean(psus: Sequence[_Psu]) -> float:
    weights = sum(1 - psu.pi for psu in psus)
    return sum((1 - psu.pi) * psu.sum for psu in psus) / weights if weights else 0.0


def _within(psu: _Psu) -> float:
    """The part of the second stage in one village; one household alone shows no spread."""
    count = len(psu.parts)
    if count < 2:
        return 0.0
    own = psu.sum / count
    return psu.pi * count / (count - 1) * (1 - psu.within) * sum((part - own) ** 2 for part in psu.parts)
