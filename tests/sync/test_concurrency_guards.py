"""Races that are forced, not hoped for: each test stops one of two at the worst place and proves what guards it.

The mutation list (tests/mutations) takes each guard away and expects these tests to fail.
"""

from __future__ import annotations

import sqlite3
import threading
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.tables import Install
from server.sync import acks, feeds, pull, push
from server.sync.tables import OpLog, Submission
from tests.sync.racing import PATIENCE, at_once, slow_commit
from tests.sync.test_concurrency import on_postgres
from tests.sync.test_concurrency_people import asked_again
from tests.sync.test_published_bugs_push import count, new_member, versions
from tests.world import QINGSHI, WANG, ZHAO, World

__all__ = ["asked_again", "on_postgres"]  # fixtures of their own are used here too
NUDGE = 0.4  # seconds that a thread gets to go where the guard must stop it


def test_the_acknowledgement_of_one_install_never_goes_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two pushes of one install: the first has counted what is stored, the second counts more and ends. What the
    first writes afterwards must not be less. Guard: the install's lock.
    """
    slow, quick = (world.phone("admin", "one-install") for _ in range(2))
    ops = [slow.visit(WANG, phone="1"), slow.visit(ZHAO, phone="2")]  # of two records, whose locks part nobody
    counted, ended, real = threading.Event(), threading.Event(), acks._after

    def count_slowly(*given: Any) -> list[int]:
        stored = real(*given)
        if threading.current_thread().name == "slow":
            counted.set()
            ended.wait(NUDGE)
        return stored

    monkeypatch.setattr(acks, "_after", count_slowly)
    second = threading.Thread(target=lambda: (quick.push(ops[1]), ended.set()))
    first = threading.Thread(target=slow.push, args=(ops[0],), name="slow")
    first.start()
    assert counted.wait(PATIENCE)
    second.start()
    for thread in (first, second):
        thread.join(PATIENCE)
    assert world.look(lambda s: s.get_one(Install, "one-install").acked_seq) == 2


def test_names_are_locked_in_one_order(on_postgres: None, world: World) -> None:
    """Who waits for the first of its names holds none of the others yet, so no two ever wait in a circle."""
    first, *others = sorted(f"record:{n}" for n in range(50))
    held, free = threading.Event(), threading.Event()

    def hold(session: Session) -> None:
        assert db.try_lock(session, first)
        held.set()
        assert free.wait(PATIENCE)

    holder = threading.Thread(target=world.run, args=(hold,))
    waiting = threading.Thread(target=world.run, args=(lambda session: db.lock(session, {first, *others}),))
    holder.start()
    assert held.wait(PATIENCE)
    waiting.start()
    waiting.join(NUDGE)
    taken = world.run(lambda session: [name for name in others if not db.try_lock(session, name)])
    free.set()
    for thread in (holder, waiting):
        thread.join(PATIENCE)
    assert taken == []


def test_one_op_that_two_installs_of_a_person_bring_is_judged_once(world: World) -> None:
    """A phone and its restored copy, or a phone and a courier: they share no install's lock, so the op has one."""
    own, other = world.phone("li"), world.phone("li")
    for n in range(6):
        op = new_member(own, f"成员{n}", water_days=str(100 + n))
        results = at_once([lambda p=phone, o=op: p.send(o)[0] for phone in (own, other, own, other)])
        assert sorted(result["status"] for result in results) == ["applied"] + ["duplicate"] * 3
        assert len(versions(world)) == n + 2


def test_an_op_that_is_released_while_somebody_lets_it_through_is_judged_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A supervisor lets a held op through and has not committed; its predecessor arrives and finds it held. Guard: who
    releases an op takes its lock and looks again.
    """
    one, other, desk = (world.phone("admin") for _ in range(3))
    first = one.visit(ZHAO, phone="1")
    second = other.visit(WANG, water_days="99", depends_on=[first["op_id"]])
    assert other.send(second)[0]["status"] == "held"
    with slow_commit(monkeypatch, lambda: desk.post(f"/held/{second['op_id']}/apply", {})) as stopped:
        releasing = threading.Thread(target=one.send, args=(first,))
        releasing.start()
        releasing.join(NUDGE)
        stopped.on.set()
        releasing.join(PATIENCE)
    assert (versions(world), versions(world, ZHAO)) == ([1, 2], [1, 2])


def test_an_op_that_waits_for_two_is_released_by_the_second_though_the_first_is_just_judged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it waits for still is judged and not committed when what it was held for arrives. Guard: who releases an op
    takes the locks of all that it waits for.
    """
    phones = [world.phone("admin") for _ in range(3)]
    ahead = [phone.visit(home, phone="1") for phone, home in zip(phones, (ZHAO, WANG), strict=False)]
    last = phones[2].op("feedback", about="complaint", text="late", depends_on=[op["op_id"] for op in ahead])
    assert phones[2].send(last)[0]["status"] == "held"
    with slow_commit(monkeypatch, lambda: phones[1].send(ahead[1])) as stopped:
        releasing = threading.Thread(target=phones[0].send, args=(ahead[0],))
        releasing.start()
        releasing.join(NUDGE)
        stopped.on.set()
        releasing.join(PATIENCE)
    assert world.look(lambda session: set(session.scalars(select(OpLog.status)))) == {"applied"}


