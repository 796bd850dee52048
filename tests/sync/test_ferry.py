"""Small pushes cross together: they share their transactions, and each sender is told what became of the own ops alone.

The tests hold the boat until everybody stands at the landing, so that who shares a crossing is no matter of luck.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from server.accounts.actor import Actor
from server.registry.tables import EntityVersion
from server.sync import ferry, push, rounds
from server.sync.case import Case, Verdict
from server.sync.ferry import Ferry
from server.sync.raw import Parcel
from server.sync.tables import Feed, OpLog
from tests.world import LIUSHU, QINGSHI, WANG, ZHAO, Phone, World, build_world

PATIENCE = 30.0


@pytest.fixture
def world(app: Flask) -> World:
    """As in production: pushes cross together."""
    assert app.config["RUHU"].share_pushes
    return build_world(app)


@pytest.fixture
def crossings(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many pushes each crossing carried."""
    seen: list[int] = []

    def carry(parcels: Sequence[Parcel]) -> list[push.PushAnswer]:
        seen.append(len(parcels))
        return push.push_parcels(parcels)

    monkeypatch.setattr(ferry, "push_parcels", carry)
    return seen


@contextmanager
def held(world: World) -> Iterator[Ferry]:
    """The boat does not sail within."""
    landing = world.app.extensions.setdefault("ruhu_ferry", Ferry())
    with landing._boat:
        yield landing


def at_one_landing(world: World, sends: Sequence[Callable[[], Any]]) -> list[Any]:
    """Answers of pushes that all stand at the landing, in this order, before the boat sails."""
    with ThreadPoolExecutor(len(sends)) as pool:
        with held(world) as landing:
            answers = []
            for count, send in enumerate(sends, 1):
                answers.append(pool.submit(send))
                until = time.monotonic() + PATIENCE
                while len(landing._waiting) < count:
                    assert time.monotonic() < until
                    time.sleep(0.001)
        return [answer.result(PATIENCE) for answer in answers]


def stored(world: World, phone: Phone) -> list[str | None]:
    return world.look(
        lambda s: list(s.scalars(select(OpLog.status).where(OpLog.install_id == phone.install_id).order_by(OpLog.seq)))
    )


def test_two_that_wait_at_one_moment_share_a_crossing_and_each_has_an_outcome_of_its_own(
    world: World, crossings: list[int]
) -> None:
    """One is applied, the other is none of its author's business: neither hears of the other's."""
    li, zhao = world.phone("li"), world.phone("zhao")
    mine, foreign = li.visit(WANG, water_days="30"), zhao.visit(WANG, water_days="40")
    own, set_aside = at_one_landing(world, [lambda: li.push(mine), lambda: zhao.push(foreign)])
    assert crossings == [2]
    assert [(one["op_id"], one["status"]) for one in own["results"]] == [(mine["op_id"], "applied")]
    [other] = set_aside["results"]
    assert (other["op_id"], other["status"], other["code"]) == (foreign["op_id"], "quarantined", "scope.lost")
    assert (own["acked_seq"], set_aside["acked_seq"]) == (1, 1)
    assert (stored(world, li), stored(world, zhao)) == (["applied"], ["quarantined"])


def test_two_who_change_one_record_on_one_crossing_are_a_conflict(world: World, crossings: list[int]) -> None:
    """Sharing transactions is no sharing of what was seen; both versions stand, numbered without a gap."""
    li, helper = world.phone("li"), world.phone("helper")
    answers = at_one_landing(
        world,
        [lambda: li.push(li.visit(water_days="30")), lambda: helper.push(helper.visit(water_days="40"))],
    )
    assert crossings == [2]
    assert sorted(answer["results"][0]["status"] for answer in answers) == ["applied", "conflicted"]
    count = select(func.count()).select_from(EntityVersion).where(EntityVersion.entity_id == WANG)
    assert world.look(lambda s: s.scalar(count)) == 3


def test_the_feeds_of_one_crossing_have_no_gap(world: World) -> None:
    """Numbers are taken once for all aboard, as the last statements."""
    li, zhao = world.phone("li"), world.phone("zhao")
    at_one_landing(
        world,
        [lambda: li.push(li.visit(WANG, water_days="30")), lambda: zhao.push(zhao.visit(ZHAO, water_days="40"))],
    )
    for phone, village in ((li, QINGSHI), (zhao, LIUSHU)):
        scope = Feed.scope == f"region:{village}"
        numbers = world.look(lambda s, scope=scope: list(s.scalars(select(Feed.n).where(scope))))
        assert max(numbers) == phone.pull(f"region:{village}")["head"] and len(numbers) == len(set(numbers))


