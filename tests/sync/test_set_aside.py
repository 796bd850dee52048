"""What was set aside or waits is listed to the supervisors of its area, who let it through or dismiss it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from server.accounts.tables import Install
from server.db import now
from server.forms.compile import compile_form
from tests.world import BAITA, FORM, LIUSHU, QINGSHI, WANG, ZHAO, Phone, World, add_form


def only(phone: Phone, path: str) -> Any:
    (item,) = phone.get(path).json["items"]
    return item


def value(phone: Phone, name: str = "water_shortage_days", household: str = WANG) -> Any:
    return phone.get(f"/entities/{household}").json["data"].get(name)


@pytest.fixture
def moved_away(world: World) -> tuple[Phone, Phone, dict[str, Any]]:
    """A cadre's visit of a household that was moved out of the cadre's village meanwhile."""
    li, zhang = world.phone("li"), world.phone("zhang")
    zhang.send(zhang.visit(village=BAITA))
    op = li.visit(water_days="4")
    assert li.send(op)[0]["code"] == "scope.lost"
    return li, zhang, op


def test_a_supervisor_lets_through_what_lost_its_scope(moved_away: tuple[Phone, Phone, dict[str, Any]]) -> None:
    """The author stays the author; the supervisor answers for it; the author's phone hears the outcome."""
    li, zhang, op = moved_away
    row = only(zhang, "/quarantine?state=open")
    assert (row["op_id"], row["code"], row["author"]["username"]) == (op["op_id"], "scope.lost", "li")
    answer = zhang.post(f"/quarantine/{row['id']}/apply", {})
    assert (answer.status_code, answer.json["status"]) == (200, "applied")
    assert value(zhang) == "4"
    history = zhang.get(f"/entities/{WANG}/history").json["items"]
    assert history[0]["author"]["username"] == "li"
    assert only(zhang, "/quarantine?code=scope.lost")["state"] == "applied"
    told = [e for e in li.pull(f"user:{row['author']['id']}")["entries"] if e["type"] == "op"]
    assert [(e["op_id"], e["status"]) for e in told] == [(op["op_id"], "applied")]
    assert li.send(op)[0]["first"]["status"] == "applied"


def test_applying_twice_is_told_once(moved_away: tuple[Phone, Phone, dict[str, Any]]) -> None:
    _, zhang, _ = moved_away
    row = only(zhang, "/quarantine")
    zhang.post(f"/quarantine/{row['id']}/apply", {})
    version = zhang.get(f"/entities/{WANG}").json["version"]
    assert zhang.post(f"/quarantine/{row['id']}/apply", {}).status_code == 404
    assert zhang.get(f"/entities/{WANG}").json["version"] == version


def test_what_is_dismissed_stays_kept_and_its_author_is_told(moved_away: tuple[Phone, Phone, dict[str, Any]]) -> None:
    li, zhang, op = moved_away
    row = only(zhang, "/quarantine")
    assert zhang.post(f"/quarantine/{row['id']}/dismiss", {}).status_code == 400
    assert zhang.post(f"/quarantine/{row['id']}/dismiss", {"reason": "visited twice"}).status_code == 200
    assert value(zhang) == "20"
    assert only(zhang, "/quarantine?state=dismissed")["op_id"] == op["op_id"]
    assert op["instance_id"] in zhang.get(f"/quarantine/{row['id']}").json["raw"]
    (told,) = [e for e in li.pull(f"user:{row['author']['id']}")["entries"] if e["type"] == "op"]
    assert told["code"] == "op.dismissed"
    assert li.send(op)[0]["first"] == {"status": "quarantined", "code": "op.dismissed"}
    assert li.get(f"/submissions/{op['instance_id']}").json["code"] == "op.dismissed"


