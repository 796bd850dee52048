"""How the boundaries of regions lie about each other: overlaps, gaps, and what reaches out of the region above. PURE.

Boundaries of neighbours are drawn by different people and never fit to the metre; what is larger than a limit is told
and left as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import shapely
from shapely import STRtree
from shapely.geometry import Polygon
from shapely.geometry.base import BaseGeometry

from server.geo.repair import polygons, square_metres

Shapes = Mapping[str, BaseGeometry]


@dataclass(frozen=True)
class Misfit:
    """`kind`: overlap (of two siblings), gap (between the children of a region, or to its edge), outside (a child
    beyond the region above). `m2`: square metres, decimal text.
    """

    kind: str
    codes: tuple[str, ...]
    m2: str


def misfits(shapes: Shapes, parents: Mapping[str, str | None], touched: set[str], least_m2: float) -> list[Misfit]:
    """All misfits above `least_m2` in which a touched region takes part. `parents`: of every region of the tree."""
    children: dict[str, list[str]] = defaultdict(list)
    for code, parent in parents.items():
        if parent is not None:
            children[parent].append(code)
    found: list[Misfit] = []
    for parent, codes in sorted(children.items()):
        if parent in touched or not touched.isdisjoint(codes):
            drawn = {code: shapes[code] for code in sorted(codes) if code in shapes}
            found += _overlaps(drawn, touched, least_m2)
            found += _around(parent, drawn, shapes.get(parent), len(drawn) == len(codes), least_m2)
    return found


def _overlaps(drawn: Shapes, touched: set[str], least_m2: float) -> Iterator[Misfit]:
    codes, areas = list(drawn), list(drawn.values())
    if len(areas) < 2:
        return
    pairs = STRtree(areas).query(areas, predicate="intersects").T
    for one, other in sorted((int(a), int(b)) for a, b in pairs if a < b):
        if touched.isdisjoint((codes[one], codes[other])):
            continue
        yield from _told("overlap", (codes[one], codes[other]), areas[one].intersection(areas[other]), least_m2)


def _around(
    parent: str, drawn: Shapes, above: BaseGeometry | None, complete: bool, least_m2: float
) -> Iterator[Misfit]:
    """Against the region above where that is drawn; a gap to its edge only when all children are drawn."""
    if not drawn:
        return
    whole = shapely.union_all(list(drawn.values()))
    if above is not None:
        for code, area in drawn.items():
            yield from _told("outside", (code, parent), area.difference(above), least_m2)
    if above is not None and complete:
        yield from _told("gap", (parent,), above.difference(whole), least_m2)
    else:
        holes = shapely.union_all([Polygon(ring) for part in polygons(whole) for ring in part.interiors])
        yield from _told("gap", (parent,), holes.difference(whole), least_m2)


def _told(kind: str, codes: tuple[str, ...], area: BaseGeometry, least_m2: float) -> Iterator[Misfit]:
    size = square_metres(area)
    if size > least_m2:
        yield Misfit(kind, codes, f"{size:.2f}")
