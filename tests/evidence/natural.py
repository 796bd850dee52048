"""How many copies of real pictures are found again, by what was done to them. Prints figures, judges nothing.

    .venv/bin/python -m tests.evidence.natural FOLDER…

The labelled set is drawn (tests.evidence.rates); this asks the same hashes about photographs, for example those of
Debian's mate-backgrounds and ukui-wallpapers. Plain pictures and repetitions are left out. Four sides count singly.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path

from PIL import Image, ImageOps, UnidentifiedImageError

from server.evidence.dhash import NEAR, SAME, Hashes, compare, hashes_of
from tests.evidence.copies import Change, cropped
from tests.evidence.labelled import AGAIN

LONG_EDGE = 1600
SIDES = ((1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1))


def pictures(folders: Sequence[Path]) -> Iterator[Image.Image]:
    for path in sorted(path for folder in folders for path in folder.rglob("*") if path.is_file()):
        try:
            with Image.open(path) as opened:
                picture = ImageOps.exif_transpose(opened).convert("RGB")
        except (UnidentifiedImageError, OSError):
            continue
        picture.thumbnail((LONG_EDGE, LONG_EDGE))
        yield picture


def different(folders: Sequence[Path]) -> list[tuple[Image.Image, Hashes]]:
    """Pictures that can be told apart, each once."""
    chosen: list[tuple[Image.Image, Hashes]] = []
    for picture in pictures(folders):
        hashes = hashes_of(picture)
        if not hashes.plain and all(compare(hashes, other).distance > NEAR for _, other in chosen):
            chosen.append((picture, hashes))
    return chosen


def changes() -> Mapping[str, Sequence[Change]]:
    sides = {
        f"cropped {share} % at one side": [cropped(*(share / 100 * part for part in side)) for side in SIDES]
        for share in (5, 10)
    }
    return {name: [change] for name, (change, _) in AGAIN.items() if "one side" not in name} | sides


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("folders", nargs="+", type=Path)
    chosen = different(asked.parse_args().folders)
    unrelated = [compare(one, other).distance for (_, one), (_, other) in combinations(chosen, 2)]
    print(f"{len(chosen)} pictures; of {len(unrelated)} unrelated pairs {sum(bits <= SAME for bits in unrelated)} ≤ 40")
    for name, ways in changes().items():
        bits = [compare(hashes, hashes_of(way(picture))).distance for picture, hashes in chosen for way in ways]
        same, near = (sum(one <= limit for one in bits) / len(bits) for limit in (SAME, NEAR))
        print(f"{name:<30} ≤ 40: {same:.2f}   ≤ 56: {near:.2f}   of {len(bits)}")


if __name__ == "__main__":
    main()
