"""Rights that end: the phone is told, hands over, wipes and says so; who has not said so is listed."""

from __future__ import annotations

import uuid

import pytest
from sqlalchemy import select

from server.sync import holdings, rights
from server.sync.office_tables import InstallScope
from tests.sync.office import add_person, entries, op, own, scopes, take_role
from tests.sync.quarrel import begin_quarrel
from tests.world import BAITA, EAST, LIUSHU, QINGSHI, WANG, WANG_SON, World

HERE = f"region:{QINGSHI}"


def listed(world: World, name: str = "zhang", state: str = "revoking") -> list[tuple[str, str]]:
    items = world.phone(name).get(f"/handovers?state={state}").json["items"]
    return [(row["person"]["username"], row["scope"]) for row in items]


def test_a_lost_role_is_handed_over_wiped_and_acknowledged(world: World) -> None:
    phone = world.phone("li")
    phone.pull(HERE)
    assert scopes(phone)[HERE] == "granted" and listed(world) == []
    take_role(world, "li", "cadre", QINGSHI)
    assert listed(world) == [("li", HERE)]
    assert scopes(phone)[HERE] == "revoking"
    assert phone.pull(HERE) == {"status": "gone"}
    [late] = phone.send(phone.visit(water_days="35"))
    assert (late["status"], late["code"]) == ("quarantined", "scope.lost")
    [ack] = phone.send(op(phone, "revocation_ack", scope=HERE, count=2))
    assert ack["status"] == "applied"
    assert HERE not in scopes(phone) and listed(world) == []
    assert listed(world, state="wiped") == [("li", HERE)]
    row = world.look(lambda session: session.get_one(InstallScope, (phone.install_id, HERE)))
    assert (row.count, row.wiped_at is not None) == (2, True)


def test_a_feed_that_was_never_pulled_is_not_waited_for(world: World) -> None:
    world.phone("li")
    take_role(world, "li", "cadre", QINGSHI)
    assert listed(world) == []


def test_a_role_that_comes_back_before_the_phone_heard_of_it_leaves_everything_as_it_was(world: World) -> None:
    phone = world.phone("li")
    phone.pull(HERE)
    take_role(world, "li", "cadre", QINGSHI)
    world.run(lambda session: rights.give_role(session, world.people["li"], "cadre", QINGSHI))
    assert scopes(phone)[HERE] == "granted" and listed(world) == []


def test_a_role_that_comes_back_after_the_wipe_is_fetched_anew(world: World) -> None:
    phone = world.phone("li")
    phone.pull(HERE)
    take_role(world, "li", "cadre", QINGSHI)
    scopes(phone)
    phone.send(op(phone, "revocation_ack", scope=HERE, count=2))
    world.run(lambda session: rights.give_role(session, world.people["li"], "cadre", QINGSHI))
    assert scopes(phone)[HERE] == "granted"
    assert len(phone.pull(HERE)["entries"]) == 2
    take_role(world, "li", "cadre", QINGSHI)
    assert listed(world) == [("li", HERE)]


def test_a_right_that_ended_behind_our_back_is_found_by_the_phone_s_hello_and_by_the_sweep(world: World) -> None:
    from server.accounts.tables import RoleGrant

    phone, other = world.phone("li"), world.phone("bai")
    phone.pull(HERE)
    other.pull(f"region:{BAITA}")
    world.run(lambda session: session.query(RoleGrant).filter(RoleGrant.role == "cadre").delete())
    assert scopes(phone)[HERE] == "revoking"
    with world.app.app_context():
        holdings.notice_all()
    assert set(listed(world)) == {("li", HERE), ("bai", f"region:{BAITA}")}


def test_a_revoked_phone_hands_over_and_may_do_nothing_else(world: World) -> None:
    phone, admin = world.phone("li"), world.phone("admin")
    phone.pull(HERE)
    phone.pull(own(world, "li"))
    assert admin.post(f"/installs/{phone.install_id}/revoke", {}).status_code == 200
    assert scopes(phone) == {HERE: "revoking", own(world, "li"): "revoking"}
    for path, body in (("/sync/pull", {"feeds": {}}), ("/questions", None), ("/drafts", None), ("/entities", None)):
        answer = phone.post(path, body) if body else phone.get(path)
        assert (answer.status_code, answer.json["code"]) == (403, "device.revoked")
    [late] = phone.send(phone.visit(water_days="35"))
    assert (late["status"], late["code"]) == ("quarantined", "device.revoked")
    acks = [op(phone, "revocation_ack", scope=scope, count=2) for scope in scopes(phone)]
    assert [result["status"] for result in phone.send(*acks)] == ["applied", "applied"]
    assert scopes(phone) == {} and listed(world) == []
    [device] = admin.get(f"/users/{world.people['li']}/installs").json["items"]
    assert {feed["state"] for feed in device["feeds"]} == {"wiped"} and device["revoked_at"]


