"""Finding a photo among many others: build time, look-up time, recall. Prints figures, judges nothing.

    .venv/bin/python -m tests.bench.bench_alike [--photos 30000] [--asked 300] [--databases sqlite postgresql]

The crowd is random: seven hashes a photo, the crops about 40 bits away from the whole. The photos asked about are
copies of some of the crowd, with up to 56 bits turned at random all over the picture; half of them met as wholes, half
as a crop of one by the other. A real copy differs in one corner and meets in more ways, so this is the hard case.
`--photos 1000000` writes 112 million bands: minutes, and gigabytes of disk.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import median, quantiles

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import text

from server import db, schema
from server.app import create_app
from server.config import Settings
from server.evidence import bands
from server.evidence.alike import alike
from server.evidence.dhash import BITS, VARIANTS, Hashes
from tests.bench.ground import database

BATCH = 10_000
APART = 40  # bits between a whole and its crops, about
DISTANCES = (8, 16, 24, 31, 36, 40, 48, 56)

Bits = NDArray[np.uint8]  # […, 256] of 0 and 1


def crowd(dice: np.random.Generator, count: int) -> Bits:
    """[photo, variant, 256]"""
    whole = dice.integers(0, 2, (count, 1, BITS), dtype=np.uint8)
    turned = dice.random((count, len(VARIANTS), BITS), dtype=np.float32) < APART / BITS
    turned[:, 0] = False
    return whole ^ turned


def hashes(bits: Bits) -> Hashes:
    return Hashes(tuple(int.from_bytes(np.packbits(row).tobytes(), "big") for row in bits))


def copy_of(dice: np.random.Generator, photo: Bits, distance: int, way: int) -> Bits:
    """A copy `distance` bits away. 0: of the whole; 1: it is a crop of the photo; 2: the photo is a crop of it."""
    crop = int(dice.integers(1, len(VARIANTS)))
    copy = crowd(dice, 1)[0]
    near = photo[crop if way == 1 else 0].copy()
    near[dice.choice(BITS, distance, replace=False)] ^= 1
    if way == 2:
        copy[crop] = near
    else:
        copy ^= copy[0] ^ near  # its crops lie about it as those of any photo
    return copy


def rows(packed: Bits, first: int) -> Iterator[tuple[int, int]]:
    """(band, number) of photos packed as [photo, 7 × 32 bytes], in the order of the index."""
    slots = bands._slots(packed.tobytes()).reshape(len(packed), len(VARIANTS), -1)
    place = np.arange(bands.SIDE)
    numbers = np.arange(first, first + len(packed))[:, None, None]
    whole = (slots[:, :1] | place << 16) << 32 | numbers
    crops = (slots[:, 1:] | (place + bands.CROPS) << 16) << 32 | numbers
    both = np.unique(np.concatenate([whole.ravel(), crops.ravel()]))
    yield from zip((both >> 32).tolist(), (both & 0xFFFFFFFF).tolist(), strict=True)


def fill(kind: str, dice: np.random.Generator, count: int) -> Bits:
    """Writes the crowd; answers its first photos, which copies are made of."""
    known: Bits | None = None
    for first in range(1, count + 1, BATCH):
        bits = crowd(dice, min(BATCH, count + 1 - first))
        known = bits[:1000].copy() if known is None else known
        packed = np.packbits(bits, axis=2).reshape(len(bits), -1)
        photos = [(first + at, f"photo-{first + at}", row.tobytes(), False) for at, row in enumerate(packed)]
        write(kind, photos, rows(packed, first))
    assert known is not None
    return known


def write(kind: str, photos: list[tuple[object, ...]], found: Iterator[tuple[int, int]]) -> None:
    with db.db.engine.begin() as connection:
        raw = connection.connection.cursor()
        if kind == "sqlite":
            raw.executemany("INSERT INTO photo_hash (number, attachment_id, bits, plain) VALUES (?, ?, ?, ?)", photos)
            raw.executemany("INSERT INTO photo_band (band, number) VALUES (?, ?)", found)
            return
        with raw.copy("COPY photo_hash (number, attachment_id, bits, plain) FROM STDIN") as copying:
            for photo in photos:
                copying.write_row(photo)
        out = io.StringIO()
        out.writelines(f"{band}\t{number}\n" for band, number in found)
        with raw.copy("COPY photo_band (band, number) FROM STDIN") as copying:
            copying.write(out.getvalue())


def without_keys(kind: str) -> None:
    """Photos of the bench belong to no attachment."""
    postgresql = ["ALTER TABLE photo_hash DROP CONSTRAINT fk_photo_hash_attachment_id"]
    sqlite = [
        "DROP TABLE photo_hash",
        "CREATE TABLE photo_hash (number INTEGER PRIMARY KEY, attachment_id TEXT UNIQUE, bits BLOB, plain BOOLEAN)",
    ]
    with db.db.engine.begin() as connection:
        for statement in sqlite if kind == "sqlite" else postgresql:
            connection.execute(text(statement))


def settle(kind: str) -> None:
    with db.db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if kind == "sqlite" else "VACUUM ANALYZE photo_band, photo_hash"))


def ask(dice: np.random.Generator, known: Bits, asked: int) -> None:
    times, found = [], defaultdict(list)
    with db.read() as session:
        for number in range(asked):
            at, distance = int(dice.integers(len(known))), DISTANCES[number % len(DISTANCES)]
            copy = hashes(copy_of(dice, known[at], distance, number // len(DISTANCES) % 4 % 3))
            start = time.perf_counter()
            answer = alike(session, copy, 56)
            times.append((time.perf_counter() - start) * 1000)
            found[distance].append(f"photo-{at + 1}" in {one.attachment_id for one in answer})
    print(f"  look-up: median {median(times):.1f} ms, p95 {quantiles(times, n=20)[-1]:.1f} ms")
    print("  recall: " + ", ".join(f"{distance}: {sum(hit) / len(hit):.3f}" for distance, hit in found.items()))


def bench(kind: str, count: int, asked: int) -> None:
    dice = np.random.default_rng(7)
    with tempfile.TemporaryDirectory(prefix="ruhu-bench-") as name, database(kind, Path(name)) as url:
        app = create_app(Settings(database_url=url, var=Path(name), testing=True))
        with app.app_context():
            schema.migrate(db.db.engine)
            without_keys(kind)
            start = time.perf_counter()
            known = fill(kind, dice, count)
            settle(kind)
            seconds = time.perf_counter() - start
            print(f"{kind}: {count:,} photos built in {seconds:.1f} s, {seconds / count * 1e3:.2f} ms a photo")
            ask(dice, known, asked)
            db.db.engine.dispose()


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--photos", type=int, default=30_000)
    given.add_argument("--asked", type=int, default=320)
    given.add_argument("--databases", nargs="+", default=["sqlite", "postgresql"])
    chosen = given.parse_args()
    for kind in chosen.databases:
        bench(kind, chosen.photos, chosen.asked)


if __name__ == "__main__":
    main()
