"""Inspectors in the field: blind, unannounced, tried again before given up, and replaced by the order of tickets."""

from __future__ import annotations

import json
import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import update

from server.db import today
from server.inspection.results import Try, counted
from server.inspection.route import in_order
from server.inspection.tables import Inspection, InspectionTask
from server.sync.office_tables import Assignment
from tests.inspection.field_desk import county, drawn, filled, noted, planned, send, step, tasks
from tests.sync.office import entries, op, own
from tests.sync.racing import at_once
from tests.world import BAITA, EAST, LIUSHU, QINGSHI, Phone, World, build_world

SECRET = "只有村里知道的回答"


@pytest.fixture
def world(app: Flask) -> World:
    return county(build_world(app))


def rows(world: World, phone: Phone, name: str = "inspector") -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in entries(phone, own(world, name), "entity")}


def tried(phone: Phone, household: str, at: str, disposition: str = "nobody") -> dict[str, Any]:
    visit = {"started_at": at, "ended_at": at, "contact_mode": "in_person"}
    return op(phone, "contact_attempt", entity_id=household, disposition=disposition, visit=visit)


def soon(hours: float) -> str:
    return (datetime.fromisoformat("2026-11-22T08:00:00+08:00") + timedelta(hours=hours)).isoformat()


def test_a_task_reaches_the_phone_with_the_lent_household_and_its_answers_close_it(world: World) -> None:
    inspection = drawn(world)
    some = tasks(world, inspection)
    answer = send(world, inspection, some)
    assert [one["state"] for one in answer.json["items"]] == ["sent"] * 4
    phone = world.phone("inspector")
    errands = entries(phone, own(world, "inspector"), "assignment")
    lent = rows(world, phone)
    assert {one["entity_id"] for one in errands} == set(lent) == {one["household"]["id"] for one in some}
    assert {one["form_id"] for one in errands} == {"blind"} and "第四季度抽查" in errands[0]["reason"]
    household = some[0]["household"]["id"]
    done = filled(phone, household)
    assert phone.send(done)[0]["status"] == "applied"
    [task] = [one for one in tasks(world, inspection) if one["household"]["id"] == household]
    assert (task["state"], task["disposition"], task["instance_id"]) == ("done", "complete", done["instance_id"])
    villages = world.phone("admin").get(f"/inspections/{inspection['id']}/villages").json["items"]
    assert sum(one["tasks"].get("done", 0) for one in villages) == 1


def test_sending_again_sends_once_and_another_inspector_takes_over(world: World) -> None:
    inspection = drawn(world)
    [first, *_] = tasks(world, inspection)
    body = {"id": str(uuid.uuid4()), "task_ids": [first["id"]], "person_id": world.people["inspector"]}
    once, twice = (step(world, inspection, "tasks/send", **body).json for _ in range(2))
    assert once == twice
    send(world, inspection, [first], "other")
    phone = world.phone("inspector")
    assert entries(phone, own(world, "inspector"), "assignment") == [] and rows(world, phone) == {}
    assert set(rows(world, world.phone("other"), "other")) == {first["household"]["id"]}


@pytest.mark.parametrize("who", ["li", "zhang", "admin", "helper", "auditor"])
def test_nobody_is_sent_who_has_a_part_in_the_work(world: World, who: str) -> None:
    inspection = drawn(world)
    answer = send(world, inspection, tasks(world, inspection)[:1], who)
    assert (answer.status_code, answer.json["code"]) == (422, "inspection.no_inspector")
    assert [entry.detail["code"] for entry in noted(world, "inspection.refused") if entry.detail] == [
        "inspection.no_inspector"
    ]


def everything(phone: Phone, ids: list[str]) -> str:
    """All that this sign-in can read by the API about inspections, errands and households, as one text."""
    paths = [
        "/inspections", "/inspections/published", "/assignments", "/assignments?state=done", "/submissions",
        "/entities?limit=500", "/questions", "/conflicts", "/drafts", "/findings", "/exports", "/regions",
        *(f"/inspections/{one}" for one in ids),
        *(f"/inspections/{one}/{name}" for one in ids for name in ("tasks", "villages", "files/draw.json")),
    ]  # fmt: skip
    feeds = phone.post("/sync/hello", {}).json["feeds"]
    answers = (phone.get(path) for path in paths)
    lists = [one.text for one in answers if one.status_code == 200]
    return "".join([*lists, *(json.dumps(phone.pull(one["scope"])) for one in feeds)])


