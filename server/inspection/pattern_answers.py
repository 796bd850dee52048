"""What the answers of a batch look like beside each other: copies, little variety, odd digits. PURE (patterns.py)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterator, Sequence
from math import ceil, log, log10
from statistics import mean, median
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from server.inspection.patterns import Limits, Reason, Record, by_worker

BENFORD = [log10(1 + 1 / digit) for digit in range(1, 10)]
LEAST_WORKERS = 3  # whose variety a median is made of
SHUFFLED_LEAST = 2000  # records of shuffled batches that the quantile is read from
MOST_IN_VILLAGE = 600  # records that are compared with each other
THOUSAND = 1000.0
SEED = 20260101  # the same batch always gets the same reasons

Grid = NDArray[np.int64]
Shares = NDArray[np.float64]
Rarity = Sequence[Shares]
K = TypeVar("K", bound=Hashable)


def copies(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """Two records of one worker that agree more than chance explains in this village, rare answers counting more."""
    villages: dict[str, list[Record]] = defaultdict(list)
    for record in records:
        villages[record.village].append(record)
    for mine in villages.values():
        if limits["least_records"] <= len(mine) <= MOST_IN_VILLAGE:
            yield from _copies(mine, limits)


def _copies(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    grid = _grid(records)
    if grid.shape[1] < limits["match_questions"]:
        return
    rarity = _rarity(grid)
    bar = max(limits["match_percent"] / 100, _shuffled_bar(grid, rarity, limits))
    alike = _alike(grid, rarity, limits["match_questions"])
    for one, other in zip(*np.nonzero(np.triu(alike > bar, 1)), strict=True):
        first, second = records[one], records[other]
        if first.worker == second.worker:
            share = round(float(alike[one, other]) * 100, 1)
            yield Reason("copies", (first.id, second.id), share, round(bar * 100, 1))


def _grid(records: Sequence[Record]) -> Grid:
    """Answers as numbers, a row each record, a column each question; −1: not answered. Where all say the same, nothing
    can be told from it and the question is left out.
    """
    questions = sorted({name for record in records for name in record.answers})
    columns = []
    for name in questions:
        given = [record.answers.get(name) for record in records]
        codes = {value: n for n, value in enumerate(sorted({value for value in given if value is not None}))}
        if len(codes) > 1:
            columns.append([codes[value] if value is not None else -1 for value in given])
    return np.array(columns, dtype=np.int64).T.reshape(len(records), len(columns))


def _alike(grid: Grid, rarity: Rarity, least: float) -> Shares:
    """n × n: Σ −log p of what agrees over the mean Σ −log p of what both answered; 0 where both answered too little."""
    weights = np.stack([of[column] for of, column in zip(rarity, grid.T, strict=True)])
    there = (grid >= 0).astype(float)
    same = np.zeros((len(grid), len(grid)))
    for column, weight in zip(grid.T, weights, strict=True):
        same += (column[:, None] == column) * weight  # what nobody answered weighs nothing
    half = weights.T @ there.T
    whole, both = (half + half.T) / 2, there @ there.T
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where((both >= least) & (whole > 0), same / whole, 0.0)
    np.fill_diagonal(found, 0.0)
    return found


def _rarity(grid: Grid) -> Rarity:
    """Of each question −log of how usual each answer is; behind them 0 for none, where −1 finds it."""
    found = []
    for column in grid.T:
        counts = np.bincount(column[column >= 0])
        found.append(np.append(-np.log(counts / counts.sum()), 0.0))
    return found


def _shuffled_bar(grid: Grid, rarity: Rarity, limits: Limits) -> float:
    """What the best match of a record reaches where each question's answers are dealt out anew."""
    random = np.random.default_rng(SEED)
    best = [
        _alike(random.permuted(grid, axis=0), rarity, limits["match_questions"]).max(axis=1)
        for _ in range(ceil(SHUFFLED_LEAST / len(grid)))
    ]
    return float(np.quantile(np.concatenate(best), limits["match_quantile_percent"] / 100))


