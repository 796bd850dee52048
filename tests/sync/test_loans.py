"""Households lent for an inspection: what the form reads of them, by the own feed alone, until the loan ends."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from server.accounts.tables import Loan
from server.db import today
from server.forms.compile import compile_form
from server.registry.tables import Entity
from server.sync import rights
from server.sync.tables import Submission
from tests.sync.office import VISIT, add_person, entries, op, own, scopes
from tests.world import BAITA, EAST, LIUSHU, QINGSHI, WANG, WANG_SON, ZHAO, Phone, World, add_form

BLIND = """
| survey |
| | type | name | label | calculation |
| | select_one_from_file household.csv | household | Household | |
| | calculate | phone | | instance('household')/root/item[name=${household}]/contact_phone |
| | integer | people | People | |
| settings |
| | form_id | version | namespaces | attribute::ruhu:about | attribute::ruhu:roles |
| | blind | 1 | ruhu="https://ruhu.example/xforms" | household | inspector supervisor |
"""


@pytest.fixture
def county(world: World) -> World:
    """A world with an inspector and a blind form that reads the telephone number."""
    add_person(world, "inspector", "inspector", None)
    world.run(lambda session: add_form(session, compile_form(BLIND.encode(), "blind.md")))
    phone = world.phone("li")
    phone.send(phone.visit(phone="19900001111"))
    return world


def lend(world: World, household: str = WANG, to: str = "inspector", **more: Any) -> Any:
    body = {"person_id": world.people[to], "household_id": household, "form_id": "blind", **more}
    return world.phone("zhang").post("/loans", body)


def check(phone: Phone, household: str) -> dict[str, Any]:
    instance = f"uuid:{uuid.uuid4()}"
    xml = (
        f'<data id="blind" version="1"><household>{household}</household><people>4</people>'
        f"<meta><instanceID>{instance}</instanceID></meta></data>"
    )
    return phone.visit(instance_id=instance, form_id="blind", form_version="1", instance_xml=xml, entities=[])


def rows(world: World, phone: Phone, name: str = "inspector") -> list[dict[str, Any]]:
    return entries(phone, own(world, name), "entity")


def test_a_lent_household_comes_with_what_the_form_reads_and_nothing_else(county: World) -> None:
    assert lend(county).status_code == 201
    phone = county.phone("inspector")
    assert set(scopes(phone)) == {"forms", own(county, "inspector")}
    [row] = rows(county, phone)
    assert (row["id"], row["label"], row["region"], row["version"]) == (WANG, "王大山", QINGSHI, 2)
    assert row["data"] == {"contact_phone": "199****1111"}  # whole only by itself, with a reason
    assert not {"location", "past", "updated_by"} & row.keys()


def test_a_loan_opens_no_other_door(county: World) -> None:
    lend(county)
    phone = county.phone("inspector")
    assert phone.get(f"/entities/{WANG}").status_code == 404
    assert phone.get("/entities").json["items"] == []
    assert phone.get(f"/entities/{WANG}/contacts").status_code == 404
    assert phone.pull(f"region:{QINGSHI}") == {"status": "gone"}


def test_what_changes_meanwhile_comes_too_and_members_do_not(county: World) -> None:
    lend(county)
    phone, li = county.phone("inspector"), county.phone("li")
    before = phone.pull(own(county, "inspector"))["next"]
    li.send(li.visit(head_name="王大川", base_version=2))
    [entry] = phone.pull(own(county, "inspector"), before)["entries"]
    assert (entry["id"], entry["label"], entry["version"]) == (WANG, "王大川", 3)
    digest = phone.get(f"/sync/digest?scope={own(county, 'inspector')}").json
    assert digest["count"] == 1 and WANG_SON not in str(entry)


def test_a_loan_that_ends_leaves_the_phone(county: World) -> None:
    loan = lend(county).json
    phone = county.phone("inspector")
    before = phone.pull(own(county, "inspector"))["next"]
    assert county.phone("zhang").post(f"/loans/{loan['id']}/end", {}).json["ended_at"]
    [gone] = phone.pull(own(county, "inspector"), before)["entries"]
    assert (gone["type"], gone["id"]) == ("eviction", WANG)
    li = county.phone("li")
    li.send(li.visit(head_name="王大川", base_version=2))
    assert rows(county, phone) == []


def test_a_loan_that_ends_after_its_form_was_retired_leaves_the_phone(county: World) -> None:
    """The form shows nothing any more, but the phone still holds what it showed."""
    loan = lend(county).json
    phone = county.phone("inspector")
    before = phone.pull(own(county, "inspector"))["next"]
    assert county.phone("admin").post("/forms/blind/1/retire", {}).status_code == 200
    assert county.phone("zhang").post(f"/loans/{loan['id']}/end", {}).json["ended_at"]
    [gone] = phone.pull(own(county, "inspector"), before)["entries"]
    assert (gone["type"], gone["id"]) == ("eviction", WANG)
    assert phone.get(f"/sync/digest?scope={own(county, 'inspector')}").json["count"] == 0


def test_what_a_new_version_of_the_form_reads_comes_too_and_what_none_reads_any_more_goes(county: World) -> None:
    lend(county)
    phone, admin, feed = county.phone("inspector"), county.phone("admin"), own(county, "inspector")
    before = phone.pull(feed)["next"]
    members = "instance('member')/root/item[household=${household}]/full_name"
    row = "| | calculate | phone | | instance('household')/root/item[name=${household}]/contact_phone |"
    new = BLIND.replace(row, f"| | csv-external | member | | |\n| | calculate | son | | {members} |")
    form = compile_form(new.replace("| blind | 1 |", "| blind | 2 |").encode(), "blind.md")
    county.run(lambda session: add_form(session, form, state="draft"))
    assert admin.post("/forms/blind/2/publish", {}).status_code == 200
    told = {entry["id"]: entry["data"] for entry in phone.pull(feed, before)["entries"]}
    assert told[WANG] == {"contact_phone": "199****1111"} and set(told[WANG_SON]) == {"full_name"}
    before = phone.pull(feed)["next"]
    assert admin.post("/forms/blind/1/retire", {}).status_code == 200
    assert {entry["id"]: entry["data"] for entry in phone.pull(feed, before)["entries"]}[WANG] == {}


def test_a_loan_ends_after_its_last_day_when_the_phone_says_hello(county: World) -> None:
    loan = lend(county, until=today().isoformat()).json
    phone = county.phone("inspector")
    scopes(phone)
    assert len(rows(county, phone)) == 1
    yesterday = today() - timedelta(days=1)
    county.run(lambda session: setattr(session.get_one(Loan, loan["id"]), "until", yesterday))
    scopes(phone)
    assert rows(county, phone) == []
    assert [entry["id"] for entry in entries(phone, own(county, "inspector"), "eviction")] == [WANG]


def test_of_two_loans_the_one_that_is_left_keeps_the_household(county: World) -> None:
    first, second = lend(county).json, lend(county).json
    phone, zhang = county.phone("inspector"), county.phone("zhang")
    zhang.post(f"/loans/{first['id']}/end", {})
    assert len(rows(county, phone)) == 1
    zhang.post(f"/loans/{second['id']}/end", {})
    assert rows(county, phone) == []


def test_a_loan_that_showed_more_takes_that_with_it_when_it_ends(county: World) -> None:
    """The phone held the telephone number for one form; the other form, which goes on, does not read it."""
    plain = BLIND.replace("contact_phone", "household_no").replace("| blind |", "| plain |")
    county.run(lambda session: add_form(session, compile_form(plain.encode(), "plain.md")))
    more, _less = lend(county).json, lend(county, form_id="plain").json
    phone = county.phone("inspector")
    before = phone.pull(own(county, "inspector"))
    assert "contact_phone" in before["entries"][0]["data"]
    county.phone("zhang").post(f"/loans/{more['id']}/end", {})
    [row] = phone.pull(own(county, "inspector"), before["next"])["entries"]
    assert (row["type"], row["data"]) == ("entity", {})


def test_a_loan_shows_no_more_to_who_works_elsewhere_and_may_read_here(county: World) -> None:
    """A cadre sees the telephone numbers of the own village; an auditor sees none, and here this one is an auditor."""
    add_person(county, "both", "cadre", BAITA)
    lend(county, to="both")
    county.run(lambda session: rights.give_role(session, county.people["both"], "auditor", QINGSHI))
    [row] = rows(county, county.phone("both"), "both")
    assert (row["lent"], row["data"]) == (True, {"contact_phone": "199****1111"})


def test_nobody_checks_where_the_person_works_or_helps(county: World) -> None:
    for name in ("li", "helper", "zhang"):
        answer = lend(county, to=name)
        assert (answer.status_code, answer.json["code"]) == (422, "loan.own_area")


def test_only_what_lies_in_the_lender_s_area_is_lent_and_only_for_known_forms(county: World) -> None:
    assert lend(county, ZHAO).status_code == 404
    assert lend(county, str(uuid.uuid4())).status_code == 404
    assert lend(county, WANG_SON).status_code == 404
    assert lend(county, form_id="nothing").status_code == 400
    again = str(uuid.uuid4())
    assert lend(county, id=again).json == lend(county, id=again).json


def test_a_check_of_a_lent_household_belongs_to_it_and_to_its_village(county: World) -> None:
    lend(county)
    phone = county.phone("inspector")
    lent, foreign = check(phone, WANG), check(phone, ZHAO)
    phone.send(lent, foreign)
    kept = county.look(lambda session: session.get_one(Submission, lent["instance_id"]))
    other = county.look(lambda session: session.get_one(Submission, foreign["instance_id"]))
    assert (kept.root_id, kept.region_code) == (WANG, QINGSHI)
    assert (other.root_id, other.region_code == LIUSHU) == (None, False)


def test_an_inspector_s_try_writes_no_record_and_the_village_does_not_hear_of_it(county: World) -> None:
    lend(county)
    phone = county.phone("inspector")
    tried = op(phone, "contact_attempt", entity_id=WANG, disposition="nobody", visit=VISIT)
    [result] = phone.send(tried)
    assert (result["status"], result["entities"]) == ("applied", [])
    assert county.look(lambda session: session.get_one(Entity, WANG)).version == 2
    assert county.phone("li").get(f"/entities/{WANG}/contacts").json["items"] == []
    [seen] = county.phone("zhang").get(f"/entities/{WANG}/contacts").json["items"]
    assert seen["author"]["username"] == "inspector"


def test_a_lent_household_is_read_only(county: World) -> None:
    lend(county)
    phone = county.phone("inspector")
    [result] = phone.send(phone.visit(water_days="99", base_version=2))
    assert (result["status"], result["code"]) == ("quarantined", "scope.lost")


def assign(world: World, to: str, household: str = WANG, **more: Any) -> Any:
    body = {"person_id": world.people[to], "form_id": "blind", "entity_id": household, "reason": "抽查样本", **more}
    return world.phone("zhang").post("/assignments", body)


def test_an_errand_reaches_the_phone_with_its_household_and_closes_when_it_is_done(county: World) -> None:
    made = assign(county, "inspector", due="2099-12-01").json
    phone = county.phone("inspector")
    [entry] = entries(phone, own(county, "inspector"), "assignment")
    assert {name: entry[name] for name in ("id", "form_id", "entity_id", "due", "reason")} == {
        "id": made["id"], "form_id": "blind", "entity_id": WANG, "due": "2099-12-01", "reason": "抽查样本",
    }  # fmt: skip
    assert [row["id"] for row in rows(county, phone)] == [WANG]
    done = check(phone, WANG)
    assert phone.send(done)[0]["status"] == "applied"
    assert entries(phone, own(county, "inspector"), "assignment") == []
    [gone] = entries(phone, own(county, "inspector"), "eviction")
    assert (gone["dataset"], gone["id"]) == ("assignment", made["id"])
    [row] = county.phone("zhang").get("/assignments?state=done").json["items"]
    assert (row["done_by"], row["person"]["username"]) == (done["instance_id"], "inspector")


def test_an_errand_for_who_sees_the_household_lends_nothing_and_another_form_does_not_close_it(county: World) -> None:
    assert assign(county, "li").status_code == 201
    li = county.phone("li")
    li.send(li.visit(water_days="41", base_version=2))
    assert county.look(lambda session: session.query(Loan).count()) == 0
    assert len(li.get("/assignments?state=open").json["items"]) == 1
    assert len(entries(li, own(county, "li"), "assignment")) == 1


def test_an_errand_taken_back_leaves_the_phone_with_its_loan(county: World) -> None:
    made = assign(county, "inspector").json
    phone = county.phone("inspector")
    county.phone("zhang").post(f"/assignments/{made['id']}/withdraw", {})
    told = phone.pull(own(county, "inspector"))["entries"]
    assert {(entry["type"], entry["id"]) for entry in told} == {("eviction", made["id"]), ("eviction", WANG)}


def test_errands_are_given_and_listed_in_the_own_area_only(county: World) -> None:
    add_person(county, "west", "supervisor", LIUSHU)
    assert assign(county, "inspector", ZHAO).status_code == 404
    made = assign(county, "inspector").json
    assert county.phone("west").get("/assignments").json["items"] == []
    assert county.phone("west").post(f"/assignments/{made['id']}/withdraw", {}).status_code == 404
    assert [row["id"] for row in county.phone("zhang").get(f"/assignments?region={EAST}").json["items"]] == [made["id"]]
    again = assign(county, "inspector", id=made["id"])
    assert (again.status_code, again.json["id"]) == (201, made["id"])
