"""A visit to the wrong household: its correction names another one, so the first gets back what it had."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from flask import Flask

from tests.world import QINGSHI, WANG, Phone, World, add_household, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


def registered(world: World) -> str:
    """A second household of the village."""
    household = str(uuid.uuid4())
    values = {"head_name": "李秀兰", "region": QINGSHI, "water_shortage_days": "3"}
    world.run(lambda session: add_household(session, world.people["import"], household, values))
    return household


def shown(li: Phone, household: str) -> Any:
    return li.get(f"/entities/{household}").json["data"].get("water_shortage_days")


def test_the_wrong_household_gets_its_values_back_and_the_right_one_the_visit(world: World) -> None:
    li = world.phone("li")
    right, before = registered(world), shown(li, WANG)
    wrong = li.visit(WANG, 1, water_days="77")
    assert li.send(wrong)[0]["status"] == "applied"
    assert str(shown(li, WANG)) == "77"
    refiled = li.visit(right, 1, water_days="77")
    named = f"</instanceID><deprecatedID>{wrong['instance_id']}</deprecatedID>"
    refiled["instance_xml"] = re.sub("</instanceID>", named, refiled["instance_xml"], count=1)
    assert li.send(refiled)[0]["status"] == "applied"
    assert (shown(li, WANG), str(shown(li, right))) == (before, "77")
    history = li.get(f"/entities/{WANG}/history").json["items"]
    assert wrong["op_id"] in [item["op_id"] for item in history]
