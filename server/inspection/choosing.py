"""How units are chosen and shares are fixed, in whole numbers and fractions: no float decides anything. PURE."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from server.inspection.tickets import VILLAGE, smallest, start


def evenly(total: int, count: int, first: int) -> list[int]:
    """Positions of a systematic pass: `count` ≤ total of 0 … total − 1, each with probability count / total.

    Unit i covers the numbers count·i … count·(i+1) − 1; chosen are the units under first, first + total, first +
    2·total …, with `first` from 0 to total − 1. All in whole numbers, so the probability is exact.
    """
    return [(first + k * total) // count for k in range(count)]


def with_certainty(sizes: Mapping[str, int], count: int) -> set[str]:
    """Units so large that probability proportional to size would be 1 or more, found again after each removal."""
    certain: set[str] = set()
    rest = dict(sizes)
    while True:
        left, total = count - len(certain), sum(rest.values())
        found = {name for name, size in rest.items() if left > 0 and left * size >= total}
        if not found:
            return certain
        certain |= found
        rest = {name: size for name, size in rest.items() if name not in found}


def proportional_to_size(sizes: Mapping[str, int], count: int, seed: str, stratum: str) -> dict[str, Fraction]:
    """`count` of these units with probability proportional to size, each with its probability, in the order drawn.

    Certain units come first, by ticket. The others are put in the order of their tickets and passed systematically:
    a unit of size M covers n·M numbers of the n·ΣM, and every ΣM-th number from a random start is taken.
    """
    certain = with_certainty(sizes, count)
    ordered = [one.id for one in smallest(len(sizes), seed, VILLAGE, stratum, ((name, 0) for name in sizes))]
    drawn = {name: Fraction(1) for name in ordered if name in certain}
    rest = [name for name in ordered if name not in certain]
    left, total = count - len(certain), sum(sizes[name] for name in rest)
    if left > 0 and rest:
        first = start(seed, stratum, total)
        for name in _passed([(name, sizes[name]) for name in rest], left, first, total):
            drawn[name] = Fraction(left * sizes[name], total)
    return drawn


def _passed(units: Sequence[tuple[str, int]], count: int, first: int, total: int) -> Iterable[str]:
    end, mark = 0, first
    for name, size in units:
        end += count * size
        if mark < end:
            yield name
            mark += total


def equally_likely(names: Iterable[str], count: int, seed: str, stratum: str) -> dict[str, Fraction]:
    """The `count` units with the smallest tickets, each with its probability, in the order of tickets."""
    all_ = list(names)
    chosen = smallest(count, seed, VILLAGE, stratum, ((name, 0) for name in all_))
    return {one.id: Fraction(len(chosen), len(all_)) for one in chosen}


def share_out(count: int, sizes: Mapping[str, int], marks: Mapping[str, Fraction]) -> dict[str, int]:
    """How many of `count` households each stratum gets, in proportion to its mark; `count` ≥ the number of strata.

    Every stratum gets at least 2 (a variance needs two), or 1 where `count` does not suffice, and never more than it
    has. First a stratum whose part would exceed its size is taken whole, again and again; of the rest each gets the
    whole part of its share, and what is left goes one by one to the largest remainder, ties to the earlier name.
    """
    names = sorted(sizes)
    count = min(count, sum(sizes.values()))
    least = {name: min(2, sizes[name]) for name in names}
    if sum(least.values()) > count:
        least = dict.fromkeys(names, 1)
    parts = _parts(count, sizes, {name: marks[name] for name in names})
    given = {name: max(least[name], int(parts[name])) for name in names}
    while (over := sum(given.values()) - count) != 0:
        if over > 0:
            name = max((one for one in names if given[one] > least[one]), key=lambda one: given[one] - parts[one])
            given[name] -= 1
        else:
            name = max((one for one in names if given[one] < sizes[one]), key=lambda one: parts[one] - given[one])
            given[name] += 1
    return given


def _parts(count: int, sizes: Mapping[str, int], marks: Mapping[str, Fraction]) -> dict[str, Fraction]:
    """Exact shares, none above its stratum's size."""
    if not any(marks.values()):
        marks = {name: Fraction(size) for name, size in sizes.items()}
    parts: dict[str, Fraction] = {}
    while True:
        open_ = {name: mark for name, mark in marks.items() if name not in parts}
        left, total = count - sum(parts.values()), sum(open_.values())
        tried = {name: mark * left / total if total else Fraction(0) for name, mark in open_.items()}
        full = {name: Fraction(sizes[name]) for name, part in tried.items() if part >= sizes[name]}
        if not full:
            return parts | tried
        parts |= full