def test_the_village_sees_nothing_until_the_inspection_is_opened(world: World) -> None:
    """No list, count, feed or file tells of it; then it sees hashes, seed and record, and still no task or answer."""
    before = {name: everything(world.phone(name), []) for name in ("li", "helper")}
    inspection = drawn(world)
    send(world, inspection, tasks(world, inspection))
    inspector = world.phone("inspector")
    drawn_homes = [one["household"]["id"] for one in tasks(world, inspection)]
    inspector.send(filled(inspector, drawn_homes[0]), tried(inspector, drawn_homes[1], soon(1)))
    for name in ("li", "helper"):
        now = everything(world.phone(name), [])
        assert now == before[name]
        told = everything(world.phone(name), [inspection["id"]])
        assert "第四季度抽查" not in told and inspection["frame"]["sha256"] not in told
    assert step(world, inspection, "open").json["state"] == "open"
    [published] = world.phone("li").get("/inspections/published").json["items"]
    assert published["frame_sha256"] == inspection["frame"]["sha256"]
    assert published["seed"] == inspection["draw"]["seed"]
    assert world.phone("li").get(f"/inspections/{inspection['id']}/files/bundle.zip").status_code == 200
    for name in ("tasks", "villages", "inspectors", "preview"):
        assert world.phone("li").get(f"/inspections/{inspection['id']}/{name}").status_code == 403
    assert world.phone("li").get(f"/inspections/{inspection['id']}").status_code == 403
    assert "inspector" not in json.dumps(published)


def test_a_township_neither_sees_nor_takes_back_the_errands_of_the_county_s_inspection(world: World) -> None:
    """`zhang` supervises one of its townships: it is inspected as well. What the township sent itself, it sees."""
    inspection = drawn(world)
    send(world, inspection, tasks(world, inspection))
    zhang, admin = world.phone("zhang"), world.phone("admin")
    errands = admin.get("/assignments").json["items"]
    assert len(errands) == 4 and zhang.get("/assignments").json["items"] == []
    for one in errands:
        answer = zhang.post(f"/assignments/{one['id']}/withdraw", {})
        assert (answer.status_code, answer.json["code"]) == (404, "record.not_found")
    assert {one["state"] for one in admin.get("/assignments").json["items"]} == {"open"}
    own = drawn(world, by="zhang", region=EAST)
    body = {"id": str(uuid.uuid4()), "task_ids": [tasks(world, own)[0]["id"]], "person_id": world.people["other"]}
    assert step(world, own, "tasks/send", "zhang", **body).status_code == 200
    [seen] = zhang.get("/assignments").json["items"]
    assert seen["person"]["id"] == world.people["other"]
    assert zhang.post(f"/assignments/{seen['id']}/withdraw", {}).json["state"] == "withdrawn"


def test_a_late_inspector_is_no_late_errand_of_the_village(world: World) -> None:
    """Neither lists nor counts tell the village that somebody was to come."""
    inspection = drawn(world)
    send(world, inspection, tasks(world, inspection))
    world.run(lambda session: session.execute(update(Assignment).values(due=today() - timedelta(days=1))))
    li, home = world.phone("li"), tasks(world, inspection)[0]["household"]["id"]
    assert li.get("/entities?concern=overdue").json["items"] == []
    body = {"person_id": world.people["helper"], "form_id": "blind", "entity_id": home, "reason": "补访"}
    assert world.phone("zhang").post("/assignments", body).status_code in (200, 201)
    world.run(lambda session: session.execute(update(Assignment).values(due=today() - timedelta(days=1))))
    seen = world.phone("zhang").get("/entities?concern=overdue").json["items"]
    assert [one["id"] for one in seen] == [home]


