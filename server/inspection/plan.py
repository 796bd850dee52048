"""The plan of a draw: what design, in what strata, how many. PURE data; plan_file.py reads it from YAML.

design: two_stage          # census, simple, systematic, stratified, two_stage
stratum: township          # a column of the frame; stratified and two_stage
allocation: proportional   # or equal, neyman: how a stratified sample is shared out
spread: income             # neyman: a column of numbers, or {stratum: standard deviation}
villages: {count: 3, method: pps}      # in each stratum; pps: by the number of households, or equal
households: {count: 10}    # or {share: 20%}, or all; `method: fixed` or `proportional` may be said aloud
reserves: 5                # in each chosen village (two_stage), in each stratum (stratified), else in all
always: [{column: kin_of_cadre, values: [yes]}]      # these households are always in
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import ceil
from typing import Any

DESIGNS = ("census", "simple", "systematic", "stratified", "two_stage")
ALLOCATIONS = ("proportional", "equal", "neyman")
METHODS = ("pps", "equal")
MOST_HOUSEHOLDS = 10_000_000
MOST_VILLAGES = 100_000
MOST_RESERVES = 10_000


@dataclass(frozen=True)
class Villages:
    """First stage of two_stage: how many villages of each stratum; `method` pps or equal."""

    count: int
    method: str = "pps"


@dataclass(frozen=True)
class Households:
    """How many: a count, a share (0 < share ≤ 1, rounded up), or with neither all of them.

    Of each chosen village in two_stage; of all strata together in stratified; of the frame in the others.
    """

    count: int | None = None
    share: Fraction | None = None

    def of(self, there: int) -> int:
        """How many to take where `there` are; never more than those."""
        if self.share is not None:
            return min(there, ceil(self.share * there))
        return there if self.count is None else min(there, self.count)

    def canonical(self) -> dict[str, Any]:
        if self.share is not None:
            return {"share": exact(self.share)}
        return {"all": True} if self.count is None else {"count": self.count}


@dataclass(frozen=True)
class Always:
    """Households whose cell in `column` is one of `values` are in the sample with certainty."""

    column: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Plan:
    """A complete plan. What its design has no use for is None or empty; `notes` tell what was left aside."""

    design: str
    stratum: str | None = None
    allocation: str | None = None
    spread: str | Mapping[str, Fraction] | None = None
    villages: Villages | None = None
    households: Households = Households()
    reserves: int = 0
    always: tuple[Always, ...] = ()
    notes: tuple[str, ...] = ()

    def canonical(self) -> dict[str, Any]:
        """What is published and hashed: only what the design uses, numbers as JSON integers or exact texts."""
        spread = self.spread
        every: dict[str, Any] = {
            "design": self.design,
            "stratum": self.stratum,
            "allocation": self.allocation,
            "spread": {name: exact(value) for name, value in spread.items()} if isinstance(spread, Mapping) else spread,
            "villages": self.villages and {"count": self.villages.count, "method": self.villages.method},
            "households": self.households.canonical(),
            "reserves": self.reserves,
            "always": [{"column": one.column, "values": list(one.values)} for one in self.always],
        }
        return {key: value for key, value in every.items() if value is not None}

    @cached_property
    def sha256(self) -> str:
        """Hex hash of canonical_json(canonical())."""
        return hashlib.sha256(canonical_json(self.canonical())).hexdigest()


def canonical_json(value: object) -> bytes:
    """UTF-8 JSON without blanks, keys in the order of code points. For texts, integers, lists and mappings."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def exact(value: Fraction) -> str:
    """`3`, `0.075`, or `2/3` where no decimal of at most 12 places is exact. Fraction(text) reads all three."""
    scaled = value * 10**12
    if scaled.denominator != 1:
        return f"{value.numerator}/{value.denominator}"
    whole, part = divmod(abs(scaled.numerator), 10**12)
    text = f"{whole}.{part:012d}".rstrip("0").rstrip(".")
    return f"-{text}" if value < 0 else text
