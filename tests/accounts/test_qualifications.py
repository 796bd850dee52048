"""Qualifications: dated, entered by administrators, and what forms they open."""

from __future__ import annotations

import io
import uuid
from datetime import date, timedelta
from typing import Any

import pytest
from click.testing import CliRunner, Result
from flask import Flask

from server import db
from server.accounts import tokens
from server.accounts.people import add_person, give_role
from server.accounts.qualifications import holds
from server.accounts.tables import AuditEntry
from server.cli import main
from tests.forms.samples import SMALL
from tests.world import Phone, World, build_world

KIND = "house_appraiser"
GIVEN = {"kind": KIND, "number": "A-17", "issued_by": "住建局", "valid_from": "2025-01-01", "valid_until": None}


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


def enter(world: World, person: str = "li", by: str = "admin", **more: Any) -> Any:
    return world.phone(by).post(f"/users/{world.people[person]}/qualifications", {**GIVEN, **more})


def held(world: World, day: str, person: str = "li") -> bool:
    found: bool = world.look(lambda session: holds(session, world.people[person], KIND, date.fromisoformat(day)))
    return found


def publish(world: World, columns: str, values: str) -> None:
    """The small form with more settings."""
    text = SMALL.replace("| | form_id |", f"| | {columns} | namespaces | form_id |", 1)
    head, settings = text.split("| settings |", 1)
    lines = settings.splitlines()
    row = next(n for n, line in enumerate(lines) if "small" in line)
    lines[row] = lines[row].replace("| | ", f'| | {values} | ruhu="https://ruhu.example/xforms" | ', 1)
    admin = world.phone("admin")
    files = {"file": (io.BytesIO((head + "| settings |" + "\n".join(lines) + "\n").encode()), "form.md")}
    answer = admin.client.post("/api/v1/forms", data=files, headers=admin.headers)
    assert answer.status_code == 201, answer.text
    assert admin.client.post("/api/v1/forms/small/1/publish", headers=admin.headers).status_code == 200


def offered(phone: Phone) -> bool:
    return "small" in {form["form_id"] for form in phone.get("/forms").json}


def in_form_list(world: World, person: str) -> bool:
    key = world.run(
        lambda session: tokens.issue(session, world.people[person], "openrosa", timedelta(days=1)).token
    )
    answer = world.app.test_client().get(f"/key/{key}/formList", headers={"X-OpenRosa-Version": "1.0"})
    return "<formID>small</formID>" in answer.text


def test_it_counts_from_its_first_day_to_its_last(world: World) -> None:
    enter(world, valid_until="2025-12-31")
    assert [held(world, day) for day in ("2024-12-31", "2025-01-01", "2025-12-31", "2026-01-01")] == [
        False, True, True, False,
    ]  # fmt: skip
    assert not held(world, "2025-06-01", "bai")


def test_the_person_sees_it_at_sign_in_and_in_me(world: World) -> None:
    entered = enter(world)
    assert entered.status_code == 201
    assert world.phone("li").get("/me").json["qualifications"] == [{**GIVEN, "id": entered.json["id"]}]
    body = {"username": "li", "password": "ruhu-test-password", "install_id": "install-77"}
    signed_in = world.app.test_client().post("/api/v1/auth/login", json=body)
    assert signed_in.json["user"]["qualifications"] == [{**GIVEN, "id": entered.json["id"]}]


def test_entering_it_again_is_harmless_and_other_content_is_refused(world: World) -> None:
    own = str(uuid.uuid4())
    assert enter(world, id=own).status_code == 201
    assert enter(world, id=own).status_code == 201
    assert enter(world, id=own, number="A-18").json["code"] == "qualification.other_content"
    assert enter(world, "bai", id=own).json["code"] == "qualification.other_content"
    entries = world.look(lambda session: session.query(AuditEntry).filter_by(action="qualification.added").all())
    assert len(entries) == 1


