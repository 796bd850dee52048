"""Complaints and suggestions come as ops, reach the administrators of the area, and lie sealed."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import text

from tests.sync.office import add_person
from tests.world import COUNTY, EAST, World, build_world

WORDS = "大字看不清，照片太多。"


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


def said(world: World, reader: str = "admin", query: str = "") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = world.phone(reader).get(f"/feedback{query}").json["items"]
    return items


def test_it_reaches_the_administrator_once(world: World) -> None:
    li = world.phone("li")
    op = li.op("feedback", about="complaint", text=f"  {WORDS} ", app_build="7")
    assert [li.send(op)[0]["status"], li.send(op)[0]["status"]] == ["applied", "duplicate"]
    (one,) = said(world)
    assert (one["text"], one["about"], one["author"]["username"], one["region"]) == (
        WORDS, "complaint", "li", "990101200000",
    )  # fmt: skip
    stored = world.look(lambda session: session.execute(text("SELECT text FROM feedback")).scalar_one())
    assert WORDS.encode() not in bytes(stored)


def test_reading_it_is_noted_and_the_first_reader_stands(world: World) -> None:
    li = world.phone("li")
    li.send(li.op("feedback", about="suggestion", text=WORDS))
    (one,) = said(world, query="?state=open")
    admin = world.phone("admin")
    first = admin.post(f"/feedback/{one['op_id']}/read", {}).json
    assert (first["state"], first["read_by"]["username"]) == ("read", "admin")
    assert admin.post(f"/feedback/{one['op_id']}/read", {}).json == first
    assert (said(world, query="?state=open"), len(said(world, query="?state=read"))) == ([], 1)


def test_a_supervisor_does_not_read_it(world: World) -> None:
    """It may be about the supervisor."""
    assert world.phone("zhang").get("/feedback").status_code == 403
    unknown = world.phone("admin").post("/feedback/00000000-0000-4000-8000-000000000000/read", {})
    assert unknown.status_code == 404


@pytest.mark.parametrize("body", [{}, {"about": "praise", "text": "x"}, {"about": "complaint", "text": "  "}])
def test_what_says_nothing_is_set_aside(world: World, body: dict[str, Any]) -> None:
    li = world.phone("li")
    (result,) = li.send(li.op("feedback", **body))
    assert (result["status"], result["code"]) == ("quarantined", "op.incomplete")


def test_of_people_without_an_area_it_reaches_who_administers_everything(world: World) -> None:
    """An inspector has no area: the county hears it, a township does not."""
    add_person(world, "inspector", "inspector", None)
    add_person(world, "east", "admin", EAST)
    inspector = world.phone("inspector")
    inspector.send(inspector.op("feedback", about="suggestion", text=WORDS))
    (one,) = said(world)
    assert (one["text"], one["region"], said(world, "east")) == (WORDS, COUNTY, [])
    assert world.phone("east").post(f"/feedback/{one['op_id']}/read", {}).status_code == 404
    assert world.phone("admin").post(f"/feedback/{one['op_id']}/read", {}).status_code == 200
