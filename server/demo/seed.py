"""What makes the demo county the same on every run of a day: one seed, and dice that depend on nothing else."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import TypeVar

T = TypeVar("T")

SEED = "ruhu-demo-1"


def dice(name: str) -> random.Random:
    """Dice for one purpose: adding a throw elsewhere does not change them."""
    return random.Random(f"{SEED}:{name}")  # noqa: S311 - no secret depends on it


def new_id(throw: random.Random) -> str:
    """A version-4 UUID, as ODK clients require of a record."""
    return str(uuid.UUID(int=throw.getrandbits(128), version=4))


def weighted(throw: random.Random, weights: Mapping[T, float]) -> T:
    return throw.choices(list(weights), list(weights.values()))[0]


def chance(throw: random.Random, probability: float) -> bool:
    return throw.random() < probability


def some(throw: random.Random, items: Sequence[T], count: int) -> list[T]:
    """`count` different items, in their own order."""
    return [items[i] for i in sorted(throw.sample(range(len(items)), min(count, len(items))))]


def days_before(day: date, days: int) -> date:
    return day - timedelta(days=days)


def age_on(born: date, day: date) -> int:
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))
