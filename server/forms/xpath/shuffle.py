"""randomize(): the Park-Miller generator and the inside-out shuffle that all ODK clients share."""

from __future__ import annotations

import hashlib
import math
import random
from collections.abc import Callable

from server.forms.xpath.java import to_long
from server.forms.xpath.values import Atom, Nodes, number_of, text_of

_MODULUS = 2_147_483_647
_MULTIPLIER = 16_807


def seed_of(value: Atom) -> int:
    """A number is its own seed; a text gives the first eight bytes of its SHA-256, an empty one 0."""
    number = number_of(value)
    if not math.isnan(number):
        return to_long(number)
    text = text_of(value)
    if not text:
        return 0
    return int.from_bytes(hashlib.sha256(text.encode("utf-8", "replace")).digest()[:8], "big", signed=True)


def shuffled(nodes: Nodes, seed: int | None) -> Nodes:
    """A copy in random order; without a seed another one each time."""
    draw = random.random if seed is None else _park_miller(seed)
    found: Nodes = []
    for at, node in enumerate(nodes):
        place = int(draw() * (at + 1))
        found.append(node)
        if place != at:
            found[at], found[place] = found[place], node
    return found


def _park_miller(seed: int) -> Callable[[], float]:
    state = int(math.fmod(float(seed), _MODULUS))
    if state <= 0:
        state += _MODULUS - 1

    def draw() -> float:
        nonlocal state
        state = state * _MULTIPLIER % _MODULUS
        return (state - 1) / (_MODULUS - 1)

    return draw
