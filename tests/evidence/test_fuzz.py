"""Bent photos have an answer: a few hundred here, twenty thousand by `python -m tests.evidence.fuzz`."""

from __future__ import annotations

import random

from tests.evidence.fuzz import fuzz
from tests.evidence.mutations import absurd_exif, mutant, whole, with_exif


def test_bent_photos_neither_kill_nor_stall_nor_swell_the_process() -> None:
    """Two hundred inputs of a fixed seed through one process with its limits; every answer can be stored and said."""
    outcome = fuzz(range(200), seed=2026)
    assert outcome.failed == []
    assert outcome.is_good, f"grew by {outcome.growth} kB"
    assert outcome.told["ready"] > 20 and outcome.told["unreadable"] > 60
    assert {"photo.truncated", "photo.damaged", "photo.exif_unreadable"} <= set(outcome.told)


def test_an_input_can_be_made_again_from_its_number() -> None:
    assert [mutant(5, n) for n in range(40)] == [mutant(5, n) for n in range(40)]
    assert len({mutant(5, n) for n in range(40)}) > 35


def test_absurd_records_get_into_every_kind_that_carries_one() -> None:
    record = absurd_exif(random.Random(1))
    carrying = [kind for kind in whole() if record[:40] in with_exif(bytearray(kind), record)]
    assert {kind[:4] for kind in carrying} >= {b"\xff\xd8\xff\xe1", b"\x89PNG", b"RIFF"}
