"""A correction takes the place of the submission that it names; a rejection takes back what only it had said."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sync.family import family, person, with_family
from tests.sync.test_resolution import open_conflict
from tests.world import WANG, Phone, World


@pytest.fixture
def village(world: World) -> World:
    return with_family(world)


def value(phone: Phone, name: str = "water_shortage_days", id: str = WANG) -> Any:
    return phone.get(f"/entities/{id}").json["data"].get(name)


def review(phone: Phone, op: dict[str, Any], state: str) -> None:
    body = {"state": state, "comments": [{"text": "see the photo"}]}
    assert phone.post(f"/submissions/{op['instance_id']}/review", body).status_code == 200


def no_conflicts(phone: Phone) -> bool:
    return bool(phone.get("/conflicts?state=open").json["items"] == [])


def test_a_correction_replaces_what_it_corrects_and_both_say_so(village: World) -> None:
    li = village.phone("li")
    first = family(li, days="3")
    li.send(first)
    second = family(li, days="5", corrects=first["instance_id"])
    assert li.send(second)[0]["status"] == "applied"
    assert value(li) == "5"
    assert li.get(f"/submissions/{first['instance_id']}").json["superseded_by"] == second["instance_id"]
    assert li.get(f"/submissions/{second['instance_id']}").json["supersedes"] == first["instance_id"]


def test_what_the_correction_left_as_it_was_is_not_written_over_later_work(village: World) -> None:
    """Its base is what the old one wrote: the address was not touched, so the helper's newer one stands."""
    li, helper = village.phone("li"), village.phone("helper")
    first = family(li, days="3", address="东头")
    version = li.send(first)[0]["entities"][0]["version"]
    helper.send(family(helper, address="西头", base=version))
    second = family(li, days="4", address="东头", corrects=first["instance_id"])
    assert li.send(second)[0]["status"] == "applied"
    assert (value(li), value(li, "address")) == ("4", "西头")


def test_a_corrected_value_that_later_work_had_replaced_is_for_a_person(village: World) -> None:
    li, helper = village.phone("li"), village.phone("helper")
    first = family(li, days="3")
    version = li.send(first)[0]["entities"][0]["version"]
    helper.send(family(helper, days="8", base=version))
    assert li.send(family(li, days="4", corrects=first["instance_id"]))[0]["status"] == "conflicted"
    assert {head["value"] for head in open_conflict(li)["heads"]} == {"4", "8"}


def test_the_authors_own_later_visit_stands_over_the_correction_of_an_older_one(village: World) -> None:
    li = village.phone("li")
    first = family(li, days="3")
    li.send(first)
    li.send(family(li, days="6"))
    assert li.send(family(li, days="4", corrects=first["instance_id"]))[0]["status"] == "applied"
    assert value(li) == "6"


def test_a_removed_repeat_retracts_what_it_had_added(village: World) -> None:
    li = village.phone("li")
    kept, wrong = person(name="王一"), person(name="王二")
    first = family(li, kept, wrong)
    li.send(first)
    second = family(li, kept, corrects=first["instance_id"])
    assert li.send(second)[0]["status"] == "applied"
    assert li.get(f"/entities/{kept['id']}").json["state"] == "active"
    assert li.get(f"/entities/{wrong['id']}").json["state"] == "archived"


def test_a_retracted_member_whom_somebody_else_described_stays(village: World) -> None:
    li, helper = village.phone("li"), village.phone("helper")
    wrong = person(name="王二")
    first = family(li, wrong)
    li.send(first)
    helper.send(family(helper, person(wrong["id"], birth="1990-01-01"), bases={wrong["id"]: 1}))
    li.send(family(li, corrects=first["instance_id"]))
    row = li.get(f"/entities/{wrong['id']}").json
    assert (row["state"], row["data"]["birth_date"]) == ("active", "1990-01-01")


@pytest.mark.parametrize("in_order", [True, False])
def test_two_corrections_of_one_submission_are_both_kept_and_a_person_chooses(village: World, in_order: bool) -> None:
    li = village.phone("li")
    first = family(li, days="3")
    li.send(first)
    both = [family(li, days=days, corrects=first["instance_id"]) for days in ("4", "5")]
    for op in both if in_order else reversed(both):
        last = li.send(op)[0]
    assert last["status"] == "conflicted"
    assert {head["value"] for head in open_conflict(li)["heads"]} == {"4", "5"}


def test_a_correction_that_comes_first_is_held_until_what_it_corrects_is_there(village: World) -> None:
    li, zhang = village.phone("li"), village.phone("zhang")
    first = family(li, days="3", address="东头")
    second = family(li, days="5", address="东头", corrects=first["instance_id"])
    assert li.send(second)[0]["status"] == "held"
    (waiting,) = zhang.get("/held").json["items"]
    assert first["instance_id"] in waiting["waits_for"]
    li.send(first)
    assert (value(li), value(li, "address")) == ("5", "东头")
    assert li.send(second)[0]["first"]["status"] == "applied"
    assert no_conflicts(zhang)


def test_a_supervisor_lets_a_held_correction_through_and_the_late_original_changes_nothing(village: World) -> None:
    li, zhang = village.phone("li"), village.phone("zhang")
    first = family(li, days="3")
    second = family(li, days="5", corrects=first["instance_id"])
    li.send(second)
    assert zhang.post(f"/held/{second['op_id']}/apply", {}).json["status"] == "applied"
    li.send(first)
    assert value(li) == "5"
    assert no_conflicts(zhang)


@pytest.mark.parametrize("rejected_first", [True, False])
def test_a_correction_of_a_rejected_submission_stands_whole(village: World, rejected_first: bool) -> None:
    li, zhang = village.phone("li"), village.phone("zhang")
    first = family(li, days="3", address="东头")
    li.send(first)
    second = family(li, days="5", address="东头", corrects=first["instance_id"])
    if rejected_first:
        review(zhang, first, "rejected")
        assert value(li) == "20"
    li.send(second)
    if not rejected_first:
        review(zhang, first, "rejected")
    assert (value(li), value(li, "address")) == ("5", "东头")
    assert no_conflicts(zhang)


def test_rejecting_the_correction_gives_the_first_one_back_unless_that_was_rejected_too(village: World) -> None:
    li, zhang = village.phone("li"), village.phone("zhang")
    first = family(li, days="3")
    li.send(first)
    second = family(li, days="5", corrects=first["instance_id"])
    li.send(second)
    review(zhang, second, "rejected")
    assert value(li) == "3"
    review(zhang, first, "rejected")
    assert value(li) == "20"
    review(zhang, second, "approved")
    assert value(li) == "5"
    review(zhang, first, "approved")
    assert value(li) == "5"
    assert no_conflicts(zhang)


def test_somebody_elses_submission_is_corrected_by_nobody_but_its_author(village: World) -> None:
    li, helper = village.phone("li"), village.phone("helper")
    first = family(li, days="3")
    li.send(first)
    assert helper.send(family(helper, days="5", corrects=first["instance_id"]))[0]["status"] == "held"
    assert value(li) == "3"
