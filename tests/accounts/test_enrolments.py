"""Codes for beginning on a phone: issued in the administrator's own area, good once, and safe to send again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select, update

from server.accounts.tables import AuditEntry, Enrolment, Install, Person
from server.db import now
from tests.world import World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


def issue(world: World, person: str = "li", by: str = "admin", **more: Any) -> Any:
    return world.phone(by).post("/enrolments", {"person_id": world.people[person], **more})


def enrol(world: World, code: str, install_id: str = "install-new", **more: Any) -> Any:
    body = {"code": code, "install_id": install_id, "device": {"name": "phone", "public_key_jwk": {"n": "1"}}}
    return world.app.test_client().post("/api/v1/auth/enrol", json={**body, **more})


def state(world: World, person: str = "li") -> list[str]:
    items = world.phone("admin").get(f"/enrolments?person_id={world.people[person]}").json["items"]
    return [one["state"] for one in items]


def test_a_code_signs_its_person_in_on_this_phone(world: World) -> None:
    given = issue(world)
    assert given.status_code == 201 and given.json["address"].endswith(f"/#/sign-in?code={given.json['code']}")
    assert given.json["qr_png"].startswith("data:image/png;base64,")
    answer = enrol(world, given.json["code"].lower().replace("-", " "))
    assert (answer.json["user"]["username"], answer.json["install_id"]) == ("li", "install-new")
    headers = {"Authorization": f"Bearer {answer.json['token']}"}
    assert world.app.test_client().get("/api/v1/me", headers=headers).json["username"] == "li"
    assert state(world) == ["used"]
    stored = world.look(lambda session: session.scalars(select(Enrolment.code_hash)).all())
    assert given.json["code"].replace("-", "") not in "".join(stored)


def test_the_same_phone_may_ask_again_and_no_other(world: World) -> None:
    code = issue(world).json["code"]
    assert [enrol(world, code).status_code, enrol(world, code).status_code] == [200, 200]
    taken = enrol(world, code, "install-other")
    assert (taken.status_code, taken.json["code"]) == (401, "auth.bad_code")


def test_a_phone_that_knows_the_person_goes_on_under_its_own_install(world: World) -> None:
    """Its unsent work carries that install's numbers, and the key that sealed them stays."""
    li, bai = world.phone("li", "install-of-li"), world.phone("bai", "install-of-bai")
    answer = enrol(world, issue(world).json["code"], known=[bai.install_id, li.install_id])
    assert answer.json["install_id"] == li.install_id
    key = world.look(lambda session: session.get_one(Install, li.install_id).public_key_jwk)
    assert key is None


@pytest.mark.parametrize("change", [{"expires_at": now() - timedelta(seconds=1)}, {"withdrawn_at": now()}])
def test_old_and_withdrawn_codes_open_nothing(world: World, change: dict[str, Any]) -> None:
    code = issue(world).json["code"]
    world.run(lambda session: session.execute(update(Enrolment).values(**change)))
    assert enrol(world, code).json["code"] == "auth.bad_code"


def test_withdrawing_ends_an_unused_code(world: World) -> None:
    given, admin = issue(world).json, world.phone("admin")
    answer = admin.client.delete(f"/api/v1/enrolments/{given['id']}", headers=admin.headers)
    assert (answer.status_code, state(world)) == (204, ["withdrawn"])
    assert enrol(world, given["code"]).status_code == 401
    actions = world.look(lambda session: session.scalars(select(AuditEntry.action)).all())
    assert {"enrolment.issued", "enrolment.withdrawn"} <= set(actions)


def test_who_left_is_not_let_in(world: World) -> None:
    code = issue(world).json["code"]
    left = update(Person).where(Person.id == world.people["li"]).values(active=False)
    world.run(lambda session: session.execute(left))
    assert enrol(world, code).status_code == 401


def test_only_administrators_of_the_area_issue(world: World) -> None:
    assert issue(world, by="li").status_code == 403
    unknown = world.phone("admin").post("/enrolments", {"person_id": "00000000-0000-4000-8000-000000000000"})
    assert unknown.status_code == 404
    assert issue(world, minutes=60 * 24 * 30).status_code == 400


def test_guessing_is_slowed_down(world: World) -> None:
    for _ in range(51):
        answer = enrol(world, "AAAA-AAAA-AAAA")
    assert (answer.status_code, answer.json["code"]) in [(401, "auth.bad_code"), (429, "auth.too_many_attempts")]
    assert enrol(world, issue(world).json["code"]).status_code == 429
