"""The demo county's land: a division tree with boundaries that look grown, and hamlets in every village.

Villages are the cells of a relaxed Voronoi diagram; each border between two of them is bent once, so neighbours
share it exactly. WGS-84, degrees, around 108 E 26 N.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

import shapely
from shapely import LineString, MultiPoint, Point, Polygon
from shapely.geometry.base import BaseGeometry
from shapely.ops import unary_union, voronoi_diagram

from server.demo.seed import dice
from server.demo.words import COUNTY, PROVINCE, TOWNSHIPS, villages_of

CENTRE = (108.0, 26.0)
RADIUS = 0.11  # degrees; the county is some 24 km across
GRID = 1e-6  # degrees; a decimetre
STRETCH = 1 / math.cos(math.radians(CENTRE[1]))  # a degree of longitude is shorter by this
DEGREE_M = 111_320


@dataclass(frozen=True)
class Area:
    """A region of the division tree; `hamlet` is the middle of a group's houses."""

    code: str
    parent: str | None
    level: str
    name_zh: str
    name_en: str
    boundary: BaseGeometry | None = None
    hamlet: Point | None = None


def land() -> tuple[Area, ...]:
    """All areas, parents first."""
    cells = _cells(_outline(), 4 * len(TOWNSHIPS))
    areas: list[Area] = []
    for number, township in enumerate(TOWNSHIPS):
        code, zh, en, _ = township
        own = cells[4 * number : 4 * number + 4]
        areas.append(Area(code, COUNTY[0], "township", zh, en, _round(unary_union(own))))
        for village, cell in zip(villages_of(township), own, strict=True):
            areas += _village(code, village, cell)
    county = _round(unary_union([area.boundary for area in areas if area.level == "township"]))
    return (
        Area(PROVINCE[0], None, "province", PROVINCE[1], PROVINCE[2]),
        Area(COUNTY[0], PROVINCE[0], "county", COUNTY[1], COUNTY[2], county),
        *areas,
    )


def _outline() -> Polygon:
    throw = dice("outline")
    waves = [(k, throw.uniform(-0.07, 0.07), throw.uniform(0, math.tau)) for k in range(2, 7)]
    points = []
    for step in range(90):
        angle = math.tau * step / 90
        reach = RADIUS * (1 + sum(height * math.sin(k * angle + turn) for k, height, turn in waves))
        points.append((CENTRE[0] + reach * math.cos(angle) * STRETCH, CENTRE[1] + reach * math.sin(angle)))
    return Polygon(points)


def _cells(outline: Polygon, count: int) -> list[Polygon]:
    """`count` cells that fill the outline, ordered around its middle, so that neighbours make a township."""
    throw = dice("cells")
    west, south, east, north = outline.bounds
    seeds: list[Point] = []
    while len(seeds) < count:
        point = Point(throw.uniform(west, east), throw.uniform(south, north))
        if outline.contains(point):
            seeds.append(point)
    for _ in range(4):  # Lloyd's steps: cells of like size
        seeds = [cell.centroid for cell in _voronoi(seeds, outline)]
    cells = _bend(_voronoi(seeds, outline))
    if len(cells) != count:
        raise ValueError(f"{len(cells)} cells instead of {count}: choose another seed")
    middle = outline.centroid
    return sorted(cells, key=lambda cell: _angle(middle, cell.centroid))


def _voronoi(seeds: Sequence[Point], outline: Polygon) -> list[Polygon]:
    diagram = voronoi_diagram(MultiPoint(seeds), envelope=outline.envelope)
    cells: list[Polygon] = list(shapely.get_parts([cell.intersection(outline) for cell in diagram.geoms]))
    return sorted(cells, key=lambda cell: cell.centroid.coords[0])


def _angle(middle: Point, point: Point) -> float:
    return math.atan2(point.y - middle.y, (point.x - middle.x) / STRETCH)


def _bend(cells: Sequence[Polygon]) -> list[Polygon]:
    borders = shapely.get_parts(shapely.line_merge(unary_union([cell.exterior for cell in cells])))
    lines: list[LineString] = sorted(borders, key=lambda line: tuple(line.bounds))
    bent = unary_union([_bend_line(line, number) for number, line in enumerate(lines)])
    return list(shapely.get_parts(shapely.polygonize([bent])))


def _bend_line(line: LineString, number: int) -> LineString:
    """The line with its middles pushed aside again and again; its ends stay, where other borders meet it."""
    throw = dice(f"border {number}")
    points: list[tuple[float, ...]] = list(line.coords)
    for _ in range(4):
        bent = [points[0]]
        for start, end in pairwise(points):
            bent += [_pushed(start, end, throw.gauss(0, 0.07)), end]
        points = bent
    return LineString([(round(x, 6), round(y, 6)) for x, y in points])


def _pushed(start: tuple[float, ...], end: tuple[float, ...], share: float) -> tuple[float, float]:
    (x0, y0), (x1, y1) = start, end
    return (x0 + x1) / 2 - (y1 - y0) * share, (y0 + y1) / 2 + (x1 - x0) * share


def _round(area: BaseGeometry) -> BaseGeometry:
    return shapely.normalize(shapely.set_precision(area, GRID))


def _village(parent: str, named: tuple[str, str, str], cell: Polygon) -> list[Area]:
    """A village with three to five groups, whose hamlets lie apart."""
    code, zh, en = named
    throw = dice(f"village {code}")
    count = throw.randint(3, 5)
    hamlets = _apart(cell, count, throw)
    village = Area(code, parent, "village", zh, f"{en} Village", _round(cell))
    groups = [
        Area(f"{code}-{n:02}", code, "group", f"{zh}{n}组", f"{en} Group {n}", hamlet=hamlet)
        for n, hamlet in enumerate(hamlets, 1)
    ]
    return [village, *groups]


def _apart(cell: Polygon, count: int, throw: Random) -> list[Point]:
    """Points well inside the cell; of many throws those that keep the greatest distance."""
    inner = cell.buffer(-0.011)
    west, south, east, north = inner.bounds
    throws = [Point(throw.uniform(west, east), throw.uniform(south, north)) for _ in range(400)]
    inside = [point for point in throws if inner.contains(point)]
    chosen = [inside[0]]
    while len(chosen) < count:
        chosen.append(max(inside, key=lambda point: min(point.distance(other) for other in chosen)))
    return chosen


def near(hamlet: Point, village: BaseGeometry, throw: Random) -> tuple[str, str]:
    """(longitude, latitude) of a house by its hamlet, inside the village; decimal texts."""
    while True:
        east, north = throw.gauss(0, 130), throw.gauss(0, 110)
        lon = round(hamlet.x + east / DEGREE_M * STRETCH, 6)
        lat = round(hamlet.y + north / DEGREE_M, 6)
        if village.contains(Point(lon, lat)):
            return f"{lon:.6f}", f"{lat:.6f}"
