"""A page of inspections costs as many statements as one of them; a page of households reads no more than it tells."""

from __future__ import annotations

import pytest
from flask import Flask

from tests.inspection.field_desk import county, drawn, filled, planned, send, step, tasks
from tests.statements import statements
from tests.world import Phone, World, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return county(build_world(app))


def cost(world: World, phone: Phone, path: str) -> int:
    phone.get(path)
    with statements(world.app) as asked:
        assert phone.get(path).status_code == 200
    return len(asked)


def test_a_page_of_inspections_asks_as_much_as_one_of_them(world: World) -> None:
    """The desk's list and that of what is published; with frames, draws, teams, tasks and commitments."""
    desk, village = world.phone("admin"), world.phone("li")
    for number in range(2):
        step(world, drawn(world), "open")
        planned(world)
        if number == 0:
            once = cost(world, desk, "/inspections?limit=50"), cost(world, village, "/inspections/published?limit=50")
    for _ in range(3):
        step(world, drawn(world), "open")
    assert len(desk.get("/inspections?limit=50").json["items"]) == 7
    assert (cost(world, desk, "/inspections?limit=50"), cost(world, village, "/inspections/published?limit=50")) == once
    assert once[0] <= 16


def test_a_page_of_compared_households_opens_the_answers_of_that_page_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.inspection import outcome

    inspection = drawn(world, plan={"design": "census"})
    phone, some = world.phone("inspector"), tasks(world, inspection)
    send(world, inspection, some)
    phone.send(*(filled(phone, one["household"]["id"]) for one in some))
    opened: list[str] = []
    parse = outcome.parse_instance
    monkeypatch.setattr(outcome, "parse_instance", lambda xml: opened.append(xml) or parse(xml))
    desk, path = world.phone("admin"), f"/inspections/{inspection['id']}/comparisons?limit=3"
    found, after, pages = [], "", 0
    while after is not None:
        opened.clear()
        page = desk.get(f"{path}{'&after=' + after if after else ''}").json
        assert len(opened) <= 4
        found, after, pages = [*found, *(one["household"] for one in page["items"])], page["next"], pages + 1
    whole = [one["household"] for one in desk.get(path.replace("limit=3", "limit=100")).json["items"]]
    assert found == whole and len(found) == len(some) and pages == -(-len(some) // 3)
    assert desk.get(f"{path}&after={phone.install_id}").status_code in (400, 404, 422)
    assert desk.get(f"{path}&differing=true").json == {"items": [], "next": None}
