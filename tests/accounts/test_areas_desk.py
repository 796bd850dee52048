"""Areas in the hands of administrators: files looked over and imported, names and places from a day on."""

from __future__ import annotations

import io
import json
import uuid
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from server import db
from server.accounts.tables import AuditEntry
from server.geo.tables import Region, RegionChange
from server.sync import area_changes
from tests.sync.office import add_person, scopes
from tests.world import BAITA, COUNTY, EAST, LIUSHU, QINGSHI, WANG, WEST, World, build_world

PROVINCE = "990000000000"
HEAD = "code,parent,level,name_zh,name_en\n"
NEW = "990101100202"


@pytest.fixture
def world(app: Flask) -> World:
    """Two counties below a province, so that there is something outside of a county administrator's area."""
    world = build_world(app)

    def more(session) -> None:
        session.add(Region(code=PROVINCE, parent_code=None, level="province", path=f"/{PROVINCE}/", name_zh="虚省"))
        session.flush()
        for row in session.scalars(select(Region).where(Region.code != PROVINCE)):
            row.path = row.path.replace("/99/", f"/{PROVINCE}/")
            row.parent_code = row.parent_code or PROVINCE
        other = "990200000000"
        path = f"/{PROVINCE}/{other}/"
        session.add(Region(code=other, parent_code=PROVINCE, level="county", path=path, name_zh="实县"))
        session.flush()

    world.run(more)
    world.people["east"] = add_person(world, "east", "admin", EAST)
    return world


def upload(world: World, who: str, text: str, apply: bool = False, **more: str):
    phone = world.phone(who)
    data = {"file": (io.BytesIO(text.encode()), "regions.csv"), **({"apply": "1"} if apply else {}), **more}
    return phone.client.post("/api/v1/regions/import", data=data, headers=phone.headers)


def region(world: World, code: str) -> Region | None:
    return world.look(lambda session: session.get(Region, code))


def change(world: World, who: str, **body):
    given = {"id": str(uuid.uuid4()), "day": "2026-11-01", "reason": "民政局文件 12 号", **body}
    return world.phone(who).post("/regions/changes", given)


def test_a_file_is_looked_over_first_and_imported_when_asked(world: World) -> None:
    text = f"{HEAD}{PROVINCE},,province,虚省,\n{COUNTY},{PROVINCE},county,虚县,\n{NEW},{EAST},village,新村,New\n"
    seen = upload(world, "admin", text)
    assert seen.status_code == 200, seen.text
    assert (seen.json["new"], seen.json["unchanged"], seen.json["applied"]) == (1, 2, False)
    assert region(world, NEW) is None
    assert upload(world, "admin", text, apply=True).json["applied"] and region(world, NEW).name_zh == "新村"
    again = upload(world, "admin", text, apply=True)
    assert (again.json["new"], again.json["changed"]) == (0, 0)


def test_repairs_of_boundaries_are_told(world: World) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[108, 26], [108.1, 26.1], [108.1, 26], [108, 26.1], [108, 26]]]}
    feature = {"type": "Feature", "properties": {"code": QINGSHI}, "geometry": bow_tie}
    seen = upload(world, "admin", json.dumps({"type": "FeatureCollection", "features": [feature]}))
    assert seen.status_code == 200, seen.text
    assert seen.json["boundaries"] == 1 and len(seen.json["repairs"]) == 1 and seen.json["notes"]
    assert region(world, QINGSHI).boundary is None


@pytest.mark.parametrize(
    "row",
    [
        "990200000000,990000000000,county,实县,",  # there, as it is
        "990200000000,990000000000,county,改名,",
        "990300000000,990000000000,county,新县,",
        "990201100000,990200000000,township,那边的镇,",
        "990000000000,,province,改名,",
        "990101100000,990200000000,township,我们的镇,",
    ],
)
def test_nothing_outside_of_the_own_county_is_touched_or_told(world: World, row: str) -> None:
    answer = upload(world, "admin", f"{HEAD}{row}\n", apply=True)
    assert (answer.status_code, answer.json["code"]) == (422, "region.invalid")
    assert [fault["where"] for fault in answer.json["errors"]] == [row.split(",")[0]]
    assert region(world, "990200000000").name_zh == "实县" and region(world, PROVINCE).name_zh == "虚省"
    assert region(world, "990300000000") is None


def test_who_administers_less_than_a_county_imports_nothing(world: World) -> None:
    assert upload(world, "east", f"{HEAD}{NEW},{EAST},village,新村,\n").status_code == 403
    assert upload(world, "zhang", f"{HEAD}{NEW},{EAST},village,新村,\n").status_code == 403


