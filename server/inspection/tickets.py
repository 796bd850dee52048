"""Tickets: the only source of chance in a draw. PURE.

A ticket is SHA-256 over the UTF-8 bytes of `seed ␟ stage ␟ stratum ␟ id`, where ␟ is the one byte 1F (hex), and the
smallest tickets win, read as numbers; in the manner of Ronald Rivest's sampler for election audits. Nothing that
enters may hold a control character (frame.py and plan.py see to it), so that two different inputs never make the same
bytes. Anybody can compute a ticket: printf '%s\\037%s\\037%s\\037%s' SEED STAGE STRATUM ID | sha256sum
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Callable, Iterable
from typing import NamedTuple

SEPARATOR = "\x1f"
# The stages. `start` makes the random start of a systematic pass; its id is empty.
VILLAGE, HOUSEHOLD, START = "village", "household", "start"


class Ticket(NamedTuple):
    """Ordered by digest (32 bytes), then by id; `row` is whatever the caller wants back."""

    digest: bytes
    id: str
    row: int

    @property
    def hex(self) -> str:
        return self.digest.hex()


def ticket(seed: str, stage: str, stratum: str, id_: str) -> bytes:
    """32 bytes."""
    return hashlib.sha256(SEPARATOR.join((seed, stage, stratum, id_)).encode()).digest()


def start(seed: str, stratum: str, below: int) -> int:
    """A whole number from 0 to below − 1: the ticket of stage `start` modulo `below`.

    The remainder favours no value by more than below / 2^256.
    """
    return int.from_bytes(ticket(seed, START, stratum, ""), "big") % below


def ticketing(seed: str, stage: str, stratum: str) -> Callable[[str], bytes]:
    """ticket() with all but the id given: what stays the same is hashed once."""
    begun = hashlib.sha256(SEPARATOR.join((seed, stage, stratum, "")).encode())

    def of(id_: str) -> bytes:
        digest = begun.copy()
        digest.update(id_.encode())
        return digest.digest()

    return of


def smallest(count: int, seed: str, stage: str, stratum: str, units: Iterable[tuple[str, int]]) -> list[Ticket]:
    """The `count` units with the smallest tickets, in that order; all where there are fewer. `units`: (id, row)."""
    of = ticketing(seed, stage, stratum)
    return heapq.nsmallest(count, (Ticket(of(id_), id_, row) for id_, row in units))
