"""The audit is read by area, narrowed, exported; and everything that must be answerable is in it."""

from __future__ import annotations

import json
import uuid

import pytest
from flask import Flask
from sqlalchemy import select

from server.accounts.audit import note
from server.accounts.tables import AuditEntry
from server.sync import audit_chain
from tests.sync.office import add_person
from tests.world import COUNTY, EAST, LIUSHU, PASSWORD, QINGSHI, WANG, WEST, ZHAO, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    world = build_world(app)
    for name, region in (("east", EAST), ("west", WEST)):
        world.people[name] = add_person(world, name, "admin", region)
    zhang, zhao = world.people["zhang"], world.people["zhao"]
    for person, action, subject, detail in (
        (zhang, "record.revealed", WANG, {"reason": "核对身份证"}),
        (zhang, "export.asked", "one", {"region": EAST}),
        (world.people["admin"], "record.revealed", ZHAO, {}),
        (world.people["admin"], "user.role_given", zhao, {"role": "cadre", "region": LIUSHU}),
        (world.people["admin"], "household.lent", WANG, {"to": zhao}),
        (None, "user.add", "somebody", {}),
    ):
        world.run(lambda s, p=person, a=action, x=subject, d=detail: note(s, p, a, x, **d))
    return world


def told(world: World, who: str, query: str = "") -> list[tuple[str, str]]:
    answer = world.phone(who).get(f"/audit{query}")
    assert answer.status_code == 200, answer.text
    return [(row["action"], row["subject"]) for row in answer.json["items"]]


def test_each_reads_what_is_about_the_own_area(world: World) -> None:
    assert told(world, "east") == [("export.asked", "one"), ("record.revealed", WANG)]
    assert [action for action, _ in told(world, "west")] == ["user.role_given", "record.revealed"]
    assert len(told(world, "admin")) == len(told(world, "auditor")) == 6
    for who in ("zhang", "li", "helper"):
        assert world.phone(who).get("/audit").status_code == 403


def test_codes_are_told_in_words(world: World) -> None:
    """Why something was refused, and how a visit ended; a code that nobody knows stays as it is."""
    admin = world.people["admin"]
    for detail in ({"code": "inspection.drawn"}, {"disposition": "nobody"}, {"code": "not.ours", "disposition": "x"}):
        world.run(lambda s, d=detail: note(s, admin, "inspection.refused", "one", **d))
    rows = world.phone("auditor").get("/audit?kind=inspection").json["items"]
    unknown, ended, refused = (row["words"] for row in rows)
    assert unknown == {} and ended == {"disposition": {"zh": "无人在家", "en": "Nobody at home"}}
    assert "不能再抽" in refused["code"]["zh"] and "draw" in refused["code"]["en"].lower()


@pytest.mark.parametrize(
    "query",
    [
        f"?region={WEST}", f"?region={LIUSHU}", "?region=9902", f"?subject={ZHAO}", "?kind=household",
        "?kind=user", "?person=00000000-0000-4000-8000-000000000000",
    ],
)  # fmt: skip
def test_a_filter_does_not_reach_beyond_the_area(world: World, query: str) -> None:
    assert told(world, "east", query) == []


def test_the_list_is_narrowed_by_person_area_kind_time_and_object(world: World) -> None:
    zhang = world.people["zhang"]
    assert len(told(world, "admin", f"?person={zhang}")) == 2
    assert len(told(world, "admin", "?kind=record")) == 2 and len(told(world, "admin", "?kind=record.revealed")) == 2
    assert told(world, "admin", "?kind=recor") == []
    assert len(told(world, "admin", f"?subject={WANG}")) == 2
    assert told(world, "admin", f"?region={QINGSHI}&kind=record") == [("record.revealed", WANG)]
    assert told(world, "admin", "?from=2100-01-01T00:00:00Z") == [] == told(world, "admin", "?to=2000-01-01T00:00:00Z")
    first = world.phone("admin").get("/audit?limit=4").json
    assert len(first["items"]) == 4 and len(told(world, "admin", f"?limit=4&after={first['next']}")) == 2


def test_an_entry_names_people_and_masks_households(world: World) -> None:
    row = next(row for row in world.phone("auditor").get(f"/audit?subject={WANG}").json["items"] if row["other"])
    assert row["other"]["username"] == "zhao" and row["about"]["name"] == "王*山" and row["region"] == COUNTY
    assert row["number"] and len(row["hash"]) == 64