def test_what_the_village_answered_reaches_the_inspector_by_no_way(world: World) -> None:
    """Lists, feeds, exports, photos and single records: none shows the answers of the current round."""
    cadre = world.phone("li")
    inspection = drawn(world, region=QINGSHI, plan={"design": "census"})
    home = tasks(world, inspection)[0]["household"]["id"]
    sent = cadre.visit(home, head_name=SECRET, water_days="77", grade="C")
    cadre.send(sent)
    send(world, inspection, tasks(world, inspection))
    phone = world.phone("inspector")
    told = everything(phone, [inspection["id"]])
    assert home in told and sent["instance_id"] not in told
    assert '"77"' not in told and "house_grade" not in told
    closed = [
        f"/entities/{home}", f"/entities/{home}/history", f"/entities/{home}/contacts", f"/entities/{home}/places",
        f"/submissions/{sent['instance_id']}", f"/submissions/{sent['instance_id']}/answers.json",
        f"/inspections/{inspection['id']}/tasks", "/evidence", "/exports", f"/sync/digest?scope=region:{QINGSHI}",
        "/ogc/collections/household/items",
    ]  # fmt: skip
    for path in closed:
        answer = phone.get(path)
        assert answer.status_code in (403, 404) or SECRET not in answer.text, path
        assert answer.status_code in (401, 403, 404) or answer.json.get("items", []) == [], path
    asked = {"kind": "households", "format": "csv", "region": QINGSHI}
    assert phone.post("/exports", asked).status_code in (403, 404, 422)
    assert phone.pull(f"region:{QINGSHI}") == {"status": "gone"}
    tried = {(entry.subject, (entry.detail or {})["path"]) for entry in noted(world, "inspection.peeked")}
    assert {(home, f"/api/v1/entities/{home}"), (home, f"/api/v1/submissions/{sent['instance_id']}")} <= tried
    assert (inspection["id"], f"/api/v1/inspections/{inspection['id']}/tasks") in tried


def test_a_number_is_lent_masked_and_shown_once_to_who_is_to_call(world: World) -> None:
    inspection = drawn(world, form_ids=["call"])
    [task, *_] = [one for one in tasks(world, inspection) if one["household"]["label"].startswith("户")]
    send(world, inspection, [task])
    phone = world.phone("inspector")
    assert rows(world, phone)[task["household"]["id"]]["data"]["contact_phone"] == "199****2222"
    [errand] = entries(phone, own(world, "inspector"), "assignment")
    path = f"/assignments/{errand['id']}/number"
    assert phone.post(path, {"reason": ""}).status_code == 422 or phone.post(path, {"reason": ""}).status_code == 400
    assert phone.post(path, {"reason": "电话核对"}).json == {"number": "19900002222", "masked": "199****2222"}
    [entry] = noted(world, "inspection.number_shown")
    assert (entry.subject, (entry.detail or {})["reason"]) == (task["household"]["id"], "电话核对")
    assert world.phone("other").post(path, {"reason": "电话核对"}).status_code == 404
    for who in ("li", "admin", "auditor"):
        assert world.phone(who).post(path, {"reason": "电话核对"}).status_code == 403
    phone.send(filled(phone, task["household"]["id"], form_id="call"))
    tasks(world, inspection)
    assert phone.post(path, {"reason": "再看一次"}).status_code == 404


def test_a_number_of_a_visit_is_shown_to_nobody(world: World) -> None:
    inspection = drawn(world)
    send(world, inspection, tasks(world, inspection))
    phone = world.phone("inspector")
    errand = entries(phone, own(world, "inspector"), "assignment")[0]
    assert phone.post(f"/assignments/{errand['id']}/number", {"reason": "电话核对"}).status_code == 404


def test_a_household_is_given_up_only_after_tries_that_lie_apart(world: World) -> None:
    inspection = drawn(world)
    task = tasks(world, inspection)[0]
    home, path = task["household"]["id"], f"tasks/{task['id']}/give-up"
    send(world, inspection, [task])
    phone = world.phone("inspector")
    phone.send(*(tried(phone, home, soon(hours)) for hours in (0, 1, 2.5)))
    early = step(world, inspection, path, disposition="nobody", reason="敲门没人应")
    assert (early.status_code, early.json["code"]) == (422, "inspection.not_tried")
    assert "2 tries that count, 3 are wanted" in early.json["errors"][0]["why"]
    phone.send(tried(phone, home, soon(5)))
    done = step(world, inspection, path, disposition="nobody", reason="敲门没人应").json
    assert (done["state"], done["tries"], done["disposition"]) == ("done", 3, "nobody")
    assert rows(world, phone) == {} and entries(phone, own(world, "inspector"), "assignment") == []
    assert step(world, inspection, path, disposition="complete", reason="其实去过").json["code"] == "request.invalid"