def little_variety(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """A worker's records in which the same answers come again and again, against the median of the batch."""
    groups = [mine for mine in by_worker(records) if len(mine) >= limits["least_records"]]
    if len(groups) < LEAST_WORKERS:
        return
    found = [_variety(mine) for mine in groups]
    usual = median(found)
    for mine, variety in zip(groups, found, strict=True):
        if variety < usual * limits["variety_percent"] / 100:
            facts = {"share": round(100 * variety / usual)}
            ids = tuple(record.id for record in mine)
            yield Reason("variety", ids, facts["share"], limits["variety_percent"], facts)


def _variety(records: Sequence[Record]) -> float:
    """Mean entropy of the answers, question by question, in nats: H = −Σ p·log p."""
    questions = sorted({name for record in records for name in record.answers})
    return mean(_entropy([r.answers[name] for r in records if name in r.answers]) for name in questions or [""])


def _entropy(values: Sequence[str]) -> float:
    counts = Counter(values)
    return -sum(n / len(values) * log(n / len(values)) for n in counts.values())


def odd_digits(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """First digits of a worker's amounts that follow neither Benford's law nor the rest of the batch."""
    for mine, amounts, others in _beside_the_rest(records, _first_digits):
        if min(len(amounts), others.total()) < limits["least_amounts"] or max(amounts) < 100 * min(amounts):
            continue
        shares = _shares(_first_digits(amounts))
        apart = 100 * min(_deviation(shares, BENFORD), _deviation(shares, _shares(others)))
        if apart > limits["digit_percent"]:
            ids = tuple(record.id for record in mine if record.amounts)
            yield Reason("digits", ids, round(apart, 1), limits["digit_percent"], {"amounts": len(amounts)})


def round_amounts(records: Sequence[Record], limits: Limits) -> Iterator[Reason]:
    """A worker's amounts that are nearly all whole thousands, where those of the rest are not."""
    for mine, amounts, others in _beside_the_rest(records, _roundness):
        if min(len(amounts), others.total()) < limits["least_amounts"]:
            continue
        share, usual = _round_share(_roundness(amounts)), _round_share(others)
        if share > limits["round_percent"] > usual:
            ids = tuple(record.id for record in mine if record.amounts)
            yield Reason("round", ids, round(share), limits["round_percent"], {"usual": round(usual)})


def _beside_the_rest(
    records: Sequence[Record], counted: Callable[[Sequence[float]], Counter[K]]
) -> Iterator[tuple[list[Record], list[float], Counter[K]]]:
    """Each worker's records and amounts, and how those of all others count: what all have less what this one has."""
    groups = [(mine, _amounts(mine)) for mine in by_worker(records)]
    whole = counted([amount for _, amounts in groups for amount in amounts])
    for mine, amounts in groups:
        yield mine, amounts, whole - counted(amounts)


def _amounts(records: Sequence[Record]) -> list[float]:
    return [amount for record in records for amount in record.amounts if amount >= 1]


def _first_digits(amounts: Sequence[float]) -> Counter[str]:
    return Counter(f"{amount:e}"[0] for amount in amounts)


def _roundness(amounts: Sequence[float]) -> Counter[bool]:
    """How many are whole thousands, and how many are not."""
    return Counter(amount % THOUSAND == 0 for amount in amounts)


def _shares(digits: Counter[str]) -> list[float]:
    """The share of each first digit, 1 to 9."""
    return [digits[str(digit)] / digits.total() for digit in range(1, 10)]


def _deviation(one: Sequence[float], other: Sequence[float]) -> float:
    """Mean absolute deviation of two lists of shares."""
    return mean(abs(a - b) for a, b in zip(one, other, strict=True))


def _round_share(amounts: Counter[bool]) -> float:
    return 100 * amounts[True] / amounts.total()
