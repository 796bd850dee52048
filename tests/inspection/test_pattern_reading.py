"""Answer patterns from the database: what a batch takes in, who reads it, and that nobody is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from server.accounts.tables import AuditEntry
from tests.inspection.outcome_stage import Home, add_spot_check, answer
from tests.sync.office import add_person
from tests.world import BAITA, EAST, LIUSHU, QINGSHI, WANG, WEST, World, add_policies, build_world

MORNING = datetime(2026, 11, 20, 1, 0, tzinfo=UTC)  # 9:00 in China


@pytest.fixture
def world(app: Flask) -> World:
    """24 visits of half an hour by two inspectors, two hours apart; the fourth took two minutes."""
    made = build_world(app)
    for name in ("inspector", "other"):
        add_person(made, name, "inspector", None)
    made.run(add_spot_check)
    made.run(add_policies)

    def fill(session: Any) -> None:
        for n in range(24):
            at = MORNING + timedelta(days=n // 4, hours=2 * (n % 4))
            person = made.people["inspector" if n % 2 else "other"]
            home = Home(f"h{n}", {"income/wage_income": str(30000 + 1777 * n)}, village=BAITA if n % 3 else QINGSHI)
            answer(session, person, home, at, minutes=2 if n == 3 else 25 + n % 9, root_id=WANG)

    made.run(fill)
    return made


def read(world: World, by: str = "zhang", region: str = EAST, **more: str) -> Any:
    query = "&".join(f"{name}={value}" for name, value in {"form_id": "spot_check", "region": region, **more}.items())
    return world.phone(by).get(f"/answer-patterns?{query}")


def test_a_quick_visit_is_pointed_at_and_nobody_is_named(world: World) -> None:
    found = read(world).json
    assert (found["records"], found["is_cut"], found["rule"]) == (24, False, "national-2026")
    [quick] = [one for one in found["items"] if one["code"] == "short"]
    assert (quick["value"], quick["count"], quick["records"][0]["household"]) == (2.0, 1, "王大山")
    assert "2 分钟" in quick["says"]["zh"]
    for secret in (world.people["inspector"], world.people["other"], "inspector", '"other"'):
        assert secret not in str(found)
    noted = world.look(lambda session: session.scalars(
        select(AuditEntry.detail).where(AuditEntry.action == "patterns.read")
    ).all())  # fmt: skip
    assert [one["records"] for one in noted] == [24]


def test_a_batch_is_of_its_area_and_time(world: World) -> None:
    assert read(world, region=QINGSHI).json["records"] == 8
    assert read(world, region=LIUSHU).json["records"] == 0
    assert read(world, by="admin", region=WEST).json["records"] == 0
    day = (MORNING + timedelta(days=1)).strftime("%Y-%m-%dT%H:%M:%SZ")
    early, late = read(world, to=day).json["records"], read(world, **{"from": day}).json["records"]
    assert early + late == 24 and early == 4


def test_only_those_who_answer_for_the_area_read_it(world: World) -> None:
    add_person(world, "west", "supervisor", WEST)
    assert read(world, by="west").json["records"] == 0
    assert {read(world, by=name).status_code for name in ("li", "helper", "inspector")} == {403}
    hidden = read(world, by="auditor").json["items"]
    assert hidden and "王大山" not in str(hidden)
