"""JSON is written as `json.dumps` writes it, to the byte."""

from __future__ import annotations

import json
import random
from collections import OrderedDict, namedtuple
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import pytest

from server.sealing.columns import Unreadable
from server.spelling import speller

Pair = namedtuple("Pair", "left right")


class Kind(StrEnum):
    NEW = "new"


KINDS = (
    ({}, {}),
    ({"sort_keys": True}, {"sort_keys": True}),
    ({"ensure_ascii": False, "compact": True}, {"ensure_ascii": False, "separators": (",", ":")}),
)
LEAVES = (
    None, True, False, 0, -1, 7, 2**53, 10**30, 0.1, -0.0, 1e16, 1e-7, float("inf"), float("nan"), "", "青石组",
    'a"b\\c/', "\x00\x1f\x7f", "\u2028", "\ud800", "😀", Kind.NEW, Unreadable("x"), (), [], {}, Pair(1, "二"),
)  # fmt: skip
NAMES = ("", "a", "村", "\ud83d", "b\n", "Z")


def _value(chance: random.Random, depth: int) -> Any:
    kind = chance.random() if depth else 1.0
    if kind < 0.25:
        return [_value(chance, depth - 1) for _ in range(chance.randrange(4))]
    if kind < 0.5:
        made = {name: _value(chance, depth - 1) for name in chance.sample(NAMES, chance.randrange(5))}
        return OrderedDict(made) if chance.random() < 0.1 else made
    return chance.choice(LEAVES)


@pytest.mark.parametrize(("ours", "theirs"), KINDS)
def test_any_value_is_written_as_by_json(ours: dict[str, Any], theirs: dict[str, Any]) -> None:
    chance, write = random.Random(20261123), speller(**ours)
    for _ in range(4000):
        value = _value(chance, 4)
        assert write(value) == json.dumps(value, **theirs)


@pytest.mark.parametrize("value", [{(1, 2): 3}, [b"x"], {1, 2}, datetime.now(UTC), {"a": object()}])
def test_what_is_no_json_is_refused(value: object) -> None:
    with pytest.raises(TypeError):
        json.dumps(value)
    with pytest.raises(TypeError):
        speller()(value)


def test_what_nests_without_end_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(RecursionError):
        speller()(endless)
