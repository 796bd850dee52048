"""Map files and photo bundles: seconds, rows a second, and whether memory grows with what is in them.

    .venv/bin/python -m tests.bench.bench_exports [households] [photos]

Households lie in one village with the values of a surveyed house; photos have 3 MB each. Memory: the peak above what
the process held before (VmHWM), for a quarter of the rows and for all of them.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
import uuid
from collections.abc import Callable
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from random import Random

from shapely import Point
from sqlalchemy import insert
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import load_actor
from server.accounts.tables import Person
from server.evidence.features import Wanted
from server.registry.tables import Entity
from server.reports import photo_bundle, verify
from server.reports.map_export import write_map
from server.sync.definitions import datasets
from tests.bench.ground import BEFORE, database, prepare
from tests.evidence.test_judging import Camera
from tests.world import QINGSHI, World

PHOTO = 3 * 1024 * 1024


def peak() -> float:
    """Megabytes that this process held at most since the last `forget`."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmHWM"].split()[0]) / 1024


def forget() -> float:
    Path("/proc/self/clear_refs").write_text("5")
    return peak()


def settle(session: Session, person: str, count: int) -> None:
    """This many households, each at another place."""
    random = Random(count)
    for start in range(0, count, 1000):
        rows = []
        for number in range(start, min(start + 1000, count)):
            key = str(uuid.UUID(int=random.getrandbits(128), version=4))
            lon, lat = random.uniform(108.05, 108.55), random.uniform(26.05, 26.35)
            values = {**BEFORE, "head_name": f"户{number}", "lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "datum": "wgs84"}
            rows.append({
                "id": key, "root_id": key, "dataset": "household", "region_code": QINGSHI, "label": f"户{number}",
                "version": 1, "values": values, "contested": [], "shown": {}, "geom": Point(lon, lat),
                "updated_by": person,
            })  # fmt: skip
        session.execute(insert(Entity), rows)


def measured(what: str, work: Callable[[], int], path: Path) -> None:
    before, began = forget(), time.monotonic()
    rows = work()
    seconds = time.monotonic() - began
    size = path.stat().st_size / 1e6
    print(
        f"  {what}: {rows} rows, {seconds:.1f} s, {rows / seconds:.0f}/s, {size:.0f} MB, peak {peak() - before:+.0f} MB"
    )


def maps(world: World, folder: Path, households: int) -> None:
    done = 0
    for count in (households // 4, households):
        world.run(lambda session, more=count - done: settle(session, world.people["import"], more))
        done = count
        for format in ("gpkg", "geojson"):
            path = folder / f"map.{format}"

            def work(path: Path = path, format: str = format) -> int:
                with db.read() as session:
                    actor = load_actor(session, session.get_one(Person, world.people["admin"]))
                    return write_map(session, actor, datasets(), Wanted(placed=False), path, format=format)

            with world.app.app_context():
                measured(f"{format} of {count}", work, path)


def bundles(world: World, folder: Path, photos: int) -> None:
    camera = Camera(world, "li")
    for _ in range(max(1, photos // 10)):
        taken = [os.urandom(PHOTO) for _ in range(10)]
        camera.send(taken, camera.sealed(taken), base_version=1)
    path = folder / "audit.zip"
    numbers = []

    def work() -> int:
        with db.read() as session:
            actor = load_actor(session, session.get_one(Person, world.people["auditor"]))
            settings = world.app.config["RUHU"]
            made = photo_bundle.write_bundle(session, settings, actor, photo_bundle.Wanted(), path, name="bench")
        numbers.append(made.manifest_sha256)
        return made.photos

    with world.app.app_context():
        measured("photo bundle", work, path)

    def check() -> int:
        with redirect_stdout(StringIO()):
            assert verify.main([str(path), "--number", numbers[0]]) == 0
        return photos

    measured("verify.py", check, path)


def main() -> None:
    households, photos = (int(word) for word in (sys.argv[1:] + ["20000", "60"][len(sys.argv) - 1 :]))
    for kind in ("sqlite", "postgres"):
        with tempfile.TemporaryDirectory(prefix="ruhu-bench-") as name, database(kind, Path(name)) as url:
            print(kind)
            world, _ = prepare(url, Path(name), 1)
            maps(world, Path(name), households)
            bundles(world, Path(name), photos)


if __name__ == "__main__":
    main()