def test_a_form_that_found_nobody_asks_for_another_call(world: World) -> None:
    inspection = drawn(world)
    task = tasks(world, inspection)[0]
    send(world, inspection, [task])
    phone = world.phone("inspector")
    home = task["household"]["id"]
    phone.send(filled(phone, home, "nobody"))
    again = next(one for one in tasks(world, inspection) if one["id"] == task["id"])
    assert (again["state"], again["tries"], again["instance_id"]) == ("sent", 1, None)
    assert [one["entity_id"] for one in entries(phone, own(world, "inspector"), "assignment")] == [home]
    assert set(rows(world, phone)) == {home}, "the household stays on loan for the next try"
    done = filled(phone, home)
    assert phone.send(done)[0]["status"] == "applied"
    [met] = [one for one in tasks(world, inspection) if one["id"] == task["id"]]
    assert (met["state"], met["disposition"], met["instance_id"]) == ("done", "complete", done["instance_id"])
    assert entries(phone, own(world, "inspector"), "assignment") == []


def test_somebody_else_goes_after_a_form_that_found_nobody(world: World) -> None:
    """Giving up too early is refused although a form came; the errand moves to the other inspector, with its tries."""
    inspection = drawn(world)
    task = tasks(world, inspection)[0]
    send(world, inspection, [task])
    phone = world.phone("inspector")
    phone.send(filled(phone, task["household"]["id"], "nobody"))
    early = step(world, inspection, f"tasks/{task['id']}/give-up", disposition="nobody", reason="没人")
    assert early.json["code"] == "inspection.not_tried"
    substitute = step(world, inspection, f"tasks/{task['id']}/substitute", reason="没人")
    assert substitute.json["code"] == "inspection.not_tried"
    send(world, inspection, [task], "other")
    assert set(rows(world, world.phone("other"), "other")) == {task["household"]["id"]}
    assert rows(world, phone) == {}


@pytest.mark.parametrize(("outcome", "state"), [("call_again", "sent"), ("given_up", "done")])
def test_calls_without_success_end_a_task_only_when_all_were_made(world: World, outcome: str, state: str) -> None:
    """The telephone form counts its own calls and keeps them apart: given up there, a reserve may stand in."""
    inspection = drawn(world, form_ids=["call"])
    task = tasks(world, inspection)[0]
    send(world, inspection, [task])
    phone = world.phone("inspector")
    done = filled(phone, task["household"]["id"], form_id="call")
    said = f"<outcome>{outcome}</outcome>"
    done["instance_xml"] = done["instance_xml"].replace("<disposition>complete</disposition>", said)
    assert phone.send(done)[0]["status"] == "applied"
    [found] = [one for one in tasks(world, inspection) if one["id"] == task["id"]]
    assert (found["state"], found["disposition"]) == (state, "nobody")
    answer = step(world, inspection, f"tasks/{task['id']}/substitute", reason="打不通")
    assert answer.status_code == (200 if state == "done" else 422)


def given_up(world: World, inspection: dict[str, Any], task: dict[str, Any]) -> dict[str, Any]:
    send(world, inspection, [task])
    phone = world.phone("inspector")
    phone.send(tried(phone, task["household"]["id"], soon(0), "all_away"))
    answer = step(world, inspection, f"tasks/{task['id']}/give-up", disposition="all_away", reason="全家在外地")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json
    return found


def record(world: World, inspection: dict[str, Any]) -> Any:
    return json.loads(world.phone("admin").get(f"/inspections/{inspection['id']}/files/draw.json").data)


def test_reserves_stand_in_by_the_order_of_their_tickets(world: World) -> None:
    """The first of the village first, then the second, then nobody; any other is refused and noted."""
    inspection = drawn(world, region=EAST)
    task = given_up(world, inspection, tasks(world, inspection)[0])
    first, second = [
        one["household_id"] for one in record(world, inspection)["reserves"] if one["village"] == task["village"]
    ]
    path = f"tasks/{task['id']}/substitute"
    wrong = step(world, inspection, path, reason="离得近", household_id=second)
    assert (wrong.status_code, wrong.json["code"]) == (422, "inspection.out_of_order")
    [entry] = noted(world, "inspection.refused")
    assert entry.detail == {"code": "inspection.out_of_order", "why": first}
    stands_in = step(world, inspection, path, reason="整户外出").json
    assert (stands_in["household"]["id"], stands_in["replaces"]) == (first, task["id"])
    assert stands_in["drawn"]["kind"] == "reserve"
    assert step(world, inspection, path, reason="整户外出").json["id"] == stands_in["id"]
    then = given_up(world, inspection, stands_in)
    third = step(world, inspection, f"tasks/{then['id']}/substitute", reason="整户外出").json
    assert third["household"]["id"] == second
    last = given_up(world, inspection, third)
    none = step(world, inspection, f"tasks/{last['id']}/substitute", reason="整户外出")
    assert (none.status_code, none.json["code"]) == (409, "inspection.no_reserve")
    states = {one["household"]["id"]: one["state"] for one in tasks(world, inspection)}
    assert (states[first], states[second]) == ("replaced", "done")