def test_an_export_of_the_audit_is_itself_an_entry(world: World) -> None:
    phone = world.phone("east")
    answer = phone.get("/audit/export?kind=record")
    assert [json.loads(line)["subject"] for line in answer.text.splitlines()] == [WANG]
    assert told(world, "east")[0] == ("audit.exported", "audit")
    head = phone.get("/audit/head").json
    assert head["vouched"] and head["number"] == 7


def wire_actions(world: World) -> set[str]:
    return world.look(lambda s: set(s.scalars(select(AuditEntry.action))))


def test_what_a_desk_does_is_answerable(world: World) -> None:
    """Each call of a desk that sees, decides, gives or takes leaves its entry (others: tests of their own parts)."""
    admin, li = world.phone("admin"), world.people["li"]
    world.phone("li").send(world.phone("li").visit(water_days="35", instance_id="uuid:seen"))
    admin.get("/submissions/uuid:seen/answers.json")
    admin.post("/submissions/uuid:seen/review", {"state": "approved", "comments": []})
    admin.post(f"/users/{li}/roles", {"role": "cadre", "region": WEST, "give": True})
    admin.post(f"/users/{li}/roles", {"role": "cadre", "region": WEST, "give": False})
    admin.post(f"/users/{li}/households", {"household_id": WANG, "give": True})
    admin.post(f"/users/{li}/households", {"household_id": WANG, "give": False})
    admin.post(f"/users/{li}/openrosa-tokens", {})
    admin.post(f"/people/{li}/password", {})
    code = admin.post("/enrolments", {"person_id": li}).json
    phone = world.phone("admin")
    phone.client.delete(f"/api/v1/enrolments/{code['id']}", headers=phone.headers)
    admin.post(f"/installs/{world.phone('li').install_id}/revoke", {})
    body = {"username": "wu", "display_name": "吴", "roles": [{"role": "cadre", "region": QINGSHI}]}
    wu = admin.post("/people", body).json["id"]
    admin.post(f"/people/{wu}/leave", {})
    admin.post(f"/people/{wu}/return", {})
    qualified = {"kind": "house_appraiser", "number": "1", "issued_by": "住建局", "valid_from": "2026-01-01"}
    admin.post(f"/users/{li}/qualifications", qualified)
    assert wire_actions(world) >= {
        "answers.read", "submission.approved", "user.role_given", "user.role_taken", "user.household_given",
        "user.household_taken", "openrosa_token.issued", "user.password_reset", "enrolment.issued",
        "enrolment.withdrawn", "device.revoked", "user.invited", "user.left", "user.returned", "qualification.added",
    }  # fmt: skip


def test_signing_in_is_answerable(world: World) -> None:
    client = world.app.test_client()
    client.post("/api/v1/auth/login", json={"username": "zhang", "password": PASSWORD, "cookie": True})
    body = {"username": "zhang", "password": PASSWORD, "install_id": f"install-{uuid.uuid4()}"}
    client.post("/api/v1/auth/login", json=body)
    entries = select(AuditEntry).where(AuditEntry.action == "auth.signed_in").order_by(AuditEntry.at)
    rows = world.look(lambda s: [(r.person_id, r.subject) for r in s.scalars(entries)])
    assert rows == [(world.people["zhang"], world.people["zhang"]), (world.people["zhang"], body["install_id"])]


def test_a_decision_on_a_conflict_is_answerable(world: World) -> None:
    li, helper = world.phone("li"), world.phone("helper")
    li.send(li.visit(head_name="王大川"))
    helper.send(helper.visit(head_name="王大江"))
    desk = world.phone("zhang")
    [conflict] = desk.get("/conflicts?state=open").json["items"]
    heads = [head["op_id"] for head in desk.get(f"/conflicts/{conflict['id']}").json["heads"]]
    body = {"choose": heads[0], "reason": "问过本人", "seen": heads}
    assert desk.post(f"/conflicts/{conflict['id']}/resolve", body).status_code == 200
    with world.app.app_context():
        audit_chain.seal()
    row = world.look(lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "conflict.resolved")).one())
    assert (row.person_id, row.subject, row.region_code) == (world.people["zhang"], conflict["id"], QINGSHI)
