"""What follows from other records is counted after each merge, and is never a conflict."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.family import family, person, with_family
from tests.world import WANG, Phone, World


@pytest.fixture
def village(world: World) -> World:
    return with_family(world)


def size(phone: Phone) -> Any:
    return phone.get(f"/entities/{WANG}").json["data"].get("household_size")


def test_two_visits_that_each_added_a_child_make_four(village: World) -> None:
    """The household had one member; each phone knew of two."""
    li, helper = village.phone("li"), village.phone("helper")
    li.send(family(li, person(name="王一"), days="5"))
    helper.send(family(helper, person(name="王二"), person(name="王三")))
    assert size(li) == "4"
    assert li.get("/conflicts").json["items"] == []


def test_an_op_makes_one_version_of_the_household_and_its_history_tells_the_count(village: World) -> None:
    li = village.phone("li")
    li.send(family(li, person(name="王一"), days="5"))
    history = li.get(f"/entities/{WANG}/history").json["items"]
    assert [one["version"] for one in history] == [2, 1]
    assert {change["property"]: change["to"] for change in history[0]["changes"]} == {
        "water_shortage_days": "5",
        "household_size": "2",
    }


def test_an_archived_member_counts_no_more(village: World) -> None:
    li = village.phone("li")
    wrong = person(name="王错")
    li.send(family(li, wrong))
    assert size(li) == "2"
    li.send(family(li, person(wrong["id"], name="王错", member_state="archived"), bases={wrong["id"]: 1}))
    assert size(li) == "1"
