"""The spatial verbs answer the same on both databases, and the same as looking at every point.

Three thousand points: a county, its corners, the date line, both poles. What is asked of the database is compared with
a plain loop over the points by geodesics (pyproj) and Shapely.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
import shapely
from flask import Flask
from pyproj import Geod
from shapely import Point
from sqlalchemy import String, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from server import db
from server.geo import ops
from server.geo.column import Shape
from server.geo.inside import Box, Circle
from server.geo.spots import statements

EARTH = Geod(ellps="WGS84")


class Own(DeclarativeBase):
    """Tables of this test alone."""


class Pin(Own):
    __tablename__ = "pin"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    place: Mapped[Point | None] = mapped_column(Shape("POINT"))


LAYER = ops.Layer(Pin.id, Pin.place)


def scattered() -> dict[str, Point]:
    random = Random(20261122)
    around = [
        *((random.uniform(108.0, 108.6), random.uniform(26.0, 26.4)) for _ in range(2200)),
        *((random.choice((-1, 1)) * random.uniform(179.5, 180.0), random.uniform(-60, 60)) for _ in range(400)),
        *((random.uniform(-180, 180), random.choice((-1, 1)) * random.uniform(88.5, 90)) for _ in range(390)),
        (180.0, 0.0), (-180.0, 0.0), (0.0, 90.0), (0.0, -90.0), (108.3, 26.2),
    ]  # fmt: skip
    return {f"p{number:04}": Point(lon, lat) for number, (lon, lat) in enumerate(around)}


POINTS = scattered()


@pytest.fixture
def pins(app: Flask) -> Iterator[None]:
    with app.app_context():
        with db.db.engine.connect().execution_options(writer=True) as connection, connection.begin():
            Own.metadata.create_all(connection)
            if connection.dialect.name == "sqlite":
                for statement in statements("pin", "id", "place"):
                    connection.exec_driver_sql(statement)
        with db.write() as session:
            rows = [{"id": key, "place": place} for key, place in POINTS.items()]
            session.execute(Pin.__table__.insert(), [*rows, {"id": "nowhere", "place": None}])
        yield
        with db.db.engine.connect().execution_options(writer=True) as connection, connection.begin():
            Own.metadata.drop_all(connection)


def metres(lon: float, lat: float, place: Point) -> float:
    return float(EARTH.inv(lon, lat, place.x, place.y)[2])


def inside(box: Box, place: Point) -> bool:
    across = box.west <= place.x <= box.east
    if box.west > box.east:
        across = place.x >= box.west or place.x <= box.east
    return across and box.south <= place.y <= box.north


def found(clause_of: object, *about: object) -> set[str]:
    with db.read() as session:
        return set(session.scalars(select(Pin.id).where(clause_of(session, LAYER, *about))))  # type: ignore[operator]


CIRCLES = [
    *(Circle(108.3, 26.2, radius) for radius in (0.5, 200, 3000, 70_000)),
    Circle(179.95, 10, 50_000), Circle(-179.99, -20, 300_000), Circle(180, 0, 1),
    Circle(12, 89.9, 60_000), Circle(-120, -90, 100_000), Circle(0, 0, 20_004_000), Circle(50, 85, 600_000),
]  # fmt: skip


@pytest.mark.usefixtures("pins")
def test_near_is_what_lies_within_the_radius_also_at_poles_and_date_line() -> None:
    for circle in CIRCLES:
        wanted = {key for key, place in POINTS.items() if metres(circle.lon, circle.lat, place) <= circle.radius_m}
        assert wanted
        assert found(ops.near, circle) == wanted, circle


@pytest.mark.usefixtures("pins")
def test_a_box_holds_its_edges_and_may_cross_the_date_line() -> None:
    first = POINTS["p0000"]
    boxes = [
        Box(108.1, 26.1, 108.2, 26.3), Box(first.x, first.y, first.x, first.y), Box(179.7, -30, -179.7, 30),
        Box(-180, 89, 180, 90), Box(-180, -90, 180, 90),
    ]  # fmt: skip
    for box in boxes:
        wanted = {key for key, place in POINTS.items() if inside(box, place)}
        assert wanted
        assert found(ops.in_box, box) == wanted, box


@pytest.mark.usefixtures("pins")
def test_within_a_polygon_its_edge_belongs_and_its_hole_does_not() -> None:
    corner = POINTS["p0001"]
    outside = shapely.box(108.0, 26.0, corner.x, corner.y)
    area = outside.difference(shapely.box(*outside.centroid.buffer(0.01).bounds))
    wanted = {key for key, place in POINTS.items() if area.intersects(place)}
    assert "p0001" in wanted and 10 < len(wanted) < len(POINTS)
    assert found(ops.within, area) == wanted


@pytest.mark.usefixtures("pins")
@pytest.mark.parametrize(("lon", "lat"), [(108.31, 26.21), (179.999, 5), (33, 89.5), (-60, 40)])
def test_the_nearest_come_in_order_with_their_metres(lon: float, lat: float) -> None:
    wanted = sorted((metres(lon, lat, place), key) for key, place in POINTS.items())[:10]
    with db.read() as session:
        answer = ops.nearest(session, LAYER, lon, lat, 10)
    assert [key for key, _ in answer] == [key for _, key in wanted]
    assert [far for _, far in answer] == pytest.approx([far for far, _ in wanted], abs=1e-6)


@pytest.mark.usefixtures("pins")
def test_nearest_counts_only_what_else_holds_and_ends_when_there_is_no_more() -> None:
    with db.read() as session:
        answer = ops.nearest(session, LAYER, 108.3, 26.2, 10, Pin.id.in_(["p0005", "p0006"]))
    assert {key for key, _ in answer} == {"p0005", "p0006"}


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