def test_it_is_ended_with_a_last_day_or_withdrawn_as_never_right(world: World) -> None:
    first, second = enter(world).json["id"], enter(world, number="A-18", valid_from="2024-01-01").json["id"]
    admin, path = world.phone("admin"), f"/api/v1/users/{world.people['li']}/qualifications"
    ended = admin.client.delete(f"{path}/{first}?last_day=2025-06-30", headers=admin.headers)
    withdrawn = admin.client.delete(f"{path}/{second}", headers=admin.headers)
    assert (ended.status_code, withdrawn.status_code) == (204, 204)
    assert [held(world, day) for day in ("2024-06-01", "2025-06-30", "2025-07-01")] == [False, True, False]
    assert [row["number"] for row in admin.get(f"/users/{world.people['li']}/qualifications").json["items"]] == ["A-17"]


def test_who_is_outside_the_area_or_no_administrator_is_told_nothing(world: World) -> None:
    assert enter(world, by="li").json["code"] == "auth.forbidden"
    unknown = world.phone("admin").post(f"/users/{uuid.uuid4()}/qualifications", GIVEN)
    assert (unknown.status_code, unknown.json["code"]) == (404, "record.not_found")
    west = world.run(lambda session: _person(session, "west-admin", "admin", "990102000000"))
    world.people["west-admin"] = west
    assert enter(world, by="west-admin").json["code"] == "record.not_found"


def test_an_inspector_without_area_is_qualified_by_the_county_only(world: World) -> None:
    world.people["inspector"] = world.run(lambda session: _person(session, "inspector", "inspector", None))
    world.people["west-admin"] = world.run(lambda session: _person(session, "west-admin", "admin", "990102000000"))
    assert enter(world, "inspector", by="west-admin").status_code == 404
    assert enter(world, "inspector").status_code == 201


@pytest.mark.parametrize(
    "wrong", [{"kind": "House Appraiser"}, {"number": ""}, {"valid_until": "2024-01-01"}, {"valid_from": "soon"}]
)
def test_a_wrong_entry_is_told_and_not_kept(world: World, wrong: dict[str, str]) -> None:
    answer = enter(world, **wrong)
    assert (answer.status_code, answer.json["code"]) == (400, "request.invalid")
    assert world.phone("li").get("/me").json["qualifications"] == []


def test_a_form_for_qualified_people_is_offered_to_holders_of_the_day_only(world: World) -> None:
    """On the phone's list and on ODK Collect's."""
    publish(world, "attribute::ruhu:qualification", KIND)
    assert not offered(world.phone("li")) and not in_form_list(world, "li")
    enter(world, valid_until="2025-12-31")
    assert not offered(world.phone("li")), "it has ended"
    enter(world, number="A-18", valid_from="2026-01-01")
    assert offered(world.phone("li")) and in_form_list(world, "li")
    assert not offered(world.phone("bai")) and not in_form_list(world, "bai")


def test_a_form_for_some_roles_is_offered_to_them_only(world: World) -> None:
    publish(world, "attribute::ruhu:roles", "cadre inspector")
    assert offered(world.phone("li")) and in_form_list(world, "li")
    assert offered(world.phone("helper")), "who helps a household works as a cadre"
    assert not offered(world.phone("zhang")) and not in_form_list(world, "zhang")
    all_forms = world.phone("admin").get("/forms?state=all").json
    assert "small" in {form["form_id"] for form in all_forms}, "an administrator manages all of them"


def _person(session: Any, name: str, role: str, region: str | None) -> str:
    person = add_person(session, id=str(uuid.uuid4()), username=name, display_name=name, password_hash="")
    give_role(session, person.id, role, region)
    return person.id


def _ruhu(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setattr("server.cli.App", lambda: lambda: world.app)
    return CliRunner().invoke(main, ["user", *words], obj=lambda: world.app)


def test_the_commands_enter_list_and_end_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("--kind", KIND, "--number", "A-17", "--issued-by", "住建局", "--from", "2025-01-01")
    for _ in range(2):
        assert _ruhu(world, monkeypatch, "qualify", "li", *words).exit_code == 0
    (line,) = _ruhu(world, monkeypatch, "qualifications", "li").stdout.splitlines()
    assert "house_appraiser  A-17  住建局  2025-01-01 – …" in line
    assert _ruhu(world, monkeypatch, "disqualify", "li", line.split()[0], "--last-day", "2025-03-31").exit_code == 0
    assert (held(world, "2025-03-31"), held(world, "2025-04-01")) == (True, False)
    assert _ruhu(world, monkeypatch, "qualify", "nobody", *words).exit_code == 1
    with world.app.app_context():
        assert db.today() >= date(2026, 1, 1)
