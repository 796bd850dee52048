"""Feeds lose what is over; whoever may have missed it fetches anew, everybody else goes on."""

from __future__ import annotations

import gzip
import json
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import update

from server.cli import main
from server.db import now
from server.sync import feeds
from server.sync.compaction import KEPT, compact
from server.sync.feeds import News
from server.sync.tables import Feed, FeedCounter
from tests.sync.office import entries, own
from tests.sync.test_groups_and_moves import holds, move
from tests.world import BAITA, QINGSHI, WANG, WANG_SON, Phone, World

HERE = f"region:{QINGSHI}"


def age(world: World, days: int = 100) -> None:
    """All that stands in the feeds was said so long ago."""
    then = now() - timedelta(days=days)
    world.run(lambda session: session.execute(update(Feed).values(at=then)))


def tidy(world: World) -> int:
    with world.app.app_context():
        return compact().entries


def counter(world: World, scope: str = HERE) -> FeedCounter:
    found: FeedCounter = world.look(lambda session: session.get_one(FeedCounter, scope))
    return found


def gone_and_back(world: World) -> tuple[Phone, int, int]:
    """A phone that saw the household leave, one number before that, and the number after."""
    li = world.phone("li")
    before = li.pull(HERE)["next"]
    move(world, WANG, BAITA)
    world.run(lambda session: feeds.touch(session, [News(HERE, "record", "x", "entity")]))
    return li, before, li.pull(HERE, before)["next"]


def test_old_evictions_go_and_young_ones_stay(world: World) -> None:
    li, _before, _after = gone_and_back(world)
    assert tidy(world) == 0
    assert len(entries(li, HERE, "eviction")) == 2
    age(world)
    assert tidy(world) == 2
    assert entries(li, HERE, "eviction") == []
    assert counter(world).floor == counter(world).n - 1


def test_who_may_have_missed_something_fetches_anew_and_the_others_go_on(world: World) -> None:
    li, before, after = gone_and_back(world)
    late = world.phone("li")
    late.pull(HERE)
    age(world)
    tidy(world)
    assert late.pull(HERE, before)["status"] == "must_refetch"
    assert li.pull(HERE, after)["status"] == "ok"
    assert holds(late, HERE) == set()


def test_a_fetch_from_the_start_in_small_pages_comes_to_an_end(world: World) -> None:
    """Its cursors lie below the floor, but it has missed nothing."""
    li = world.phone("li")
    phone = world.phone("li")
    phone.send(*[phone.visit(water_days=str(days)) for days in range(31, 36)])
    with_rows = [News(HERE, "record", f"row {k}", "entity") for k in range(6)]
    world.run(lambda session: feeds.touch(session, with_rows))
    world.run(lambda session: feeds.touch(session, [News(HERE, "record", "gone", "eviction", {"dataset": "x"})]))
    world.run(lambda session: feeds.touch(session, [News(HERE, "record", "last", "entity")]))
    age(world)
    assert tidy(world) == 1
    after, pages = 0, 0
    while True:
        page = li.pull(HERE, after, limit=2)
        assert page["status"] == "ok", pages
        after, pages = page["next"], pages + 1
        if not page["more"]:
            break
    assert after == page["head"] and pages >= 4


def test_something_dropped_in_the_midst_of_a_fetch_begins_it_anew(world: World) -> None:
    li = world.phone("li")
    world.run(lambda session: feeds.touch(session, [News(HERE, "record", f"r{k}", "entity") for k in range(6)]))
    cursor = li.pull(HERE, 0, limit=2)["next"]
    world.run(lambda session: feeds.touch(session, [News(HERE, "record", "r0", "eviction", {"dataset": "x"})]))
    world.run(lambda session: feeds.touch(session, [News(HERE, "record", "r9", "entity")]))
    age(world)
    tidy(world)
    assert li.pull(HERE, cursor, limit=2)["status"] == "must_refetch"
    assert li.pull(HERE, 0, limit=50)["status"] == "ok"


