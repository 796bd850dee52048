"""The results of an inspection as the desk reads them: right, blind, in time, and only for those who may."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.accounts.tables import AuditEntry
from server.db import now
from server.inspection.outcome import _drawn
from server.inspection.tables import Inspection, InspectionTask, SampledHousehold
from server.sync.tables import Submission
from tests.inspection.outcome_stage import INSPECTION, Home, add_inspection, add_spot_check, write
from tests.sync.office import add_person
from tests.world import BAITA, EAST, WEST, World, add_policies, build_world

PATH = f"/inspections/{INSPECTION}"
PATHS = [f"{PATH}/outcome", f"{PATH}/comparisons", f"{PATH}/comparisons/{Home('a').id}"]


@pytest.fixture
def world(app: Flask) -> World:
    made = build_world(app)
    add_person(made, "inspector", "inspector", None)
    add_person(made, "west", "supervisor", WEST)
    made.run(add_spot_check)
    made.run(add_policies)
    return made


def stage(world: World, *homes: Home, **more: Any) -> None:
    world.run(lambda session: add_inspection(session, world.people, homes, **more))


def read(world: World, path: str = "/outcome", by: str = "zhang") -> Any:
    answer = world.phone(by).get(PATH + path)
    assert answer.status_code == 200, answer.text
    return answer.json


def question(found: Any, name: str) -> Any:
    return next(one for one in found["errors"]["by_question"] if one["property"] == name)


def test_differences_are_counted_by_question_type_and_area(world: World) -> None:
    """Two of three say another number of people; income is within 15 %; a helper by another name differs."""
    stage(
        world,
        Home("a"),
        Home("b", {"people/n_people": "5", "support/helper_name": "不知道"}),
        Home("c", {"people/n_people": "2"}, village=BAITA),
    )
    found = read(world)
    people, wage = question(found, "household_size"), question(found, "wage_income")
    assert (people["differs"], people["checked"], people["labels"]["zh"]) == (2, 3, "家庭人口")
    assert (wage["within"], wage["differs"]) == (3, 0)
    assert question(found, "lead_helper")["differs"] == 1
    assert question(found, "assets")["not_asked"] == 3
    villages = {one["code"]: one["differs"] for one in found["errors"]["by_region"]}
    assert villages[EAST] == 3 and villages[BAITA] == 1
    kinds = {one["kind"]: one["type"] for one in found["errors"]["by_kind"]}
    assert kinds == {"fixed": 1, "stable": 2, "changing": 3}
    errors = next(one for one in found["indicators"] if one["code"] == "errors")
    assert (errors["count"], errors["base"]) == (3, found["errors"]["all"]["checked"])


def test_the_record_is_that_of_the_draw(world: World) -> None:
    """What the village corrected after the draw is no agreement."""
    home = Home("a", {"people/n_people": "5"})
    stage(world, home)
    world.run(lambda s: write(s, world.people["import"], "household", home.id, {"household_size": "5"}, now()))
    assert question(read(world), "household_size")["differs"] == 1


def test_of_several_houses_the_one_on_record_is_compared(world: World) -> None:
    home = Home("a", {"housing/site": "safe"})
    stage(world, home)
    author = world.people["import"]
    house = "99999999-9999-4999-8999-00000000000{}"

    def two_houses(session: Any) -> None:
        long_ago = now().replace(year=2025)
        for n, main in ((1, "yes"), (2, "no")):
            values = {"household": home.id, "is_main": main, "site_safety": "safe" if main == "yes" else "severe"}
            write(session, author, "dwelling", house.format(n), values, long_ago, parent=home.id)

    assert question(read(world), "site_safety")["not_comparable"] == 1
    world.run(two_houses)
    assert question(read(world), "site_safety")["agrees"] == 1


def test_indicators_come_with_intervals_limits_and_verdicts(world: World) -> None:
    stage(world, Home("a"), Home("b", {"living/food_enough": "no", "people/n_people": "2"}))
    found = {one["code"]: one for one in read(world)["indicators"]}
    incidence = found["incidence"]
    assert (incidence["count"], incidence["base"], incidence["limit"]) == (2, 5, 0.02)
    assert 0 < incidence["low"] < incidence["estimate"] < incidence["high"] <= 1
    assert incidence["rule"] == "national-2017" and incidence["says"]["zh"]
    assert found["recognition"]["verdict"] is None
    below = read(world)["below"]
    assert (below["households"], [one["code"] for one in below["reasons"]]) == (1, ["food"])


def test_a_door_that_stayed_shut_compares_nothing_and_is_told(world: World) -> None:
    stage(world, Home("a"), Home("b", disposition="refused"), Home("c", disposition="empty"))
    found = read(world)
    [form] = found["response"]
    assert form["dispositions"] == {"complete": 1, "refused": 1, "empty": 1}
    assert (form["answered"], form["rate"]) == (1, 0.5), "an empty house is no missing answer"
    assert question(found, "household_size")["checked"] == 1


def test_one_household_is_shown_side_by_side_and_the_reading_is_noted(world: World) -> None:
    home = Home("b", {"people/n_people": "5"})
    stage(world, Home("a"), home)
    listed = read(world, "/comparisons?differing=true&property=household%23household_size")
    assert [one["household"] for one in listed["items"]] == [home.id]
    found = read(world, f"/comparisons/{home.id}")
    [item] = [one for form in found["forms"] for one in form["items"] if one["property"] == "household_size"]
    assert (item["recorded"]["value"], item["found"]["value"], item["outcome"]) == ("3", "5", "differs")
    assert item["why"] == {"zh": "两次不一致。", "en": "The two differ."} and item["rule"] == "national-2026"
    grade = next(one for form in found["forms"] for one in form["items"] if one["property"] == "house_grade")
    assert grade["recorded"]["words"]["zh"].startswith("B")
    actions = world.look(lambda session: session.scalars(select(AuditEntry.action)).all())
    assert "inspection.comparison_read" in actions


def test_an_auditor_sees_outcomes_and_no_private_amount(world: World) -> None:
    home = Home("b", {"income/wage_income": "90000"})
    stage(world, home)
    found = read(world, f"/comparisons/{home.id}", by="auditor")
    [wage] = [one for form in found["forms"] for one in form["items"] if one["property"] == "wage_income"]
    assert wage["outcome"] == "differs"
    assert "58000" not in str(found) and "90000" not in str(found)
    assert found["label"] != "李小满"


def test_results_are_kept_until_no_visit_is_open_and_the_attempt_is_noted(world: World) -> None:
    """Who sees the first answers could sway the visits to come."""
    stage(world, Home("a"), Home("b", state="waiting", disposition="nobody"))
    zhang = world.phone("zhang")
    refused = [zhang.get(path) for path in PATHS]
    assert {(one.status_code, one.json["code"]) for one in refused} == {(409, "inspection.not_over")}
    noted = world.look(lambda session: session.scalars(
        select(AuditEntry.detail).where(AuditEntry.action == "inspection.refused")
    ).all())  # fmt: skip
    assert [one["code"] for one in noted] == ["inspection.not_over"] * 3
    assert (asked := zhang.post("/exports", {"kind": "inspection", "inspection": INSPECTION})).status_code == 409
    assert asked.json["code"] == "inspection.not_over"
    codes = select(AuditEntry.detail).where(AuditEntry.action == "inspection.refused")
    assert len(world.look(lambda session: session.scalars(codes).all())) == 4, "a report asked for early is noted too"
    world.run(lambda session: _close(session))
    assert {zhang.get(path).status_code for path in PATHS} == {200}


def _close(session: Any) -> None:
    session.get_one(Inspection, INSPECTION).state = "closed"


def test_village_inspectors_and_neighbours_see_nothing(world: World) -> None:
    """Neither the village learns the answers, nor the inspector the record, nor another area anything."""
    stage(world, Home("a"))
    for by, status in (("li", 403), ("inspector", 403), ("helper", 403), ("west", 404)):
        phone = world.phone(by)
        assert {phone.get(path).status_code for path in PATHS} == {status}, by


def test_a_household_that_a_reserve_stands_for_is_told_and_not_counted(world: World) -> None:
    stage(world, Home("a"), Home("b", disposition="nobody"))

    def replace(session: Any) -> None:
        task = session.scalars(select(InspectionTask).where(InspectionTask.disposition == "nobody")).one()
        task.state = "replaced"

    world.run(replace)
    [form] = read(world)["response"]
    assert (form["tasks"], form["replaced"]) == (1, {"nobody": 1})
    assert [one["household"] for one in read(world, "/comparisons")["items"]] == [Home("a").id]


def test_a_household_that_is_always_in_is_no_part_of_its_village_s_draw() -> None:
    """Its probability is 1 though its village was drawn with 1/2: one stage, certain, and not “twice as likely”."""
    kin = SampledHousehold(household_id="k", village_code="v", stratum="always", pi="1", weight="1")
    drawn = SampledHousehold(household_id="d", village_code="v", stratum="t", pi="1/20", weight="20")
    certain, usual = (_drawn(one, (), {"v": 0.5}) for one in (kin, drawn))
    assert (certain.psu, certain.psu_pi, certain.within) == ("k", 1.0, 1.0)
    assert (usual.psu, usual.psu_pi, usual.within) == ("v", 0.5, 0.1)


def test_answers_that_cannot_be_opened_are_compared_as_not_asked(world: World) -> None:
    stage(world, Home("a"), Home("b"))

    def damage(session: Any) -> None:
        session.scalars(select(Submission).where(Submission.root_id == Home("b").id)).one().instance_xml = "lost"

    world.run(damage)
    assert question(read(world), "household_size")["checked"] == 1


def test_pages_of_households_follow_each_other(world: World) -> None:
    stage(world, *(Home(name) for name in "abcde"))
    first = read(world, "/comparisons?limit=3")
    rest = read(world, f"/comparisons?limit=3&after={first['next']}")
    ids = [one["household"] for one in first["items"] + rest["items"]]
    assert len(set(ids)) == 5 and rest["next"] is None
    assert world.phone("zhang").get(f"{PATH}/comparisons?after=nothing").status_code == 400
