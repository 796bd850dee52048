"""Reading what the cleaning rules find: in one household now, in an area after a run; each in the reader's own area."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from flask import Flask

from server.config import ROOT
from server.registry.tables import Entity
from server.sync.rule_runs import run_rules
from tests.world import COUNTY, EAST, LIUSHU, QINGSHI, WANG, WANG_SON, WEST, ZHAO, World, add_policies, build_world

FORMS = ROOT / "form_definitions"


@pytest.fixture
def world(app: Flask) -> World:
    made = build_world(app)
    made.run(add_policies)
    made.run(_spoil)
    return made


def _spoil(session: Any) -> None:
    son, zhao = session.get_one(Entity, WANG_SON), session.get_one(Entity, ZHAO)
    son.values = {**son.values, "health": "disabled", "relation": "02"}
    zhao.values = {**zhao.values, "household_category": "sudden_hardship"}


def judge(world: World) -> None:
    with world.app.app_context():
        run_rules(FORMS, COUNTY, date(2026, 6, 30), lambda done, total: None)


def findings(world: World, person: str, **asked: str) -> list[dict[str, Any]]:
    """All pages."""
    phone, items, after = world.phone(person), [], None
    while True:
        more = {**asked, **({"after": after} if after else {})}
        query = "&".join(f"{name}={value}" for name, value in more.items())
        page = phone.get(f"/rule-findings?limit=3&{query}").json
        items += page["items"]
        after = page["next"]
        if after is None:
            return items


def rules_of(items: list[dict[str, Any]]) -> set[str]:
    return {item["rule"] for item in items}


def test_a_household_is_judged_as_it_is_now(world: World) -> None:
    """Without any run; with what to look at and what to do, and no value."""
    answer = world.phone("li").get(f"/entities/{WANG}/rules").json
    found = {item["rule"]: item for item in answer["items"]}
    assert {"house_area_missing", "disabled_without_certificate"} <= set(found)
    one = found["disabled_without_certificate"]
    assert one["entity"] == {"dataset": "member", "id": WANG_SON, "label": "王小山"}
    assert one["message"]["zh"] == "健康状况是残疾，没有登记残疾人证。" and one["severity"] == "soft"
    assert {"dataset": "member", "name": "health", "labels": {"zh": "健康状况", "en": "Health"}} in one["properties"]


@pytest.mark.parametrize("person", ["bai", "zhao"])
def test_a_foreign_household_is_as_unknown(world: World, person: str) -> None:
    answer = world.phone(person).get(f"/entities/{WANG}/rules")
    assert (answer.status_code, answer.json["code"]) == (404, "record.not_found")
    assert world.phone("li").get(f"/entities/{WANG_SON}/rules").status_code == 404, "a member is no household"


def test_findings_are_read_in_ones_own_area_only(world: World) -> None:
    judge(world)
    assert {item["household"]["id"] for item in findings(world, "zhang")} == {WANG}
    assert {item["household"]["id"] for item in findings(world, "admin")} == {WANG, ZHAO}
    assert {item["household"]["id"] for item in findings(world, "admin", region=WEST)} == {ZHAO}
    assert findings(world, "zhang", region=WEST) == []
    refused = world.phone("li").get("/rule-findings")
    assert (refused.status_code, refused.json["code"]) == (403, "auth.forbidden")


def test_findings_are_narrowed_and_paged(world: World) -> None:
    judge(world)
    everything = findings(world, "admin")
    assert len({item["id"] for item in everything}) == len(everything) > 6
    assert rules_of(findings(world, "admin", rule="house_area_missing")) == {"house_area_missing"}
    hard = findings(world, "admin", severity="hard")
    assert hard and {item["severity"] for item in hard} == {"hard"}
    assert {item["household"]["id"] for item in findings(world, "admin", household=ZHAO)} == {ZHAO}
    assert world.phone("admin").get("/rule-findings?severity=worst").status_code == 400


def test_what_is_settled_is_read_as_closed(world: World) -> None:
    judge(world)

    def settle(session: Any) -> None:
        wang = session.get_one(Entity, WANG)
        wang.values = {**wang.values, "house_area": "80"}

    world.run(settle)
    judge(world)
    assert "house_area_missing" not in rules_of(findings(world, "zhang"))
    (closed,) = findings(world, "zhang", state="closed")
    assert closed["rule"] == "house_area_missing" and closed["closed_at"]
    assert "house_area_missing" in rules_of(findings(world, "zhang", state="all"))


def test_who_reads_masked_is_not_told_what_that_reader_may_not_see(world: World) -> None:
    """An auditor sees names in part, and no finding that would tell of somebody's health or ID number."""
    judge(world)
    items = findings(world, "auditor")
    assert "house_area_missing" in rules_of(items)
    assert rules_of(items).isdisjoint({"disabled_without_certificate", "id_number_missing"})
    assert {item["household"]["label"] for item in items} == {"王*山", "赵*河"}
    assert findings(world, "auditor", rule="disabled_without_certificate") == []
    now = world.phone("auditor").get(f"/entities/{WANG}/rules").json["items"]
    assert now and rules_of(now).isdisjoint({"disabled_without_certificate", "id_number_missing"})


def test_the_summary_counts_households_by_rule_and_village(world: World) -> None:
    judge(world)
    items = world.phone("admin").get(f"/rule-findings/summary?region={COUNTY}").json["items"]
    (area,) = [item for item in items if item["rule"] == "house_area_missing"]
    assert area["households"] == 2
    assert [(one["region"], one["names"]["zh"], one["households"]) for one in area["villages"]] == [
        (QINGSHI, "青石村", 1),
        (LIUSHU, "柳树村", 1),
    ]
    east = world.phone("zhang").get(f"/rule-findings/summary?region={EAST}").json["items"]
    assert {one["region"] for item in east for one in item["villages"]} == {QINGSHI}


def test_rules_come_with_all_that_a_phone_needs(world: World) -> None:
    li = world.phone("li")
    answer = li.get("/rules")
    assert {"version", "groups", "rules", "shape", "xform", "policies"} <= set(answer.json)
    assert answer.json["policies"]["household_rules"] and "measure" in answer.json["shape"]["below"]
    assert "contact" not in answer.json["policies"], "only what the rules read"
    again = li.client.get("/api/v1/rules", headers={**li.headers, "If-None-Match": answer.headers["ETag"]})
    assert again.status_code == 304