def test_the_newest_entry_stays_so_that_the_head_can_be_reached(world: World) -> None:
    li = world.phone("li")
    move(world, WANG, BAITA)
    age(world)
    tidy(world)
    page = li.pull(HERE)
    assert page["next"] == page["head"] == counter(world).n and not page["more"]


def test_approved_reviews_and_outcomes_go_what_waits_for_an_answer_stays(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    approved, sent_back = li.visit(water_days="35"), li.visit(head_name="王大川", base_version=2)
    li.send(approved, sent_back)
    zhang.post(f"/submissions/{approved['instance_id']}/review", {"state": "approved", "comments": []})
    body = {"state": "has_issues", "comments": [{"text": "?"}]}
    zhang.post(f"/submissions/{sent_back['instance_id']}/review", body)
    zhang.post(f"/submissions/{sent_back['instance_id']}/questions", {"text": "?"})
    age(world)
    assert tidy(world) == 1
    told = li.pull(own(world, "li"))["entries"]
    assert [(entry["type"], entry["instance_id"]) for entry in told] == [
        ("review", sent_back["instance_id"]), ("question", sent_back["instance_id"]),
    ]  # fmt: skip


def test_the_command_compacts_and_says_how_much(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gone_and_back(world)
    age(world)
    monkeypatch.setattr("server.cli.create_app", lambda: world.app)
    done = CliRunner().invoke(main, ["feeds", "compact", "--days", str(KEPT.days)])
    assert done.exit_code == 0 and "2" in done.output, done.output
    assert tidy(world) == 0


def test_another_epoch_means_fetching_anew(world: World) -> None:
    li = world.phone("li")
    answer = li.post("/sync/pull", {"feeds": {HERE: {"after": 0}}}).json
    at = {HERE: {"after": answer["feeds"][HERE]["next"]}}
    same = li.post("/sync/pull", {"feeds": at, "epoch": answer["epoch"]}).json
    other = li.post("/sync/pull", {"feeds": at, "epoch": "the one before the restore"}).json
    assert [one["feeds"][HERE]["status"] for one in (same, other)] == ["ok", "must_refetch"]


@pytest.mark.parametrize("accepts", ["gzip", "identity"])
def test_a_pull_comes_packed_where_asked_and_says_the_same(world: World, accepts: str) -> None:
    li = world.phone("li")
    plain = li.post("/sync/pull", {"feeds": {HERE: {"after": 0}}}).json
    answer = li.client.post(
        "/api/v1/sync/pull",
        json={"feeds": {HERE: {"after": 0}}},
        headers={**li.headers, "Accept-Encoding": accepts},
    )
    packed = answer.headers.get("Content-Encoding") == "gzip"
    assert packed == (accepts == "gzip") and "Accept-Encoding" in answer.headers["Vary"]
    told: dict[str, Any] = json.loads(gzip.decompress(answer.data) if packed else answer.data)
    assert told == plain
    assert {entry["id"] for entry in told["feeds"][HERE]["entries"]} == {WANG, WANG_SON}


def test_long_answers_of_other_addresses_come_packed_too(world: World) -> None:
    zhang, li = world.phone("zhang"), world.phone("li")
    li.send(*[li.visit(water_days=str(days)) for days in range(31, 50)])
    headers = {**zhang.headers, "Accept-Encoding": "gzip"}
    answer = zhang.client.get("/api/v1/submissions", headers=headers)
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(answer.data))["items"]) == 19
    short = zhang.client.get("/api/v1/me", headers=headers)
    assert "Content-Encoding" not in short.headers and short.json["username"] == "zhang"


def test_what_is_set_aside_pages_on_although_the_row_before_has_left_the_list(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    li.send(*[li.visit(water_days="3", form_version="none", instance_xml="<x/>") for _ in range(3)])
    first = zhang.get("/quarantine?state=open&limit=1").json
    zhang.post(f"/quarantine/{first['items'][0]['id']}/dismiss", {"reason": "x"})
    rest = zhang.get(f"/quarantine?state=open&limit=5&after={first['next']}")
    assert rest.status_code == 200 and len(rest.json["items"]) == 2