def test_what_a_dead_server_left_sees_what_it_waits_for_though_that_is_just_judged(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker judges what was left; what that waits for is judged by a push and not committed. Guard: the locks of
    all that it waits for, here too.
    """
    one, other = world.phone("admin"), world.phone("admin")
    first = one.visit(ZHAO, phone="1")
    second = other.visit(WANG, water_days="99", depends_on=[first["op_id"]])
    with monkeypatch.context() as dying:
        dying.setenv("RUHU_FAILPOINT", "push.raw_stored=raise")
        assert other.post("/sync/push", {"ops": [second]}).status_code == 500

    def judge_left() -> None:
        with world.app.app_context():
            push._judge_alone([second["op_id"]])

    with slow_commit(monkeypatch, lambda: one.send(first)) as stopped:
        worker = threading.Thread(target=judge_left)
        worker.start()
        worker.join(NUDGE)
        stopped.on.set()
        worker.join(PATIENCE)
    assert world.look(lambda session: set(session.scalars(select(OpLog.status)))) == {"applied"}


def test_two_rejections_of_which_one_is_slow_withdraw_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A rejection has withdrawn and not committed when the next one comes. Guard: the submission's lock."""
    li, zhang, admin = world.phone("li"), world.phone("zhang"), world.phone("admin")
    op = li.visit(water_days="31")
    li.send(op)
    path, said = f"/submissions/{op['instance_id']}/review", {"state": "rejected", "comments": [{"text": "no"}]}
    answers: list[int] = []
    with slow_commit(monkeypatch, lambda: answers.append(zhang.post(path, said).status_code)) as stopped:
        second = threading.Thread(target=lambda: answers.append(admin.post(path, said).status_code))
        second.start()
        second.join(NUDGE)
        stopped.on.set()
        second.join(PATIENCE)
    assert (answers, versions(world)) == ([200, 200], [1, 2, 3])


def test_writers_of_two_feeds_in_opposite_order_never_wait_in_a_circle(world: World, asked_again: list[str]) -> None:
    """Feeds are numbered in one order for everybody."""
    scopes = ["region:a", "region:b", "region:c"]

    def write(names: list[str]) -> None:
        for n in range(25):
            news = [feeds.News(name, "record", f"{names[0]}{n}", "eviction", {}) for name in names]
            world.run(lambda session, news=news: feeds.touch(session, news))

    at_once([lambda: write(scopes), lambda: write(scopes[::-1]), lambda: write(scopes[1:] + scopes[:1])])
    assert asked_again == []


def test_a_pull_sees_one_moment(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody commits between the reading of the head and the reading of the rows: rows, head and acknowledgement
    are still those of one moment. Guard: the read transaction's snapshot.
    """
    reader, writer = world.phone("li"), world.phone("helper")
    scope = f"region:{QINGSHI}"
    reader.pull(scope)
    real, done = pull._heads, threading.Event()

    def commit_between(*given: Any) -> Any:
        found = real(*given)
        if not done.is_set():
            done.set()
            thread = threading.Thread(target=writer.send, args=(writer.visit(phone="139"),))
            thread.start()
            thread.join(PATIENCE)
        return found

    monkeypatch.setattr(pull, "_heads", commit_between)
    page = reader.pull(scope)
    assert done.is_set()
    assert page["next"] <= page["head"]
    assert {entry["version"] for entry in page["entries"] if entry["type"] == "entity"} == {1}
    assert [entry["version"] for entry in reader.pull(scope, page["next"])["entries"]] == [2]


def test_a_write_transaction_is_a_writer_from_its_first_statement(world: World, database_url: str) -> None:
    """SQLite: a read that is turned into a write later fails at once when another one wrote meanwhile ("busy", and
    no waiting helps). So a writing transaction begins as a writer: nobody else gets in between its read and its write.
    """
    if not database_url.startswith("sqlite"):
        pytest.skip("PostgreSQL locks rows and names")
    other = sqlite3.connect(database_url.removeprefix("sqlite:///"), timeout=0, isolation_level=None)

    def work(session: Any) -> None:
        session.scalar(select(Install.id).limit(1))
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("BEGIN IMMEDIATE")

    world.run(work)
    other.execute("BEGIN IMMEDIATE")  # and afterwards the way is free
    other.close()


def test_a_transaction_that_must_run_again_has_left_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the database says "try again", the whole work runs again on fresh rows: one version, one answer."""
    phone, refusals = world.phone("li"), iter([True, True, False])
    real = feeds.touch

    def refuse(session: Any, news: Any) -> None:
        real(session, news)
        if next(refusals, False):
            error = Exception("database is locked")
            raise db.DBAPIError("COMMIT", None, error)

    monkeypatch.setattr(feeds, "touch", refuse)
    [result] = phone.send(phone.visit(phone="139"))
    assert (result["status"], versions(world)) == ("applied", [1, 2])
    assert count(world, OpLog) == count(world, Submission) == 1
