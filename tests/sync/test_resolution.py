"""A person decides a conflict: by op and by HTTP, in time and too late; who decided stays for ever."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from server.geo.tables import Region
from tests.sync.quarrel import begin_quarrel, open_conflict
from tests.world import BAITA, QINGSHI, WANG, Phone, World


@pytest.fixture
def quarrel(world: World) -> tuple[Phone, Phone, Phone]:
    return begin_quarrel(world)


def resolution(phone: Phone, conflict: Any, choose: str, **more: Any) -> dict[str, Any]:
    return {
        "op_id": str(uuid.uuid4()),
        "install_id": phone.install_id,
        "seq": 1,
        "kind": "resolution",
        "conflict_id": conflict["id"],
        "choose": choose,
        "reason": "asked the household again",
        "seen": [head["op_id"] for head in conflict["heads"]],
        **more,
    }


def head_with(conflict: Any, value: str) -> Any:
    return next(head for head in conflict["heads"] if head["value"] == value)


def test_a_conflict_shows_both_values_with_authors_visits_and_places(quarrel: tuple[Phone, ...]) -> None:
    conflict = open_conflict(quarrel[2])
    assert conflict["properties"] == ["water_shortage_days"]
    assert conflict["shown"] == "5"
    mine, theirs = head_with(conflict, "5"), head_with(conflict, "9")
    assert (mine["author"]["username"], theirs["author"]["username"]) == ("li", "helper")
    assert mine["visit"]["contact_mode"] == "in_person"
    assert mine["location"]["lon"] == "108.10010"
    assert mine["role"] == "cadre"


def test_the_chosen_value_is_shown_and_the_decision_is_kept(quarrel: tuple[Phone, ...]) -> None:
    zhang = quarrel[2]
    conflict = open_conflict(zhang)
    (result,) = zhang.send(resolution(zhang, conflict, head_with(conflict, "9")["op_id"]))
    assert result["status"] == "applied"
    assert zhang.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == "9"
    ended = zhang.get(f"/conflicts/{conflict['id']}").json
    assert ended["state"] == "resolved"
    assert ended["resolution"]["how"] == "chosen"
    assert ended["resolution"]["author"]["username"] == "zhang"
    assert ended["resolution"]["reason"] == "asked the household again"
    assert {head["value"] for head in ended["heads"]} >= {"5", "9"}


def test_another_value_may_be_decided(quarrel: tuple[Phone, ...]) -> None:
    zhang = quarrel[2]
    conflict = open_conflict(zhang)
    body = {"choose": "value", "value": "7", "reason": "measured", "seen": [h["op_id"] for h in conflict["heads"]]}
    answer = zhang.post(f"/conflicts/{conflict['id']}/resolve", body)
    assert (answer.status_code, answer.json["status"]) == (200, "applied")
    assert zhang.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == "7"


def test_a_value_that_was_not_on_screen_stays_open(world: World, quarrel: tuple[Phone, ...]) -> None:
    zhang = quarrel[2]
    conflict = open_conflict(zhang)
    third = world.phone("li")
    third.send(third.visit(water_days="12"))
    (result,) = zhang.send(resolution(zhang, conflict, head_with(conflict, "9")["op_id"]))
    assert result["status"] == "conflicted"
    assert {head["value"] for head in open_conflict(zhang)["heads"]} == {"9", "12"}


def test_two_decisions_that_differ_are_a_conflict_again(world: World, quarrel: tuple[Phone, ...]) -> None:
    """A decision made offline that comes after another one neither wins nor vanishes."""
    zhang, admin = quarrel[2], world.phone("admin")
    conflict = open_conflict(zhang)
    zhang.send(resolution(zhang, conflict, head_with(conflict, "9")["op_id"]))
    (late,) = admin.send(resolution(admin, conflict, head_with(conflict, "5")["op_id"]))
    assert late["status"] == "conflicted"
    assert {head["value"] for head in open_conflict(zhang)["heads"]} == {"5", "9"}


def test_the_same_decision_twice_is_one(quarrel: tuple[Phone, ...]) -> None:
    zhang = quarrel[2]
    conflict = open_conflict(zhang)
    op = resolution(zhang, conflict, head_with(conflict, "9")["op_id"])
    version = zhang.send(op)[0]["entities"][0]["version"]
    (again,) = zhang.send(op)
    assert again["status"] == "duplicate"
    assert again["entities"][0]["version"] == version


def test_what_stood_there_before_they_differed_is_not_chosen(quarrel: tuple[Phone, ...]) -> None:
    """Nobody has it on screen: both had replaced it."""
    zhang = quarrel[2]
    conflict, first = open_conflict(zhang), zhang.get(f"/entities/{WANG}/history").json["items"][-1]
    (result,) = zhang.send(resolution(zhang, conflict, first["op_id"]))
    assert (result["status"], result["code"]) == ("quarantined", "resolution.value_unknown")
    assert open_conflict(zhang)["id"] == conflict["id"]


def test_later_work_that_saw_the_decision_replaces_it_quietly(quarrel: tuple[Phone, ...]) -> None:
    li, _, zhang = quarrel
    conflict = open_conflict(zhang)
    version = zhang.send(resolution(zhang, conflict, head_with(conflict, "9")["op_id"]))[0]["entities"][0]["version"]
    assert li.send(li.visit(base_version=version, water_days="2"))[0]["status"] == "applied"


def test_the_decision_reaches_both_authors(quarrel: tuple[Phone, ...], world: World) -> None:
    """The helper hears of it through the own feed, the cadre through the village's too."""
    li, helper, zhang = quarrel
    conflict = open_conflict(zhang)
    zhang.send(resolution(zhang, conflict, head_with(conflict, "9")["op_id"]))
    own = [(phone, f"user:{world.people[name]}") for phone, name in ((li, "li"), (helper, "helper"))]
    for phone, scope in [*own, (li, f"region:{QINGSHI}")]:
        (told,) = [entry for entry in phone.pull(scope)["entries"] if entry["type"] == "conflict"]
        assert (told["id"], told["state"]) == (conflict["id"], "resolved")


