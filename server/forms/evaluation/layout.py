"""Which element is which part: found out once for each sequence of tags, as clients write the same again and again."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from server.forms.evaluation.plan import Part

MOST_STRAYS = 20
# Sequences kept for each part; a hostile client sends others.
MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Stretch:
    """Values that follow one another, each with the place of its element (None: absent), and the group or repeat after
    them with the places of its elements; None at the end.
    """

    values: tuple[tuple[Part, int | None], ...]
    then: Part | None
    places: tuple[int, ...] = ()


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
    values: list[tuple[Part, int | None]] = []
    for part, given in places:
        if not part.items and (given or not part.is_repeat):
            values.append((part, given[0] if given else None))
        elif given or not part.is_repeat:
            yield Stretch(tuple(values), part, tuple(given))
            values = []
    yield Stretch(tuple(values), None)
