"""How picture hashes are found among a million: by pieces of them that are equal. PURE.

A hash is cut into 16 slots of 16 bits. Of two hashes that differ in few bits some slot is equal, or differs in one bit,
so the numbers (slot, 16 bits) of one are looked up in an index of those of all others; the exact distance is taken of
the few that meet. A slot takes one bit of each row and each column of the picture: neighbours in a picture are alike,
and a slot of one row of sky would meet every other sky.

A copy that was cropped meets a crop of its original, and an original meets the copies that were made of it before it
came; so the whole is looked up among wholes and crops, and the crops among wholes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from server.evidence.dhash import SIDE, VARIANTS, Hashes

WHOLE, CROPS = 0, SIDE  # the first slot of each kind
_BYTES = SIDE * SIDE // 8
# Bit `row` of slot s lies at column s - 7 row of that row: every row and every column once in each slot.
_PLACES = np.array([[row * SIDE + (slot - 7 * row) % SIDE for row in range(SIDE)] for slot in range(SIDE)])
_WEIGHTS = 1 << np.arange(SIDE)
_FLIPS = np.concatenate([[0], _WEIGHTS])

Words = NDArray[np.uint64]  # […, 4]: 256 bits


def packed(hashes: Hashes) -> bytes:
    """All variants one after the other, 32 bytes each."""
    return b"".join(value.to_bytes(_BYTES, "big") for value in hashes.values)


def words(rows: Sequence[bytes]) -> Words:
    """[photo, variant, 4] of packed hashes."""
    return np.frombuffer(b"".join(rows), dtype=np.uint64).reshape(len(rows), len(VARIANTS), -1)


def stored(hashes: Hashes) -> list[int]:
    """The bands that a photo is found by."""
    slots = _slots(packed(hashes))
    return _numbers(slots[:1], WHOLE) + _numbers(slots[1:], CROPS)


def probes(hashes: Hashes) -> list[int]:
    """The bands to look up, also with any one bit of a slot turned: all crops among wholes, the whole among crops."""
    turned = _slots(packed(hashes)) ^ _FLIPS[:, None, None]
    return _numbers(turned, WHOLE) + _numbers(turned[:, 0], CROPS)


def distances(one: Words, others: Words) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """dhash.compare of one photo [variant, 4] with many [photo, variant, 4]: bits, and the number of the variant."""
    there = np.bitwise_count(others ^ one[0]).sum(axis=2, dtype=np.intp)
    here = np.bitwise_count(others[:, :1] ^ one).sum(axis=2, dtype=np.intp)
    nearest = np.minimum(there, here)
    variant = nearest.argmin(axis=1)
    return nearest[np.arange(len(others)), variant], variant


def _slots(content: bytes) -> NDArray[np.int64]:
    """[variant, slot] of 16 bits each."""
    bits = np.unpackbits(np.frombuffer(content, dtype=np.uint8)).reshape(-1, SIDE * SIDE)
    return np.asarray(bits[:, _PLACES].astype(np.int64) @ _WEIGHTS)


def _numbers(slots: NDArray[np.int64], first: int) -> list[int]:
    """slot << 16 | bits, each once; the last axis is the slot."""
    return [int(number) for number in np.unique(slots | (np.arange(SIDE) + first) << SIDE)]
