"""Where web processes belong, and that what they start is not bound to it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator

import pytest

from server import processors
from server.confined import start
from server.processors import home, settle, usable


@pytest.mark.parametrize(
    ("taken", "next_home"), [([], 4), ([4], 7), ([7], 4), ([4, 7], 4), ([4, 7, 4], 7), ([None, 4], 7)]
)
def test_the_next_process_goes_where_fewest_are(taken: list[int | None], next_home: int) -> None:
    assert home({7, 4}, taken, 3) == next_home


def test_nobody_is_bound_where_processors_are_left_over_or_unknown() -> None:
    assert home({0, 1, 2}, [], 2) is None
    assert home((), [], 2) is None


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Iterator[set[int]]:
    """This process is on one processor; where it might run before."""
    mine = set(usable())
    if len(mine) < 2:
        pytest.skip("one processor: nothing to choose from")
    monkeypatch.setattr(processors, "_everywhere", ())
    settle(min(mine))
    yield mine
    os.sched_setaffinity(0, mine)


def test_heavy_work_that_a_bound_process_starts_goes_where_there_is_room(settled: set[int]) -> None:
    """A photo or a form that somebody uploads would stop everybody's requests to the process that was asked."""
    child = start("server.evidence.child", subprocess.PIPE, subprocess.PIPE)
    try:
        assert os.sched_getaffinity(child.pid) == settled
        assert usable() == {min(settled)}
    finally:
        child.kill()
        child.communicate()


def test_a_process_without_a_home_starts_others_as_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processors, "_everywhere", ())
    settle(None)
    with processors.at_large():
        assert usable() == os.sched_getaffinity(os.getpid())
