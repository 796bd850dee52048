"""Real threads against one server, on both databases: nothing lost, nothing counted twice, no gap for who pulls.

Seen to fail without its guards (last two tests take one away each, on PostgreSQL, and expect the failure).
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select, text

from server import db
from server.registry.tables import EntityVersion, Head
from server.sync import feeds
from server.sync.tables import Feed, FeedCounter
from tests.world import QINGSHI, WANG, Phone, World

PHONES, VISITS = 5, 8


def everybody_pushes(world: World) -> list[dict]:
    """Five phones of two people write the same household at the same time, each visit twice (lost answers)."""
    phones = [world.phone(name) for name in ("li", "helper", "li", "helper", "zhang")]
    start = threading.Barrier(len(phones))

    def work(place: int, phone: Phone) -> list[dict]:
        start.wait()
        results = []
        for visit in range(VISITS):
            op = phone.visit(water_days=str(100 * place + visit))
            results += phone.send(op)
            phone.send(op)
        return results

    with ThreadPoolExecutor(len(phones)) as pool:
        return [result for part in pool.map(work, range(PHONES), phones) for result in part]


def test_every_op_counts_once_and_no_write_is_lost(world: World) -> None:
    results = everybody_pushes(world)
    assert {result["status"] for result in results} <= {"applied", "conflicted"}
    versions = world.look(
        lambda s: s.scalars(
            select(EntityVersion.version).where(EntityVersion.entity_id == WANG).order_by(EntityVersion.version)
        ).all()
    )
    assert versions == list(range(1, PHONES * VISITS + 2))
    # Each phone's last value is a head: nobody else has seen it (I2).
    heads = world.look(
        lambda s: s.scalars(
            select(Head).where(Head.entity_id == WANG, Head.key == "water_shortage_days", Head.closed_by.is_(None))
        ).all()
    )
    assert {head.value["water_shortage_days"] for head in heads} == {
        str(100 * place + VISITS - 1) for place in range(PHONES)
    }


def test_a_poller_misses_nothing_while_others_commit(world: World) -> None:
    """I5: at every cursor the pulled set holds every row up to it; at the end it has the newest state."""
    poller = world.phone("li")
    done = threading.Event()
    seen: dict[str, int] = {}

    def poll() -> None:
        after = 0
        while True:
            last_round = done.is_set()
            page = poller.pull(f"region:{QINGSHI}", after)
            for entry in page["entries"]:
                assert entry["n"] > after
                if entry["type"] == "entity":
                    seen[entry["id"]] = entry["version"]
            after = page["next"]
            if last_round and not page["more"]:
                return

    thread = threading.Thread(target=poll)
    thread.start()
    try:
        everybody_pushes(world)
    finally:
        done.set()
        thread.join()
    assert seen[WANG] == PHONES * VISITS + 1


@pytest.fixture
def on_postgres(database_url: str) -> None:
    if not database_url.startswith("postgresql"):
        pytest.skip("SQLite has one writer: its guard is BEGIN IMMEDIATE")


def test_without_the_record_locks_the_first_test_fails(on_postgres: None, world: World, monkeypatch) -> None:
    monkeypatch.setattr(db, "lock", lambda session, keys: None)
    with pytest.raises(AssertionError):
        for _ in range(5):
            test_every_op_counts_once_and_no_write_is_lost(world)


def test_numbers_taken_without_holding_the_counter_lose_rows(on_postgres: None, world: World, monkeypatch) -> None:
    """A sequence in place of the counter row: a slow transaction commits a number that pollers have passed."""
    world.run(lambda s: s.execute(text("CREATE SEQUENCE IF NOT EXISTS loose START 1000")))

    def loosely(session, scope: str, items) -> None:
        for item in items:
            number = session.scalar(text("SELECT nextval('loose')"))
            session.add(Feed(scope=scope, space=item.space, ref=item.ref, n=number, type=item.type, payload={}))
        session.flush()

    monkeypatch.setattr(feeds, "_take_and_write", loosely)
    numbered, may_commit = threading.Event(), threading.Event()

    def write(ref: str, before_commit: threading.Event | None) -> None:
        def work(session) -> None:
            feeds.touch(session, [feeds.News("region:x", "record", ref, "eviction", {})])
            numbered.set()
            if before_commit:
                assert before_commit.wait(20)

        world.run(work)

    def rows_after(after: int) -> list[int]:
        return list(
            world.look(lambda s: s.scalars(select(Feed.n).where(Feed.scope == "region:x", Feed.n > after)).all())
        )

    slow = threading.Thread(target=write, args=("slow", may_commit))
    slow.start()
    assert numbered.wait(20)
    write("quick", None)
    cursor = max(rows_after(0))
    may_commit.set()
    slow.join()
    assert rows_after(cursor) == []  # the slow row is there, and the poller never hears of it
    assert len(rows_after(0)) == 2
    world.run(lambda s: s.execute(text("DROP SEQUENCE loose")))
    assert FeedCounter.__tablename__ == "feed_counter"
