"""Three rates and one degree (三率一度), and the error rate: estimate, interval, limit, one of three verdicts. PURE.

| indicator | base | counted |
| incidence 贫困发生率 | people of all households met | of those below the standard |
| wrong_exit 错退率 | people of households released | of those below the standard |
| missed 漏评率 | people of households that nobody follows | of those below the standard |
| recognition 群众认可度 | households that gave an answer | content |
| errors 差错率 | items checked | that differ |

The verdict never goes beyond what the sample shows: `meets` and `fails` need the whole interval on one side of the
limit; in between the answer is `too_small`, which is no blame of anybody. Before appeals are over all of it is
preliminary.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from server.inspection.comparison import Item
from server.inspection.intervals import Share, by_trials, share
from server.inspection.standing import Standing
from server.inspection.tally import counted, tally
from server.inspection.variance import Observation, Rate, ratio

POLICY = "indicators"
Verdict = Literal["meets", "fails", "too_small"]
CODES = ("incidence", "wrong_exit", "missed", "recognition", "errors")
AT_LEAST = ("recognition",)
_LIMITS = {"errors": "error_percent"}  # the others are called as their indicator
CONTENT = ("very_satisfied", "satisfied")
NO_OPINION = ("not_applicable", None)
# Dispositions of a household that should not have been in the frame: no answer is missing from them.
NOT_THERE = ("empty", "cancelled", "no_address")


@dataclass(frozen=True)
class Drawn:
    """Where a household stands in the design; `psu`, `psu_pi` and `within` as in variance.Observation. `cell`:
    households whose answers stand for each other where one is missing. `disposition`: of the visit, None: nobody was
    there yet.
    """

    stratum: str
    psu: str
    cell: str
    weight: float
    psu_pi: float = 0.0
    within: float = 1.0
    disposition: str | None = None
    is_answered: bool = False


@dataclass(frozen=True)
class Visited:
    """What an inspection knows of one drawn household. `category` and `is_resolved`: on record at the draw;
    `opinion`: how content the household is, a code of the list `satisfaction`.
    """

    drawn: Drawn
    standing: Standing | None = None
    category: str | None = None
    is_resolved: bool = False
    opinion: str | None = None
    items: Sequence[Item] = ()


@dataclass(frozen=True)
class Limits:
    """One row of the policy `indicators`; shares, not per cent. `rule`: name of the version."""

    rule: str
    bars: Mapping[str, float]
    confidence: float
    likeness: float
    is_changing_counted: bool

    @classmethod
    def of(cls, row: Mapping[str, str]) -> Limits:
        bars = {code: float(row[_LIMITS.get(code, f"{code}_percent")]) / 100 for code in CODES}
        changing = row["changing_counts"] == "1"
        return cls(row["name"], bars, float(row["confidence_percent"]) / 100, float(row["likeness"]), changing)


@dataclass(frozen=True)
class Indicator:
    """`rate` and `share`: the estimate with its intervals; the verdict is given by the exact one, the other is drawn.
    `count` of `base`: what was counted, without weights. `rate` None: nothing to count, no verdict.
    """

    code: str
    limit: float
    is_at_least: bool
    rule: str
    confidence: float
    count: float = 0.0
    base: float = 0.0
    rate: Rate | None = None
    share: Share | None = None
    verdict: Verdict | None = None


@dataclass(frozen=True)
class Unit:
    """One household that has a base: `y` of `x`. `trials`: 1 where all of it stands or falls together, else x."""

    drawn: Drawn
    y: float
    x: float
    trials: float = 1.0


def indicators(visited: Iterable[Visited], limits: Limits) -> list[Indicator]:
    """All five, in the order of CODES."""
    households = weighted(list(visited))
    return [_indicator(code, [(one, _UNITS[code](one, limits)) for one in households], limits) for code in CODES]


def weighted(visited: Sequence[Visited]) -> list[Visited]:
    """The households that answered, with the weight of those that should have and did not: first those of their own
    cell, then, where a whole cell is silent, those of its stratum. As answered.observations does for a published draw.
    """
    due = Counter(_cell(one) for one in visited if one.drawn.disposition not in NOT_THERE)
    answered = [one for one in visited if one.drawn.is_answered]
    met = Counter(map(_cell, answered))
    drawn, heard = Counter(stratum for stratum, _ in due), Counter(stratum for stratum, _ in met)
    return [
        replace(one, drawn=_carrying(one.drawn, met[_cell(one)] / due[_cell(one)], drawn[stratum] / heard[stratum]))
        for one in answered
        for stratum in (one.drawn.stratum,)
    ]


def _cell(one: Visited) -> tuple[str, str]:
    return one.drawn.stratum, one.drawn.cell


def _carrying(drawn: Drawn, response: float, silent: float) -> Drawn:
    """`response`: share of the cell that answered; the probabilities that the variance needs go down by as much, so
    that half a census is no census. `silent`: cells of the stratum for each that was heard.
    """
    weight = drawn.weight / response * silent
    if drawn.cell == drawn.stratum:  # one stage: the household itself is the unit
        return replace(drawn, weight=weight, psu_pi=drawn.psu_pi * response)
    return replace(drawn, weight=weight, within=drawn.within * response)


def _indicator(code: str, units: Sequence[tuple[Visited, Unit | None]], limits: Limits) -> Indicator:
    known = [unit for _, unit in units if unit is not None]
    found = Indicator(code, limits.bars[code], code in AT_LEAST, limits.rule, limits.confidence)
    # Who has no base counts for nothing, but is part of the design.
    rate = ratio(_observation(unit or Unit(one.drawn, 0.0, 0.0)) for one, unit in units)
    if rate is None:
        return found
    tried = by_trials(rate, sum(unit.trials for unit in known))
    around = share(tried, limits.confidence, planned_effect(known, limits.likeness))
    return replace(
        found,
        count=sum(unit.y for unit in known),
        base=sum(unit.x for unit in known),
        rate=rate,
        share=around,
        verdict=verdict(around.low, around.high, found.limit, found.is_at_least),
    )


def _observation(unit: Unit) -> Observation:
    drawn = unit.drawn
    return Observation(drawn.stratum, drawn.psu, drawn.psu_pi, drawn.weight, unit.y, unit.x, drawn.within)


def planned_effect(units: Sequence[Unit], likeness: float) -> float:
    """deff = (1 + (m̄ − 1)·ρ) · n·Σw²/(Σw)²: what clusters and unequal weights cost where no variance is seen."""
    psus = len({(unit.drawn.stratum, unit.drawn.psu) for unit in units})
    weights = [unit.drawn.weight for unit in units]
    unequal = len(weights) * sum(weight * weight for weight in weights) / sum(weights) ** 2
    return (1 + (sum(unit.trials for unit in units) / psus - 1) * likeness) * unequal


def verdict(low: float, high: float, limit: float, is_at_least: bool) -> Verdict:
    """By the whole interval; what reaches to both sides of the limit shows nothing either way."""
    if is_at_least:
        return "meets" if low >= limit else "fails" if high < limit else "too_small"
    return "meets" if high <= limit else "fails" if low > limit else "too_small"


def _people(one: Visited, is_in_base: bool) -> Unit | None:
    """The household's people: all of them are below the standard, or none."""
    if one.standing is None or not one.standing.people or not is_in_base:
        return None
    people = float(one.standing.people)
    return Unit(one.drawn, people if one.standing.is_below else 0.0, people)


def _opinion(one: Visited, limits: Limits) -> Unit | None:
    if one.opinion in NO_OPINION:
        return None
    return Unit(one.drawn, 1.0 if one.opinion in CONTENT else 0.0, 1.0)


def _errors(one: Visited, limits: Limits) -> Unit | None:
    found = tally(counted(one.items, limits.is_changing_counted))
    if not found.checked:
        return None
    return Unit(one.drawn, float(found.wrong), float(found.checked), trials=float(found.checked))


def _is_released(one: Visited) -> bool:
    return one.category == "exited" or one.is_resolved


_UNITS: Mapping[str, Callable[[Visited, Limits], Unit | None]] = {
    "incidence": lambda one, limits: _people(one, True),
    "wrong_exit": lambda one, limits: _people(one, _is_released(one)),
    "missed": lambda one, limits: _people(one, one.category == "ordinary" and not one.is_resolved),
    "recognition": _opinion,
    "errors": _errors,
}
