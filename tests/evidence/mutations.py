"""Photos as no camera writes them: cut, bent, spliced, with absurd shooting records. From a seed, always the same."""

from __future__ import annotations

import random
import struct
from collections.abc import Callable
from functools import cache

from PIL import Image

from tests.evidence.pictures import (
    bomb,
    encoded,
    exif,
    heic,
    jpeg,
    jpeg_bomb,
    polyglot,
    scene,
    with_exif_garbage,
)

MOST = 200_000  # bytes of an input
_EDGES = (0, 1, 2, 7, 8, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
# Tags that somebody reads: pointers to further directories, thumbnails, sizes, camera, times, notes of makers.
_TAGS = (
    0x8769, 0x8825, 0xA005, 0x014A, 0x0201, 0x0202, 0x0100, 0x0101, 0x0103, 0x0111, 0x0112, 0x0117, 0x010F, 0x0110,
    0x0131, 0x0132, 0x9003, 0x9011, 0x927C, 0x9286, 0xC4A5, *range(32),
)  # fmt: skip
_TEXTS = (
    b"2026:11:20 09:15:30\0", b"9999:99:99 99:99:99\0", b"0000:00:00 00:00:00\0", b"N\0", b"W\0", b"\0", b"\xff" * 40,
    b"+99:99\0", "张\ud7ff\U0001f600".encode() * 9, b"\xed\xa0\x80\0", b"%s%n{value}{0}\0", b"A" * 3000,
)  # fmt: skip
_MARKS = (b"\xff\xd8", b"\xff\xd9", b"\xff\xe1", b"\xff\xc0", b"\xff\xc4", b"\xff\xda", b"IDAT", b"IEND", b"RIFF",
          b"VP8X", b"ANIM", b"ftypheic", b"meta", b"iloc", b"mdat", b"PK\x03\x04", b"%PDF-", b"<script>", b"MPF\0")


@cache
def whole() -> tuple[bytes, ...]:
    """One photo of every kind that is opened, and some that are not what they say. Small, so that many can be tried."""
    small, further = scene(200, 150), scene(96, 64)
    return (
        jpeg(small, exif()), jpeg(further, exif(6), progressive=True), jpeg(small.convert("CMYK"), exif()),
        encoded("PNG", small, exif=exif()), encoded("PNG", small.convert("P")), encoded("WEBP", small, exif=exif()),
        encoded("PNG", Image.new("I;16", (90, 60), 999)), encoded("WEBP", small, lossless=True), heic(further, exif()),
        encoded("WEBP", small, save_all=True, append_images=[further.resize(small.size)]),
        encoded("MPO", small, save_all=True, append_images=[further]), polyglot(), bomb(3000, 2000), bomb(),
        jpeg_bomb(), with_exif_garbage(),
    )  # fmt: skip


def mutant(seed: int, number: int) -> bytes:
    """Input `number` of this seed."""
    dice = random.Random(f"{seed}/{number}")
    content = bytearray(dice.choice(whole()))
    if dice.random() < 0.35:
        content = with_exif(content, absurd_exif(dice))
    for _ in range(dice.choice((0, 1, 1, 2, 3, 6))):
        content = dice.choice(_CHANGES)(dice, content)
    return bytes(content[:MOST])


def with_exif(content: bytearray, record: bytes) -> bytearray:
    """The photo with this shooting record instead of its own: in front in a JPEG, as a chunk in PNG."""
    if content.startswith(b"\xff\xd8"):
        segment = b"Exif\0\0" + record[:65_000]
        return content[:2] + b"\xff\xe1" + struct.pack(">H", len(segment) + 2) + segment + content[2:]
    if content.startswith(b"\x89PNG"):  # the sum at its end is wrong, which readers of such chunks forgive
        return content[:33] + struct.pack(">I", len(record)) + b"eXIf" + record + bytes(4) + content[33:]
    at = max(content.find(b"II*\0"), content.find(b"MM\0*"))
    return content if at < 0 else content[:at] + record[: len(content) - at] + content[at + len(record) :]


def absurd_exif(dice: random.Random) -> bytes:
    """A TIFF of several directories that point at themselves, at each other, or at nothing; absurd counts and types."""
    order = dice.choice("<>")
    directories = [dice.randrange(8, 2000) for _ in range(dice.randrange(1, 6))]
    content = bytearray(dice.randbytes(2600))
    content[:8] = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, directories[0])
    for at in (dice.randrange(2000, 2500) for _ in range(4)):
        text = dice.choice(_TEXTS)[:100]
        content[at : at + len(text)] = text
    for at in directories:
        entries = b"".join(_entry(dice, order, directories) for _ in range(dice.randrange(0, 14)))
        body = struct.pack(order + "H", 0xFFFF if dice.random() < 0.04 else len(entries) // 12) + entries
        body += struct.pack(order + "I", dice.choice((0, dice.choice(directories), 0xFFFFFFFF)))
        content[at : at + len(body)] = body
    return bytes(content)


def _entry(dice: random.Random, order: str, directories: list[int]) -> bytes:
    count = dice.choice((0, 1, 1, 2, 3, 3, 20, dice.choice(_EDGES)))
    value = dice.choice((dice.choice(directories), dice.randrange(2600), dice.choice(_EDGES)))
    return struct.pack(order + "HHII", dice.choice(_TAGS), dice.randrange(0, 15), count, value)


def _cut(dice: random.Random, content: bytearray) -> bytearray:
    return content[: dice.randrange(len(content) + 1)]


def _drop(dice: random.Random, content: bytearray) -> bytearray:
    at = dice.randrange(len(content) + 1)
    return content[:at] + content[at + dice.randrange(1, 400) :]


def _flip(dice: random.Random, content: bytearray) -> bytearray:
    """Some bits; mostly near the beginning, where the sizes stand."""
    for _ in range(dice.choice((1, 1, 4, 40))):
        reach = len(content) if dice.random() < 0.4 else min(600, len(content))
        if reach:
            content[dice.randrange(reach)] ^= 1 << dice.randrange(8)
    return content


def _number(dice: random.Random, content: bytearray) -> bytearray:
    """A number on the edge of what fits, at any place."""
    size = dice.choice("BHI")
    edge = struct.pack(dice.choice("<>") + size, dice.choice(_EDGES) & (256 ** struct.calcsize(size) - 1))
    at = dice.randrange(min(len(content), dice.choice((100, 1000, 100_000))) + 1)
    content[at : at + len(edge)] = edge
    return content


def _splice(dice: random.Random, content: bytearray) -> bytearray:
    other = dice.choice(whole())
    start = dice.randrange(len(other))
    at = dice.randrange(len(content) + 1)
    return content[:at] + other[start : start + dice.randrange(1, 4000)] + content[dice.choice((at, len(content))) :]


def _again(dice: random.Random, content: bytearray) -> bytearray:
    at = dice.randrange(len(content) + 1)
    piece = content[at : at + dice.randrange(1, 300)]
    return content[:at] + piece * dice.choice((2, 3, 50)) + content[at:]


def _mark(dice: random.Random, content: bytearray) -> bytearray:
    at = dice.randrange(len(content) + 1)
    return content[:at] + dice.choice(_MARKS) + dice.randbytes(dice.randrange(0, 40)) + content[at:]


def _behind(dice: random.Random, content: bytearray) -> bytearray:
    """Two files in one."""
    return content + dice.choice((*whole(), b"<html><script>1</script>", b"%PDF-1.4", dice.randbytes(900)))


_CHANGES: tuple[Callable[[random.Random, bytearray], bytearray], ...] = (
    _cut, _drop, _flip, _flip, _number, _number, _splice, _again, _mark, _behind,
)  # fmt: skip
