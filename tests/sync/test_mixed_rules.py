"""A record mixed from two people's work breaks a hard rule that each of them had kept: a conflict on its properties."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.sync.family import family, person, with_family
from tests.sync.test_resolution import open_conflict, resolution
from tests.world import Phone, World


@pytest.fixture
def village(world: World) -> World:
    return with_family(world)


@pytest.fixture
def mixed(village: World) -> tuple[Phone, Phone, Phone, str]:
    """The cadre says that she left in 1995; the helper, who did not see that, that she was born in 1999."""
    li, helper, zhang = village.phone("li"), village.phone("helper"), village.phone("zhang")
    woman = person(name="王梅", birth="1970-01-01")
    li.send(family(li, woman))
    li.send(family(li, person(woman["id"], since="1995-05-05"), bases={woman["id"]: 1}))
    (result,) = helper.send(family(helper, person(woman["id"], birth="1999-01-01"), bases={woman["id"]: 1}))
    assert result["status"] == "conflicted"
    return li, helper, zhang, woman["id"]


def test_the_conflict_names_the_rule_and_shows_each_authors_record(mixed: tuple[Phone, Phone, Phone, str]) -> None:
    _, _, zhang, woman = mixed
    conflict = open_conflict(zhang)
    assert (conflict["kind"], conflict["broken"]["id"]) == ("rule", "gone_before_birth")
    assert set(conflict["properties"]) == {"birth_date", "state_since"}
    said = {head["author"]["username"]: head["value"] for head in conflict["heads"]}
    assert said["li"] == {"birth_date": "1970-01-01", "state_since": "1995-05-05"}
    assert said["helper"] == {"birth_date": "1999-01-01", "state_since": None}
    assert set(zhang.get(f"/entities/{woman}").json["contested"]) == {"birth_date", "state_since"}


def test_choosing_one_authors_record_settles_all_its_properties(mixed: tuple[Phone, Phone, Phone, str]) -> None:
    _, _, zhang, woman = mixed
    conflict = open_conflict(zhang)
    right = next(head for head in conflict["heads"] if head["author"]["username"] == "li")
    (result,) = zhang.send(resolution(zhang, conflict, right["op_id"]))
    assert result["status"] == "applied"
    data = zhang.get(f"/entities/{woman}").json["data"]
    assert (data["birth_date"], data["state_since"]) == ("1970-01-01", "1995-05-05")
    assert zhang.get("/conflicts?state=open").json["items"] == []


def test_other_values_may_be_given_for_all_properties(mixed: tuple[Phone, Phone, Phone, str]) -> None:
    _, _, zhang, woman = mixed
    conflict = open_conflict(zhang)
    given = {"birth_date": "1979-01-01", "state_since": "1999-05-05"}
    (result,) = zhang.send(resolution(zhang, conflict, "value", value=given))
    assert result["status"] == "applied"
    assert zhang.get(f"/entities/{woman}").json["data"]["birth_date"] == "1979-01-01"
    assert zhang.get(f"/conflicts/{conflict['id']}").json["resolution"]["value"] == given


def test_later_work_that_mends_the_mixture_closes_it(mixed: tuple[Phone, Phone, Phone, str]) -> None:
    _, helper, zhang, woman = mixed
    version = helper.get(f"/entities/{woman}").json["version"]
    helper.send(family(helper, person(woman, birth="1969-01-01"), bases={woman: version}))
    assert zhang.get("/conflicts?state=open").json["items"] == []


def test_who_breaks_a_rule_alone_is_told_so_and_nobody_is_asked(village: World) -> None:
    li = village.phone("li")
    woman = person(name="王梅", birth="1999-01-01", since="1995-05-05")
    (result,) = li.send(family(li, woman))
    assert result["status"] == "applied"
    assert [one["kind"] for one in result["findings"]] == ["rule"]
    assert li.get("/conflicts").json["items"] == []


def test_any_order_of_arrival_leaves_the_same_conflict(village: World) -> None:
    found: set[Any] = set()
    for number, order in enumerate(itertools.permutations(range(3))):
        phones = [village.phone(name) for name in ("li", "helper", "zhang")]
        woman = person(name=f"王梅{number}", birth="1970-01-01")
        phones[0].send(family(phones[0], woman))
        rows = [{"since": "1995-05-05"}, {"birth": "1999-01-01"}, {"sex": "female"}]
        bases = {woman["id"]: 1}
        ops = [family(one, person(woman["id"], **row), bases=bases) for one, row in zip(phones, rows, strict=True)]
        for place in order:
            phones[place].send(ops[place])
        told = phones[2].get("/conflicts?state=open&limit=100").json["items"]
        mine = [one for one in told if one["entity_id"] == woman["id"]]
        sides = [(one["kind"], *sorted(head["author"]["username"] for head in one["heads"])) for one in mine]
        found.add(frozenset(sides))
    assert found == {frozenset({("rule", "helper", "li")})}
