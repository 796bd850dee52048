"""Which element is which part: found out once for each sequence of tags, as clients write the same again and again."""

from __future__ import annotations

from dataclasses import dataclass

from server.forms.evaluation.plan import Part

MOST_STRAYS = 20
# Sequences kept for each part; a hostile client sends others.
MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Layout:
    """`places`: each part with the places of its elements, in the order of the form; `strays`: (name, is a second)."""

    places: tuple[tuple[Part, tuple[int, ...]], ...]
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
        places.append((below, tuple(given)))
    if part.name != "meta":  # clients add their own there
        strays += [(name, False) for name in list(where)[:MOST_STRAYS]]
    return Layout(tuple(places), tuple(strays))
