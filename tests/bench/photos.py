"""How long a 12-megapixel photo takes: verified, EXIF read, two copies written.

    python -m tests.bench.photos [--photos 16]

Prints CPU time of the derivation as a ratio to the CPU time of one full decode of the same file, measured in the same
run (the machine's own speed cancels out), and what the process around it adds.
"""

from __future__ import annotations

import argparse
import io
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from PIL import Image

from server.evidence.darkroom import Darkroom
from server.evidence.images import Order, derive
from tests.evidence.pictures import exif, jpeg


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


def wall_ms(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def decode(path: Path) -> None:
    with Image.open(path) as image:
        image.load()


def main() -> None:
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--photos", type=int, default=16)
    count = given.parse_args().photos
    with tempfile.TemporaryDirectory() as name, Darkroom() as room:
        folder = Path(name)
        targets = {edge: folder / f"{edge}.jpg" for edge in (1280, 320)}
        rows = []
        for number in range(count):
            path = folder / f"{number}"
            path.write_bytes(camera_photo(number))
            if number == 0:
                room.develop(path, "image/jpeg", targets)  # starts the process
            rows.append((
                path.stat().st_size / 1e6,
                cpu_ms(lambda path=path: decode(path)),
                cpu_ms(lambda path=path: derive(Order(path, "image/jpeg", targets))),
                wall_ms(lambda path=path: room.develop(path, "image/jpeg", targets)),
            ))
    size, full, made, roomed = (median(row[column] for row in rows) for column in range(4))
    out = io.StringIO()
    print(f"{count} photos of 12 MP, median {size:.1f} MB", file=out)
    print(f"full decode      {full:6.0f} ms CPU", file=out)
    print(f"derivation       {made:6.0f} ms CPU = {made / full:.2f} x a full decode", file=out)
    print(f"in its process   {roomed:6.0f} ms", file=out)
    print(out.getvalue(), end="")


if __name__ == "__main__":
    main()
