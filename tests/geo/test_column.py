"""Places in the database: a point is written without Shapely, and must be what Shapely would have written."""

from __future__ import annotations

from typing import Any

import pytest
import shapely
from flask import Flask
from shapely import MultiPolygon, Point, box
from sqlalchemy.dialects import postgresql, sqlite

from server.geo.column import Shape
from server.geo.tables import Region
from server.registry.tables import Entity
from tests.world import QINGSHI, WANG, build_world

PLACES = [(108.12345678901234, 26.2), (-180.0, 90.0), (0.0, -0.0), (5e-324, 1e-17)]
NOWHERE = [Point(), Point(float("nan"), 26.2), Point(108.1, float("inf"))]


@pytest.mark.parametrize("place", PLACES)
def test_a_point_is_written_as_shapely_writes_it(place: tuple[float, float]) -> None:
    point, column = Point(*place), Shape("POINT")
    assert column.process_bind_param(point, sqlite.dialect()) == shapely.to_wkb(point)
    with_srid = shapely.to_wkb(shapely.set_srid(point, 4326), hex=True, include_srid=True)
    assert column.process_bind_param(point, postgresql.dialect()).upper() == with_srid


@pytest.mark.parametrize("point", NOWHERE)
def test_a_point_of_no_numbers_is_nowhere(point: Point) -> None:
    for dialect in (sqlite.dialect(), postgresql.dialect()):
        assert Shape("POINT").process_bind_param(point, dialect) is None


def test_shapes_come_back_as_they_were(app: Flask) -> None:
    world = build_world(app)
    border = MultiPolygon([box(108.1, 26.1, 108.2, 26.2)])

    def store(session: Any, place: tuple[float, float]) -> None:
        session.get_one(Entity, WANG).geom = Point(*place)
        session.get_one(Region, QINGSHI).boundary = border

    for place in PLACES:
        world.run(lambda session, place=place: store(session, place))
        assert world.look(lambda session: session.get_one(Entity, WANG).geom.coords[0]) == place
    assert world.look(lambda session: session.get_one(Region, QINGSHI).boundary.equals(border))
