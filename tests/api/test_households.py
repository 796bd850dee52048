"""A household whole: as it stood, what it went through, and values shown for a reason; within one's area."""

from __future__ import annotations

import uuid
from typing import Any
from urllib.parse import quote

import pytest
from flask import Flask
from sqlalchemy import select

from server.accounts.tables import AuditEntry
from server.config import ROOT
from server.forms.policies import load_policies
from server.registry.tables import Entity
from server.sync import policies
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.record import Origin, RecordWrite
from tests.world import EAST, WANG, WANG_SON, WEST, ZHAO, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


def test_the_household_stands_as_it_was_before_a_visit_and_as_it_is_now(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    before = zhang.get(f"/entities/{WANG_SON}").json["updated_at"]
    li.send(li.visit(water_days="3"))
    now = zhang.get(f"/entities/{WANG}/whole").json
    then = zhang.get(f"/entities/{WANG}/whole?at={quote(before)}").json
    days = [one["household"]["data"]["water_shortage_days"] for one in (now, then)]
    assert days == ["3", "20"]
    assert [one["id"] for one in then["below"]] == [one["id"] for one in now["below"]] == [WANG_SON]
    assert zhang.get(f"/entities/{WANG}/whole?at=2001-01-01T00:00:00Z").status_code == 404


def test_the_time_line_tells_a_visit_with_all_records_that_it_changed(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    child = str(uuid.uuid4())
    op = li.visit(water_days="3", members=[(child, "1", "王小小")])
    op["entities"].append({"dataset": "member", "id": child, "base": {}})
    assert li.send(op)[0]["status"] == "applied"
    told = zhang.get(f"/entities/{WANG_SON}/timeline").json["items"]
    newest = told[0]
    assert (newest["instance_id"], newest["author"]["username"]) == (op["instance_id"], "li")
    assert next((one["dataset"], one["label"]) for one in newest["records"]) == ("household", "王大山")
    assert {"kind": "registered"} in next(one for one in newest["records"] if one["id"] == child)["happened"]
    first = zhang.get(f"/entities/{WANG}/timeline?limit=1").json
    rest = zhang.get(f"/entities/{WANG}/timeline?limit=100&after={first['next']}").json
    assert first["items"] + rest["items"] == told and rest["next"] is None


def test_who_left_for_another_household_stays_in_the_past_of_the_first(world: World) -> None:
    """Proves a split: the member is told of on both pages, and stands where he was at each time."""
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(water_days="3")
    li.send(op)
    world.run(lambda session: _move(session, WANG_SON))
    told = zhang.get(f"/entities/{WANG}/timeline").json["items"]
    moved = [one for item in told for record in item["records"] for one in record["happened"]]
    assert [one["from"] for one in moved if one["kind"] == "household_changed"] == [WANG]
    assert zhang.get(f"/entities/{WANG}/whole").json["below"] == []
    at = quote(next(item["at"] for item in told if item["instance_id"] == op["instance_id"]))
    assert [one["id"] for one in zhang.get(f"/entities/{WANG}/whole?at={at}").json["below"]] == [WANG_SON]


def _move(session: Any, member: str) -> None:
    other = str(uuid.uuid4())
    wang = session.get_one(Entity, WANG)
    made = Origin(str(uuid.uuid4()), wang.updated_by, "split", None)
    values = {"head_name": "王小山", "region": wang.region_code}
    apply_write(session, datasets()["household"], made, RecordWrite("household", other, values))
    base = session.get_one(Entity, member).version
    moved = RecordWrite("member", member, {"household": other}, base_version=base, parent=other)
    apply_write(session, datasets()["member"], made, moved)


@pytest.mark.parametrize("path", ["whole", "timeline"])
def test_a_foreign_household_is_unknown_as_one_that_never_was(world: World, path: str) -> None:
    zhang = world.phone("zhang")
    foreign, unknown = (zhang.get(f"/entities/{one}/{path}") for one in (ZHAO, str(uuid.uuid4())))
    assert foreign.status_code == unknown.status_code == 404
    assert {**foreign.json, "request_id": 0} == {**unknown.json, "request_id": 0}


def test_an_auditor_reads_the_past_masked(world: World) -> None:
    auditor = world.phone("auditor")
    told = auditor.get(f"/entities/{WANG}/timeline").text + auditor.get(f"/entities/{WANG}/whole").text
    assert "王大山" not in told and "王小山" not in told


def reveal(world: World, name: str, household: str, **body: Any) -> Any:
    return world.phone(name).post(f"/entities/{household}/reveal", {"properties": ["contact_phone"], **body})


def test_a_masked_value_is_shown_for_a_reason_and_written_down(world: World) -> None:
    li = world.phone("li")
    li.send(li.visit(phone="13900001234"))
    assert world.phone("zhang").get(f"/entities/{WANG}").json["data"]["contact_phone"] != "13900001234"
    shown = reveal(world, "zhang", WANG, reason="电话核实冲突")
    assert shown.json == {"values": {"contact_phone": "13900001234"}}
    assert shown.headers["Cache-Control"] == "no-store"
    (entry,) = world.look(
        lambda session: session.scalars(select(AuditEntry).where(AuditEntry.action == "record.revealed")).all()
    )
    assert (entry.subject, entry.detail) == (WANG, {"properties": ["contact_phone"], "reason": "电话核实冲突"})


def test_without_a_reason_outside_the_area_and_for_other_roles_nothing_is_shown(world: World) -> None:
    assert reveal(world, "zhang", WANG).status_code == 400
    assert reveal(world, "zhang", ZHAO, reason="why").status_code == 404
    assert [reveal(world, name, WANG, reason="why").status_code for name in ("auditor", "li")] == [403, 403]
    strange = world.phone("zhang").post(f"/entities/{WANG}/reveal", {"properties": ["nothing"], "reason": "why"})
    assert strange.status_code == 400


def test_unsafe_houses_are_a_list_of_the_own_area(world: World) -> None:
    li, zhao, zhang = world.phone("li"), world.phone("zhao"), world.phone("zhang")
    assert zhang.get("/entities?dataset=household&concern=house").json["items"] == []
    li.send(li.visit(grade="C"))
    zhao.send(zhao.visit(household=ZHAO, grade="C"))
    items = zhang.get("/entities?dataset=household&concern=house").json["items"]
    assert [one["id"] for one in items] == [WANG]


def test_the_overview_counts_what_its_lists_hold(world: World) -> None:
    """Proves that houses, water, late errands, open questions and unread visits of another township count nowhere."""
    li, zhao, zhang, admin = (world.phone(name) for name in ("li", "zhao", "zhang", "admin"))
    for phone, household in ((li, WANG), (zhao, ZHAO)):
        op = phone.visit(household=household, grade="D")
        phone.send(op)
        who = world.people["li" if household == WANG else "zhao"]
        errand = {
            "person_id": who,
            "form_id": "small_visit",
            "entity_id": household,
            "due": "2026-01-01",
            "reason": "r",
        }
        assert admin.post("/assignments", errand).status_code == 201
        assert admin.post(f"/submissions/{op['instance_id']}/questions", {"text": "?"}).status_code == 201
    counts = zhang.get(f"/overview?region={EAST}").json["area"]
    names = ("unsafe_houses", "unsafe_water", "overdue", "open_questions", "to_review", "households")
    assert [counts[name] for name in names] == [1, 0, 1, 1, 1, 1]
    late = zhang.get("/entities?dataset=household&concern=overdue").json["items"]
    assert [one["id"] for one in late] == [WANG]
    assert zhang.get(f"/overview?region={WEST}").status_code == 404


def test_policies_are_read_with_their_days_and_areas_by_who_answers_for_others(world: World) -> None:
    found = load_policies(ROOT / "form_definitions" / "policies")
    world.run(lambda session: policies.load(session, {"income": found["income"]}))
    (told,) = world.phone("zhang").get("/policies").json["items"]
    assert told["name"] == "income" and {one["name"] for one in told["values"]} >= {"monitoring_line"}
    starts = [(len(one["area"]), one["area"]) for one in told["versions"]]
    assert starts == sorted(starts) and len(starts) == len(found["income"].versions)
    assert world.phone("li").get("/policies").status_code == 403
