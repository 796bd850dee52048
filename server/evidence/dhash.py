"""Picture hashes that survive what happens to photos on their way: recompression, a stamp, a small crop. PURE.

dHash-256: the grey picture is shrunk to 17×16 points; each bit says whether a point is brighter than its right
neighbour. Seven are kept of a photo: of the whole and of six crops of it, so that a photo that was cropped meets one of
them. Measured on 95 real photos: recall 1.0 at distance 40 for WeChat-like recompression, a four-line stamp, and
crops to 10 % at the centre; of 5,256 unrelated pairs none came below 48. Flat and dark pictures are told apart by
noise alone, so they are like nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from PIL import Image, ImageStat

SIDE = 16
BITS = SIDE * SIDE
SAME, NEAR = 40, 56  # bits; at most
FLAT = 8.0  # standard deviation of grey (0 … 255) below which nothing can be told
DARK = 16.0  # mean grey below which hardly anything can be
LIFT = 14.0  # … unless it varies by more than this
_EDGE = 320  # pixels of the long edge that hashes are taken from: more changes no bit
_SMALL = 64

# What is left of the picture: left, top, right, bottom as shares of its width and height. The whole comes first.
# "5 %" off the centre means 5 % of the width and of the height, half at each edge.
VARIANTS: dict[str, tuple[float, float, float, float]] = {
    "full": (0.0, 0.0, 1.0, 1.0),
    "centre_5": (0.025, 0.025, 0.975, 0.975),
    "centre_10": (0.05, 0.05, 0.95, 0.95),
    "left_7": (0.07, 0.0, 1.0, 1.0),
    "top_7": (0.0, 0.07, 1.0, 1.0),
    "right_7": (0.0, 0.0, 0.93, 1.0),
    "bottom_7": (0.0, 0.0, 1.0, 0.93),
}

Verdict = Literal["same", "near", "different"]


@dataclass(frozen=True)
class Hashes:
    """`values`: one of 256 bits for each variant, in their order. `plain`: too flat or too dark to tell from others."""

    values: tuple[int, ...]
    plain: bool = False

    @classmethod
    def of_hex(cls, values: Sequence[str], plain: bool) -> Hashes:
        return cls(tuple(int(value, 16) for value in values), plain)

    def as_hex(self) -> list[str]:
        return [f"{value:064x}" for value in self.values]


@dataclass(frozen=True)
class Likeness:
    """`distance` in bits of 256; `variant`: the crop of one picture that met the other as a whole."""

    verdict: Verdict
    distance: int
    variant: str


def hashes_of(picture: Image.Image) -> Hashes:
    """Hashes of an upright picture of any mode and size."""
    grey = picture.convert("RGB").convert("L")
    grey.thumbnail((_EDGE, _EDGE), Image.Resampling.BOX, reducing_gap=None)
    return Hashes(tuple(_hash(grey, crop) for crop in VARIANTS.values()), _is_plain(grey))


def _is_plain(grey: Image.Image) -> bool:
    """By a small copy, so that the grain of a dark camera does not count."""
    seen = ImageStat.Stat(grey.resize((_SMALL, _SMALL), Image.Resampling.BOX))
    mean, spread = seen.mean[0], seen.stddev[0]
    return spread < FLAT or (mean < DARK and spread < LIFT)


def _hash(grey: Image.Image, crop: tuple[float, float, float, float]) -> int:
    left, top, right, bottom = crop
    box = (left * grey.width, top * grey.height, right * grey.width, bottom * grey.height)
    points = grey.resize((SIDE + 1, SIDE), Image.Resampling.LANCZOS, box=box).tobytes()
    value = 0
    for row in range(0, len(points), SIDE + 1):
        for at in range(row, row + SIDE):
            value = value << 1 | (points[at + 1] > points[at])
    return value


def distance(one: int, other: int) -> int:
    """Bits that differ."""
    return (one ^ other).bit_count()


def compare(one: Hashes, other: Hashes) -> Likeness:
    """How alike two pictures are: each whole against every crop of the other; the nearest counts."""
    near, variant = min(_pairs(one.values, other.values))
    name = list(VARIANTS)[variant]
    if one.plain or other.plain:
        return Likeness("different", near, name)
    return Likeness(verdict_of(near), near, name)


def verdict_of(bits: int) -> Verdict:
    if bits <= SAME:
        return "same"
    return "near" if bits <= NEAR else "different"


def _pairs(one: Sequence[int], other: Sequence[int]) -> list[tuple[int, int]]:
    """(distance, variant) of every comparison; the plain one first among equals."""
    return [
        (min(distance(one[0], other[number]), distance(one[number], other[0])), number) for number in range(len(one))
    ]
