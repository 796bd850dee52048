"""Frames, populations and a second, small implementation of the draw, for the tests of sampling."""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from server.inspection.frame import Frame
from server.inspection.frame_file import frame_of
from server.inspection.sampling import DrawnHousehold
from server.inspection.variance import Observation

DICE = "46152336125466135241"
COLUMNS = ("household_id", "village", "township", "kin")

PLANS: dict[str, dict[str, Any]] = {
    "census": {"design": "census"},
    "simple": {"design": "simple", "households": 24, "reserves": 4},
    "systematic": {"design": "systematic", "households": 24, "reserves": 4},
    "stratified": {"design": "stratified", "stratum": "township", "households": 28, "reserves": 2},
    "equal_strata": {"design": "stratified", "stratum": "township", "allocation": "equal", "households": 24},
    "neyman": {
        "design": "stratified", "stratum": "township", "allocation": "neyman", "households": 24,
        "spread": {"T0": "0.35", "T1": "0.5", "T2": "0.45"},
    },
    "pps": {
        "design": "two_stage", "stratum": "township", "villages": {"count": 3, "method": "pps"},
        "households": {"count": 4}, "reserves": 2,
    },
    "equal_villages": {
        "design": "two_stage", "stratum": "township", "villages": {"count": 3, "method": "equal"},
        "households": {"share": "40%"},
    },
    "always": {
        "design": "two_stage", "villages": {"count": 7}, "households": 4,
        "always": [{"column": "kin", "values": ["yes"]}],
    },
}  # fmt: skip


@dataclass(frozen=True)
class Household:
    """`wrong` people of `people`; whether the household `fails` as a whole."""

    id: str
    village: str
    township: str
    kin: str
    people: int
    wrong: int
    fails: int


def population(seed: int = 5) -> list[Household]:
    """Three townships with 5, 6 and 7 villages of 5 to 14 households; neighbours are alike."""
    chance = random.Random(seed)
    found = []
    for township, villages in enumerate((5, 6, 7)):
        for village in range(villages):
            share = chance.choice((0.15, 0.25, 0.35, 0.5))
            for household in range(chance.randint(5, 14)):
                name = f"{township}{village}"
                people = chance.randint(1, 6)
                fails = int(chance.random() < share)
                kin = "yes" if chance.random() < 0.05 else "no"
                found.append(
                    Household(f"H{name}{household:02}", f"V{name}", f"T{township}", kin, people, people * fails, fails)
                )
    return found


def frame_in(households: list[Household]) -> Frame:
    return frame_of(COLUMNS, [(one.id, one.village, one.township, one.kin) for one in households])


def observed(one: DrawnHousehold, y: float, x: float = 1.0) -> Observation:
    """A household that was drawn, with what was seen there."""
    return Observation(one.stratum, one.psu, float(one.psu_pi), float(one.weight), y, x, float(one.pi / one.psu_pi))


def ticket(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def drawn_by_hand(rows: list[tuple[str, str, str]], villages: int, households: int, seed: str) -> dict[str, Fraction]:
    """Two stages with probability proportional to size in each township, written apart: household → probability.

    Villages are laid out household by household, each as n places of a ruler; every ΣM-th place from the start is hit.
    """
    chosen: dict[str, Fraction] = {}
    for township in sorted({row[2] for row in rows}):
        inside: dict[str, list[str]] = defaultdict(list)
        for id_, village, where in rows:
            if where == township:
                inside[village].append(id_)
        order = sorted(inside, key=lambda name: ticket(seed, "village", township, name))
        certain: list[str] = []
        while True:
            n, total = villages - len(certain), sum(len(inside[name]) for name in order if name not in certain)
            more = [name for name in order if name not in certain and n * len(inside[name]) >= total > 0 < n]
            if not more:
                break
            certain += more
        probability = dict.fromkeys(certain, Fraction(1))
        ruler = [name for name in order if name not in certain for _ in range(n * len(inside[name]))]
        if n and ruler:
            start = int(ticket(seed, "start", township, ""), 16) % total
            probability |= {name: Fraction(n * len(inside[name]), total) for name in ruler[start::total]}
        for name, pi in probability.items():
            best = sorted(inside[name], key=lambda id_: ticket(seed, "household", township, id_))[:households]
            chosen |= {id_: pi * Fraction(len(best), len(inside[name])) for id_ in best}
    return chosen
