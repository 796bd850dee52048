"""From a draw and what was found in its households to observations: missing answers are stood in for. PURE.

Those of a list (a chosen village; a stratum where no villages were drawn) that answered stand for all that were drawn
of it, reserves that were visited among them: weight 1/pi times drawn / answered, and the probabilities that the
variance needs go down by as much. Where nobody of a village answered, the answered villages of its stratum stand for
it. Of households that are always in, each stands for itself and those of them that did not answer.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from server.inspection.sampling import Drawn, DrawnHousehold
from server.inspection.variance import Observation

Answer = tuple[float, float]  # y, x


def observations(drawn: Drawn, answers: Mapping[str, Answer]) -> list[Observation]:
    """One for each household, main or reserve, whose id is in `answers`; other ids are not looked at."""
    lists: dict[tuple[str, str], list[DrawnHousehold]] = defaultdict(list)
    taken: dict[tuple[str, str], int] = defaultdict(int)
    for one in drawn.households:
        taken[_list_of(one)] += 1
    for one in (*drawn.households, *drawn.reserves):
        if one.household_id in answers:
            lists[_list_of(one)].append(one)
    seen = [
        _observation(one, len(answered) / taken[key], answers[one.household_id])
        for key, answered in lists.items()
        for one in answered
    ]
    return _for_silent_villages(seen, taken, lists)


def _list_of(one: DrawnHousehold) -> tuple[str, str]:
    return one.stratum, one.psu if one.psu != one.household_id else ""


def _observation(one: DrawnHousehold, response: float, answer: Answer) -> Observation:
    """`response`: those that answered / those drawn, of the list; more than 1 where reserves came on top."""
    weight = float(one.weight) / response
    if one.psu != one.household_id:
        within = min(float(one.pi / one.psu_pi) * response, 1.0)
        return Observation(one.stratum, one.psu, float(one.psu_pi), weight, *answer, within)
    return Observation(one.stratum, one.psu, min(float(one.pi) * response, 1.0), weight, *answer)


def _for_silent_villages(
    seen: Sequence[Observation], taken: Mapping[tuple[str, str], int], lists: Mapping[tuple[str, str], object]
) -> list[Observation]:
    drawn: dict[str, int] = defaultdict(int)
    heard: dict[str, int] = defaultdict(int)
    for stratum, village in taken:
        drawn[stratum] += 1
        heard[stratum] += (stratum, village) in lists
    return [replace(one, weight=one.weight * drawn[one.stratum] / heard[one.stratum]) for one in seen]
