"""Corrections that run in a circle wait for ever, for a person: who lets them through, dismisses or reviews them."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from server.registry.tables import Head
from tests.sync.family import family, with_family
from tests.sync.test_corrections import no_conflicts, review, value
from tests.world import WANG, Phone, World


@pytest.fixture
def village(world: World) -> World:
    return with_family(world)


def itself(phone: Phone, days: str) -> dict[str, Any]:
    """A submission that names itself as the one it replaces."""
    op = family(phone, days=days)
    return _naming(op, op["instance_id"])


def circle(phone: Phone) -> list[dict[str, Any]]:
    """Two submissions that each name the other one."""
    first, second = family(phone, days="3"), family(phone, days="5")
    return [_naming(first, second["instance_id"]), _naming(second, first["instance_id"])]


def _naming(op: dict[str, Any], before: str) -> dict[str, Any]:
    text = op["instance_xml"].replace("</instanceID>", f"</instanceID><deprecatedID>{before}</deprecatedID>")
    return {**op, "instance_xml": text}


def open_values(village: World) -> set[str]:
    """What stands open of the days without water."""
    stands = select(Head).where(Head.entity_id == WANG, Head.key == "water_shortage_days", Head.closed_by.is_(None))
    heads = village.look(lambda session: session.scalars(stands.where(Head.withdrawn_at.is_(None))).all())
    return {head.value["water_shortage_days"] for head in heads}


def held(phone: Phone) -> dict[str, str]:
    return {item["op_id"]: item["waits_for"] for item in phone.get("/held").json["items"]}


def test_a_submission_that_corrects_itself_is_held_and_harms_no_neighbour(village: World) -> None:
    li, zhang = village.phone("li"), village.phone("zhang")
    op, other = itself(li, "5"), family(li, address="东头")
    assert [one["status"] for one in li.send(op, other)] == ["held", "applied"]
    assert li.send(op)[0]["status"] == "held", "sent again, nothing moves"
    assert held(zhang) == {op["op_id"]: f"instance:{op['instance_id']}"}
    assert (value(li), value(li, "address")) == ("20", "东头")


def test_a_supervisor_lets_a_submission_that_corrects_itself_through(village: World) -> None:
    """Then it is a submission like any other: shown, rejected and approved again."""
    li, zhang = village.phone("li"), village.phone("zhang")
    op = itself(li, "5")
    li.send(op)
    assert zhang.post(f"/held/{op['op_id']}/apply", {}).json["status"] == "applied"
    assert (value(li), held(zhang)) == ("5", {})
    shown = zhang.get(f"/submissions/{op['instance_id']}")
    assert (shown.status_code, shown.json["superseded_by"], shown.json["supersedes"]) == (200, None, None)
    review(zhang, op, "rejected")
    assert value(li) == "20"
    review(zhang, op, "approved")
    assert value(li) == "5"
    assert no_conflicts(zhang)


def test_a_supervisor_dismisses_a_submission_that_corrects_itself(village: World) -> None:
    li, zhang = village.phone("li"), village.phone("zhang")
    op = itself(li, "5")
    li.send(op)
    answer = zhang.post(f"/held/{op['op_id']}/dismiss", {"reason": "twice the same"})
    assert answer.status_code < 300, answer.text
    assert (value(li), held(zhang)) == ("20", {})
    (row,) = zhang.get("/quarantine?state=dismissed").json["items"]
    assert row["op_id"] == op["op_id"]
    assert op["instance_id"] in zhang.get(f"/quarantine/{row['id']}").json["raw"], "its bytes are kept"


@pytest.mark.parametrize("in_order", [True, False])
def test_two_corrections_of_each_other_are_both_held(village: World, in_order: bool) -> None:
    li, zhang = village.phone("li"), village.phone("zhang")
    both = circle(li)
    for op in both if in_order else reversed(both):
        assert li.send(op)[0]["status"] == "held"
    assert held(zhang).keys() == {op["op_id"] for op in both}
    assert value(li) == "20"


@pytest.mark.parametrize("place", [0, 1])
def test_letting_one_of_a_circle_through_releases_the_other_and_nothing_is_lost(village: World, place: int) -> None:
    """The one let through stands for itself; the other corrects it, as it says."""
    li, zhang = village.phone("li"), village.phone("zhang")
    both = circle(li)
    li.send(*both)
    one, other = both[place], both[1 - place]
    assert zhang.post(f"/held/{one['op_id']}/apply", {}).json["status"] == "applied"
    assert held(zhang) == {}
    assert [li.send(op)[0]["first"]["status"] for op in (one, other)] == ["applied", "applied"]
    assert value(li) == ("5" if place == 0 else "3")
    assert open_values(village) == {("5" if place == 0 else "3")}
    assert zhang.get(f"/submissions/{one['instance_id']}").json["superseded_by"] == other["instance_id"]
    for op in both:
        review(zhang, op, "rejected")
    assert value(li) == "20"
    for op in both:
        review(zhang, op, "approved")
    assert value(li) == ("5" if place == 0 else "3")
    assert no_conflicts(zhang)
    assert {zhang.get(f"/submissions/{op['instance_id']}").status_code for op in both} == {200}
    assert zhang.get(f"/entities/{WANG}/history").status_code == 200


def test_who_dismisses_one_of_a_circle_leaves_the_other_waiting(village: World) -> None:
    li, zhang = village.phone("li"), village.phone("zhang")
    both = circle(li)
    li.send(*both)
    zhang.post(f"/held/{both[0]['op_id']}/dismiss", {"reason": "a mistake"})
    assert held(zhang).keys() == {both[1]["op_id"]}
    assert zhang.post(f"/held/{both[1]['op_id']}/apply", {}).json["status"] == "applied"
    assert value(li) == "5"
