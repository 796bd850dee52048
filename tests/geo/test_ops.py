"""The spatial verbs answer the same on both databases, and the same as looking at every point.

Three thousand points: a county, its corners, the date line, both poles. What is asked of the database is compared with
a look at every point by geodesics (pyproj) and Shapely. tests/bench/bench_places.py does the same with 200,000.
"""

from __future__ import annotations

from collections.abc import Iterator

import mapbox_vector_tile
import pytest
import shapely
from flask import Flask
from shapely import Point
from sqlalchemy import select, text

from server import db
from server.geo import ops
from server.geo.inside import Box, Circle
from server.geo.tile import Dot, Tile, encode
from tests.geo.pins import BOXES, CIRCLES, LAYER, NEAREST, TILES, Pin, Truth, scattered, stored

POINTS = scattered()
TRUTH = Truth(POINTS)


@pytest.fixture
def pins(app: Flask) -> Iterator[None]:
    with app.app_context(), stored(POINTS):
        yield


def found(clause_of: object, *about: object) -> set[str]:
    with db.read() as session:
        return set(session.scalars(select(Pin.id).where(clause_of(session, LAYER, *about))))  # type: ignore[operator]


@pytest.mark.usefixtures("pins")
def test_near_is_what_lies_within_the_radius_also_at_poles_and_date_line() -> None:
    for circle in CIRCLES:
        wanted = TRUTH.near(circle)
        assert wanted
        assert found(ops.near, circle) == wanted, circle


@pytest.mark.usefixtures("pins")
def test_a_box_holds_its_edges_and_may_cross_the_date_line() -> None:
    first = POINTS["p000000"]
    for box in (*BOXES, Box(first.x, first.y, first.x, first.y)):
        wanted = TRUTH.in_box(box)
        assert wanted
        assert found(ops.in_box, box) == wanted, box


@pytest.mark.usefixtures("pins")
def test_within_a_polygon_its_edge_belongs_and_its_hole_does_not() -> None:
    corner = POINTS["p000001"]
    outside = shapely.box(108.0, 26.0, corner.x, corner.y)
    area = outside.difference(shapely.box(*outside.centroid.buffer(0.01).bounds))
    polar = shapely.box(-180, 89.5, 180, 90)
    for shape in (area, polar, shapely.box(179.8, -90, 180, 90)):
        wanted = TRUTH.within(shape)
        assert 10 < len(wanted) < len(POINTS)
        assert found(ops.within, shape) == wanted
    assert "p000001" in TRUTH.within(area)


@pytest.mark.usefixtures("pins")
@pytest.mark.parametrize(("lon", "lat"), NEAREST)
def test_the_nearest_come_in_order_with_their_metres(lon: float, lat: float) -> None:
    wanted = TRUTH.nearest(lon, lat, 10)
    with db.read() as session:
        answer = ops.nearest(session, LAYER, lon, lat, 10)
    assert [key for key, _ in answer] == [key for key, _ in wanted]
    assert [far for _, far in answer] == pytest.approx([far for _, far in wanted], abs=1e-6)


@pytest.mark.usefixtures("pins")
def test_nearest_counts_only_what_else_holds_and_ends_when_there_is_no_more() -> None:
    with db.read() as session:
        answer = ops.nearest(session, LAYER, 108.3, 26.2, 10, Pin.id.in_(["p000005", "p000006"]))
    assert {key for key, _ in answer} == {"p000005", "p000006"}


@pytest.mark.usefixtures("pins")
@pytest.mark.parametrize(("lon", "lat"), NEAREST)
def test_distances_are_geodesics_to_a_micrometre_and_none_to_nowhere(lon: float, lat: float) -> None:
    """Far away too, where a sphere would be kilometres off; there PostGIS says it to a millimetre."""
    with db.read() as session:
        rows = {row[0]: row[1] for row in session.execute(select(Pin.id, ops.distance(session, LAYER, lon, lat)))}
    assert rows.pop("nowhere") is None
    wanted = TRUTH.metres(lon, lat)
    assert [rows[key] for key in TRUTH.keys] == pytest.approx(list(wanted), abs=1e-3)
    assert all(abs(rows[key] - far) < 1e-6 for key, far in zip(TRUTH.keys, wanted, strict=True) if far < 100_000)


@pytest.mark.usefixtures("pins")
def test_a_tile_holds_its_points_with_their_margin_also_at_the_rim_of_the_map() -> None:
    """The bytes hold as many points as a look at every point finds; the map ends at 85 degrees."""
    for tile in TILES:
        wanted = TRUTH.in_tile(tile)
        assert found(ops.in_tile, tile) == wanted
        dots = [Dot(POINTS[key].x, POINTS[key].y, {"id": key}) for key in sorted(wanted)]
        content = mapbox_vector_tile.decode(encode(tile, "pins", dots)) if dots else {}
        drawn = content.get("pins", {}).get("features", [])
        assert {one["properties"]["id"] for one in drawn} == wanted
    assert TRUTH.in_tile(TILES[0]) and TRUTH.in_tile(TILES[1]), "the county and the date line"
    assert not any(abs(POINTS[key].y) > 86 for key in TRUTH.in_tile(Tile(0, 0, 0)))


@pytest.mark.usefixtures("pins")
def test_what_moves_is_found_at_its_new_place_only_and_what_goes_nowhere() -> None:
    """The tree is kept by triggers: insert, update, to NULL and back, delete."""
    here, there = Circle(108.3, 26.2, 1), Circle(10, 50, 1)
    key = next(iter(found(ops.near, here)))
    steps = ((Point(10, 50), False, True), (None, False, False), (Point(108.3, 26.2), True, False))
    for place, at_here, at_there in steps:
        with db.write() as session:
            session.execute(Pin.__table__.update().where(Pin.id == key).values(place=place))
        assert ((key in found(ops.near, here)), (key in found(ops.near, there))) == (at_here, at_there)
    with db.write() as session:
        session.execute(Pin.__table__.delete().where(Pin.id == key))
    assert key not in found(ops.near, here)


def test_every_table_with_a_place_is_asked_through_its_tree(app: Flask) -> None:
    """The migration made the trees and their triggers; a later step that rebuilds a table must make them again."""
    with app.app_context(), db.read() as session:
        if not db.is_sqlite(session):
            return
        names = set(session.scalars(text("SELECT name FROM sqlite_master")))
    for table in ("entity", "submission", "photo"):
        assert {f"{table}_{end}" for end in ("tree", "spot", "placed", "moved", "lifted", "gone")} <= names