def test_a_poisoned_neighbour_harms_nobody_aboard(
    world: World, crossings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """An op that crashes its judging is set aside; who crossed with it is applied."""
    judge = rounds.judge

    def crash(session: Any, case: Case) -> Verdict:
        if case.submission is not None and case.submission.visit.contact_mode == "video":
            raise RuntimeError("a fault of ours")
        return judge(session, case)

    monkeypatch.setattr(rounds, "judge", crash)
    li, zhao = world.phone("li"), world.phone("zhao")
    poison = li.visit(WANG)
    poison["visit"]["contact_mode"] = "video"
    first, second = at_one_landing(
        world, [lambda: li.push(poison), lambda: zhao.push(zhao.visit(ZHAO, water_days="40"))]
    )
    assert crossings == [2]
    assert [(one["status"], one["code"]) for one in first["results"]] == [("quarantined", "op.unjudgeable")]
    assert [one["status"] for one in second["results"]] == ["applied"]


def test_when_a_crossing_fails_each_push_crosses_alone_and_only_the_guilty_one_is_refused(
    world: World, crossings: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever breaks the transactions for all aboard: the sender it came from is told, the others are applied once."""
    real, li, zhao = push._answer, world.phone("li"), world.phone("zhao")

    def fail(session: Any, parcel: Parcel, *more: Any) -> push.PushAnswer:
        if parcel.actor.install_id == li.install_id:
            raise IntegrityError("", {}, Exception("broken"))
        return real(session, parcel, *more)

    monkeypatch.setattr(push, "_answer", fail)
    refused, taken = at_one_landing(
        world,
        [
            lambda: li.post("/sync/push", {"ops": [li.visit(WANG, water_days="30")]}),
            lambda: zhao.push(zhao.visit(ZHAO, water_days="40")),
        ],
    )
    assert crossings == [2, 1, 1]
    assert refused.status_code == 500
    assert [one["status"] for one in taken["results"]] == ["applied"]
    # Stored, though it has no outcome yet: nothing is lost, and a resend finds it.
    assert (stored(world, li), stored(world, zhao)) == ([None], ["applied"])


def test_one_op_twice_at_once_crosses_twice_and_counts_once(world: World, crossings: list[int]) -> None:
    """An impatient phone: the second one is told that it is a repetition."""
    li = world.phone("li")
    op = li.visit(WANG, water_days="30")
    answers = at_one_landing(world, [lambda: li.push(op), lambda: li.push(op)])
    assert crossings == [1, 1]
    assert sorted(answer["results"][0]["status"] for answer in answers) == ["applied", "duplicate"]


def test_a_large_push_does_not_keep_the_boat(world: World, crossings: list[int]) -> None:
    """A phone that was away for a week has transactions of its own, and nobody waits for it at the landing."""
    li = world.phone("li")
    ops = [li.visit(WANG, water_days=str(n)) for n in range(ferry.MOST_OPS + 1)]
    with held(world):
        assert len(li.send(*ops)) == len(ops)
    assert crossings == [1]


def test_without_sharing_every_push_has_transactions_of_its_own(world: World, crossings: list[int]) -> None:
    """RUHU_SHARE_PUSHES=0."""
    world.app.config["RUHU"] = replace(world.app.config["RUHU"], share_pushes=False)
    li = world.phone("li")
    with held(world):
        assert li.send(li.visit(WANG, water_days="30"))[0]["status"] == "applied"
    assert crossings == [1]


def test_many_threads_lose_nothing_and_answer_after_the_commit(world: World) -> None:
    """What is answered is stored at that moment, whoever judged it."""
    phones = [world.phone(name) for name in ("li", "helper", "zhang", "admin")]
    start = threading.Barrier(len(phones), timeout=PATIENCE)

    def work(place: int) -> None:
        phone = phones[place]
        start.wait()
        for visit in range(6):
            [result] = phone.send(phone.visit(WANG, water_days=str(100 + 10 * place + visit)))
            assert result["status"] in ("applied", "conflicted")
            assert stored(world, phone)[-1] == result["status"]

    with ThreadPoolExecutor(len(phones)) as pool:
        list(pool.map(work, range(len(phones))))
    versions = world.look(
        lambda s: s.scalars(
            select(EntityVersion.version).where(EntityVersion.entity_id == WANG).order_by(EntityVersion.version)
        ).all()
    )
    assert versions == list(range(1, 4 * 6 + 2))


def test_two_who_send_without_an_install_lock_nothing_in_common() -> None:
    """ODK clients by password and desks: they wait for each other only where their ops do."""
    first, second = (push.parcel(Actor(name, name, name, ()), [{"op_id": str(uuid.uuid4())}]) for name in ("a", "b"))
    assert push._locks(first) and push._locks(first).isdisjoint(push._locks(second))