def test_a_person_s_other_phone_goes_on(world: World) -> None:
    lost, kept = world.phone("li"), world.phone("li")
    for phone in (lost, kept):
        phone.pull(HERE)
    world.phone("admin").post(f"/installs/{lost.install_id}/revoke", {})
    assert scopes(kept)[HERE] == "granted" and listed(world) == [("li", HERE)]


def test_hand_overs_are_listed_for_their_area_only(world: World) -> None:
    add_person(world, "west", "supervisor", LIUSHU)
    phone = world.phone("li")
    phone.pull(HERE)
    take_role(world, "li", "cadre", QINGSHI)
    assert listed(world, "west") == [] and listed(world, "admin") == [("li", HERE)]
    assert world.phone("zhao").get("/handovers").status_code == 403


def test_rights_are_given_and_taken_in_the_own_area_only(world: World) -> None:
    zhang, admin, li = world.phone("zhang"), world.phone("admin"), world.people["li"]
    body = {"role": "cadre", "region": BAITA, "give": True}
    assert zhang.post(f"/users/{li}/roles", body).status_code == 403
    assert admin.post(f"/users/{li}/roles", body).status_code == 200
    assert f"region:{BAITA}" in scopes(world.phone("li"))
    assert admin.post(f"/users/{li}/roles", {**body, "region": "nowhere"}).status_code == 404
    assert admin.post(f"/users/{li}/roles", {**body, "region": None}).status_code == 400
    assert admin.post(f"/users/{li}/roles", {**body, "give": False}).status_code == 200
    assert f"region:{BAITA}" not in scopes(world.phone("li"))


def test_a_helper_who_loses_the_household_loses_its_rows_and_writes_no_more(world: World) -> None:
    helper, zhang = world.phone("helper"), world.phone("zhang")
    feed = own(world, "helper")
    before = helper.pull(feed)
    body = {"household_id": WANG, "give": False}
    assert zhang.post(f"/users/{world.people['helper']}/households", body).status_code == 200
    gone = entries(helper, feed, "eviction", before["next"])
    assert {entry["id"] for entry in gone} == {WANG, WANG_SON}
    [late] = helper.send(helper.visit(water_days="35"))
    assert (late["status"], late["code"]) == ("quarantined", "scope.lost")
    assert zhang.post(f"/users/{world.people['helper']}/households", {**body, "give": True}).status_code == 200
    assert {e["id"] for e in entries(helper, feed, "entity")} == {WANG, WANG_SON}


def test_a_helper_comes_and_goes_with_the_household_s_conflicts(world: World) -> None:
    begin_quarrel(world)
    add_person(world, "second", "cadre", BAITA)
    second, zhang, feed = world.phone("second"), world.phone("zhang"), own(world, "second")
    body, path = {"household_id": WANG, "give": True}, f"/users/{world.people['second']}/households"
    assert zhang.post(path, body).status_code == 200
    [conflict] = entries(second, feed, "conflict")
    assert len(conflict["heads"]) == 2
    before = second.pull(feed)["next"]
    zhang.post(path, {**body, "give": False})
    assert {entry["id"] for entry in entries(second, feed, "eviction", before)} == {WANG, WANG_SON, conflict["id"]}


def test_another_role_means_another_view_and_every_feed_is_fetched_anew(world: World) -> None:
    """What a row shows may have changed with the role, so the rows that are there are not to be trusted."""
    phone = world.phone("li")
    page = phone.pull(HERE)
    at = {"feeds": {HERE: {"after": page["next"], "view": page["view"]}}}
    assert phone.post("/sync/pull", at).json["feeds"][HERE]["status"] == "ok"
    world.run(lambda session: rights.give_role(session, world.people["li"], "auditor", LIUSHU))
    told = phone.post("/sync/pull", at).json["feeds"][HERE]
    assert (told["status"], told["view"] != page["view"]) == ("must_refetch", True)
    greeted = {feed["scope"]: feed["view"] for feed in phone.post("/sync/hello", {}).json["feeds"]}
    assert greeted[HERE] == greeted["forms"] == told["view"] != greeted[own(world, "li")]


