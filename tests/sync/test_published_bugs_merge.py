"""Bugs that others published, about merging: rebases, equal edits, deletions, clocks that do not advance.

Each test names the issue (owner/repo#number), what went wrong there, and what holds here. The whole list with the
places of all tests is in test_published_bugs.py.
"""

from __future__ import annotations

import itertools
import uuid
from typing import Any

import pytest
from sqlalchemy import select

from server.registry.tables import Conflict, Entity, Head
from server.sync.tables import Submission
from tests.sync.test_published_bugs_push import count, new_member, values, versions
from tests.sync.test_resolution import open_conflict, resolution
from tests.world import QINGSHI, WANG, World


def heads(world: World, key: str = "water_shortage_days") -> set[str | None]:
    """The values of this key that no later op has seen."""
    open_heads = select(Head).where(Head.entity_id == WANG, Head.key == key, Head.closed_by.is_(None))
    return world.look(lambda s: {head.value[key] for head in s.scalars(open_heads) if head.withdrawn_at is None})


@pytest.mark.parametrize("turn", [0, 1])
def test_two_edits_of_one_record_are_merged_field_by_field(world: World, turn: int) -> None:
    """Bug 11, MerginMaps/geodiff#146: rebasing two edits of the same row gave a malformed change. Here what only one
    of the two changed is taken from that one, what both changed keeps both values, in either order.
    """
    li, helper = world.phone("li"), world.phone("helper")
    ops = [(li, li.visit(water_days="31", phone="139")), (helper, helper.visit(water_days="32", head_name="王大山二"))]
    for phone, op in ops[::-1] if turn else ops:
        phone.send(op)
    shown = values(world)
    assert (shown["contact_phone"], shown["head_name"]) == ("139", "王大山二")
    assert heads(world) == {"31", "32"}
    assert world.look(lambda s: s.get_one(Entity, WANG)).contested == ["water_shortage_days"]


@pytest.mark.parametrize(("mine", "theirs"), [("35", "35"), ("35", " 35.0 "), ("", "")])
def test_equal_edits_of_two_people_are_no_conflict(world: World, mine: str, theirs: str) -> None:
    """Bug 11, MerginMaps/geodiff#152: two people who made the same change had a conflict. Here equal values, in
    whatever spelling, are one value with two witnesses.
    """
    li, helper = world.phone("li"), world.phone("helper")
    statuses = [p.send(p.visit(water_days=text))[0]["status"] for p, text in ((li, mine), (helper, theirs))]
    assert statuses == ["applied"] * 2
    assert (count(world, Conflict), heads(world)) == (0, {mine or None})


@pytest.mark.parametrize("turn", [0, 1])
def test_a_cleared_value_against_a_changed_one_is_a_conflict_both_ways(world: World, turn: int) -> None:
    """Bug 11, MerginMaps/geodiff#248 and its mirror (their update, then our delete: the row gone, no record of it).
    Here taking a value away is a write like any other: against an edit it is a conflict with both sides, in either
    order.
    """
    li, helper = world.phone("li"), world.phone("helper")
    ops = [(li, li.visit(water_days="")), (helper, helper.visit(water_days="32"))]
    results = [phone.send(op)[0]["status"] for phone, op in (ops[::-1] if turn else ops)]
    assert results == ["applied", "conflicted"]
    assert heads(world) == {None, "32"}


