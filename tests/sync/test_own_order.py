"""Ops of one install that arrive in another order than they were made in: the numbers of the install decide."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from server.registry.tables import Conflict, Head
from server.sync.tables import OpLog
from tests.world import WANG, Phone, World

DAYS = "water_shortage_days"


def standing(world: World) -> tuple[list[str], list[Any]]:
    """What stands open of the days without water, and who is asked about what."""

    def look(session: Any) -> tuple[list[str], list[Any]]:
        mine = (Head.entity_id == WANG, Head.key == DAYS, Head.closed_by.is_(None))
        values = {head.value[DAYS] for head in session.scalars(select(Head).where(*mine))}
        rows = session.scalars(select(Conflict).where(Conflict.state == "open"))
        return sorted(values), sorted((row.entity_id, row.properties) for row in rows)

    return world.look(look)


def shown(phone: Phone) -> Any:
    return phone.get(f"/entities/{WANG}").json["data"][DAYS]


@pytest.mark.parametrize("in_order", [True, False])
@pytest.mark.parametrize("other_first", [True, False])
def test_the_later_of_two_own_edits_stands_without_any_base(world: World, in_order: bool, other_first: bool) -> None:
    """Nothing is lost, and in each order the same conflict with the colleague's value is open."""
    li, helper = world.phone("li"), world.phone("helper")
    first, second = li.visit(water_days="31"), li.visit(water_days="32")
    others = partial(helper.send, helper.visit(water_days="8"))
    if other_first:
        others()
    for op in (first, second) if in_order else (second, first):
        assert li.send(op)[0]["status"] in ("applied", "conflicted")
    if not other_first:
        others()
    assert standing(world) == (["32", "8"], [(WANG, [DAYS])])
    assert {head["value"] for head in open_heads(li)} == {"32", "8"}
    for op in (first, second):
        assert li.get(f"/submissions/{op['instance_id']}").status_code == 200


def open_heads(phone: Phone) -> list[dict[str, Any]]:
    (conflict,) = phone.get("/conflicts?state=open").json["items"]
    heads: list[dict[str, Any]] = phone.get(f"/conflicts/{conflict['id']}").json["heads"]
    return heads


@pytest.mark.parametrize("in_order", [True, False])
def test_what_was_shown_without_a_conflict_does_not_depend_on_the_order(world: World, in_order: bool) -> None:
    li = world.phone("li")
    both = li.visit(water_days="31", grade="C"), li.visit(water_days="32")
    for op in both if in_order else reversed(both):
        li.send(op)
    row = li.get(f"/entities/{WANG}").json
    assert (row["data"][DAYS], row["data"]["house_grade"], row["contested"]) == ("32", "C", [])


@pytest.mark.parametrize("in_order", [True, False])
def test_a_value_that_was_changed_back_stands_when_its_base_is_named(world: World, in_order: bool) -> None:
    """From 20 to 31 and back to 20: the second looks like no change until the first has come, but says its base."""
    li = world.phone("li")
    first = li.visit(water_days="31", base={DAYS: "20"})
    second = li.visit(water_days="20", base={DAYS: "31"})
    for op in (first, second) if in_order else (second, first):
        li.send(op)
    assert (shown(li), standing(world)) == ("20", (["20"], []))


@pytest.mark.parametrize("in_order", [True, False])
def test_a_change_back_without_a_base_is_known_only_in_order(world: World, in_order: bool) -> None:
    """Who names no base and overtakes himself: what he sent again unchanged is not told from what he changed back.

    Our phones name their bases. The op is kept whole, and no conflict is open in either order.
    """
    li = world.phone("li")
    first, second = li.visit(water_days="31"), li.visit(water_days="20")
    for op in (first, second) if in_order else (second, first):
        assert li.send(op)[0]["status"] == "applied"
    assert shown(li) == ("20" if in_order else "31")
    assert standing(world)[1] == []
    stored = world.look(lambda session: session.get(OpLog, second["op_id"]).raw)
    assert json.loads(stored) == second


@pytest.mark.parametrize(("base", "name"), [({"head_name": None}, "王三"), ({}, None)])
def test_an_answer_that_was_never_shown_and_stays_empty_clears_nothing(
    world: World, base: dict[str, Any], name: str | None
) -> None:
    """The household left the phone meanwhile: its next visit showed nothing, and says so in its base. Without a base
    the last own answer counts as what was shown, and an empty one takes it away.
    """
    li = world.phone("li")
    li.send(li.visit(head_name="王三", water_days="31"))
    li.send(li.visit(base_version=None, head_name="", water_days="21", base=base))
    data = li.get(f"/entities/{WANG}").json["data"]
    assert (data.get("head_name"), data[DAYS]) == (name, "21")
