"""What was set aside or waits is listed to the supervisors of its area, who let it through or dismiss it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from server.accounts.tables import Install
from server.db import now
from tests.world import BAITA, QINGSHI, WANG, ZHAO, Phone, World


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
