"""Which element is which part: found out once for each sequence of tags, as clients write the same again and again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import tzinfo

from server.forms.evaluation.cells import AbsentValue, Value
from server.forms.evaluation.plan import Part
from server.forms.xpath import Atom

MOST_STRAYS = 20
# Sequences kept for each part; a hostile client sends others.
MOST_KEPT = 64


Convert = Callable[[str, tzinfo], Atom]
ABSENT = -1  # the place of what the instance does not have: a text after the last


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values that follow one another: `parts`, with the place of each one's element in `places`. After them the group
    or repeat `then`, with the places of its elements, `rows`; None at the end.

    By their number among the parts: `typed` become more than texts, `never` are not relevant whatever is answered.
    `is_single`: no repeat holds them.
    """

    parts: tuple[Part, ...]
    places: tuple[int, ...]
    makers: tuple[type[Value], ...]
    indexes: tuple[int, ...]
    typed: tuple[tuple[int, Convert], ...]
    never: tuple[int, ...]
    is_single: bool
    then: Part | None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """`stretches` in the order of the form; `strays`: (name, is a second)."""

    stretches: tuple[Stretch, ...]
    strays: tuple[tuple[str, bool], ...]


def layout_of(part: Part, tags: tuple[str, ...]) -> Layout:
    """How elements with these tags stand for what is below `part`."""
    found: Layout | None = part.layouts.get(tags)
    if found is None:
        found = _laid_out(part, tags)
        if len(part.layouts) < MOST_KEPT:
            part.layouts[tags] = found
    return found


def _laid_out(part: Part, tags: tuple[str, ...]) -> Layout:
    where: dict[str, list[int]] = {}
    for at, tag in enumerate(tags):
        where.setdefault(tag, []).append(at)
    places = []
    strays = []
    for below in part.items:
        given = where.pop(below.name, [])
        if len(given) > 1 and not below.is_repeat:
            strays.append((below.name, True))
            del given[1:]
        places.append((below, given))
    if part.name != "meta":  # clients add their own there
        strays += [(name, False) for name in list(where)[:MOST_STRAYS]]
    return Layout(tuple(_stretches(places)), tuple(strays))


def _stretches(places: list[tuple[Part, list[int]]]) -> Iterator[Stretch]:
    values: list[tuple[Part, int]] = []
    for part, given in places:
        if not part.items and (given or not part.is_repeat):
            values.append((part, given[0] if given else ABSENT))
        elif given or not part.is_repeat:
            yield _stretch(values, part, tuple(given))
            values = []
    yield _stretch(values, None)


def _stretch(values: list[tuple[Part, int]], then: Part | None, rows: tuple[int, ...] = ()) -> Stretch:
    parts = tuple([part for part, _ in values])
    return Stretch(
        parts,
        tuple([place for _, place in values]),
        makers=tuple([Value if place != ABSENT else AbsentValue for _, place in values]),
        indexes=tuple([part.index for part in parts]),
        typed=tuple([(at, part.convert) for at, part in enumerate(parts) if part.convert is not None]),
        never=tuple([at for at, part in enumerate(parts) if part.relevant is False]),
        is_single=all(part.is_single for part in parts),
        then=then,
        rows=rows,
    )