def test_two_telephone_numbers_are_told_apart_on_the_phones_that_have_the_household_whole(world: World) -> None:
    """Their middle may be all that differs. A list at a desk shows them in part, and a check sees none."""
    li, helper = world.phone("li"), world.phone("helper")
    li.send(li.visit(phone="19900019858"))
    helper.send(helper.visit(phone="19912349858"))
    scopes = [(li, f"region:{QINGSHI}"), (helper, f"user:{world.people['helper']}")]
    for phone, scope in scopes:
        (told,) = [entry for entry in phone.pull(scope)["entries"] if entry["type"] == "conflict"]
        assert {head["value"] for head in told["heads"]} == {"19900019858", "19912349858"}
        assert told["shown"] == "19900019858"
    assert {head["value"] for head in open_conflict(world.phone("zhang"))["heads"]} == {"199****9858"}
    assert {head["value"] for head in open_conflict(world.phone("auditor"))["heads"]} == {None}


def test_who_may_not_decide_gets_what_an_unknown_conflict_gets(world: World, quarrel: tuple[Phone, ...]) -> None:
    conflict = open_conflict(quarrel[2])
    foreign, auditor = world.phone("zhao"), world.phone("auditor")
    (result,) = foreign.send(resolution(foreign, conflict, head_with(conflict, "9")["op_id"]))
    assert (result["status"], result["code"], result["entities"]) == ("quarantined", "scope.lost", [])
    assert foreign.get(f"/conflicts/{conflict['id']}").status_code == 404
    assert foreign.get("/conflicts").json["items"] == []
    (read_only,) = auditor.send(resolution(auditor, conflict, head_with(conflict, "9")["op_id"]))
    assert read_only["code"] == "scope.lost"
    assert open_conflict(quarrel[2])["id"] == conflict["id"]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"choose": str(uuid.uuid4())}, "resolution.value_unknown"),
        ({"choose": "value", "value": {"no_such": "1"}}, "resolution.value_unknown"),
        ({"reason": " "}, "op.incomplete"),
        ({"seen": []}, "op.incomplete"),
        ({"seen": "all"}, "op.incomplete"),
        ({"conflict_id": "x"}, "op.incomplete"),
        ({"conflict_id": str(uuid.uuid4())}, "scope.lost"),
    ],
)
def test_a_decision_that_cannot_be_read_is_kept_and_decides_nothing(
    quarrel: tuple[Phone, ...], change: dict[str, Any], code: str
) -> None:
    zhang = quarrel[2]
    conflict = open_conflict(zhang)
    (result,) = zhang.send(resolution(zhang, conflict, head_with(conflict, "9")["op_id"]) | change)
    assert (result["status"], result["code"]) == ("quarantined", code)
    assert open_conflict(zhang)["id"] == conflict["id"]


