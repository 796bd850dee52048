"""The six verbs over 200,000 points on both databases: first whether they are right, then milliseconds a question.

    .venv/bin/python -m tests.bench.bench_places [points]

Right: every verb against a look at every point (tests/geo/pins.py), with poles and the date line. Milliseconds: the
median of many questions anywhere in the county, rows fetched.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

import numpy as np
import shapely
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db, schema
from server.app import create_app
from server.config import Settings
from server.geo import ops
from server.geo.beside import beside
from server.geo.inside import Box, Circle
from server.geo.median import median_place
from server.geo.tile import EXTENT, Dot, Tile, encode
from tests.bench.ground import database
from tests.geo.pins import BOXES, CIRCLES, LAYER, NEAREST, TILES, Pin, Truth, scattered, stored

POINTS = 200_000
QUESTIONS = 60
Ask = Callable[[Session, Random], int]


def spot(random: Random) -> tuple[float, float]:
    return random.uniform(108.05, 108.55), random.uniform(26.05, 26.35)


def village(random: Random) -> shapely.Polygon:
    """A boundary of 500 corners, two to three kilometres across."""
    lon, lat = spot(random)
    angles = np.linspace(0, 2 * np.pi, 500, endpoint=False)
    reach = 0.012 + 0.003 * np.sin(7 * angles)
    return shapely.Polygon(np.column_stack((lon + reach * np.cos(angles), lat + reach * np.sin(angles))))


def ids(session: Session, clause: object) -> int:
    return len(session.scalars(select(Pin.id).where(clause)).all())  # type: ignore[arg-type]


def tile(session: Session, random: Random, z: int) -> int:
    lon, lat = spot(random)
    across, down = Tile(0, 0, 0).units(lon, lat)
    here = Tile(z, int(across / EXTENT * 2**z), int(down / EXTENT * 2**z))
    rows = session.execute(select(Pin.id, Pin.place).where(ops.in_tile(session, LAYER, here))).all()
    return len(encode(here, "pins", [Dot(place.x, place.y, {"id": key}) for key, place in rows]))


def far(session: Session, random: Random) -> int:
    """The distance to a thousand rows."""
    rows = select(Pin.id, ops.distance(session, LAYER, *spot(random))).order_by(Pin.id).limit(1000)
    return len(session.execute(rows).all())


VERBS: dict[str, Ask] = {
    "near 200 m": lambda session, random: ids(session, ops.near(session, LAYER, Circle(*spot(random), 200))),
    "near 2 km": lambda session, random: ids(session, ops.near(session, LAYER, Circle(*spot(random), 2000))),
    "distance, 1,000 rows": far,
    "bbox 1 km": lambda session, random: ids(session, ops.in_box(session, LAYER, square(*spot(random)))),
    "within a village": lambda session, random: ids(session, ops.within(session, LAYER, village(random))),
    "nearest 10": lambda session, random: len(ops.nearest(session, LAYER, *spot(random), 10)),
    "tile z16": lambda session, random: tile(session, random, 16),
    "tile z13": lambda session, random: tile(session, random, 13),
}


def square(lon: float, lat: float) -> Box:
    return Box(lon, lat, lon + 0.01, lat + 0.009)


def prove(truth: Truth) -> None:
    """Every verb against a look at every point. AssertionError where they differ."""
    with db.read() as session:

        def found(clause: object) -> set[str]:
            return set(session.scalars(select(Pin.id).where(clause)))  # type: ignore[arg-type]

        for circle in CIRCLES:
            assert found(ops.near(session, LAYER, circle)) == truth.near(circle), circle
        for box in BOXES:
            assert found(ops.in_box(session, LAYER, box)) == truth.in_box(box), box
        for area in (village(Random(1)), shapely.box(-180, 89.5, 180, 90), shapely.box(179.8, -90, 180, 90)):
            assert found(ops.within(session, LAYER, area)) == truth.within(area)
        for one in TILES:
            assert found(ops.in_tile(session, LAYER, one)) == truth.in_tile(one), one
        for lon, lat in NEAREST:
            answer, wanted = ops.nearest(session, LAYER, lon, lat, 10), truth.nearest(lon, lat, 10)
            assert [key for key, _ in answer] == [key for key, _ in wanted]
            metres = ops.distance(session, LAYER, lon, lat)
            rows = {row[0]: row[1] for row in session.execute(select(Pin.id, metres).where(Pin.place.is_not(None)))}
            assert np.allclose([rows[str(key)] for key in truth.keys], truth.metres(lon, lat), atol=1e-3, rtol=0)


def milliseconds(ask: Ask) -> tuple[float, float, float]:
    """Median and slowest of the questions, and how much an answer holds on the average."""
    random, took, held = Random(5), [], 0
    with db.read() as session:
        ask(session, Random(6))
        for _ in range(QUESTIONS):
            start = time.perf_counter()
            held += ask(session, random)
            took.append((time.perf_counter() - start) * 1000)
    return statistics.median(took), max(took), held / QUESTIONS


def bench(kind: str, count: int) -> None:
    points = scattered(count)
    truth = Truth(points)
    with tempfile.TemporaryDirectory(prefix="ruhu-bench-") as name, database(kind, Path(name)) as url:
        app = create_app(Settings(database_url=url, var=Path(name), testing=True))
        with app.app_context():
            schema.migrate(db.db.engine)
            start = time.perf_counter()
            with stored(points):
                print(f"\n{kind}: {count:,} points in {time.perf_counter() - start:.1f} s")
                if kind != "sqlite":
                    with db.db.engine.begin() as connection:
                        connection.exec_driver_sql("ANALYZE pin")
                start = time.perf_counter()
                prove(truth)
                print(f"  right, also at poles and date line ({time.perf_counter() - start:.0f} s)")
                for verb, ask in VERBS.items():
                    median, slowest, held = milliseconds(ask)
                    print(f"  {verb:22} {median:8.2f} ms  slowest {slowest:8.2f}  rows or bytes {held:10,.0f}")
            db.db.engine.dispose()


def alone() -> None:
    """What needs no database."""
    random = Random(9)
    areas = [village(random) for _ in range(50)]
    start = time.perf_counter()
    for area in areas:
        beside(area, *spot(random), 100)
    print(f"\npoint in a village of 500 corners: {(time.perf_counter() - start) / len(areas) * 1000:.2f} ms")
    fixes = [(108.3 + random.gauss(0, 1e-4), 26.2 + random.gauss(0, 1e-4)) for _ in range(50)]
    start = time.perf_counter()
    median_place(fixes)
    print(f"median of 50 fixes: {(time.perf_counter() - start) * 1000:.2f} ms")


if __name__ == "__main__":
    wanted = int(sys.argv[1]) if len(sys.argv) > 1 else POINTS
    for each in ("sqlite", "postgresql"):
        bench(each, wanted)
    alone()
