"""Who follows a household by the own feed misses nothing, though the following begins or ends while somebody writes.

PostgreSQL: a writer that has asked who follows and has not committed is stopped there. (On SQLite writers come one
after the other.)
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest

from server.sync import feeds, rights
from tests.sync.racing import PATIENCE, Poller, slow_commit
from tests.sync.test_published_bugs_push import named
from tests.world import ZHAO, Phone, World

NUDGE = 0.4  # seconds that a thread gets to go where the guard must stop it


@pytest.fixture
def racing(world: World, database_url: str) -> World:
    if database_url.startswith("sqlite"):
        pytest.skip("one writer at a time")
    return world


def helping(world: World, change: Callable[..., Any], *more: str) -> threading.Thread:
    """Gives or takes the household in a thread of its own."""

    def work() -> None:
        world.run(lambda s: feeds.touch(s, change(s, world.people["helper"], ZHAO, *more)))

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def poller(world: World) -> tuple[Phone, Poller]:
    phone = world.phone("helper")
    return phone, Poller(phone, f"user:{world.people['helper']}")


def test_a_helper_who_comes_while_a_visit_is_written_sees_what_it_wrote(
    racing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The visit makes a member and changes the household. Guard: who tells followers shares their name, who adds one
    takes it alone. Without it the visit told the helper nothing, whose first pull saw the record as it was before.
    """
    _, mine = poller(racing)
    mine.poll()
    cadre = racing.phone("admin")
    member = str(uuid.uuid4())
    made = {"members": [(member, "1", "新来的")], "entities": [named(ZHAO, 1), named(member, None, {}, "member")]}
    op = cadre.visit(ZHAO, water_days="77", **made)
    with slow_commit(monkeypatch, lambda: cadre.send(op)) as stopped:
        coming = helping(racing, rights.give_household, "deputy")
        coming.join(NUDGE)
        mine.poll()
        stopped.on.set()
        coming.join(PATIENCE)
    mine.poll()
    newest = {entry["id"]: entry["version"] for entry in mine.seen if entry["type"] == "entity"}
    assert (newest[ZHAO], newest[member]) == (2, 1)


def test_a_helper_who_goes_while_a_visit_is_written_is_told_of_it_no_more(
    racing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word on the household in the feed of who left is that it left."""
    racing.run(lambda s: feeds.touch(s, rights.give_household(s, racing.people["helper"], ZHAO, "deputy")))
    _, mine = poller(racing)
    cadre = racing.phone("admin")
    op = cadre.visit(ZHAO, water_days="77")
    with slow_commit(monkeypatch, lambda: cadre.send(op), "push.judged") as stopped:
        going = helping(racing, rights.take_household)
        going.join(NUDGE)
        stopped.on.set()
        going.join(PATIENCE)
    mine.poll()
    assert [entry["type"] for entry in mine.seen if entry.get("id") == ZHAO][-1] == "eviction"