def test_a_grade_waits_for_a_person_while_the_dangerous_one_is_shown(world: World) -> None:
    li, helper = world.phone("li"), world.phone("helper")
    li.send(li.visit(grade="A"))
    (result,) = helper.send(helper.visit(grade="C"))
    assert result["status"] == "conflicted"
    row = li.get(f"/entities/{WANG}").json
    assert row["data"]["house_grade"] == "C"
    assert "house_grade" in row["contested"]


def test_a_supervisors_word_settles_by_rule_and_is_recorded(world: World) -> None:
    """`region` goes by authority: the cadre's move gives way to the supervisor's, and the record says which rule."""
    li, zhang = world.phone("li"), world.phone("zhang")
    group = f"{QINGSHI}-01"
    path = f"{world.look(lambda session: session.get_one(Region, QINGSHI).path)}{group}/"
    world.run(
        lambda session: session.add(
            Region(code=group, parent_code=QINGSHI, level="group", path=path, name_zh="一组")
        )
    )
    assert li.send(li.visit(village=group))[0]["status"] == "applied"
    (result,) = zhang.send(zhang.visit(village=BAITA))
    assert result["status"] == "merged"
    row = zhang.get(f"/entities/{WANG}").json
    assert (row["region"], row["contested"]) == (BAITA, [])
    (settled,) = zhang.get(f"/conflicts?entity={WANG}").json["items"]
    assert (settled["state"], settled["rule"], settled["resolution"]["how"]) == ("settled_by_rule", "authority", "rule")
    assert {head["value"] for head in settled["heads"]} == {group, BAITA}


def test_unknown_states_are_refused(quarrel: tuple[Phone, ...]) -> None:
    assert quarrel[2].get("/conflicts?state=closed").status_code == 400


def test_a_value_that_was_decided_against_comes_late_and_says_so(world: World, quarrel: tuple[Phone, ...]) -> None:
    """Who says the rejected value without knowing of the decision is answered by it, as if he had come in time."""
    zhang = quarrel[2]
    conflict = open_conflict(zhang)
    zhang.send(resolution(zhang, conflict, head_with(conflict, "9")["op_id"]))
    late = world.phone("li")
    assert late.send(late.visit(water_days="5"))[0]["status"] == "merged"
    assert zhang.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == "9"
    assert zhang.get("/conflicts?state=open").json["items"] == []


def test_a_value_that_was_decided_against_may_come_true_later(quarrel: tuple[Phone, ...]) -> None:
    """Who knows of the decision and of what came after it, and says the rejected value anew, is believed."""
    li, helper, zhang = quarrel
    conflict = open_conflict(zhang)
    version = zhang.send(resolution(zhang, conflict, head_with(conflict, "9")["op_id"]))[0]["entities"][0]["version"]
    version = li.send(li.visit(base_version=version, water_days="12"))[0]["entities"][0]["version"]
    assert helper.send(helper.visit(base_version=version, water_days="5"))[0]["status"] == "applied"
    assert zhang.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == "5"
