"""How picture hashes are found among a million: by pieces of them that are equal. PURE.

A hash is cut into 16 slots of 16 bits, its bands. Of two hashes that differ in few bits some slot is equal, or differs
in one bit or two; so the numbers (slot, 16 bits) of one are looked up among those of all others. A band holds its
photos with a sketch each, the 64 bits of the four slots that follow: what only met by chance is told by it, so the
whole hash is read of few. A slot takes one bit of each row and each column of the picture: neighbours in a picture are
alike, and a slot of one row of sky would meet every other sky.

A copy that was cropped meets a crop of its original, and an original meets the copies that were made of it before it
came; so the whole is looked up among wholes and crops, and the crops among wholes.

No whole at most 40 bits away is missed: nine slots are looked up with two bits turned and seven with one, so a pair
that meets nowhere differs in 9 × 3 + 7 × 2 = 41 bits at least. With one bit turned everywhere, as for crops, none is
missed up to 31 bits, and of pairs 40 bits apart by chance 99.2 % meet.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from server.evidence.dhash import SIDE, VARIANTS, Hashes

WHOLE, CROPS = 0, SIDE  # the first slot of each kind
NEAR = 21  # bits of a sketch that may differ: more have one in 100,000 pairs 40 bits apart, and 239 of 240 strangers
ENTRY = np.dtype([("number", "<u4"), ("sketch", "<u8")])  # a photo in a band
_DEEP = 9  # slots that are looked up with two bits turned
_BYTES = SIDE * SIDE // 8
# Bit `row` of slot s lies at column s - 7 row of that row: every row and every column once in each slot.
_PLACES = np.array([[row * SIDE + (slot - 7 * row) % SIDE for row in range(SIDE)] for slot in range(SIDE)])
_WEIGHTS = 1 << np.arange(SIDE)
_ONE = np.concatenate([[0], _WEIGHTS])
_TWO = np.unique(_ONE[:, None] ^ _ONE)

Words = NDArray[np.uint64]  # […, 4]: 256 bits
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Probes:
    """What to look up: bands, and beside each the sketch that a photo found there is held against."""

    bands: Numbers
    sketches: NDArray[np.uint64]


def packed(hashes: Hashes) -> bytes:
    """All variants one after the other, 32 bytes each."""
    return b"".join(value.to_bytes(_BYTES, "big") for value in hashes.values)


def words(rows: Sequence[bytes]) -> Words:
    """[photo, variant, 4] of packed hashes."""
    return np.frombuffer(b"".join(rows), dtype=np.uint64).reshape(len(rows), len(VARIANTS), -1)


def stored(hashes: Hashes, number: int) -> dict[int, bytes]:
    """The bands that a photo is found by, in their order, with what each holds of it (ENTRY)."""
    slots = slots_of(packed(hashes))
    names, sketches = named(slots), sketched(slots)
    found: dict[int, bytes] = {}
    for at in np.argsort(names, axis=None, kind="stable"):
        entry = np.array((number, sketches.flat[at]), dtype=ENTRY).tobytes()
        found[int(names.flat[at])] = found.get(int(names.flat[at]), b"") + entry
    return found


def without(photos: bytes, number: int) -> bytes:
    """A band without this photo."""
    entries = np.frombuffer(photos, dtype=ENTRY)
    return bytes(entries[entries["number"] != number].tobytes())


def probes(hashes: Hashes) -> Probes:
    """The whole among wholes with up to two bits turned, and among crops with one; all crops among wholes with one."""
    slots = slots_of(packed(hashes))
    sketches = sketched(slots)
    whole, crops, deep, rest, all_slots = slice(1), slice(1, None), slice(_DEEP), slice(_DEEP, None), slice(None)
    bands, beside = [], []
    for variant, slot, flips, first in (
        (whole, deep, _TWO, WHOLE), (whole, rest, _ONE, WHOLE), (whole, all_slots, _ONE, CROPS),
        (crops, all_slots, _ONE, WHOLE),
    ):  # fmt: skip
        turned = _numbers(slots ^ flips[:, None, None], first)[:, variant, slot]  # [flip, variant, slot]
        bands.append(turned.ravel())
        beside.append(np.broadcast_to(sketches[variant, slot], turned.shape).ravel())
    return Probes(np.concatenate(bands), np.concatenate(beside))


def met(asked: Probes, found: Sequence[tuple[int, bytes]], most: int) -> list[int]:
    """Numbers of the photos in these bands whose sketches are near, the nearest first, each once."""
    if not found:
        return []
    found = sorted(found)
    names = np.array([band for band, _ in found])
    lengths = np.array([len(photos) // ENTRY.itemsize for _, photos in found])
    entries = np.frombuffer(b"".join(photos for _, photos in found), dtype=ENTRY)
    at = np.searchsorted(names, asked.bands).clip(max=len(names) - 1)
    hit = names[at] == asked.bands
    rows, counts = at[hit], lengths[at[hit]]
    places = _ranges((np.cumsum(lengths) - lengths)[rows], counts)
    apart = np.bitwise_count(entries["sketch"][places] ^ np.repeat(asked.sketches[hit], counts))
    near = np.flatnonzero(apart <= NEAR)
    near = near[np.argsort(apart[near], kind="stable")]
    return list(dict.fromkeys(entries["number"][places[near]].tolist()))[:most]


def _ranges(starts: Numbers, counts: Numbers) -> Numbers:
    """start … start + count - 1 of each, one after the other."""
    ends = np.cumsum(counts)
    return np.asarray(np.arange(counts.sum()) + np.repeat(starts - ends + counts, counts))


def distances(one: Words, others: Words) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """dhash.compare of one photo [variant, 4] with many [photo, variant, 4]: bits, and the number of the variant."""
    there = np.bitwise_count(others ^ one[0]).sum(axis=2, dtype=np.intp)
    here = np.bitwise_count(others[:, :1] ^ one).sum(axis=2, dtype=np.intp)
    nearest = np.minimum(there, here)
    variant = nearest.argmin(axis=1)
    return nearest[np.arange(len(others)), variant], variant


def slots_of(content: bytes) -> Numbers:
    """[variant, slot] of 16 bits each, of packed hashes of one photo or of many."""
    bits = np.unpackbits(np.frombuffer(content, dtype=np.uint8)).reshape(-1, SIDE * SIDE)
    return np.asarray(bits[:, _PLACES].astype(np.int64) @ _WEIGHTS)


def named(slots: Numbers) -> Numbers:
    """[variant, slot] of the bands that one photo is found by: slot << 16 | bits."""
    return np.concatenate([_numbers(slots[:1], WHOLE), _numbers(slots[1:], CROPS)])


def sketched(slots: Numbers) -> NDArray[np.uint64]:
    """[variant, slot] of 64 bits: the four slots that follow."""
    parts = (np.roll(slots, -by, axis=-1).astype(np.uint64) << np.uint64(SIDE * (by - 1)) for by in (1, 2, 3, 4))
    return np.asarray(np.bitwise_or.reduce(list(parts)))


def _numbers(slots: Numbers, first: int) -> Numbers:
    """slot << 16 | bits; the last axis is the slot."""
    return np.asarray(slots | (np.arange(SIDE) + first) << SIDE)
