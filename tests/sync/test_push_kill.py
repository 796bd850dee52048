"""kill -9 of a real server at every named place of a push, then restart and resend.

Proves promise 1 and I4: whatever the server had done when it died, a resend ends in exactly one submission, one new
version and an answer; and once an answer was given, it still holds.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.failpoints import NAMES
from server.registry.tables import EntityVersion
from server.sync import push as pushing
from server.sync import rounds
from server.sync.case import Case, Verdict
from server.sync.tables import OpLog, Submission
from tests.serving import forked
from tests.world import QINGSHI, WANG, Phone, World, build_world

PLACES = [name for name in NAMES if name.startswith("push.")]

pytestmark = pytest.mark.kill


def send(address: str, phone: Phone, op: dict) -> requests.Response:
    return requests.post(f"{address}/api/v1/sync/push", json={"ops": [op]}, headers=phone.headers, timeout=20)


def counts(world: World) -> tuple[int, int, int]:
    def work(session) -> tuple[int, int, int]:
        versions = select(func.count()).select_from(EntityVersion).where(EntityVersion.entity_id == WANG)
        tables = [select(func.count()).select_from(table) for table in (OpLog, Submission)]
        return tuple(session.scalar(query) for query in (*tables, versions))

    return world.look(work)


@pytest.mark.parametrize("place", PLACES)
def test_a_push_killed_there_and_sent_again_counts_once(place: str, app: Flask) -> None:
    world = build_world(app)
    phone = world.phone("li")
    op = phone.visit(water_days="35")
    settings = app.config["RUHU"]
    with forked(settings, f"{place}=kill") as address, pytest.raises(requests.ConnectionError):
        send(address, phone, op)
    with forked(settings) as address:
        [result] = send(address, phone, op).json()["results"]
    assert (result["status"], (result.get("first") or result)["status"]) in (
        ("applied", "applied"),
        ("duplicate", "applied"),
    )
    # After the last place the answer was lost although everything was committed: the resend must say so.
    assert (result["status"] == "duplicate") == (place == "push.committed")
    assert counts(world) == (1, 1, 2)
    assert [e["version"] for e in phone.pull(f"region:{QINGSHI}")["entries"] if e["id"] == WANG] == [2]


def test_an_op_whose_judging_kills_the_server_is_set_aside_at_last(app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    """No input can kill for ever: after three deaths the op is quarantined."""
    monkeypatch.setattr("server.sync.raw.LEASE", timedelta(0))  # as if the deaths lay minutes apart
    world = build_world(app)
    phone = world.phone("li")
    op = phone.visit(water_days="35")
    settings = app.config["RUHU"]
    for _ in range(3):
        with forked(settings, "push.judging=kill") as address, pytest.raises(requests.ConnectionError):
            send(address, phone, op)
    with forked(settings, "push.judging=kill") as address:
        [result] = send(address, phone, op).json()["results"]
    assert (result["status"], result["code"]) == ("quarantined", "op.unjudgeable")
    assert counts(world)[0] == 1


def test_an_op_that_kills_the_server_does_not_take_its_neighbours_with_it(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a batch died together, but only one of them did it: the others are judged on the next try."""
    monkeypatch.setattr("server.sync.raw.LEASE", timedelta(0))
    world = build_world(app)
    phone = world.phone("li")
    before, deadly, after = phone.visit(grade="C"), phone.visit(head_name="王"), phone.visit(phone="1")
    judge = rounds.judge

    def die(session: Session, case: Case) -> Verdict:
        if case.row.op_id == deadly["op_id"]:
            raise KeyboardInterrupt
        return judge(session, case)

    monkeypatch.setattr(rounds, "judge", die)
    for _ in range(3):
        with pytest.raises(KeyboardInterrupt):
            phone.push(before, deadly, after)
    results = phone.send(before, deadly, after)
    assert [(r.get("first") or r)["status"] for r in results] == ["applied", "quarantined", "applied"]


def test_what_nobody_sends_again_is_judged_by_the_worker(app: Flask) -> None:
    """The server died between the two transactions and the phone is lost: the op is judged all the same."""
    world = build_world(app)
    phone = world.phone("li")
    op = phone.visit(water_days="35")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pushing, "_judge_and_answer", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            phone.push(op)
    assert counts(world) == (1, 0, 1)
    with app.app_context():
        assert pushing.judge_left_over() == 0  # a push that is under way is left alone
        assert pushing.judge_left_over(timedelta(0)) == 1
    assert counts(world) == (1, 1, 2)
