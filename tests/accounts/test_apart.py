"""Who inspects has no other role and helps no household, whichever way rights are given."""

from __future__ import annotations

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import select

from server.accounts.tables import HelperOf, RoleGrant
from server.cli import main
from tests.sync.office import add_person, scopes
from tests.world import EAST, QINGSHI, WANG, World, build_world

INSPECTOR = {"role": "inspector", "give": True}


@pytest.fixture
def staffed(app: Flask) -> World:
    """A world with an inspector, a newcomer without any right, and the administrator of a township."""
    world = build_world(app)
    add_person(world, "inspector", "inspector", None)
    add_person(world, "newcomer", None, None)
    add_person(world, "east-admin", "admin", EAST)
    return world


def roles(world: World, name: str) -> set[str]:
    mine = select(RoleGrant.role).where(RoleGrant.person_id == world.people[name])
    return set(world.look(lambda session: session.scalars(mine).all()))


def helps(world: World, name: str) -> int:
    mine = select(HelperOf.household_id).where(HelperOf.person_id == world.people[name])
    return len(world.look(lambda session: session.scalars(mine).all()))


@pytest.mark.parametrize("role", ["cadre", "supervisor", "admin", "auditor"])
def test_an_inspector_gets_no_other_role(staffed: World, role: str) -> None:
    body = {"role": role, "region": QINGSHI, "give": True}
    answer = staffed.phone("admin").post(f"/users/{staffed.people['inspector']}/roles", body)
    assert (answer.status_code, answer.json["code"]) == (422, "user.inspects_only")
    assert roles(staffed, "inspector") == {"inspector"}
    assert f"region:{QINGSHI}" not in scopes(staffed.phone("inspector"))


def test_an_inspector_is_made_helper_of_no_household(staffed: World) -> None:
    body = {"household_id": WANG, "give": True}
    answer = staffed.phone("zhang").post(f"/users/{staffed.people['inspector']}/households", body)
    assert (answer.status_code, answer.json["code"]) == (422, "user.inspects_only")
    assert helps(staffed, "inspector") == 0


@pytest.mark.parametrize("name", ["li", "zhang", "auditor", "helper"])
def test_who_works_with_households_is_not_made_an_inspector(staffed: World, name: str) -> None:
    before = roles(staffed, name)
    answer = staffed.phone("admin").post(f"/users/{staffed.people[name]}/roles", INSPECTOR)
    assert (answer.status_code, answer.json["code"]) == (422, "user.inspects_only")
    assert roles(staffed, name) == before


def test_who_gave_up_the_other_right_is_made_an_inspector_once(staffed: World) -> None:
    admin, li = staffed.phone("admin"), f"/users/{staffed.people['li']}/roles"
    assert admin.post(li, {"role": "cadre", "region": QINGSHI, "give": False}).status_code == 200
    # People without an area are the county's, so an inspector can be made of this one.
    assert [admin.post(li, INSPECTOR).status_code for _ in range(2)] == [200, 200]
    assert roles(staffed, "li") == {"inspector"}


def test_the_county_alone_makes_and_unmakes_inspectors(staffed: World) -> None:
    east = staffed.phone("east-admin")
    for give in (True, False):
        answer = east.post(f"/users/{staffed.people['li']}/roles", {**INSPECTOR, "give": give})
        assert (answer.status_code, answer.json["code"]) == (403, "auth.forbidden")
        assert east.post(f"/users/{staffed.people['newcomer']}/roles", {**INSPECTOR, "give": give}).status_code == 404
    assert staffed.phone("admin").post(f"/users/{staffed.people['newcomer']}/roles", INSPECTOR).status_code == 200
    assert (roles(staffed, "li"), roles(staffed, "newcomer")) == ({"cadre"}, {"inspector"})


@pytest.mark.parametrize(
    "words",
    [
        ["role", "inspector", f"cadre:{QINGSHI}", "--give"],
        ["role", "li", "inspector", "--give"],
        ["role", "helper", "inspector", "--give"],
        ["household", "inspector", WANG, "--give"],
        ["add", "wang", "--name", "王", "--role", "inspector", "--role", f"cadre:{QINGSHI}", "--generate"],
    ],
)
def test_the_commands_refuse_it_too(staffed: World, monkeypatch: pytest.MonkeyPatch, words: list[str]) -> None:
    done = _ruhu(staffed, monkeypatch, *words)
    assert done.exit_code == 1 and "nobody checks the own work" in done.output
    assert (roles(staffed, "inspector"), helps(staffed, "inspector")) == ({"inspector"}, 0)
    assert (roles(staffed, "li"), roles(staffed, "helper")) == ({"cadre"}, set())


def _ruhu(world: World, monkeypatch: pytest.MonkeyPatch, *words: str) -> Result:
    monkeypatch.setattr("server.cli.App", lambda: lambda: world.app)
    return CliRunner().invoke(main, ["user", *words], obj=lambda: world.app)