def test_a_household_that_was_reached_or_is_still_to_be_tried_is_not_replaced(world: World) -> None:
    inspection = drawn(world)
    one, other, *_ = tasks(world, inspection)
    send(world, inspection, [one, other])
    phone = world.phone("inspector")
    phone.send(filled(phone, one["household"]["id"]))
    codes = [
        step(world, inspection, f"tasks/{task['id']}/substitute", reason="换一户").json["code"] for task in (one, other)
    ]
    assert codes == ["inspection.reached", "inspection.not_tried"]


def test_two_who_replace_at_once_take_one_reserve(world: World) -> None:
    inspection = drawn(world)
    task = given_up(world, inspection, tasks(world, inspection)[0])
    desks = [world.phone("admin") for _ in range(3)]
    path = f"/inspections/{inspection['id']}/tasks/{task['id']}/substitute"
    answers = at_once([partial(desk.post, path, {"reason": "整户外出"}) for desk in desks])
    assert {one.status_code for one in answers} == {200} and len({one.json["id"] for one in answers}) == 1
    assert world.look(lambda session: session.query(InspectionTask).filter_by(replaces=task["id"]).count()) == 1


def test_closing_takes_back_what_is_still_out(world: World) -> None:
    inspection = drawn(world)
    send(world, inspection, tasks(world, inspection))
    assert step(world, inspection, "close").json["code"] == "inspection.state"
    step(world, inspection, "open")
    assert step(world, inspection, "close").json["tally"] == {"waiting": 4}
    phone = world.phone("inspector")
    assert rows(world, phone) == {}
    assert send(world, inspection, tasks(world, inspection)).json["code"] == "inspection.state"


def test_whoever_steers_is_reminded_of_an_inspection_that_nobody_closes(world: World) -> None:
    """From the day after the last planned one, until it is closed; the townships that it checks learn nothing."""
    inspection = drawn(world)
    late = "/inspections?unclosed=true"
    assert inspection["days_late"] == 0 and world.phone("admin").get(late).json["items"] == []
    ended = today() - timedelta(days=3)
    world.run(lambda session: session.execute(update(Inspection).values(starts_on=ended, ends_on=ended)))
    [told] = world.phone("admin").get(late).json["items"]
    assert (told["id"], told["days_late"], told["may_steer"]) == (inspection["id"], 3, True)
    assert world.phone("zhang").get(late).json["items"] == []
    step(world, inspection, "open")
    assert world.phone("admin").get(f"/inspections/{inspection['id']}").json["days_late"] == 3
    assert step(world, inspection, "close").json["days_late"] == 0
    assert world.phone("admin").get(late).json["items"] == []


def test_nobody_is_sent_for_a_day_that_is_over(world: World) -> None:
    """An errand for yesterday would reach the phone without its household; one that is sent late has a week more."""
    inspection = drawn(world)
    task, *_ = tasks(world, inspection)
    body = {"id": str(uuid.uuid4()), "task_ids": [task["id"]], "person_id": world.people["inspector"]}
    late = step(world, inspection, "tasks/send", **body, due=(today() - timedelta(days=1)).isoformat())
    assert (late.status_code, late.json["code"]) == (400, "request.invalid")
    world.run(lambda session: session.execute(update(Inspection).values(ends_on=today() - timedelta(days=3))))
    assert step(world, inspection, "tasks/send", **body).status_code == 200
    phone = world.phone("inspector")
    [errand] = entries(phone, own(world, "inspector"), "assignment")
    assert errand["due"] == (today() + timedelta(days=7)).isoformat()
    assert set(rows(world, phone)) == {task["household"]["id"]}