def test_a_village_moves_with_its_households_and_feeds(world: World) -> None:
    """Cadres of the village keep their feed; a cadre of the old township loses it and hands over."""
    add_person(world, "town", "cadre", EAST)
    feed = f"region:{QINGSHI}"
    li, town = world.phone("li"), world.phone("town")
    at = li.pull(feed)["next"]
    town.pull(feed)
    seen = change(world, "admin", region=QINGSHI, kind="moved", parent=WEST, preview=True).json
    assert (seen["households"], seen["regions"], seen["at_once"]) == (1, 1, True)
    assert region(world, QINGSHI).parent_code == EAST
    made = change(world, "admin", region=QINGSHI, kind="moved", parent=WEST)
    assert made.status_code == 201 and made.json["state"] == "applied"
    assert region(world, QINGSHI).path == f"/{PROVINCE}/{COUNTY}/{WEST}/{QINGSHI}/"
    assert scopes(li)[feed] == "granted" and li.pull(feed, at)["entries"] == []
    assert scopes(town)[feed] == "revoking"
    assert world.phone("zhang").get(f"/entities/{WANG}").status_code == 404
    west = add_person(world, "west", "supervisor", WEST)
    assert west and world.phone("west").get(f"/entities/{WANG}").status_code == 200


def test_a_change_of_a_day_to_come_waits_for_it_and_can_be_withdrawn(world: World) -> None:
    later = (db.today() + timedelta(days=3)).isoformat()
    made = change(world, "east", region=QINGSHI, kind="renamed", name_zh="青石新村", day=later)
    assert made.json["state"] == "waiting" and region(world, QINGSHI).name_zh == "青石村"
    world.run(area_changes.apply_due)
    assert region(world, QINGSHI).name_zh == "青石村"
    world.run(lambda s: s.query(RegionChange).update({"day": db.today()}))
    assert world.run(area_changes.apply_due) == 1 and world.run(area_changes.apply_due) == 0
    assert region(world, QINGSHI).name_zh == "青石新村"
    [told] = world.phone("zhang").get(f"/regions/changes?region={EAST}").json["items"]
    assert told["before"]["names"]["zh"] == "青石村" and told["state"] == "applied"
    phone = world.phone("east")
    assert phone.client.delete(f"/api/v1/regions/changes/{told['id']}", headers=phone.headers).status_code == 409
    waits = change(world, "east", region=BAITA, kind="renamed", name_zh="塔村", day=later).json["id"]
    assert phone.client.delete(f"/api/v1/regions/changes/{waits}", headers=phone.headers).status_code == 204
    world.run(lambda s: s.query(RegionChange).update({"day": db.today()}))
    assert world.run(area_changes.apply_due) == 0


def test_sending_a_change_again_makes_it_once(world: World) -> None:
    body = {"id": str(uuid.uuid4()), "region": QINGSHI, "kind": "renamed", "name_zh": "青石新村"}
    first, again = change(world, "admin", **body), change(world, "admin", **body)
    assert first.json == again.json
    assert len(world.look(lambda s: s.scalars(select(RegionChange)).all())) == 1


@pytest.mark.parametrize(
    ("who", "body", "status", "code"),
    [
        ("east", {"region": LIUSHU, "kind": "renamed", "name_zh": "x"}, 404, "record.not_found"),
        ("east", {"region": "990199999999", "kind": "renamed", "name_zh": "x"}, 404, "record.not_found"),
        ("east", {"region": QINGSHI, "kind": "moved", "parent": WEST}, 404, "record.not_found"),
        ("east", {"region": QINGSHI, "kind": "moved", "parent": "990199999999"}, 404, "record.not_found"),
        ("admin", {"region": EAST, "kind": "moved", "parent": "990200000000"}, 404, "record.not_found"),
        ("admin", {"region": QINGSHI, "kind": "moved", "parent": EAST}, 422, "region.no_change"),
        ("admin", {"region": QINGSHI, "kind": "moved", "parent": COUNTY}, 422, "region.wrong_level"),
        ("admin", {"region": QINGSHI, "kind": "renamed", "name_zh": "青石村"}, 422, "region.no_change"),
        ("zhang", {"region": QINGSHI, "kind": "renamed", "name_zh": "x"}, 403, "auth.forbidden"),
    ],
)
@pytest.mark.parametrize("preview", [True, False])
def test_a_change_beyond_the_own_area_or_level_is_refused(
    world: World, who: str, body: dict, status: int, code: str, preview: bool
) -> None:
    answer = change(world, who, **body, preview=preview)
    assert (answer.status_code, answer.json["code"]) == (status, code)


def test_changes_of_other_areas_are_not_listed(world: World) -> None:
    change(world, "admin", region=LIUSHU, kind="renamed", name_zh="柳村")
    assert world.phone("east").get("/regions/changes").json["items"] == []
    assert world.phone("east").get(f"/regions/changes?region={WEST}").json["items"] == []
    assert len(world.phone("auditor").get("/regions/changes").json["items"]) == 1
    assert "region.renamed" in world.look(lambda s: list(s.scalars(select(AuditEntry.action))))
