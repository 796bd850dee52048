"""kill -9 of real servers while people decide: conflicts, reviews, what was set aside; and amid many pushes.

Proves promise 1 and I4 beyond the single push: whatever a server had done when it died, doing it again ends in one
decision and one version; what was answered before still stands.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select

from server.registry.tables import EntityVersion
from server.sync.tables import OpLog, Submission
from tests.serving import forked, serving
from tests.sync.test_published_bugs_merge import heads
from tests.sync.test_published_bugs_push import new_member, values, versions
from tests.sync.test_resolution import open_conflict, resolution
from tests.world import BAITA, Phone, World, build_world

pytestmark = pytest.mark.kill

PUSH_PLACES = ("push.before_raw", "push.raw_stored", "push.judging", "push.judged", "push.feeds_written",
               "push.committed")
DESK_PLACES = ("push.judging", "push.feeds_written")


def post(address: str, phone: Phone, path: str, body: Any) -> requests.Response:
    return requests.post(f"{address}/api/v1{path}", json=body, headers=phone.headers, timeout=20)


def killed_and_again(app: Flask, place: str, work: Callable[[str], requests.Response]) -> requests.Response:
    """The work on a server that dies there, and once more on the next one."""
    with forked(app.config["RUHU"], f"{place}=kill") as address, pytest.raises(requests.ConnectionError):
        work(address)
    with forked(app.config["RUHU"]) as address:
        return work(address)


@pytest.fixture
def quarrel(app: Flask) -> tuple[World, Phone]:
    world = build_world(app)
    li, helper, zhang = world.phone("li"), world.phone("helper"), world.phone("zhang")
    li.send(li.visit(water_days="5"))
    helper.send(helper.visit(water_days="9"))
    return world, zhang


@pytest.mark.parametrize("place", PUSH_PLACES)
def test_a_decision_killed_there_and_sent_again_counts_once(
    place: str, app: Flask, quarrel: tuple[World, Phone]
) -> None:
    world, zhang = quarrel
    conflict = open_conflict(zhang)
    op = resolution(zhang, conflict, conflict["heads"][1]["op_id"])
    answer = killed_and_again(app, place, lambda at: post(at, zhang, "/sync/push", {"ops": [op]}))
    [result] = answer.json()["results"]
    assert (result.get("first") or result)["status"] == "applied"
    assert (heads(world), versions(world)) == ({conflict["heads"][1]["value"]}, [1, 2, 3, 4])
    assert zhang.get("/conflicts?state=open").json["items"] == []


@pytest.mark.parametrize("place", ("push.feeds_written",))
def test_a_rejection_killed_there_and_said_again_withdraws_once(
    place: str, app: Flask, quarrel: tuple[World, Phone]
) -> None:
    world, zhang = quarrel
    submission = world.look(lambda s: s.scalars(select(Submission).order_by(Submission.received_at)).first())
    said = {"state": "rejected", "comments": [{"text": "not asked at the door"}]}
    path = f"/submissions/{submission.instance_id}/review"
    assert killed_and_again(app, place, lambda at: post(at, zhang, path, said)).status_code == 200
    assert (heads(world), versions(world)) == ({"9"}, [1, 2, 3, 4])
    assert post_again(app, zhang, path, said).status_code == 200  # the answer was lost: said once more
    assert versions(world) == [1, 2, 3, 4]


def post_again(app: Flask, phone: Phone, path: str, body: Any) -> requests.Response:
    with forked(app.config["RUHU"]) as address:
        return post(address, phone, path, body)


@pytest.mark.parametrize("place", DESK_PLACES)
def test_an_op_let_through_on_a_server_that_dies_is_applied_once(place: str, app: Flask) -> None:
    world = build_world(app)
    li, zhang = world.phone("li"), world.phone("zhang")
    zhang.send(zhang.visit(village=BAITA))
    op = li.visit(water_days="4")
    li.send(op)
    before = versions(world)
    (row,) = zhang.get("/quarantine?state=open").json["items"]
    answer = killed_and_again(app, place, lambda at: post(at, zhang, f"/quarantine/{row['id']}/apply", {}))
    assert answer.json()["status"] == "applied"
    assert versions(world) == [*before, before[-1] + 1]
    assert values(world)["water_shortage_days"] == "4"
    assert world.look(lambda s: s.get_one(OpLog, op["op_id"]).status) == "applied"


VISITS, LIVES = 6, int(os.environ.get("RUHU_LIVES", "2"))


class Sender(threading.Thread):
    """A phone that sends batch after batch, each again and again until it has an answer."""

    def __init__(self, phone: Phone, batches: list[list[dict[str, Any]]], here: dict[str, str]) -> None:
        super().__init__()
        self.phone, self.batches, self.here = phone, batches, here
        self.told: dict[str, str] = {}

    def run(self) -> None:
        for batch in self.batches:
            while not (results := self._send(batch)):
                time.sleep(0.05)
            self.told |= {result["op_id"]: (result.get("first") or result)["status"] for result in results}

    def _send(self, batch: list[dict[str, Any]]) -> list[Any]:
        try:
            answer = post(self.here["at"], self.phone, "/sync/push", {"ops": batch})
        except (requests.ConnectionError, requests.Timeout):
            return []
        return list(answer.json()["results"]) if answer.status_code == 200 else []


def live(app: Flask, database_url: str, senders: list[Sender], here: dict[str, str]) -> None:
    """The server dies and begins anew while they send; the last one lives until all is sent."""
    for life in range(LIVES):
        with serving(database_url, app.config["RUHU"].var, workers=2) as here["at"]:
            if life == 0:
                for sender in senders:
                    sender.start()
            if life < LIVES - 1:
                time.sleep(0.3)
            else:
                for sender in senders:
                    sender.join(60)


def test_a_server_that_is_killed_again_and_again_loses_nothing_that_it_answered_for(
    app: Flask, database_url: str
) -> None:
    """gunicorn with two workers as in production; three phones send batch after batch, and send again what had no
    answer; the whole server is killed and started anew. In the end each op is applied once, each answer stands, the
    record's versions have no gap.
    """
    world, here = build_world(app), dict[str, str]()
    senders = []
    for place, name in enumerate(("li", "helper", "zhang")):
        phone = world.phone(name)
        batches = [[new_member(phone, f"{place}-{n}"), phone.visit(phone=f"{place}{n}")] for n in range(VISITS)]
        senders.append(Sender(phone, batches, here))
    live(app, database_url, senders, here)
    ops = {op["op_id"] for sender in senders for batch in sender.batches for op in batch}
    told = {op_id: status for sender in senders for op_id, status in sender.told.items()}
    stored = world.look(lambda s: {row.op_id: row.status for row in s.scalars(select(OpLog))})
    assert (told.keys(), stored) == (ops, told)
    assert world.look(lambda s: s.scalar(select(func.count()).select_from(Submission))) == len(ops)
    assert (found := versions(world)) == list(range(1, len(found) + 1))
    assert ops <= set(world.look(lambda s: s.scalars(select(EntityVersion.op_id)).all()))
