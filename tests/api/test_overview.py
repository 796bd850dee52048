"""An area at a glance: every number is the length of the list that it opens, and nothing of another area is in any."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from shapely import Point

from server.accounts.tables import Install
from server.db import now
from server.registry.tables import Entity
from server.sync.areas import MEASURES
from server.sync.quarantine import keep
from server.sync.tables import Submission
from tests.world import BAITA, COUNTY, EAST, QINGSHI, WANG, WEST, ZHAO, Phone, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    """Two visits in the east, one in the west; two people of one field said two things of Wang's telephone."""
    made = build_world(app)
    li, zhao = made.phone("li"), made.phone("zhao")
    for op in (li.visit(grade="C"), li.visit(water_days="3")):
        li.send(op)
    zhao.send(zhao.visit(household=ZHAO, grade="C"))
    return made


def items(reader: Phone, path: str, **query: str) -> list[Any]:
    asked = "&".join(f"{name}={quote(value)}" for name, value in query.items())
    answer = reader.get(f"{path}?limit=500&{asked}")
    assert answer.status_code == 200, answer.text
    found: list[Any] = answer.json["items"]
    return found


LISTS = {
    "households": ("/entities", {"dataset": "household", "state": "active"}),
    "visited": ("/entities", {"dataset": "household", "visited": "yes"}),
    "submissions": ("/submissions", {}),
    "waiting_photos": ("/submissions", {"photos": "missing"}),
    "to_review": ("/submissions", {"review": "received"}),
    "open_conflicts": ("/conflicts", {"state": "open"}),
    "open_questions": ("/questions", {"state": "open"}),
    "unsafe_houses": ("/entities", {"dataset": "household", "concern": "house"}),
    "unsafe_water": ("/entities", {"dataset": "household", "concern": "water"}),
    "overdue": ("/entities", {"dataset": "household", "concern": "overdue"}),
}
SYNC_LISTS = {
    "phones": ("/devices", {"state": "working"}),
    "silent_phones": ("/devices", {"state": "silent"}),
    "waiting_phones": ("/devices", {"state": "waiting"}),
    "waiting_photos": ("/submissions", {"photos": "missing"}),
    "quarantined": ("/quarantine", {"state": "open"}),
    "held": ("/held", {}),
}


@pytest.mark.parametrize("name", ["zhang", "admin"])
def test_every_number_opens_the_list_behind_it(world: World, name: str) -> None:
    _ill_phones(world)
    reader = world.phone(name)
    area = COUNTY if name == "admin" else EAST
    for address, lists in (("/overview", LISTS), ("/overview/sync", SYNC_LISTS)):
        told = reader.get(f"{address}?region={area}").json
        for row in (told["area"], *told["items"]):
            for key, (path, query) in lists.items():
                assert row[key] == len(items(reader, path, region=row["region"], **query)), (row["region"], key)


def _ill_phones(world: World) -> None:
    """Li's phone was last here a month ago, Zhao's says that three records wait in it, and one op was set aside."""

    def ail(session: Any) -> None:
        li, zhao = (world.people[name] for name in ("li", "zhao"))
        for phone in session.query(Install).all():
            if phone.person_id == li:
                phone.last_seen_at = now() - timedelta(days=30)
            elif phone.person_id == zhao:
                phone.said_at, phone.outbox_count = now(), 3
        keep(session, None, "op.unreadable", b"x", region=QINGSHI)

    world.run(ail)


def test_the_health_of_phones_counts_areas_within_the_own_one(world: World) -> None:
    _ill_phones(world)
    admin = world.phone("admin").get(f"/overview/sync?region={COUNTY}").json
    rows = {row["region"]: row for row in admin["items"]}
    assert (rows[EAST]["silent_phones"], rows[WEST]["waiting_phones"], rows[WEST]["outbox"]) == (1, 1, 3)
    assert (rows[EAST]["quarantined"], rows[WEST]["quarantined"], admin["area"]["outbox"]) == (1, 0, 3)
    zhang = world.phone("zhang")
    assert zhang.get(f"/overview/sync?region={WEST}").status_code == 404
    assert zhang.get(f"/overview/sync?region={COUNTY}").status_code == 404
    for name in ("auditor", "li"):
        assert world.phone(name).get(f"/overview/sync?region={EAST}").status_code == 403
    assert all(set(row) == {*SYNC_LISTS, "region", "outbox"} for row in admin["items"])


def edges(*days: int) -> str:
    return ",".join((now() + timedelta(days=day)).isoformat() for day in days)


def test_a_series_ends_with_the_list_of_today_and_its_stretches_are_lists(world: World) -> None:
    """Proves what stood open before from what came and went: nothing was open before anything came."""
    zhang, told_edges = world.phone("zhang"), edges(-14, -7, 1)
    world.run(_one_visit_is_old)
    told = zhang.get(f"/overview/trends?region={EAST}&edges={quote(told_edges)}").json
    counts = zhang.get(f"/overview?region={EAST}").json
    for row, standing in zip((told["area"], *told["items"]), (counts["area"], *counts["items"]), strict=True):
        assert row["region"] == standing["region"]
        for name in ("to_review", "open_conflicts", "open_questions"):
            assert row[name][-1] == standing[name]
    assert [told["area"][name] for name in ("visits", "visited", "to_review")] == [[1, 1], [1, 1], [1, 2]]
    since, until, last = told_edges.split(",")
    span = {"from": since, "to": until, "region": EAST}
    assert len(items(zhang, "/submissions", **span)) == 1
    assert [one["id"] for one in items(zhang, "/entities", dataset="household", visited="yes", **span)] == [WANG]
    assert items(zhang, "/entities", dataset="household", visited="no", **span | {"from": until, "to": last}) == []