def test_a_rejected_submission_that_later_work_built_on_waits_for_a_person(world: World) -> None:
    """Bug 11, the deletion of a whole contribution: what a supervisor rejects is taken back, but where somebody has
    worked on it meanwhile nothing vanishes and nothing stays in silence.
    """
    li, helper, zhang = world.phone("li"), world.phone("helper"), world.phone("zhang")
    op = li.visit(water_days="31")
    li.send(op)
    helper.send(helper.visit(water_days="32", base_version=2))
    said = {"state": "rejected", "comments": [{"text": "not asked at the door"}]}
    assert zhang.post(f"/submissions/{op['instance_id']}/review", said).status_code == 200
    assert heads(world) == {"20", "32"}
    assert [item["state"] for item in zhang.get("/conflicts").json["items"]] == ["open"]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_after_a_merge_of_three_the_next_edit_has_seen_all_of_it(world: World, order: tuple[int, ...]) -> None:
    """Bug 17, vlcn-io/cr-sqlite#76: after a merge of three databases the clock of the merged row was not advanced, so
    later edits lost against what they had seen. Here a decision that lists all three values closes them, in any order
    of arrival, and an edit on the version it made replaces it without a new conflict.
    """
    phones = [world.phone(name) for name in ("li", "helper", "li")]
    ops = [phone.visit(water_days=str(31 + n)) for n, phone in enumerate(phones)]
    for n in order:
        phones[n].send(ops[n])
    zhang = world.phone("zhang")
    conflict = open_conflict(zhang)
    assert len(conflict["heads"]) == 3
    [decided] = zhang.send(resolution(zhang, conflict, conflict["heads"][0]["op_id"]))
    assert decided["status"] == "applied"
    version = decided["entities"][0]["version"]
    for phone, days in ((phones[1], "40"), (phones[2], "41")):
        [result] = phone.send(phone.visit(water_days=days, base_version=version))
        assert (result["status"], heads(world)) == ("applied", {days})
        version = result["entities"][0]["version"]
    assert versions(world) == list(range(1, version + 1))


def test_what_two_people_took_away_stays_away_and_converges(world: World) -> None:
    """Bug 17, superfly/corrosion#352: a row deleted on two nodes never converged. Here the same value taken away by
    two people, and one submission rejected by two supervisors, end in one state for every reader.
    """
    li, helper = world.phone("li"), world.phone("helper")
    op = li.visit(water_days="")
    assert [p.send(o)[0]["status"] for p, o in ((li, op), (helper, helper.visit(water_days="")))] == ["applied"] * 2
    said = {"state": "rejected", "comments": [{"text": "twice"}]}
    for name in ("zhang", "admin", "zhang"):
        assert world.phone(name).post(f"/submissions/{op['instance_id']}/review", said).status_code == 200
    assert heads(world) == {None}
    rows = [
        next(e for e in world.phone(name).pull(scope)["entries"] if e["id"] == WANG)
        for name, scope in (("li", f"region:{QINGSHI}"), ("helper", f"user:{world.people['helper']}"))
    ]
    assert {row["version"] for row in rows} == {versions(world)[-1]}
    assert {row["data"].get("water_shortage_days") for row in rows} == {None}


def test_records_that_share_a_placeholder_do_not_collide(world: World) -> None:
    """Bug 21, PoHsuanLai/rotero#23: two rows deleted offline shared the placeholder of a UNIQUE column, and the
    second one could never be stored. Here nothing but ids and numbers given by us is unique: three members made
    offline without a name, by installs that all count from 1, are three members.
    """
    phones = [world.phone("li"), world.phone("li"), world.phone("helper")]
    ids = [str(uuid.uuid4()) for _ in phones]
    for phone, member in zip(phones, ids, strict=True):
        [result] = phone.send(new_member(phone, "", member))
        assert result["status"] == "applied"
        assert member in {item["id"] for item in result["entities"]}
    assert world.look(lambda s: s.scalars(select(Entity.label).where(Entity.id.in_(ids))).all()) == [""] * 3


def submissions_of(world: World) -> list[Any]:
    return world.look(lambda s: s.scalars(select(Submission)).all())


def test_a_number_given_twice_loses_neither_op(world: World) -> None:
    """Bug 21, its sibling on the phone: a restored phone gives the same number to two ops. Both are judged, the
    second one with a finding, and the acknowledgement does not stop.
    """
    phone = world.phone("li")
    first, second = phone.visit(water_days="31"), phone.visit(phone="139")
    answer = phone.push({**first, "seq": 1}, {**second, "seq": 1})
    assert ([r["status"] for r in answer["results"]], answer["acked_seq"]) == (["applied"] * 2, 1)
    found = [finding["code"] for row in submissions_of(world) for finding in row.findings if "code" in finding]
    assert "install.seq_reused" in found