@pytest.mark.parametrize("said", [{"name_zh": "  "}, {"starts_on": "1999-01-01", "ends_on": "1999-01-02"}])
def test_an_inspection_has_a_name_and_days_to_come(world: World, said: dict[str, str]) -> None:
    known = planned(world)
    kept = {name: known[name] for name in ("id", "region", "starts_on", "ends_on", "form_ids", "plan")}
    body = {**kept, "name_zh": "抽查", "name_en": "", **said}
    for path in ("/inspections", f"/inspections/{known['id']}/plan"):
        answer = world.phone("admin").post(path, body | ({"id": str(uuid.uuid4())} if path == "/inspections" else {}))
        assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")


def test_a_team_has_inspectors_alone_and_sends_its_own(world: World) -> None:
    inspection = planned(world)
    team = str(uuid.uuid4())
    desk, path = world.phone("admin"), f"/inspections/{inspection['id']}/teams/{team}"
    assert desk.post(path, {"name": "一组", "members": [world.people["li"]]}).json["code"] == "inspection.no_inspector"
    made = desk.post(path, {"name": "一组", "members": [world.people["inspector"]]}).json
    assert [one["username"] for one in made["teams"][0]["members"]] == ["inspector"]


def test_a_team_has_its_villages_and_comes_past_the_households_in_one_walk(world: World) -> None:
    """A village has one team; who is sent of it goes in its order, and the phone's errands have the same order."""
    inspection = drawn(world, plan={"design": "census"})
    desk, path = world.phone("admin"), f"/inspections/{inspection['id']}"
    one, two = (str(uuid.uuid4()) for _ in range(2))
    body = {"name": "一组", "members": [world.people["inspector"]], "villages": [QINGSHI, BAITA]}
    assert desk.post(f"{path}/teams/{one}", body).status_code == 200
    desk.post(f"{path}/teams/{two}", {"name": "二组", "members": [world.people["other"]], "villages": [BAITA]})
    found = {row["name"]: row for row in desk.get(f"{path}/routes").json["items"]}
    assert {name: [v["region"] for v in row["villages"]] for name, row in found.items()} == {
        "一组": [QINGSHI], "二组": [BAITA], None: [LIUSHU],
    }  # fmt: skip
    stops = found["一组"]["stops"]
    ids = [id for stop in stops for id in stop["waiting"]]
    body = {"id": str(uuid.uuid4()), "task_ids": ids, "person_id": world.people["inspector"]}
    assert desk.post(f"{path}/tasks/send", body).status_code == 200
    errands = entries(world.phone("inspector"), own(world, "inspector"), "assignment")
    walk = [row["entity_id"] for row in sorted(errands, key=lambda row: row["stop"])]
    assert walk == [stop["household"]["id"] for stop in stops]
    [mine] = [row for row in desk.get(f"{path}/routes").json["items"] if row["id"] == one]
    assert {stop["person"]["username"] for stop in mine["stops"]} == {"inspector"} and not mine["stops"][0]["is_done"]
    assert world.phone("zhang").get(f"{path}/routes").status_code == 404


def test_tries_that_follow_too_soon_count_once() -> None:
    start = datetime.fromisoformat("2026-11-22T08:00:00+08:00")
    tries = [Try(start + timedelta(minutes=minute), "nobody") for minute in (0, 119, 121, 180, 250)]
    assert [one.at for one in counted(tries, timedelta(hours=2))] == [tries[0].at, tries[2].at, tries[4].at]
    assert counted([Try(start, "complete")], timedelta(hours=2)) == []


class Stop:
    def __init__(self, village: str, household: str) -> None:
        self.village_code, self.household_id = village, household


def test_a_route_goes_village_by_village_and_to_the_nearest_next() -> None:
    places = {"a": (108.0, 26.0), "b": (108.3, 26.0), "c": (108.1, 26.0), "d": (107.0, 26.0)}
    stops = [Stop("2", "d"), Stop("1", "b"), Stop("1", "x"), Stop("1", "a"), Stop("1", "c")]
    assert [one.household_id for one in in_order(stops, places)] == ["d", "a", "c", "b", "x"]
    nowhere = [Stop("0", "y"), *stops, Stop("3", "e")]
    walk = in_order(nowhere, places | {"e": (108.35, 26.0), "f": (108.9, 26.0)})
    assert [one.household_id for one in walk] == ["d", "a", "c", "b", "x", "e", "y"]