def _one_visit_is_old(session: Any) -> None:
    visit = session.query(Submission).filter_by(root_id=WANG).order_by(Submission.instance_id).first()
    visit.received_at = now() - timedelta(days=10)


def test_an_approved_visit_stood_open_until_that_day(world: World) -> None:
    zhang = world.phone("zhang")
    world.run(_one_visit_is_old)
    old = items(zhang, "/submissions", region=EAST)[-1]["instance_id"]
    answer = zhang.post(f"/submissions/{old}/review", {"state": "approved"})
    assert answer.status_code == 200
    told = zhang.get(f"/overview/trends?region={EAST}&series=to_review&edges={quote(edges(-14, -7, 1))}").json
    assert told["area"] == {"region": EAST, "to_review": [1, 1]}


def test_a_question_stands_open_until_it_is_answered_or_closed(world: World) -> None:
    zhang = world.phone("zhang")
    visit = items(zhang, "/submissions", region=EAST)[0]["instance_id"]
    asked = [zhang.post(f"/submissions/{visit}/questions", {"text": "?"}).json["id"] for _ in range(2)]
    assert zhang.post(f"/questions/{asked[0]}/close", {"reason": "said at the door"}).status_code == 200
    told = zhang.get(f"/overview/trends?region={EAST}&series=open_questions&edges={quote(edges(-14, -7, 1))}").json
    assert told["area"]["open_questions"] == [0, 1] == [0, len(items(zhang, "/questions", region=EAST, state="open"))]


@pytest.mark.parametrize(
    "query",
    ["edges=", "edges=2026-01-01", "edges=2026-01-02T00:00:00Z,2026-01-01T00:00:00Z", "edges=2026-01-01T00:00:00Z"],
)
def test_edges_that_are_no_rising_times_are_told(world: World, query: str) -> None:
    answer = world.phone("zhang").get(f"/overview/trends?region={EAST}&{query}")
    assert (answer.status_code, answer.json["errors"][0]["where"]) == (400, "query.edges")


def test_some_of_the_numbers_are_those_of_all(world: World) -> None:
    zhang = world.phone("zhang")
    told = zhang.get(f"/overview?region={EAST}").json
    some = zhang.get(f"/overview?region={EAST}&measures=submissions,visited").json
    for row, whole in zip((some["area"], *some["items"]), (told["area"], *told["items"]), strict=True):
        assert row == {name: whole[name] for name in ("region", "submissions", "visited")}
    assert set(told["area"]) == {"region", *MEASURES}
    unknown = zhang.get(f"/overview?region={EAST}&measures=submissions,people")
    assert (unknown.status_code, unknown.json["errors"][0]["where"]) == (400, "query.measures")


def test_there_are_no_trends_of_another_area(world: World) -> None:
    zhang = world.phone("zhang")
    for region in (WEST, COUNTY, "unknown"):
        assert zhang.get(f"/overview/trends?region={region}&edges={quote(edges(-7, 1))}").status_code == 404
    unknown = zhang.get(f"/overview/trends?region={EAST}&series=people&edges={quote(edges(-7, 1))}")
    assert unknown.status_code == 400


def around(lon: float, lat: float, reach: float = 0.01) -> str:
    """A square as `within` wants it."""
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return ",".join(f"{lon + east * reach:.6f},{lat + north * reach:.6f}" for east, north in corners)


def _place(world: World, household: str, lon: float, lat: float) -> None:
    def put(session: Any) -> None:
        session.get_one(Entity, household).geom = Point(lon, lat)
        for visit in session.query(Submission).filter_by(root_id=household):
            visit.geom = Point(lon, lat)

    world.run(put)


def test_a_drawn_area_holds_what_lies_in_it_and_nothing_of_another_reader(world: World) -> None:
    """Proves that a supervisor who draws around another township's house gets an empty list, as around a lake."""
    _place(world, WANG, 108.3, 26.2)
    _place(world, ZHAO, 108.6, 26.2)
    zhang, admin = world.phone("zhang"), world.phone("admin")
    here, there = around(108.3, 26.2), around(108.6, 26.2)
    assert [one["id"] for one in items(zhang, "/entities", dataset="household", within=here)] == [WANG]
    assert len(items(zhang, "/submissions", within=here)) == 2
    for path in ("/entities", "/submissions"):
        assert items(zhang, path, within=there) == items(zhang, path, within=around(1, 1)) == []
        assert len(items(admin, path, within=there)) == 1
    crossed = "108.29,26.19,108.31,26.21,108.31,26.19,108.29,26.21"
    assert [one["id"] for one in items(zhang, "/entities", dataset="household", within=crossed)] == [WANG]


@pytest.mark.parametrize("within", ["1,2,3,4", "1,2,3,4,5", "a,b,c,d,e,f", "200,0,0,0,1,1", ",".join(["1"] * 202)])
def test_what_is_no_drawn_area_is_told(world: World, within: str) -> None:
    for path in ("/entities", "/submissions"):
        answer = world.phone("zhang").get(f"{path}?within={within}")
        assert (answer.status_code, answer.json["errors"][0]["where"]) == (400, "query.within")


def test_two_areas_of_one_reader_stand_beside_each_other(world: World) -> None:
    told = world.phone("zhang").get(f"/overview/trends?region={EAST}&series=visits&edges={quote(edges(-7, 1))}").json
    assert [(row["region"], row["visits"]) for row in told["items"]] == [(QINGSHI, [2]), (BAITA, [0])]


