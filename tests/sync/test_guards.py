"""Guards that no other test stood for: found by the mutation list."""

from __future__ import annotations

from server.sync.tables import OpLog
from tests.sync.test_published_bugs_merge import heads
from tests.world import BAITA, LIUSHU, WANG, WANG_SON, ZHAO, World


def test_an_op_waits_for_its_author_s_own_ops_only(world: World) -> None:
    """`depends_on` names an op of somebody else: it tells nothing about it, so it waits as for an unknown one."""
    li, zhao = world.phone("li"), world.phone("zhao")
    foreign = zhao.visit(ZHAO, water_days="3")
    assert zhao.send(foreign)[0]["status"] == "applied"
    [result] = li.send(li.visit(water_days="4", depends_on=[foreign["op_id"]]))
    assert (result["status"], result["detail"]) == ("held", foreign["op_id"])


def test_what_was_set_aside_elsewhere_is_nobody_s_business(world: World) -> None:
    """A supervisor of the east neither sees nor decides what was set aside in the west."""
    zhao, zhang, admin = world.phone("zhao"), world.phone("zhang"), world.phone("admin")
    xml = (op := zhao.visit(ZHAO, water_days="3"))["instance_xml"].replace('version="1"', 'version="9"')
    assert zhao.send({**op, "form_version": "9", "instance_xml": xml})[0]["status"] == "quarantined"
    (row,) = admin.get("/quarantine").json["items"]
    assert row["region"] == LIUSHU
    assert zhang.get("/quarantine").json["items"] == []
    assert zhang.post(f"/quarantine/{row['id']}/dismiss", {"reason": "not mine"}).status_code == 404


def test_a_helper_keeps_a_household_that_moves(world: World) -> None:
    """The eviction is told before the rows: who has a claim still ends with the household, not without it."""
    helper, zhang = world.phone("helper"), world.phone("zhang")
    scope = f"user:{world.people['helper']}"
    after = helper.pull(scope)["next"]
    zhang.send(zhang.visit(village=BAITA))
    types = {entry["id"]: entry["type"] for entry in helper.pull(scope, after)["entries"] if "id" in entry}
    assert (types[WANG], types[WANG_SON]) == ("entity", "entity")


def test_an_edit_closes_only_what_was_shown(world: World) -> None:
    """Two values are open, one of them is on screen: an ordinary edit answers that one, the other stays."""
    li, helper, zhang = world.phone("li"), world.phone("helper"), world.phone("zhang")
    for phone, days in ((li, "31"), (helper, "32")):
        phone.send(phone.visit(water_days=days))
    third = world.phone("li")
    [result] = third.send(third.visit(water_days="33", base_version=3))
    assert heads(world) == {"32", "33"}
    assert result["status"] == "conflicted"
    assert len(zhang.get("/conflicts?state=open").json["items"]) == 1


def test_an_op_that_overtook_its_predecessor_stays_the_later_one(world: World) -> None:
    """One phone's second visit arrives before its first: the order of its numbers counts, not that of arrival."""
    phone = world.phone("li")
    first, second = phone.visit(water_days="31"), phone.visit(water_days="32")
    assert [phone.send(op)[0]["status"] for op in (second, first)] == ["applied", "applied"]
    assert heads(world) == {"32"}


def test_a_version_that_never_was_is_no_base(world: World) -> None:
    """A phone that claims to have seen version 9 of a record that stands at 1 is not believed: a person looks."""
    phone = world.phone("li")
    op = phone.visit(water_days="31", base_version=9)
    [result] = phone.send(op)
    assert (result["status"], result["code"]) == ("quarantined", "entity.base_unknown")
    assert heads(world) == {"20"}
    assert world.look(lambda s: s.get_one(OpLog, op["op_id"]).status) == "quarantined"
