"""What somebody at a desk, or with a code that was kept back, might try; and what the audit says of it afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, insert, select

from server.accounts.audit import note
from server.accounts.tables import AuditEntry, Enrolment, Token
from server.db import now
from server.sync import audit_chain
from tests.sync.office import add_person
from tests.sync.racing import at_once
from tests.world import BAITA, EAST, LIUSHU, QINGSHI, WANG, WEST, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    world = build_world(app)
    world.people["east"] = add_person(world, "east", "admin", EAST)
    world.people["new"] = add_person(world, "new", "cadre", QINGSHI)
    return world


def code_of(world: World, person: str, by: str) -> str:
    given = world.phone(by).post("/enrolments", {"person_id": world.people[person], "minutes": 7 * 24 * 60})
    assert given.status_code == 201, given.text
    return str(given.json["code"])


def enrol(world: World, code: str, install_id: str = "install-new") -> Any:
    return world.app.test_client().post("/api/v1/auth/enrol", json={"code": code, "install_id": install_id})


def role(world: World, person: str, name: str, region: str, give: bool = True) -> None:
    body = {"role": name, "region": region, "give": give}
    assert world.phone("admin").post(f"/users/{world.people[person]}/roles", body).status_code == 200


def count(world: World, action: str) -> int:
    return world.look(lambda s: s.scalar(select(func.count()).where(AuditEntry.action == action))) or 0


def test_a_code_kept_back_opens_no_rights_that_came_later(world: World) -> None:
    """A township's administrator gives a code, the county raises its person: the code would sign in as that."""
    code = code_of(world, "new", by="east")
    role(world, "new", "admin", WEST)
    assert enrol(world, code).json["code"] == "auth.bad_code"
    assert world.look(lambda s: s.scalar(select(func.count()).where(Token.person_id == world.people["new"]))) == 0
    role(world, "new", "admin", WEST, give=False)
    assert enrol(world, code).status_code == 200


def test_codes_of_an_administrator_who_lost_the_right_open_nothing(world: World) -> None:
    code = code_of(world, "new", by="east")
    role(world, "east", "admin", EAST, give=False)
    assert enrol(world, code).status_code == 401


@pytest.mark.parametrize("step", ["leave", "password"])
def test_leaving_and_a_new_password_end_open_codes(world: World, step: str) -> None:
    """Else who has the old code would be let in after the person came back, or after the thief was signed out."""
    code, admin, path = code_of(world, "new", by="admin"), world.phone("admin"), f"/people/{world.people['new']}"
    assert admin.post(f"{path}/{step}", {}).status_code in (200, 204)
    if step == "leave":
        assert admin.post(f"{path}/return", {}).status_code == 204
    assert enrol(world, code).json["code"] == "auth.bad_code"
    assert count(world, "enrolment.withdrawn") == 1


def test_of_phones_that_bring_one_code_at_once_one_gets_in(world: World) -> None:
    code = code_of(world, "new", by="admin")
    answers = at_once([lambda n=n: enrol(world, code, f"install-{n}").status_code for n in range(6)])
    assert sorted(answers) == [200, 401, 401, 401, 401, 401]
    used = world.look(lambda s: s.scalars(select(Enrolment.install_id)).all())
    tokens = world.look(lambda s: s.scalars(select(Token.install_id).where(Token.install_id.like("install-_"))).all())
    assert tokens == used


def test_the_audit_tells_what_happened_and_not_what_was_tried_in_vain(world: World) -> None:
    """A role that was there, or was not, is neither given nor taken."""
    for give in (False, True, True, False, False):
        role(world, "new", "supervisor", QINGSHI, give)
    assert (count(world, "user.role_given"), count(world, "user.role_taken")) == (1, 1)


@pytest.mark.parametrize("query", ["person=00000000-0000-4000-8000-000000000000", f"subject={WANG}", f"region={WEST}"])
def test_every_narrowed_list_of_the_audit_is_exported_and_noted_where_its_reader_works(
    world: World, query: str
) -> None:
    """Named as the place of the deed, another township would make the entry hidden at home and seen over there."""
    add_person(world, "west", "admin", WEST)
    east = world.phone("east")
    answer = east.get(f"/audit/export?{query}")
    assert (answer.status_code, answer.text) == (200, "")
    (entry,) = east.get("/audit?kind=audit.exported").json["items"]
    assert entry["region"] == EAST and query.split("=")[1] in json.dumps(entry["detail"])
    assert [one for one in world.phone("west").get("/audit").json["items"] if one["action"] == "audit.exported"] == []


@pytest.mark.parametrize("moment", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-12:00"])
def test_the_first_and_last_hours_of_all_time_are_moments_too(world: World, moment: str) -> None:
    admin = world.phone("admin")
    for path in (f"/audit?from={moment}", f"/audit?to={moment}", f"/entities/{WANG}/whole?at={moment}"):
        assert admin.get(path).status_code in (200, 404), path


def test_an_entry_put_in_front_of_the_chain_is_found(world: World) -> None:
    """Lists would show it, and no hash covers it."""
    world.run(lambda s: note(s, None, "user.add", "somebody"))
    with world.app.app_context():
        audit_chain.seal()
    forged = {"action": "user.add", "subject": "forged", "at": now(), "number": 0, "hash": "0" * 64}
    world.run(lambda s: s.execute(insert(AuditEntry).values(forged)))
    checked = world.look(audit_chain.verify)
    assert checked.broken == audit_chain.Broken(0, "changed")


@pytest.mark.parametrize("change", [{"reason": "  "}, {"name_zh": " \u3000"}])
def test_blanks_are_no_reason_and_no_name(world: World, change: dict[str, str]) -> None:
    admin = world.phone("admin")
    body = {"region": BAITA, "kind": "renamed", "day": "2020-01-01", "reason": "文件", "name_zh": "白塔新村"}
    assert admin.post("/regions/changes", {**body, **change}).status_code == 400
    shown = {"properties": ["contact_phone"], "reason": "  \n "}
    assert admin.post(f"/entities/{WANG}/reveal", shown).status_code == 400
    assert count(world, "record.revealed") == count(world, "region.renamed") == 0


@pytest.mark.parametrize("name", ["吴\u202e一", "吴一\n管理员", "吴\u200b一"])
def test_a_name_has_no_signs_that_nobody_sees(world: World, name: str) -> None:
    body = {"username": "wu.yi", "display_name": name, "roles": [{"role": "cadre", "region": LIUSHU}]}
    answer = world.phone("admin").post("/people", body)
    assert (answer.status_code, answer.json["detail"]) == (422, "name.signs")
