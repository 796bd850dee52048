"""A policy changed from the desk: proposed, weighed against the records, put in force, taken back; never the past."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.accounts.tables import AuditEntry
from server.db import today
from server.forms.policy_rows import in_force
from server.forms.policy_store import policy_rows
from server.registry.tables import Entity
from server.sync.tables import Submission
from tests.policies.income_county import (
    WANG,
    ZHAO,
    more_households,
    proposal,
    propose,
    send_file,
    stage,
    visited,
    weigh,
)
from tests.world import EAST, LIUSHU, QINGSHI, WEST, Phone, World, _person, build_world


def tomorrow() -> date:
    """Asked anew by each test: a run of the whole suite may see midnight."""
    return today() + timedelta(days=1)


@pytest.fixture
def world(app: Flask) -> World:
    return stage(build_world(app))


def lines(told: Any) -> list[tuple[str, str, str, int]]:
    return [(one["name"], one["before"], one["after"], one["households"]) for one in told["effect"]["lines"]]


def line_of(world: World, region: str, day: Any) -> str:
    row = world.look(lambda session: in_force(policy_rows(session, "income"), region, day))
    return str(row["monitoring_line"])


def township_admin(world: World) -> Phone:
    world.people["deng"] = world.run(lambda session: _person(session, "deng", "admin", EAST))
    return world.phone("deng")


def test_a_change_tells_who_would_be_judged_otherwise_and_the_households_behind_each_number(world: World) -> None:
    """8,500 is near today and below with 9,000; 9,500 stays near, 500 stays below, and Qingshi is another township."""
    near, other = more_households(world, 2)
    for household, per_head, verdict in ((ZHAO, "8500", "near"), (near, "9500", "near"), (other, "500", "below")):
        visited(world, household, per_head, verdict)
    visited(world, WANG, "8500", "near", region=QINGSHI)
    desk = world.phone("admin")
    told = propose(desk, proposal()).json
    assert told["effect"]["state"] == "waiting"
    assert [(one["name"], one["before"], one["after"]) for one in told["differences"]] == [
        ("monitoring_line", "7500", "9000")
    ]
    weigh(world)
    told = desk.get(f"/policy-changes/{told['id']}").json
    assert lines(told) == [("income_verdict", "near", "below", 1)]
    assert (told["effect"]["state"], told["effect"]["households"], told["effect"]["total"]) == ("ready", 1, 3)
    (line,) = told["effect"]["lines"]
    assert line["before_labels"]["zh"] == "略高于监测收入线"
    page = desk.get(f"/policy-changes/{told['id']}/households?line={line['line']}").json
    assert [one["id"] for one in page["items"]] == [ZHAO]


def test_the_rules_that_read_the_policy_are_weighed_too(world: World) -> None:
    """A rule that asks about low wages finds more, once the wage is raised from which it asks no more."""
    household, *_ = more_households(world, 1)

    def wages(session: Any) -> None:
        entity = session.get_one(Entity, household)
        entity.values = {**entity.values, "wage_income": "2000"}

    world.run(wages)
    desk = world.phone("admin")
    told = propose(desk, proposal(policy="household_rules", values={"wage_income_least": "3000"})).json
    weigh(world)
    told = desk.get(f"/policy-changes/{told['id']}").json
    (line,) = told["effect"]["lines"]
    assert (line["kind"], line["before"], line["after"], line["households"]) == ("rule", "", "found", 1)
    assert line["labels"]["zh"]


def test_what_is_scheduled_holds_from_its_day_in_its_area_and_the_past_stands(world: World) -> None:
    visited(world, ZHAO, "8500", "near")
    before = world.look(lambda session: dict(session.get_one(Entity, ZHAO).values))
    desk = world.phone("admin")
    change = propose(desk, proposal()).json["id"]
    answer = desk.post(f"/policy-changes/{change}/schedule", {"reason": "县里今年的文件"})
    assert (answer.status_code, answer.json["state"], answer.json["begun"]) == (200, "scheduled", False)
    assert line_of(world, LIUSHU, today()) == "7500"
    assert line_of(world, LIUSHU, tomorrow()) == "9000"
    assert line_of(world, QINGSHI, tomorrow()) == "8000"
    assert world.look(lambda session: dict(session.get_one(Entity, ZHAO).values)) == before
    entries = world.look(
        lambda session: [
            (one.action, (one.detail or {}).get("reason"), one.person_id)
            for one in session.scalars(select(AuditEntry).where(AuditEntry.action == "policy.scheduled"))
        ]
    )
    assert entries == [("policy.scheduled", "县里今年的文件", world.people["admin"])]
    assert desk.post(f"/policy-changes/{change}/schedule", {"reason": "再按一次"}).json["state"] == "scheduled"


def test_phones_hear_of_what_is_scheduled_and_of_what_is_taken_back(world: World) -> None:
    li, desk = world.phone("li"), world.phone("admin")
    seen = li.pull("forms")["next"]
    change = propose(desk, proposal()).json["id"]
    assert li.pull("forms", seen)["entries"] == []
    desk.post(f"/policy-changes/{change}/schedule", {"reason": "文件"})
    (entry,) = li.pull("forms", seen)["entries"]
    assert entry["form_id"] == "small_income"
    first = entry["media"]
    desk.post(f"/policy-changes/{change}/withdraw", {"reason": "写错了"})
    (entry,) = li.pull("forms", li.pull("forms", seen)["next"] - 1)["entries"]
    assert entry["media"] != first
    assert line_of(world, LIUSHU, tomorrow()) == "7500"


def test_what_has_begun_is_not_taken_back(world: World) -> None:
    desk = world.phone("admin")
    change = propose(desk, proposal(start=today())).json["id"]
    assert desk.post(f"/policy-changes/{change}/schedule", {"reason": "文件"}).json["begun"] is True
    assert line_of(world, LIUSHU, today()) == "9000"
    refused = desk.post(f"/policy-changes/{change}/withdraw", {"reason": "不要了"})
    assert (refused.status_code, refused.json["code"]) == (409, "policy.state")
    assert line_of(world, LIUSHU, today()) == "9000"


@pytest.mark.parametrize(
    ("wrong", "where", "told"),
    [
        ({"start": "2026-01-01"}, "income", "已经过去"),
        ({"values": {"monitoring_line": "9千"}}, "values.monitoring_line", ""),
        ({"values": {"monitoring_line": "1"}}, "values.monitoring_line", "2000"),
        ({"values": {"monitoring_line": "20000"}}, "income", "risk_band_top"),
        ({"values": {"line": "9000"}}, "values.line", "line"),
    ],
)
def test_a_wrong_change_is_refused_with_where_why_and_what_to_do(
    world: World, wrong: dict[str, Any], where: str, told: str
) -> None:
    answer = propose(world.phone("admin"), proposal(**wrong))
    assert (answer.status_code, answer.json["code"]) == (422, "policy.invalid")
    (fault, *_) = answer.json["errors"]
    assert where in fault["where"]
    assert told in fault["why"]
    assert fault["fix"]


def test_the_same_put_again_is_one_draft_and_another_content_replaces_it(world: World) -> None:
    desk, change = world.phone("admin"), str(uuid.uuid4())
    propose(desk, proposal(), change)
    weigh(world)
    assert propose(desk, proposal(), change).json["effect"]["state"] == "ready"
    told = propose(desk, proposal(values={"monitoring_line": "9500"}), change).json
    assert (told["effect"]["state"], told["values"]) == ("waiting", {"monitoring_line": "9500"})
    assert len(desk.get("/policy-changes").json["items"]) == 1
    desk.post(f"/policy-changes/{change}/schedule", {"reason": "文件"})
    late = propose(desk, proposal(values={"monitoring_line": "9900"}), change)
    assert (late.status_code, late.json["code"]) == (409, "policy.state")


def test_administrators_change_policies_in_their_own_area_only(world: World) -> None:
    deng, admin = township_admin(world), world.phone("admin")
    for area in (WEST[:6], "9901", "", "41", "990199"):
        refused = propose(deng, proposal(area=area))
        assert refused.status_code in (400, 422), area
        assert deng.get(f"/policies/income/sheet.csv?area={area}").status_code in (400, 422), area
    foreign = propose(admin, proposal()).json["id"]
    for change in (foreign, str(uuid.uuid4())):
        for answer in (
            deng.get(f"/policy-changes/{change}"),
            deng.get(f"/policy-changes/{change}/households"),
            deng.post(f"/policy-changes/{change}/weigh", {}),
            deng.post(f"/policy-changes/{change}/schedule", {"reason": "文件"}),
            deng.post(f"/policy-changes/{change}/withdraw", {"reason": "文件"}),
        ):
            assert (answer.status_code, answer.json["code"]) == (404, "record.not_found")
    assert propose(deng, proposal(area=EAST[:6]), foreign).status_code == 404
    assert deng.get("/policy-changes").json["items"] == []
    assert propose(deng, proposal(area=EAST[:6])).status_code == 200
    assert propose(world.phone("zhang"), proposal()).status_code == 403


def test_two_changes_do_not_begin_on_one_day_in_one_area(world: World) -> None:
    desk = world.phone("admin")
    first, second = (propose(desk, proposal(values={"monitoring_line": text})).json["id"] for text in ("9000", "9100"))
    assert desk.post(f"/policy-changes/{first}/schedule", {"reason": "文件"}).status_code == 200
    refused = desk.post(f"/policy-changes/{second}/schedule", {"reason": "文件"})
    assert (refused.status_code, refused.json["code"]) == (422, "policy.invalid")
    assert desk.get(f"/policy-changes/{second}").json["obstacles"]


def test_a_draft_that_says_something_else_meanwhile_stops_its_weighing(world: World, monkeypatch: Any) -> None:
    """What the older run found is not written below the newer draft."""
    from server.policies import weigh_job

    visited(world, ZHAO, "8500", "near")
    desk, change = world.phone("admin"), str(uuid.uuid4())
    propose(desk, proposal(), change)
    real = weigh_job.weigh

    def meanwhile(*given: Any) -> Any:
        monkeypatch.setattr(weigh_job, "weigh", real)
        found = real(*given)
        given[0].rollback()
        propose(desk, proposal(values={"monitoring_line": "8000"}), change)
        return found

    monkeypatch.setattr(weigh_job, "weigh", meanwhile)
    weigh(world)
    assert desk.get(f"/policy-changes/{change}").json["effect"]["state"] == "waiting"
    weigh(world)
    assert lines(desk.get(f"/policy-changes/{change}").json) == []


YAML = """
name: income
versions:
  - {id: county_2027, area: "990101", from: 2027-01-01, status: confirmed, source: 甲, values: {monitoring_line: 9000}}
