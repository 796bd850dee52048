"""Whoever is sent to see whether a finding was put right: what that phone gets, and may do without a network."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.inspection.tables import InspectionTask
from tests.inspection.finding_desk import (
    claim,
    in_a_week,
    look,
    refusals,
    send_look,
    staff,
    step_op,
    take,
    to_claimed,
)
from tests.inspection.outcome_stage import Home, add_inspection, add_spot_check
from tests.sync.office import entries, own
from tests.world import COUNTY, EAST, QINGSHI, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return staff(build_world(app))


def came(world: World, kind: str) -> list[dict[str, Any]]:
    """What the inspector's own feed brings of this kind."""
    return entries(world.phone("inspector"), own(world, "inspector"), kind)


def told(world: World) -> dict[str, Any]:
    return came(world, "finding")[-1]


def offered(world: World) -> list[str]:
    return [one["step"] for one in told(world)["offers"]]


def test_the_inspector_verifies_and_closes_from_the_phone(world: World) -> None:
    """Proves the way without a desk: the finding comes with what may be done, the check is named by its own visit."""
    finding = to_claimed(world)
    inspector = world.phone("inspector")
    assert came(world, "finding") == []
    assert send_look(world, finding).status_code == 201
    told_first = told(world)
    assert (told_first["side"], told_first["check"], told_first["steps"][-1]["step"]) == ("inspection", None, "claim")
    assert offered(world) == ["return", "verify"]
    [row] = inspector.send(step_op(inspector, finding, "verify"))
    assert (row["status"], row["code"], row["detail"]) == ("quarantined", "op.incomplete", "check")
    seen = look(world, inspector)
    [row] = inspector.send(step_op(inspector, finding, "verify", "都补好了", check=seen))
    assert row["status"] == "applied"
    assert (told(world)["check"], offered(world)) == ({"instance_id": seen, "verified": "yes"}, ["close"])
    assert inspector.send(step_op(inspector, finding, "close"))[0]["status"] == "applied"
    assert (told(world)["final"], offered(world)) == (True, [])
    assert refusals(world) == [("verify", "request.invalid")]


def test_what_was_not_put_right_goes_back_with_a_new_day_from_the_phone(world: World) -> None:
    finding = to_claimed(world)
    send_look(world, finding)
    inspector = world.phone("inspector")
    seen = look(world, inspector, "no")
    [row] = inspector.send(step_op(inspector, finding, "return", "只补了一半", check=seen, due="下周"))
    assert (row["status"], row["detail"]) == ("quarantined", "due")
    [row] = inspector.send(step_op(inspector, finding, "return", "只补了一半", check=seen, due=in_a_week()))
    assert row["status"] == "applied"
    village = entries(world.phone("li"), f"region:{QINGSHI}", "finding")[-1]
    assert (village["state"], village["due_on"], village["steps"][-1]["check"]) == ("rectifying", in_a_week(), seen)
    assert claim(world.phone("li"), finding)["status"] == "applied"
    assert offered(world) == ["return", "verify"]


def test_an_errand_that_is_taken_back_takes_the_finding_from_the_phone(world: World) -> None:
    finding = to_claimed(world)
    send_look(world, finding)
    [errand] = world.phone("qian").get(f"/findings/{finding['id']}").json["errands"]
    assert world.phone("zhang").post(f"/assignments/{errand['id']}/withdraw", {}).status_code == 200
    gone = [row for row in came(world, "eviction") if row["dataset"] == "finding"]
    assert [row["id"] for row in gone] == [finding["id"]]
    assert take(world, "inspector", finding, "return", text="没改", due=in_a_week()).status_code == 404


def test_who_is_still_to_visit_the_household_blind_is_not_sent_to_look(world: World) -> None:
    """The finding would show what the village did there; after the visit the same person may go."""
    finding = to_claimed(world)
    home = Home("wang", state="waiting")

    def stage(session: Any) -> None:
        add_spot_check(session)
        add_inspection(session, world.people, [home])
        task = session.scalars(select(InspectionTask)).one()
        task.household_id, task.person_id, task.state = finding["household"]["id"], world.people["inspector"], "sent"

    world.run(stage)
    zhang = world.phone("zhang")
    assert send_look(world, finding).json["code"] == "finding.blind"
    listed = zhang.get(f"/findings/{finding['id']}/checkers").json["items"]
    assert world.people["inspector"] not in [one["id"] for one in listed]
    world.run(lambda session: setattr(session.scalars(select(InspectionTask)).one(), "state", "done"))
    assert send_look(world, finding).status_code == 201


def test_an_inspector_learns_the_names_of_the_villages_where_households_are_on_loan_and_no_more(world: World) -> None:
    """No count, no boundary, no other village; the household says that it is on loan, and why in both languages."""
    inspector = world.phone("inspector")
    assert inspector.get("/regions").json["items"] == []
    send_look(world, to_claimed(world))
    items = inspector.get("/regions?geometry=1").json["items"]
    assert {EAST, COUNTY, QINGSHI} <= {one["code"] for one in items}
    assert all(one["above"] and "households" not in one and "geometry" not in one for one in items)
    villages = [one["code"] for one in items if one["level"] == "village"]
    assert villages == [QINGSHI]
    [home] = [row for row in came(world, "entity") if row["dataset"] == "household"]
    assert home["lent"] is True
    [errand] = came(world, "assignment")
    assert errand["reason"].startswith("整改复核") and errand["reason_en"].startswith("Look whether")
    [listed] = inspector.get("/assignments").json["items"]
    assert (listed["household"], listed["stop"]) == (home["label"], None)
    world.phone("zhang").post(f"/loans/{errand['id']}/end", {})
    [listed] = inspector.get("/assignments").json["items"]
    assert (listed["household"], inspector.get("/regions").json["items"]) == (None, [])
    assert (listed["region"], listed["region_names"]["zh"]) == (QINGSHI, "青石村")  # where one was is no secret
