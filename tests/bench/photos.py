"""How long a 12-megapixel photo takes: verified, EXIF read, two copies written, hashed; and all of its intake.

    python -m tests.bench.photos [--photos 16]

Processor times, so that others on the machine count little; the derivation as a ratio to one full decode of the same
file in the same run. The whole intake is what the worker does with a photo that came: both processes, the database
(SQLite), near-duplicates and checks. Photos a second by the clock: two workers at once.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median

os.environ.setdefault("RUHU_TESTING", "1")

import structlog
from PIL import Image
from sqlalchemy import select

from server import db, schema
from server.app import create_app
from server.config import Settings
from server.evidence import tasks
from server.evidence.darkroom import Darkroom
from server.evidence.images import Order, derive
from server.sync.tables import Attachment
from tests.evidence.pictures import exif, jpeg
from tests.evidence.test_judging import Camera
from tests.processor import seconds_of
from tests.world import add_policies, build_world


def camera_photo(number: int) -> bytes:
    """4000 x 3000 with soft shapes and some grain, 2 to 3 MB as phones write them."""
    soft = Image.effect_noise((80 + number, 60), 120).resize((4000, 3000), Image.Resampling.BICUBIC)
    grain = Image.effect_noise((4000, 3000), 14)
    grey = Image.blend(soft, grain, 0.35)
    return jpeg(Image.merge("RGB", (grey, soft, grey)), exif(), quality=90)


def cpu_ms(work: Callable[[], object]) -> float:
    start = time.process_time()
    work()
    return (time.process_time() - start) * 1000


def decode(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def intake_ms(photos: Sequence[bytes], folder: Path) -> float:
    """Median of both processes' time for what the worker does with one photo."""
    app = create_app(Settings(database_url=f"sqlite:///{folder / 'bench.sqlite'}", var=folder, testing=True))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    settings = app.config["RUHU"]
    with app.app_context():
        schema.migrate(db.db.engine)
    world, spent = build_world(app), []
    world.run(add_policies)
    camera = Camera(world, "li")
    for number, content in enumerate(photos):
        camera.send([content], camera.sealed([content], wall_ms=1_795_224_600_000 + number * 3_600_000))
    with app.app_context():
        with db.read() as session:
            ids = session.scalars(select(Attachment.id)).all()
        for attachment_id in ids:
            room = tasks._room()._running().pid
            before = time.process_time() + seconds_of(room)
            assert tasks.derive(settings, attachment_id)
            spent.append((time.process_time() + seconds_of(room) - before) * 1000)
        db.db.engine.dispose()
    return median(spent[1:])  # the first one waits for the process to start


def photos_a_second(paths: Sequence[Path], folder: Path) -> float:
    """Two workers, each with its process, share the photos; by the clock."""

    def work(mine: Sequence[Path], room: Darkroom, name: str) -> None:
        for path in mine:
            room.develop(path, "image/jpeg", {edge: folder / f"{name}-{edge}.jpg" for edge in (1280, 320)})

    with Darkroom() as one, Darkroom() as other, ThreadPoolExecutor(2) as pool:
        rooms = ((paths[::2], one, "a"), (paths[1::2], other, "b"))
        list(pool.map(lambda given: work(given[0][:1], *given[1:]), rooms))  # both processes are there
        start = time.perf_counter()
        list(pool.map(lambda given: work(*given), rooms))
        return len(paths) / (time.perf_counter() - start)


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--photos", type=int, default=16)
    count = given.parse_args().photos
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        photos = [camera_photo(number) for number in range(count)]
        paths = [folder / str(number) for number in range(count)]
        for path, content in zip(paths, photos, strict=True):
            path.write_bytes(content)
        targets = {edge: folder / f"{edge}.jpg" for edge in (1280, 320)}
        full = median(cpu_ms(lambda path=path: decode(path)) for path in paths)
        made = median(cpu_ms(lambda path=path: derive(Order(path, "image/jpeg", targets))) for path in paths)
        print(f"{count} photos of 12 MP, median {median(map(len, photos)) / 1e6:.1f} MB")
        print(f"full decode      {full:6.0f} ms CPU")
        print(f"derivation       {made:6.0f} ms CPU = {made / full:.2f} x a full decode; with two copies and 7 hashes")
        whole = intake_ms(photos, folder)
        print(f"whole intake     {whole:6.0f} ms CPU = {whole / full:.2f} x a full decode; with database and checks")
        print(f"two workers      {photos_a_second(paths, folder):6.1f} photos/s by the clock", end="")
        print(f"; {2000 / whole:.1f} photos/s where two processors are free")


if __name__ == "__main__":
    main()