"""


def test_a_file_is_read_into_a_draft_and_its_mistakes_are_told_by_line(world: World) -> None:
    desk = world.phone("admin")
    read = send_file(desk, "income", "income.yaml", YAML.encode()).json
    assert (read["area"], read["from"], read["values"]) == ("990101", "2027-01-01", {"monitoring_line": "9000"})
    wrong = send_file(desk, "income", "income.yaml", YAML.replace("9000", "许多").encode())
    assert (wrong.status_code, wrong.json["code"]) == (422, "policy.invalid")
    assert "第4行" in wrong.json["errors"][0]["where"]
    sheet = desk.get("/policies/income/sheet.csv?area=990101").data
    changed = sheet.decode("utf-8-sig").replace(",8000", ",9000").encode("gb18030")
    read = send_file(desk, "income", "收入.csv", changed).json
    assert read["values"]["monitoring_line"] == "9000"
    assert send_file(desk, "income", "income.csv", b"a,b\n1,2\n").json["code"] == "policy.invalid"
    assert send_file(desk, "income", "income.pdf", b"%PDF").json["code"] == "policy.invalid"


def test_a_visit_after_the_day_is_judged_by_the_new_line_and_one_before_by_the_old(world: World) -> None:
    """The server judges each visit by the row of its own day: what the phone said otherwise is pointed at."""
    desk = world.phone("admin")
    change = propose(desk, proposal(start=today())).json["id"]
    desk.post(f"/policy-changes/{change}/schedule", {"reason": "文件"})
    first, second = more_households(world, 2)
    yesterday = (today() - timedelta(days=1)).isoformat()
    for household, day, verdict in ((first, today().isoformat(), "below"), (second, yesterday, "near")):
        assert visited(world, household, "8500", verdict, day=day)["status"] == "applied"

    def wrong(session: Any) -> dict[str, list[str]]:
        rows = session.scalars(select(Submission).where(Submission.form_id == "small_income"))
        return {row.root_id: [one["path"] for one in row.findings if one["path"] == "/data/verdict"] for row in rows}

    assert world.look(wrong) == {first: [], second: []}
    third, fourth = more_households(world, 2)
    visited(world, third, "8500", "near", day=today().isoformat())
    visited(world, fourth, "8500", "below", day=yesterday)
    told = world.look(wrong)
    assert told[third] and told[fourth]


def test_a_version_in_force_is_ended_on_a_day_weighed_and_taken_back_before_it(world: World) -> None:
    """From that day on the wider area's line holds again; what was judged before keeps its version."""
    desk = world.phone("admin")
    first = propose(desk, proposal(start=today())).json
    desk.post(f"/policy-changes/{first['id']}/schedule", {"reason": "文件"})
    visited(world, ZHAO, "8500", "below", day=today().isoformat())
    end = {"policy": "income", "ends": first["version"], "from": tomorrow().isoformat()}
    told = propose(desk, end).json
    assert (told["ends"], told["area"], told["values"]) == (first["version"], WEST[:6], {})
    assert [(one["before"], one["after"]) for one in told["differences"]] == [("9000", "7500")]
    weigh(world)
    told = desk.get(f"/policy-changes/{told['id']}").json
    assert lines(told) == [("income_verdict", "below", "near", 1)]
    assert desk.post(f"/policy-changes/{told['id']}/schedule", {"reason": "文件作废"}).json["state"] == "scheduled"
    assert propose(desk, end, told["id"]).json["state"] == "scheduled"  # a lost answer, sent again
    assert (line_of(world, LIUSHU, today()), line_of(world, LIUSHU, tomorrow())) == ("9000", "7500")
    (kept,) = (one for one in desk.get("/policies").json["items"] if one["name"] == "income")
    assert {one["until"] for one in kept["versions"] if one["id"] == first["version"]} == {tomorrow().isoformat()}
    assert desk.post(f"/policy-changes/{told['id']}/withdraw", {"reason": "看错了"}).json["state"] == "withdrawn"
    assert line_of(world, LIUSHU, tomorrow()) == "9000"


def test_an_end_is_refused_for_a_past_day_a_version_of_a_file_and_a_foreign_area(world: World) -> None:
    desk, deng = world.phone("admin"), township_admin(world)
    first = propose(desk, proposal(start=today())).json
    end = {"policy": "income", "ends": first["version"], "from": tomorrow().isoformat()}
    assert propose(desk, end).status_code == 404  # a draft ends by being withdrawn
    desk.post(f"/policy-changes/{first['id']}/schedule", {"reason": "文件"})
    for day in (today(), today() - timedelta(days=1)):
        refused = propose(desk, end | {"from": day.isoformat()})
        assert (refused.status_code, refused.json["code"]) == (422, "policy.invalid")
    of_file = next(one["id"] for one in desk.get("/policies").json["items"][0]["versions"])
    assert propose(desk, end | {"ends": of_file}).status_code == 404
    assert propose(deng, end).status_code in (400, 404, 422)
    assert propose(desk, {"policy": "income", "from": tomorrow().isoformat()}).status_code in (400, 422)
