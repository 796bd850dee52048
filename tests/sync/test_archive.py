"""Archive is a write to `@state`: it closes what its author saw, and stands against changes that he had not seen."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.sync.merge import Key, Write, add
from server.sync.merge_state import ACTIVE, ARCHIVED, POLICY, STATE, edits_of, state_key, state_value
from tests.sync.family import family, person, with_family
from tests.sync.test_resolution import head_with, open_conflict, resolution
from tests.world import QINGSHI, WANG, Phone, World


@pytest.fixture
def village(world: World) -> World:
    return with_family(world)


def state(phone: Phone, record: str = WANG) -> Any:
    return phone.get(f"/entities/{record}").json["state"]


def test_a_form_archives_a_record_that_stays_in_the_feed_and_leaves_the_lists(village: World) -> None:
    li = village.phone("li")
    assert li.send(family(li, state="archived"))[0]["status"] == "applied"
    (row,) = [e for e in li.pull(f"region:{QINGSHI}")["entries"] if e.get("id") == WANG]
    assert row["state"] == "archived"
    active = li.get("/entities?dataset=household&state=active").json["items"]
    assert [one["id"] for one in active if one["id"] == WANG] == []


@pytest.mark.parametrize("archive_first", [True, False])
def test_archive_against_edit_is_a_conflict_and_the_record_stays_visible(village: World, archive_first: bool) -> None:
    li, helper, zhang = village.phone("li"), village.phone("helper"), village.phone("zhang")
    gone, edited = (li, family(li, state="archived")), (helper, family(helper, days="7"))
    results = [phone.send(op)[0]["status"] for phone, op in ([gone, edited] if archive_first else [edited, gone])]
    assert results == ["applied", "conflicted"]
    conflict = open_conflict(zhang)
    assert (conflict["properties"], conflict["kind"], conflict["shown"]) == (["@state"], "state", "active")
    assert {head["value"]: head["author"]["username"] for head in conflict["heads"]} == {
        "archived": "li",
        "active": "helper",
    }
    assert state(zhang) == "active"
    assert zhang.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == "7"


@pytest.mark.parametrize("choice", ["active", "archived"])
def test_a_person_decides_whether_it_is_archived(village: World, choice: str) -> None:
    li, helper, zhang = village.phone("li"), village.phone("helper"), village.phone("zhang")
    li.send(family(li, state="archived"))
    helper.send(family(helper, days="7"))
    conflict = open_conflict(zhang)
    (result,) = zhang.send(resolution(zhang, conflict, head_with(conflict, choice)["op_id"]))
    assert result["status"] == "applied"
    assert state(zhang) == choice
    assert zhang.get("/conflicts?state=open").json["items"] == []


@pytest.mark.parametrize(("choice", "status"), [("active", "applied"), ("archived", "merged")])
def test_who_changed_it_before_hearing_of_the_decision_is_told_that_there_was_one(
    village: World, choice: str, status: str
) -> None:
    """The same answer as another's, so nothing of it differs; but whoever is told "stored and shown" looks in vain."""
    li, helper, zhang, late = village.phone("li"), village.phone("helper"), village.phone("zhang"), village.phone("li")
    li.send(family(li, state="archived"))
    helper.send(family(helper, days="7"))
    conflict = open_conflict(zhang)
    zhang.send(resolution(zhang, conflict, head_with(conflict, choice)["op_id"]))
    assert late.send(family(late, days="7"))[0]["status"] == status
    assert state(zhang) == choice


def test_who_saw_the_edit_archives_without_a_quarrel_and_may_take_it_back(village: World) -> None:
    li, helper = village.phone("li"), village.phone("helper")
    version = helper.send(family(helper, days="7"))[0]["entities"][0]["version"]
    (result,) = li.send(family(li, state="archived", base=version))
    assert result["status"] == "applied"
    version = result["entities"][0]["version"]
    # Who knows that it is archived may still note something; it stays archived.
    assert helper.send(family(helper, days="9", base=version))[0]["status"] == "applied"
    assert state(li) == "archived"
    assert li.send(family(li, state="active", base=version + 1))[0]["status"] == "applied"
    assert state(li) == "active"


def test_rejecting_the_archive_ends_the_conflict_and_taking_that_back_opens_it(village: World) -> None:
    li, helper, zhang = village.phone("li"), village.phone("helper"), village.phone("zhang")
    op = family(li, state="archived")
    li.send(op)
    comment = {"comments": [{"text": "they live there"}]}
    zhang.post(f"/submissions/{op['instance_id']}/review", {"state": "rejected", **comment})
    assert state(zhang) == "active"
    helper.send(family(helper, days="7"))
    assert zhang.get("/conflicts?state=open").json["items"] == []
    zhang.post(f"/submissions/{op['instance_id']}/review", {"state": "approved", **comment})
    assert open_conflict(zhang)["properties"] == ["@state"]
    assert state(zhang) == "active"


def test_a_member_is_archived_too(village: World) -> None:
    li = village.phone("li")
    wrong = person(name="王错")
    li.send(family(li, wrong))
    li.send(family(li, person(wrong["id"], name="王错", member_state="archived"), bases={wrong["id"]: 1}))
    assert state(li, wrong["id"]) == "archived"


# The law: a function of the set of writes.


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Write], list[Write]]:
    """State writes and changes of phones that were offline since version 1, some with several ops in a row."""
    states, edits = [], []
    for phone in range(draw(st.integers(1, 4))):
        base = draw(st.sampled_from([0, 1]))
        for seq in range(1, draw(st.integers(1, 3)) + 1):
            kind = draw(st.sampled_from([ACTIVE, ARCHIVED, "edit"]))
            value = {"days": "1"} if kind == "edit" else state_value(kind)
            saw = state_value(None) if base and kind != "edit" else ({} if base else None)
            one = Write(f"{phone}{seq}", value, 2 + 3 * phone + seq, base, saw, f"p{phone}", seq)
            (edits if kind == "edit" else states).append(one)
    return states, edits


def outcome(states: list[Write], edits: list[Write], order: list[Write]) -> tuple[set[str], set[str]]:
    """The heads and the values after the writes arrived in this order, each brought in as the server does."""
    keys = {"days": Key((), None)}
    key = Key((), None, POLICY)
    for number, write in enumerate(order, 2):
        now = Write(**(write.__dict__ | {"version": number}))
        if write in states:
            key = add(key, now)
        else:
            keys["days"] = add(keys["days"], now)
        if key.writes:
            key = state_key(key, edits_of(keys, {}))
    return {head.op_id for head in key.heads()}, {str(value[STATE]) for value in key.values()}


@given(histories(), st.randoms())
def test_any_order_of_arrival_leaves_the_same_state_in_dispute(drawn: Any, random: Any) -> None:
    states, edits = drawn
    order = sorted([*states, *edits], key=lambda one: one.version)
    shuffled = list(order)
    random.shuffle(shuffled)
    assert outcome(states, edits, order) == outcome(states, edits, shuffled)


