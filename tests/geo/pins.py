"""Points for the contract of the spatial verbs, and what a plain look at every point says: one truth for both.

Most lie in one county; the rest at the date line, around both poles and everywhere else.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from random import Random

import numpy as np
import shapely
from pyproj import Geod
from shapely import Point
from shapely.geometry.base import BaseGeometry
from sqlalchemy import String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from server import db
from server.geo import ops
from server.geo.column import Shape
from server.geo.inside import Box, Circle
from server.geo.spots import statements
from server.geo.tile import MARGIN, Tile

EARTH = Geod(ellps="WGS84")


class Own(DeclarativeBase):
    """Tables of these tests alone."""


class Pin(Own):
    __tablename__ = "pin"

    id: Mapped[str] = mapped_column(String(20), primary_key=True)
    place: Mapped[Point | None] = mapped_column(Shape("POINT"))


LAYER = ops.Layer(Pin.id, Pin.place)

CIRCLES = [
    *(Circle(108.3, 26.2, radius) for radius in (0.5, 200, 3000, 70_000)),
    Circle(179.95, 10, 50_000), Circle(-179.99, -20, 300_000), Circle(180, 0, 1),
    Circle(12, 89.9, 60_000), Circle(-120, -90, 100_000), Circle(0, 0, 20_004_000), Circle(50, 85, 600_000),
]  # fmt: skip
BOXES = [
    Box(108.1, 26.1, 108.2, 26.3), Box(179.7, -30, -179.7, 30), Box(-180, 89, 180, 90), Box(-180, -90, 180, 90),
]  # fmt: skip
NEAREST = [(108.31, 26.21), (179.999, 5.0), (33.0, 89.5), (-60.0, 40.0), (0.0, -90.0)]
TILES = [Tile(14, 13120, 6955), Tile(6, 63, 30), Tile(6, 0, 33), Tile(0, 0, 0), Tile(6, 51, 27), Tile(6, 20, 20)]


def scattered(count: int = 3000) -> dict[str, Point]:
    random = Random(20261122)
    county, line = count * 22 // 30, count * 4 // 30
    around = [
        *((random.uniform(108.0, 108.6), random.uniform(26.0, 26.4)) for _ in range(county)),
        *((random.choice((-1, 1)) * random.uniform(179.5, 180.0), random.uniform(-60, 60)) for _ in range(line)),
        *(
            (random.uniform(-180, 180), random.choice((-1, 1)) * random.uniform(88.5, 90))
            for _ in range(count - county - line - 5)
        ),
        (180.0, 0.0), (-180.0, 0.0), (0.0, 90.0), (0.0, -90.0), (108.3, 26.2),
    ]  # fmt: skip
    return {f"p{number:06}": Point(lon, lat) for number, (lon, lat) in enumerate(around)}


@contextmanager
def stored(points: dict[str, Point]) -> Iterator[None]:
    """The points in a table of the app's database, with one row that has no place."""
    with db.db.engine.connect().execution_options(writer=True) as connection, connection.begin():
        Own.metadata.create_all(connection)
        if connection.dialect.name == "sqlite":
            for statement in statements("pin", "id", "place"):
                connection.exec_driver_sql(statement)
        else:
            connection.exec_driver_sql("CREATE INDEX ix_pin ON pin USING gist (place)")
            connection.exec_driver_sql("CREATE INDEX ix_pin_geography ON pin USING gist (geography(place))")
    with db.write() as session:
        rows = [{"id": key, "place": place} for key, place in points.items()]
        session.execute(Pin.__table__.insert(), [*rows, {"id": "nowhere", "place": None}])
    yield
    with db.db.engine.connect().execution_options(writer=True) as connection, connection.begin():
        Own.metadata.drop_all(connection)


class Truth:
    """What a look at every point says."""

    def __init__(self, points: dict[str, Point]) -> None:
        self.keys = np.array(list(points))
        self.lon, self.lat = np.array([(place.x, place.y) for place in points.values()]).T

    def metres(self, lon: float, lat: float) -> np.ndarray:
        count = len(self.keys)
        return np.asarray(EARTH.inv(np.full(count, lon), np.full(count, lat), self.lon, self.lat)[2])

    def near(self, circle: Circle) -> set[str]:
        return self._those(self.metres(circle.lon, circle.lat) <= circle.radius_m)

    def in_box(self, box: Box) -> set[str]:
        east, west = self.lon <= box.east, self.lon >= box.west
        across = (west & east) if box.west <= box.east else (west | east)
        return self._those(across & (self.lat >= box.south) & (self.lat <= box.north))

    def within(self, area: BaseGeometry) -> set[str]:
        return self._those(shapely.intersects_xy(area, self.lon, self.lat))

    def nearest(self, lon: float, lat: float, count: int) -> list[tuple[str, float]]:
        far = self.metres(lon, lat)
        order = np.lexsort((self.keys, far))[:count]
        return [(str(self.keys[n]), float(far[n])) for n in order]

    def in_tile(self, tile: Tile) -> set[str]:
        return self.in_box(tile.box(MARGIN))

    def _those(self, which: np.ndarray) -> set[str]:
        return {str(key) for key in self.keys[which]}
