"""Finding a photo among many others: build time, look-up time, recall. Prints figures, judges nothing.

    .venv/bin/python -m tests.bench.bench_alike [--photos 30000] [--asked 300] [--databases sqlite postgresql]

The crowd is random: seven hashes a photo, the crops about 40 bits away from the whole. The photos asked about are
copies of some of the crowd, with up to 56 bits turned at random all over the picture; half of them met as wholes, half
as a crop of one by the other. A real copy differs in one corner and meets in more ways, so this is the hard case.
`--photos 1000000` writes 112 million entries into two million bands: minutes, and some gigabytes of disk and memory.
The bands are written as a rebuild from stored hashes would: slot by slot. `arrival` is the time to add one more photo.
"""

from __future__ import annotations

import argparse
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
from server.evidence.alike import alike, keep_hashes
from server.evidence.dhash import BITS, VARIANTS, Hashes
from tests.bench.ground import database
from tests.processor import seconds_of

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


def fill(kind: str, dice: np.random.Generator, count: int) -> tuple[Bits, float]:
    """Writes the crowd; answers its first photos, which copies are made of, and the seconds that the bands took."""
    known: Bits | None = None
    hashed = []
    for first in range(1, count + 1, BATCH):
        bits = crowd(dice, min(BATCH, count + 1 - first))
        known = bits[:1000].copy() if known is None else known
        packed = np.packbits(bits, axis=2).reshape(len(bits), -1)
        hashed.append(packed)
        write(kind, "photo_hash (number, attachment_id, bits, plain)", (
            (first + at, f"photo-{first + at}", row.tobytes(), False) for at, row in enumerate(packed)
        ))  # fmt: skip
    start = time.perf_counter()
    write_bands(kind, np.concatenate(hashed))
    assert known is not None
    return known, time.perf_counter() - start


def write_bands(kind: str, packed: Bits) -> None:
    """All bands of photos packed as [photo, 7 × 32 bytes], numbered from 1."""
    parts = [bands.slots_of(packed[at : at + BATCH].tobytes()).astype(np.uint16) for at in range(0, len(packed), BATCH)]
    slots = np.concatenate(parts).reshape(len(packed), len(VARIANTS), -1)
    for slot in range(bands.SIDE):
        for first, some in ((bands.WHOLE, slots[:, :1]), (bands.CROPS, slots[:, 1:])):
            write(kind, "photo_band (band, photos)", _slot_rows(some, slot, first))


def _slot_rows(slots: NDArray[np.uint16], slot: int, first: int) -> Iterator[tuple[int, bytes]]:
    """(band, photos) of one slot of [photo, variant, slot], in the order of the bands."""
    names = slots[:, :, slot].ravel()
    order = np.argsort(names, kind="stable")
    entries = np.empty(len(order), dtype=bands.ENTRY)
    entries["number"] = order // slots.shape[1] + 1
    sketch = np.zeros(len(order), dtype=np.uint64)
    for by in (1, 2, 3, 4):
        following = slots[:, :, (slot + by) % bands.SIDE].ravel()[order].astype(np.uint64)
        sketch |= following << np.uint64(bands.SIDE * (by - 1))
    entries["sketch"] = sketch
    sorted_names = names[order]
    cuts = np.flatnonzero(np.diff(sorted_names)) + 1
    starts, ends = np.concatenate([[0], cuts]), np.concatenate([cuts, [len(order)]])
    content, size = entries.tobytes(), bands.ENTRY.itemsize
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        yield (slot + first) << 16 | int(sorted_names[start]), content[start * size : end * size]


def write(kind: str, table: str, found: Iterator[tuple[object, ...]]) -> None:
    """Rows of one statement: COPY, or many at once."""
    with db.db.engine.begin() as connection:
        raw = connection.connection.cursor()
        if kind == "sqlite":
            marks = ", ".join("?" * (table.count(",") + 1))
            raw.executemany(f"INSERT INTO {table} VALUES ({marks})", found)
            return
        with raw.copy(f"COPY {table} FROM STDIN") as copying:
            for row in found:
                copying.write_row(row)


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


def ask(kind: str, dice: np.random.Generator, known: Bits, asked: int) -> None:
    times, busy, found = [], [], defaultdict(list)
    with db.read() as session:
        backend = session.scalar(text("SELECT pg_backend_pid()")) if kind == "postgresql" else None
        before = _used(backend)
        for number in range(asked):
            at, distance = int(dice.integers(len(known))), DISTANCES[number % len(DISTANCES)]
            way = number // len(DISTANCES) % 4 % 3
            copy = hashes(copy_of(dice, known[at], distance, way))
            start, cpu = time.perf_counter(), time.process_time()
            answer = alike(session, copy, 56)
            busy.append((time.process_time() - cpu) * 1000)
            times.append((time.perf_counter() - start) * 1000)
            hit = f"photo-{at + 1}" in {one.attachment_id for one in answer}
            found[distance, "crops" if way else "wholes"].append(hit)
        there = (_used(backend) - before) * 1000 / asked
    parts = quantiles(times, n=20)
    print(f"  look-up: median {median(times):.1f} ms, p5 {parts[0]:.1f} ms, p95 {parts[-1]:.1f} ms")
    print(f"  of it processor time: {median(busy):.1f} ms of the asking process, {there:.1f} ms of the database's")
    for kind in ("wholes", "crops"):
        shares = (f"{distance}: {_share(found[distance, kind])}" for distance in DISTANCES)
        print(f"  recall among {kind}: " + ", ".join(shares))


def _used(backend: int | None) -> float:
    """Processor time of the database's process; 0 where there is none."""
    return 0.0 if backend is None else seconds_of(backend)


def _share(hits: list[bool]) -> str:
    return f"{sum(hits) / len(hits):.3f} of {len(hits)}" if hits else "-"


def arrivals(dice: np.random.Generator, first: int, count: int = 100) -> float:
    """Milliseconds to add a photo and commit, among all others."""
    made = [hashes(bits) for bits in crowd(dice, count)]
    start = time.perf_counter()
    for number, one in enumerate(made, first):
        db.transact(lambda session, number=number, one=one: keep_hashes(session, f"photo-{number}", one))
    return (time.perf_counter() - start) * 1000 / count


def bench(kind: str, count: int, asked: int) -> None:
    dice = np.random.default_rng(7)
    with tempfile.TemporaryDirectory(prefix="ruhu-bench-") as name, database(kind, Path(name)) as url:
        app = create_app(Settings(database_url=url, var=Path(name), testing=True))
        with app.app_context():
            schema.migrate(db.db.engine)
            without_keys(kind)
            known, seconds = fill(kind, dice, count)
            settle(kind)
            print(f"{kind}: {count:,} photos, {megabytes(kind)} MB of bands, built in {seconds:.1f} s", flush=True)
            ask(kind, dice, known, asked)
            if kind == "postgresql":
                db.transact(lambda session: session.execute(text(_NEXT)))
            print(f"  arrival: {arrivals(dice, count + 1):.1f} ms", flush=True)
            db.db.engine.dispose()


_NEXT = "SELECT setval(pg_get_serial_sequence('photo_hash', 'number'), (SELECT max(number) FROM photo_hash))"
_WEIGHTS = {
    "postgresql": "SELECT pg_total_relation_size('photo_band')",
    "sqlite": "SELECT sum(length(photos) + 12) FROM photo_band",
}


def megabytes(kind: str) -> int:
    with db.read() as session:
        return int(session.scalar(text(_WEIGHTS[kind])) or 0) // 2**20


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
