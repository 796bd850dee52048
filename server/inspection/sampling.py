"""The draw: frame and plan and seed in, villages and households with their probabilities out. PURE and exact.

The same frame, plan and seed give the same sample on every machine: chance comes from tickets.py alone, and
probabilities are fractions. draw() is the one way in; what it answers holds all that estimates need (intervals.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from server.errors import Problem
from server.inspection.frame import Frame
from server.inspection.lots import Lot, lots_of
from server.inspection.plan import Plan, exact
from server.inspection.sampling_messages import fault, note
from server.inspection.tickets import HOUSEHOLD, Ticket, smallest

ALGORITHM = "ruhu-sample/1"
ENOUGH_DIGITS = 20
_SEED = re.compile(r"[!-~]{1,401}", re.ASCII)
_TWO_SECRETS = re.compile(r"[!-~]{16,200}-[!-~]{16,200}", re.ASCII)  # as draw_record.seed_of_two joins them
_SHOWN = 20  # characters of a seed that a note repeats


@dataclass(frozen=True)
class DrawnVillage:
    """A village of the first stage of two_stage. `households`: how many of it can be drawn."""

    village: str
    stratum: str
    pi: Fraction
    households: int


@dataclass(frozen=True, slots=True)
class DrawnHousehold:
    """A household of the sample, or a reserve.

    `pi`: its inclusion probability; a reserve has that of the list in which it may stand in. `ticket`: 64 hex digits.
    `order`: its number in the whole draw, reserves after the sample; `place`: its number in its list (`stratum` and,
    in two_stage, village), reserves after the sample. `psu` and `psu_pi`: the unit of the first stage and its
    probability: the village in two_stage, the household itself otherwise. In two_stage a household is drawn in its
    village with probability pi / psu_pi.
    """

    household_id: str
    village: str
    township: str
    stratum: str
    pi: Fraction
    ticket: str
    order: int
    place: int
    psu: str
    psu_pi: Fraction

    @property
    def weight(self) -> Fraction:
        return 1 / self.pi

    def as_json(self) -> dict[str, Any]:
        return {
            "household_id": self.household_id,
            "village": self.village,
            "township": self.township,
            "pi": exact(self.pi),
            "weight": exact(self.weight),
            "ticket": self.ticket,
            "order": self.order,
        }


@dataclass(frozen=True)
class Drawn:
    """A whole draw. Villages in the order drawn, none but in two_stage; households and reserves by `order`.

    `notes`: bilingual sentences, such as where fewer were there than asked.
    """

    frame_sha256: str
    plan_sha256: str
    seed: str
    villages: tuple[DrawnVillage, ...]
    households: tuple[DrawnHousehold, ...]
    reserves: tuple[DrawnHousehold, ...]
    notes: tuple[str, ...] = ()
    algorithm: str = ALGORITHM

    def as_json(self) -> dict[str, Any]:
        """As `ruhu sample draw --json` prints it."""
        return {
            "frame_sha256": self.frame_sha256,
            "plan_sha256": self.plan_sha256,
            "seed": self.seed,
            "algorithm": self.algorithm,
            "villages": [{"village": one.village, "pi": exact(one.pi)} for one in self.villages],
            "households": [one.as_json() for one in self.households],
            "reserves": [one.as_json() for one in self.reserves],
        }


def draw(frame: Frame, plan: Plan, seed: str) -> Drawn:
    """Draw once. Raises Problem: draw.refused for a seed that is none, plan.invalid where plan and frame do not fit."""
    digits = seed_of(seed)
    drawn: list[DrawnHousehold] = []
    reserves: list[DrawnHousehold] = []
    villages: list[DrawnVillage] = []
    found = lots_of(frame, plan, digits)
    for lot in found.lots:
        if lot.village is not None:
            villages.append(DrawnVillage(lot.village, lot.stratum, lot.first, len(lot.rows)))
        tickets = _tickets(frame, lot, digits)
        units = list(_households(frame, lot, tickets))
        drawn += units[: lot.take]
        reserves += units[lot.take :]
    notes = [*_doubtful(digits), *found.notes, *_fewer_reserves(found.lots, plan)]
    return Drawn(
        frame.sha256, plan.sha256, digits, tuple(villages),
        tuple(replace(one, order=number) for number, one in enumerate(drawn, 1)),
        tuple(replace(one, order=number) for number, one in enumerate(reserves, len(drawn) + 1)),
        tuple(notes),
    )  # fmt: skip


def seed_of(given: str) -> str:
    """The seed without the blanks that are for the eye: digits, or two secrets (draw_record.seed_of_two).

    Raises Problem draw.refused where a sign is in it that keyboards spell differently.
    """
    seed = "".join(given.split())
    if not _SEED.fullmatch(seed):
        raise Problem("draw.refused", faults=[fault("seed.shape", "seed")])
    return seed


def _tickets(frame: Frame, lot: Lot, seed: str) -> list[Ticket]:
    """The lot's sample and then its reserves, each part by ticket."""
    wanted = lot.take + lot.reserves
    if lot.chosen is None:
        return smallest(wanted, seed, HOUSEHOLD, lot.stratum, ((frame.ids[row], row) for row in lot.rows))
    chosen = set(lot.chosen)
    main = smallest(lot.take, seed, HOUSEHOLD, lot.stratum, ((frame.ids[row], row) for row in lot.chosen))
    rest = ((frame.ids[row], row) for row in lot.rows if row not in chosen)
    return main + smallest(lot.reserves, seed, HOUSEHOLD, lot.stratum, rest)


def _households(frame: Frame, lot: Lot, tickets: list[Ticket]) -> Iterator[DrawnHousehold]:
    within = Fraction(lot.take, len(lot.rows)) if lot.rows else Fraction(1)
    pi = lot.first * within
    for place, one in enumerate(tickets, 1):
        psu, psu_pi = (one.id, pi) if lot.village is None else (lot.village, lot.first)
        yield DrawnHousehold(
            one.id, frame.villages[one.row], frame.townships[one.row], lot.stratum, pi, one.hex, 0, place, psu, psu_pi
        )


def _doubtful(seed: str) -> Iterator[str]:
    """What a public seed would not be: dice give digits alone and enough of them, two secrets at least 16 characters
    each. Anything else draws all the same, since a trial may take any seed, but nobody is left to take it for dice.
    """
    strange = re.sub(r"[0-9]", "", seed)
    if strange and not _TWO_SECRETS.fullmatch(seed):
        yield note("seed.no_dice", found=strange[:_SHOWN])
    elif len(seed) < ENOUGH_DIGITS:
        yield note("seed.short", found=len(seed))


def _fewer_reserves(lots: tuple[Lot, ...], plan: Plan) -> Iterator[str]:
    for lot in lots:
        if lot.reserves < plan.reserves and not lot.is_certain:
            yield note("draw.fewer_reserves", place=lot.name, wanted=plan.reserves, found=lot.reserves)