def test_dismissing_a_second_content_leaves_the_first_as_it_is(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(water_days="4")
    assert [li.send(one)[0]["status"] for one in (op, {**op, "seq": 9})] == ["applied", "quarantined"]
    zhang.post(f"/quarantine/{only(zhang, '/quarantine')['id']}/dismiss", {"reason": "the same visit"})
    assert li.send(op)[0]["first"] == {"status": "applied"}


def test_the_work_of_a_revoked_phone_is_let_through_by_hand(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    world.run(lambda session: setattr(session.get_one(Install, li.install_id), "revoked_at", now()))
    op = li.visit(water_days="6")
    assert li.send(op)[0]["code"] == "device.revoked"
    zhang.post(f"/quarantine/{only(zhang, '/quarantine')['id']}/apply", {})
    assert value(zhang) == "6"


def test_an_envelope_that_names_other_records_is_applied_by_its_instance(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(water_days="6", entities=[{"dataset": "household", "id": ZHAO, "base_version": 1, "base": {}}])
    assert li.send(op)[0]["code"] == "entities.mismatch"
    answer = zhang.post(f"/quarantine/{only(zhang, '/quarantine')['id']}/apply", {})
    assert answer.json["entities"][0]["id"] == WANG


def test_what_still_cannot_be_applied_says_why_and_stays_open(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    xml = li.visit()["instance_xml"].replace('version="1"', 'version="9"')
    op = li.visit(form_version="9", instance_xml=xml, instance_id=xml.split("<instanceID>")[1].split("<")[0])
    assert li.send(op)[0]["code"] == "form.unknown_version"
    row = only(zhang, "/quarantine")
    answer = zhang.post(f"/quarantine/{row['id']}/apply", {})
    assert (answer.status_code, answer.json["code"]) == (422, "quarantine.not_applied")
    assert "form.unknown_version" in answer.json["detail"]
    assert only(zhang, "/quarantine")["state"] == "open"


def test_only_supervisors_of_the_area_see_and_decide(world: World, moved_away: tuple[Phone, Phone, Any]) -> None:
    _, zhang, _ = moved_away
    row = only(zhang, "/quarantine")
    admin = world.phone("admin")
    assert only(admin, "/quarantine")["id"] == row["id"]
    for name in ("zhao", "auditor", "li"):
        phone = world.phone(name)
        assert phone.get("/quarantine").status_code == 403
        assert phone.post(f"/quarantine/{row['id']}/apply", {}).status_code == 403
    assert zhang.get("/quarantine?region=990102000000").json["items"] == []
    assert zhang.post(f"/quarantine/{uuid.uuid4()}/apply", {}).status_code == 404


@pytest.fixture
def waiting(world: World) -> tuple[Phone, Phone, dict[str, Any]]:
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(water_days="8", depends_on=[str(uuid.uuid4())])
    assert li.send(op)[0]["status"] == "held"
    return li, zhang, op


def test_a_held_op_is_listed_and_let_through(waiting: tuple[Phone, Phone, dict[str, Any]]) -> None:
    li, zhang, op = waiting
    row = only(zhang, "/held")
    assert (row["op_id"], row["waits_for"], row["region"]) == (op["op_id"], op["depends_on"][0], QINGSHI)
    assert zhang.post(f"/held/{op['op_id']}/apply", {}).json["status"] == "applied"
    assert value(zhang) == "8"
    assert zhang.get("/held").json["items"] == []
    assert li.send(op)[0]["first"]["status"] == "applied"


def test_a_held_op_is_dismissed_and_kept(waiting: tuple[Phone, Phone, dict[str, Any]]) -> None:
    li, zhang, op = waiting
    assert zhang.post(f"/held/{op['op_id']}/dismiss", {"reason": "never came"}).status_code == 200
    assert zhang.get("/held").json["items"] == []
    assert only(zhang, "/quarantine?state=dismissed")["op_id"] == op["op_id"]
    assert li.send(op)[0]["first"] == {"status": "quarantined", "code": "op.dismissed"}


def test_lists_are_paged(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    for days in range(5):
        li.send(li.visit(household=ZHAO, water_days=str(days)))
    # A foreign record's row belongs to the record's area, where nobody of the east may look.
    assert zhang.get("/quarantine").json["items"] == []
    admin = world.phone("admin")
    first = admin.get("/quarantine?limit=2").json
    second = admin.get(f"/quarantine?limit=2&after={first['next']}").json
    third = admin.get(f"/quarantine?limit=2&after={second['next']}").json
    assert len({item["id"] for page in (first, second, third) for item in page["items"]}) == 5
    assert third["next"] is None


def let_in(phone: Phone, row: Any, **body: Any) -> Any:
    return phone.post(f"/quarantine/{row['id']}/apply", body)


REASON = "The cadre asked at the village office: it is Baita."


def test_a_supervisor_chooses_the_village_of_a_household_whose_own_nobody_knows(world: World) -> None:
    """The author stays the author; who chose, what and why is kept; the author's phone hears it."""
    li, zhang = world.phone("li"), world.phone("zhang")
    op = li.visit(village="nowhere", water_days="31")
    assert li.send(op)[0]["code"] == "region.unknown"
    row = only(zhang, "/quarantine")
    assert let_in(zhang, row).json["detail"] == "region.unknown"
    answer = let_in(zhang, row, region=BAITA, reason=REASON)
    assert (answer.status_code, answer.json["status"]) == (200, "applied")
    household = zhang.get(f"/entities/{WANG}").json
    assert (household["region"], household["data"]["region"]) == (BAITA, BAITA)
    assert household["data"]["water_shortage_days"] == "31"
    assert zhang.get(f"/entities/{WANG}/history").json["items"][0]["author"]["username"] == "li"
    found = zhang.get(f"/submissions/{op['instance_id']}").json["findings"]
    assert ("region.chosen", BAITA) in [(one.get("code"), one["message"]) for one in found]
    decision = zhang.get(f"/quarantine/{row['id']}").json["decision"]
    assert (decision["by"]["username"], decision["region"], decision["reason"]) == ("zhang", BAITA, REASON)
    told = [e for e in li.pull(f"user:{row['author']['id']}")["entries"] if e["type"] == "op"]
    assert [(e["op_id"], e["status"]) for e in told] == [(op["op_id"], "applied")]


def test_a_new_household_comes_where_the_supervisor_says(world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    new = str(uuid.uuid4())
    creating = FORM.replace("${household} | | true()", "${household} | true() | false()")
    form = creating.replace("small_visit", "small_new")
    world.run(lambda session: add_form(session, compile_form(form.encode(), "new.md", {})))
    op = li.visit(household=new, base_version=None, village=LIUSHU, head_name="新户", form_id="small_new")
    xml = op["instance_xml"].replace('update="1"', 'create="1"')
    op["instance_xml"] = xml.replace('id="small_visit"', 'id="small_new"')
    assert li.send(op)[0]["code"] == "region.unknown"
    assert let_in(zhang, only(zhang, "/quarantine"), region=QINGSHI, reason=REASON).json["status"] == "applied"
    made = zhang.get(f"/entities/{new}").json
    assert (made["region"], made["data"]["region"], made["label"]) == (QINGSHI, QINGSHI, "新户")


@pytest.mark.parametrize("kind", ["place", "contact_attempt"])
def test_a_pin_and_a_try_from_a_history_that_is_no_longer_ours_are_let_through(world: World, kind: str) -> None:
    """The server was restored, the phone had seen more: a supervisor lets it stand beside what is here."""
    li, zhang = world.phone("li"), world.phone("zhang")
    place = {"lon": "108.37", "lat": "23.12", "datum": "wgs84", "source": "manual_pin"}
    says = {"place": {"place": place, "reason": "图上看得清"}, "contact_attempt": {"disposition": "nobody"}}[kind]
    op = li.op(kind, entity_id=WANG, base_version=99, **says)
    assert li.send(op)[0]["code"] == "entity.base_unknown"
    answer = let_in(zhang, only(zhang, "/quarantine"))
    assert (answer.status_code, len(answer.json["entities"])) == (200, 1)
    assert li.send(op)[0]["first"]["status"] in ("applied", "merged", "conflicted")


def test_the_chosen_village_counts_also_where_the_ops_own_would_have_done_for_who_chooses(world: World) -> None:
    """Its author may not write in Liushu, the administrator may; but the administrator says Baita."""
    li, admin = world.phone("li"), world.phone("admin")
    assert li.send(li.visit(village=LIUSHU, water_days="31"))[0]["code"] == "region.unknown"
    assert let_in(admin, only(admin, "/quarantine"), region=BAITA, reason=REASON).json["status"] == "applied"
    household = admin.get(f"/entities/{WANG}").json
    assert (household["region"], household["data"]["region"]) == (BAITA, BAITA)


@pytest.mark.parametrize("region", [LIUSHU, "990101000000", "nowhere", "9" * 20])
def test_a_region_is_chosen_only_where_one_decides_and_only_a_home(world: World, region: str) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    li.send(li.visit(village="nowhere"))
    row = only(zhang, "/quarantine")
    answer = let_in(zhang, row, region=region, reason=REASON)
    assert (answer.status_code, answer.json["code"]) == (422, "quarantine.not_applied")
    assert answer.json["errors"][0]["where"] == "region"
    assert only(zhang, "/quarantine")["state"] == "open"


def test_a_choice_needs_its_reason_and_its_cause(moved_away: tuple[Phone, Phone, dict[str, Any]]) -> None:
    """No household is moved by the way, where its region was not what stood against the op."""
    _, zhang, _ = moved_away
    row = only(zhang, "/quarantine")
    for reason in (None, "", "  "):
        assert let_in(zhang, row, region=QINGSHI, reason=reason).status_code in (400, 422)
    assert let_in(zhang, row, region=QINGSHI, reason=REASON).json["detail"] == "scope.lost"
    assert zhang.get(f"/entities/{WANG}").json["region"] == BAITA


def test_who_dismissed_and_why_stays_with_the_row(moved_away: tuple[Phone, Phone, dict[str, Any]]) -> None:
    _, zhang, _ = moved_away
    row = only(zhang, "/quarantine")
    assert "decision" not in zhang.get(f"/quarantine/{row['id']}").json
    assert zhang.post(f"/quarantine/{row['id']}/dismiss", {"reason": "visited anew"}).status_code == 200
    decision = zhang.get(f"/quarantine/{row['id']}").json["decision"]
    assert (decision["by"]["username"], decision["reason"]) == ("zhang", "visited anew")


def test_work_on_a_version_that_never_was_stands_beside_what_is_there(world: World) -> None:
    """After a restore, or from a phone whose memory is wrong: nothing is overwritten, both values stand."""
    li, zhang = world.phone("li"), world.phone("zhang")
    assert li.send(li.visit(water_days="6", base_version=99))[0]["code"] == "entity.base_unknown"
    answer = let_in(zhang, only(zhang, "/quarantine"))
    assert answer.json["status"] == "conflicted"
    (conflict,) = zhang.get(f"/conflicts?entity={WANG}").json["items"]
    heads = zhang.get(f"/conflicts/{conflict['id']}").json["heads"]
    assert {head["value"] for head in heads} == {"20", "6"}


def test_work_sent_under_the_name_of_another_install_is_let_through_by_hand(world: World) -> None:
    """A phone that was set up anew sends what an old one left: the author is who sent it."""
    li, zhao, zhang = world.phone("li"), world.phone("zhao"), world.phone("zhang")
    op = li.visit(water_days="6", install_id=zhao.install_id)
    assert li.send(op)[0]["code"] == "op.foreign_install"
    assert let_in(zhang, only(zhang, "/quarantine")).json["status"] == "applied"
    assert value(zhang) == "6"
    assert zhang.get(f"/entities/{WANG}/history").json["items"][0]["author"]["username"] == "li"
