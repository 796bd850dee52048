"""The lists in which households are drawn: one for each stratum or chosen village, by the design of the plan. PURE."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt

from server.errors import Problem
from server.inspection.choosing import equally_likely, evenly, proportional_to_size, share_out, with_certainty
from server.inspection.frame import Frame
from server.inspection.plan import Plan, Villages
from server.inspection.plan_file import NUMBER
from server.inspection.sampling_messages import fault, note
from server.inspection.tickets import start

# The stratum of households that are always in: no name of a place, and not empty.
CERTAIN = "(always)"
# Standard deviations are cut after this many places.
_PLACES = 12

Rows = Sequence[int]


@dataclass(frozen=True)
class Lot:
    """Of these rows of the frame `take` are drawn, each with probability first · take / rows, and `reserves` more.

    `first`: probability of the village, 1 without a first stage. `chosen`: rows that a systematic pass took; None is
    by smallest tickets.
    """

    stratum: str
    rows: Rows
    take: int
    reserves: int
    village: str | None = None
    first: Fraction = Fraction(1)
    chosen: Rows | None = None
    is_certain: bool = False

    @property
    def name(self) -> str:
        return " ".join(part for part in (self.stratum, self.village) if part) or "全部 / all"


@dataclass(frozen=True)
class Lots:
    lots: tuple[Lot, ...]
    notes: tuple[str, ...]


def lots_of(frame: Frame, plan: Plan, seed: str) -> Lots:
    """All lots of the design, and what a person should know. Raises Problem plan.invalid."""
    _check_columns(frame, plan)
    notes: list[str] = []
    certain, rest = _parted(frame, plan)
    lots = [Lot(CERTAIN, certain, len(certain), 0, is_certain=True)] if certain else []
    if rest:
        design = {
            "census": _census,
            "simple": _simple,
            "systematic": _systematic,
            "stratified": _stratified,
            "two_stage": _two_stage,
        }[plan.design]
        lots += design(frame, plan, seed, rest, notes)
    else:
        notes.append(note("draw.all_certain"))
    return Lots(tuple(lots), tuple(notes))


def _check_columns(frame: Frame, plan: Plan) -> None:
    named = [one.column for one in plan.always]
    named += [name for name in (plan.stratum, plan.spread) if isinstance(name, str)]
    known = ", ".join(frame.columns)[:300]
    missing = [name for name in dict.fromkeys(named) if name not in frame.cells]
    if missing:
        raise _invalid(*(("plan.column", {"name": name, "known": known}) for name in missing))


def _parted(frame: Frame, plan: Plan) -> tuple[Rows, Rows]:
    """Rows that are always in, and the others."""
    if not plan.always:
        return [], range(len(frame))
    marks = [(frame.cells[one.column], frozenset(one.values)) for one in plan.always]
    certain, rest = array("L"), array("L")
    for row in range(len(frame)):
        is_in = any(column[row] in values for column, values in marks)
        (certain if is_in else rest).append(row)
    return certain, rest


def _lot(stratum: str, rows: Rows, wanted: int, plan: Plan, **more: object) -> Lot:
    take = min(wanted, len(rows))
    return Lot(stratum, rows, take, min(plan.reserves, len(rows) - take), **more)  # type: ignore[arg-type]


def _census(_frame: Frame, plan: Plan, _seed: str, rows: Rows, _notes: list[str]) -> Iterator[Lot]:
    yield _lot("", rows, len(rows), plan)


def _simple(_frame: Frame, plan: Plan, _seed: str, rows: Rows, notes: list[str]) -> Iterator[Lot]:
    _tell_fewer(plan, "全部 / all", len(rows), notes)
    yield _lot("", rows, plan.households.of(len(rows)), plan)


def _systematic(frame: Frame, plan: Plan, seed: str, rows: Rows, notes: list[str]) -> Iterator[Lot]:
    """By township, village and id: so that every corner of the area gets its part."""
    _tell_fewer(plan, "全部 / all", len(rows), notes)
    ordered = sorted(rows, key=lambda row: (frame.townships[row], frame.villages[row], row))
    take = plan.households.of(len(rows))
    places = evenly(len(rows), take, start(seed, "", len(rows)))
    yield _lot("", rows, take, plan, chosen=[ordered[place] for place in places])


def _stratified(frame: Frame, plan: Plan, _seed: str, rows: Rows, notes: list[str]) -> Iterator[Lot]:
    strata = _strata(frame, plan, rows)
    sizes = {name: len(inside) for name, inside in strata.items()}
    wanted = plan.households.of(len(rows))
    if wanted < len(strata):
        raise _invalid(("plan.too_few_households", {"count": wanted, "strata": len(strata)}))
    _tell_fewer(plan, "全部 / all", len(rows), notes)
    for name, take in share_out(wanted, sizes, _marks(frame, plan, strata)).items():
        yield _lot(name, strata[name], take, plan)


def _marks(frame: Frame, plan: Plan, strata: Mapping[str, Rows]) -> dict[str, Fraction]:
    """In proportion to what a sample is shared out."""
    if plan.allocation == "equal":
        return dict.fromkeys(strata, Fraction(1))
    if plan.allocation == "proportional":
        return {name: Fraction(len(rows)) for name, rows in strata.items()}
    return {name: len(rows) * _spread(frame, plan, name, rows) for name, rows in strata.items()}


def _spread(frame: Frame, plan: Plan, stratum: str, rows: Rows) -> Fraction:
    """The standard deviation in a stratum: as the plan says, or of a column, cut after 12 places."""
    if isinstance(plan.spread, Mapping):
        if stratum not in plan.spread:
            raise _invalid(("plan.spread", {}))
        return plan.spread[stratum]
    values = [_number(frame, str(plan.spread), row) for row in rows]
    total, squares, count = sum(values), sum(value * value for value in values), len(values)
    if count < 2:
        return Fraction(0)
    variance = (squares - total * total / count) / (count - 1)
    return Fraction(isqrt(int(variance * 10 ** (2 * _PLACES))), 10**_PLACES)


def _number(frame: Frame, column: str, row: int) -> Fraction:
    text = frame.cells[column][row]
    if not NUMBER.fullmatch(text):
        raise _invalid(("plan.number", {"value": f"{frame.ids[row]} {column}: {text}"[:80]}))
    return Fraction(text)


def _two_stage(frame: Frame, plan: Plan, seed: str, rows: Rows, notes: list[str]) -> Iterator[Lot]:
    assert plan.villages is not None, "the plan's reader sees to it"  # noqa: S101
    strata = {"": rows} if plan.stratum is None else _strata(frame, plan, rows)
    if plan.stratum != "township":
        _refuse_two_townships(frame, rows)
    for stratum in sorted(strata):
        villages = _grouped(frame.villages, strata[stratum])
        sizes = {name: len(inside) for name, inside in villages.items()}
        chosen = _villages(plan.villages, sizes, seed, stratum, notes)
        for village, pi in chosen.items():
            _tell_fewer(plan, " ".join(filter(None, (stratum, village))), sizes[village], notes)
            take = plan.households.of(sizes[village])
            yield _lot(stratum, villages[village], take, plan, village=village, first=pi)


def _villages(
    asked: Villages, sizes: Mapping[str, int], seed: str, stratum: str, notes: list[str]
) -> dict[str, Fraction]:
    """The chosen villages of a stratum, each with its probability."""
    name = stratum or "全部 / all"
    if asked.count > len(sizes):
        notes.append(note("draw.fewer_villages", stratum=name, wanted=asked.count, found=len(sizes)))
    count = min(asked.count, len(sizes))
    if asked.method == "equal":
        return equally_likely(sizes, count, seed, stratum)
    if count < len(sizes):
        notes += (note("draw.certain", stratum=name, village=one) for one in sorted(with_certainty(sizes, count)))
    return proportional_to_size(sizes, count, seed, stratum)


def _strata(frame: Frame, plan: Plan, rows: Rows) -> dict[str, Rows]:
    column = str(plan.stratum)
    strata = _grouped(frame.cells[column], rows)
    if "" in strata:
        nameless = strata[""]
        raise _invalid(("plan.no_stratum", {"name": column, "count": len(nameless), "example": frame.ids[nameless[0]]}))
    return strata


def _grouped(column: Sequence[str], rows: Iterable[int]) -> dict[str, Rows]:
    groups: dict[str, array[int]] = {}
    for row in rows:
        groups.setdefault(column[row], array("L")).append(row)
    return {name: groups[name] for name in sorted(groups)}


def _refuse_two_townships(frame: Frame, rows: Rows) -> None:
    """Without strata by township a village's name must say which one it is."""
    seen: dict[str, str] = {}
    for row in rows:
        village, township = frame.villages[row], frame.townships[row]
        if seen.setdefault(village, township) != township:
            first, second = sorted((seen[village], township))
            raise _invalid(("plan.two_townships", {"village": village, "first": first, "second": second}))


def _tell_fewer(plan: Plan, place: str, there: int, notes: list[str]) -> None:
    wanted = plan.households.count
    if wanted is not None and wanted > there:
        notes.append(note("draw.fewer_households", place=place, wanted=wanted, found=there))


def _invalid(*faults: tuple[str, Mapping[str, object]]) -> Problem:
    return Problem("plan.invalid", faults=[fault(name, "plan", **values) for name, values in faults])
