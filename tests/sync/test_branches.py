"""ODK Collect's offline branches, and ops of one install that arrive in another order than they were made."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.sync.test_resolution import head_with, open_conflict, resolution
from tests.world import BAITA, QINGSHI, WANG, Phone, World, named


def step(phone: Phone, branch: str, base: int, trunk: int | None = 1, **values: str) -> dict[str, Any]:
    """An update as Collect sends it: no envelope bases, the branch in the instance."""
    op = phone.visit(entities=..., **values)
    trunk_text = f' trunkVersion="{trunk}"' if trunk else ""
    attributes = f'update="1" baseVersion="{base}"{trunk_text} branchId="{branch}"'
    op["instance_xml"] = op["instance_xml"].replace('update="1"', attributes)
    return op


def value(phone: Phone, name: str = "water_shortage_days") -> Any:
    return phone.get(f"/entities/{WANG}").json["data"].get(name)


@pytest.fixture
def branch() -> str:
    return str(uuid.uuid4())


def test_untouched_values_that_collect_sends_again_write_nothing(world: World, branch: str) -> None:
    """The helper's newer value stands, although the second visit of the branch still carries what the first showed."""
    li, helper = world.phone("li"), world.phone("helper")
    li.send(step(li, branch, 1, head_name="王大山", grade="C"))
    helper.send(helper.visit(water_days="9"))
    (result,) = li.send(step(li, branch, 2, head_name="王大山", grade="C", water_days="20"))
    assert result["status"] == "applied"
    assert (value(li), value(li, "house_grade")) == ("9", "C")
    history = li.get(f"/entities/{WANG}/history").json["items"]
    assert [one["version"] for one in history] == [3, 2, 1]  # the second visit changed nothing


def test_a_branch_that_others_interrupted_goes_on_and_only_real_differences_are_disputed(
    world: World, branch: str
) -> None:
    li, helper = world.phone("li"), world.phone("helper")
    li.send(step(li, branch, 1, water_days="5"))
    assert helper.send(helper.visit(water_days="9"))[0]["status"] == "conflicted"
    (result,) = li.send(step(li, branch, 2, water_days="5", grade="C"))
    assert value(li, "house_grade") == "C"
    assert {head["value"] for head in open_conflict(li)["heads"]} == {"5", "9"}
    assert li.send(step(li, branch, 3, water_days="6", grade="C"))[0]["status"] == "conflicted"
    assert {head["value"] for head in open_conflict(li)["heads"]} == {"6", "9"}
    assert result["entities"][0]["version"] == 4


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)])
def test_steps_of_a_branch_in_any_order_end_the_same(world: World, branch: str, order: tuple[int, ...]) -> None:
    li = world.phone("li")
    ops = [step(li, branch, base, water_days=str(base)) for base in (1, 2, 3)]
    statuses = [li.send(ops[place])[0]["status"] for place in order]
    assert statuses[-1] == "applied"
    assert value(li) == "3"
    assert li.get("/conflicts").json["items"] == []
    assert world.phone("zhang").get("/held").json["items"] == []


def test_a_step_whose_predecessor_never_comes_is_let_through_by_a_person(world: World, branch: str) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    held = step(li, branch, 2, water_days="7")
    after = step(li, branch, 3, water_days="8")
    assert [one["status"] for one in li.send(held, after)] == ["held", "held"]
    assert zhang.post(f"/held/{held['op_id']}/apply", {}).json["status"] == "applied"
    assert value(li) == "8"


def test_a_trunk_newer_than_the_server_is_kept_and_the_record_untouched(world: World, branch: str) -> None:
    li = world.phone("li")
    (result,) = li.send(step(li, branch, 9, trunk=9, water_days="7"))
    assert (result["status"], result["code"]) == ("quarantined", "entity.base_unknown")
    assert value(li) == "20"


def test_an_own_change_back_counts_though_the_first_change_comes_later(world: World) -> None:
    """20 → 5 → 20 on one phone; the second op arrives alone, then the first: 20 stands, as in the order it was done."""
    li = world.phone("li")
    there = li.visit(water_days="5", base={"water_shortage_days": "20"})
    back = li.visit(entities=[named(WANG, 1, {"water_shortage_days": "5"})], water_days="20")
    assert li.send(back)[0]["status"] == "applied"
    li.send(there)
    assert value(li) == "20"
    assert li.get("/conflicts").json["items"] == []


def test_a_decision_reaches_an_author_whose_village_the_household_has_left(world: World) -> None:
    """Without any value: the record is no longer for that author's eyes."""
    li, helper, zhang = world.phone("li"), world.phone("helper"), world.phone("zhang")
    li.send(li.visit(water_days="5"))
    helper.send(helper.visit(water_days="9"))
    conflict = open_conflict(zhang)
    zhang.send(zhang.visit(village=BAITA, base_version=3))
    assert li.get(f"/entities/{WANG}").status_code == 404
    zhang.send(resolution(zhang, conflict, head_with(conflict, "9")["op_id"]))
    own = f"user:{world.people['li']}"
    (told,) = [entry for entry in li.pull(own)["entries"] if entry["type"] == "conflict"]
    assert (told["id"], told["state"], told["heads"]) == (conflict["id"], "resolved", [])
    assert "shown" not in told


def test_conflicts_are_listed_by_record_region_and_state_in_pages(world: World) -> None:
    li, helper, zhang = world.phone("li"), world.phone("helper"), world.phone("zhang")
    li.send(li.visit(water_days="5", grade="A", phone="1"))
    helper.send(helper.visit(water_days="9", grade="C", phone="2"))
    assert len(zhang.get(f"/conflicts?entity={WANG}&state=open").json["items"]) == 3
    assert len(zhang.get(f"/conflicts?region={QINGSHI}").json["items"]) == 3
    assert zhang.get(f"/conflicts?region={BAITA}").json["items"] == []
    first = zhang.get("/conflicts?limit=2").json
    second = zhang.get(f"/conflicts?limit=2&after={first['next']}").json
    assert len({one["id"] for page in (first, second) for one in page["items"]}) == 3
    assert second["next"] is None