def test_who_loses_a_village_keeps_no_word_of_what_others_said_there(world: World) -> None:
    """A conflict about an own value is in the own feed too, which is not wiped: it is told anew, without values."""
    world.run(lambda session: rights.give_role(session, world.people["li"], "cadre", BAITA))
    li, helper, feed = world.phone("li"), world.phone("helper"), own(world, "li")
    li.send(li.visit(phone="19900001111"))
    assert helper.send(helper.visit(phone="19900002222"))[0]["status"] == "conflicted"
    page = li.pull(feed)
    assert "19900002222" in str(page["entries"])
    take_role(world, "li", "cadre", QINGSHI)
    at = {"feeds": {feed: {"after": page["next"], "view": page["view"]}}}
    assert li.post("/sync/pull", at).json["feeds"][feed]["status"] == "must_refetch"
    [entry] = li.pull(feed)["entries"]
    assert (entry["type"], entry["state"], entry["heads"]) == ("conflict", "open", [])


def test_another_village_of_the_same_role_leaves_the_first_village_s_feed_as_it_is(world: World) -> None:
    li = world.phone("li")
    page = li.pull(HERE)
    world.run(lambda session: rights.give_role(session, world.people["li"], "cadre", BAITA))
    at = {"feeds": {HERE: {"after": page["next"], "view": page["view"]}}}
    assert li.post("/sync/pull", at).json["feeds"][HERE]["status"] == "ok"


@pytest.mark.parametrize("place", ["foreign", "unknown"])
def test_no_household_out_of_sight_is_given_away(world: World, place: str) -> None:
    from tests.world import ZHAO

    household = ZHAO if place == "foreign" else "99999999-9999-4999-8999-999999999999"
    body = {"household_id": household, "give": True}
    assert world.phone("zhang").post(f"/users/{world.people['li']}/households", body).status_code == 404


def test_an_acknowledgement_sent_again_changes_nothing(world: World) -> None:
    phone = world.phone("li")
    phone.pull(HERE)
    take_role(world, "li", "cadre", QINGSHI)
    ack = op(phone, "revocation_ack", scope=HERE, count=2)
    assert [phone.send(ack)[0]["status"] for _ in range(2)] == ["applied", "duplicate"]


@pytest.mark.parametrize("scope", [HERE, "region:made-up", f"region:{LIUSHU}"])
def test_an_acknowledgement_of_what_is_granted_or_was_never_held_settles_nothing(world: World, scope: str) -> None:
    """Else a phone could say so in advance, and the hand-over that comes later would never be asked for."""
    phone = world.phone("li")
    phone.pull(HERE)
    assert phone.send(op(phone, "revocation_ack", scope=scope, count=2))[0]["status"] == "applied"
    rows = world.look(lambda session: {row.scope: row.state for row in session.query(InstallScope).all()})
    assert rows == {HERE: "held"}
    take_role(world, "li", "cadre", QINGSHI)
    assert scopes(phone)[HERE] == "revoking" and listed(world) == [("li", HERE)]


def test_a_phone_that_knows_of_the_loss_before_the_server_marked_it_is_believed(world: World) -> None:
    from server.accounts.tables import RoleGrant

    phone = world.phone("li")
    phone.pull(HERE)
    world.run(lambda session: session.query(RoleGrant).filter(RoleGrant.role == "cadre").delete())
    phone.send(op(phone, "revocation_ack", scope=HERE, count=2))
    assert listed(world) == [] and listed(world, "admin", state="wiped") == [("li", HERE)]
    assert HERE not in scopes(phone)


def test_hand_overs_without_an_area_are_the_county_s(world: World) -> None:
    add_person(world, "east-admin", "admin", EAST)
    phone = world.phone("li")
    phone.pull(HERE)
    take_role(world, "li", "cadre", QINGSHI)
    world.run(lambda session: session.query(InstallScope).update({"region_code": None}))
    assert listed(world, "east-admin") == [] and listed(world, "admin") == [("li", HERE)]


@pytest.mark.parametrize("who", ["nobody", "zhao", "inactive"])
def test_help_that_there_is_not_cannot_be_ended_and_leaves_no_note(world: World, who: str) -> None:
    """Unknown people answer exactly as those elsewhere do."""
    from server.accounts.tables import AuditEntry

    person_id = {"nobody": str(uuid.uuid4()), "zhao": world.people["zhao"], "inactive": world.people["import"]}[who]
    body = {"household_id": WANG, "give": False}
    answer = world.phone("zhang").post(f"/users/{person_id}/households", body)
    assert (answer.status_code, answer.json["code"]) == (404, "record.not_found")
    actions = world.look(lambda session: session.scalars(select(AuditEntry.action)).all())
    assert not [action for action in actions if action.startswith("user.household")]


def test_help_of_somebody_who_left_can_still_be_ended(world: World) -> None:
    from server.accounts.tables import Person

    helper = world.people["helper"]
    world.run(lambda session: session.query(Person).filter(Person.id == helper).update({"active": False}))
    body = {"household_id": WANG, "give": False}
    assert world.phone("zhang").post(f"/users/{helper}/households", body).status_code == 200
