"""Photos of steps on findings are held against the rules of visits' photos, for whoever reviews photos in the area."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask

from tests.evidence.test_judging import LAT, LON, Camera, attachment, place_house
from tests.inspection.finding_desk import in_a_week, open_by_hand, send_look, staff, step_op, take
from tests.sync.office import upload
from tests.world import World, add_policies, build_world

ROOF, WALL = b"\xff\xd8 the mended roof", b"\xff\xd8 the mended wall"
FAR = {"lon": LON + 0.01, "lat": LAT, "accuracy_m": 6, "time": "2026-11-21T01:29:58.000Z"}


@pytest.fixture
def world(app: Flask) -> World:
    made = staff(build_world(app))
    made.run(add_policies)
    made.run(lambda session: place_house(session, made, LON, LAT, 1))
    return made


def claimed(world: World, camera: Camera, attachments: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    """A finding that the village reports as put right, with these photos."""
    finding = open_by_hand(world)
    assert take(world, "li", finding, "accept").status_code == 200
    assert take(world, "zhang", finding, "order", due=in_a_week(), lead="住建所").status_code == 200
    given = step_op(camera.phone, finding, "claim", "已修好", attachments=attachments, **more)
    assert camera.phone.send(given)[0]["status"] == "applied"
    for content in (ROOF, WALL):
        upload(camera.phone, content)
    return finding


def told(world: World, who: str, finding: dict[str, Any]) -> list[dict[str, str] | None]:
    """code → level of each photo of the last step; None where no reasons are told."""
    files = world.phone(who).get(f"/findings/{finding['id']}").json["steps"][-1]["files"]
    reasons = [file.get("reasons") for file in files]
    return [None if some is None else {one["code"]: one["level"] for one in some} for some in reasons]


def test_honest_photos_of_a_step_give_nothing_to_look_at(world: World) -> None:
    camera = Camera(world, "li")
    finding = claimed(world, camera, camera.sealed([ROOF, WALL]))
    assert [set(found or ()) - {"DEV_NEW"} for found in told(world, "qian", finding)] == [set(), set()]


def test_place_clock_and_seal_of_a_step_s_photo_are_told_beside_it(world: World) -> None:
    """The same codes, limits and words as of a visit's photo; the village and the inspector read none of them."""
    camera = Camera(world, "li")
    first, second = camera.sealed([ROOF, WALL], fix=FAR)
    second["capture"]["wall_ms"] += 60_000
    clock = {"device_time_then": "2026-11-21T09:00:00+08:00", "server_time_seen": "2026-11-21T08:00:00+08:00"}
    finding = claimed(world, camera, [first, second], clock=clock)
    roof, wall = told(world, "qian", finding)
    assert roof and wall and {"DIST_HH", "CLOCK"} <= set(roof)
    assert roof["DIST_HH"] == "fail" and "CHAIN" not in roof and wall["CHAIN"] == "fail"
    files = world.phone("qian").get(f"/findings/{finding['id']}").json["steps"][-1]["files"]
    [far] = [one for one in files[0]["reasons"] if one["code"] == "DIST_HH"]
    assert "米" in far["message"]["zh"] and far["rule"]
    send_look(world, finding)
    for who in ("li", "helper", "inspector"):
        assert told(world, who, finding) == [None, None]


def test_a_photo_that_served_elsewhere_is_told(world: World) -> None:
    """Of a visit, or of another finding; the photo that is named only is not told of before its bytes are here."""
    camera = Camera(world, "li")
    camera.send([WALL], camera.sealed([WALL]))
    once = claimed(world, camera, camera.sealed([ROOF, WALL]))
    assert ["DUP_EXACT" in (found or ()) for found in told(world, "zhang", once)] == [False, True]
    again = claimed(world, camera, camera.sealed([ROOF]))
    assert [(found or {}).get("DUP_EXACT") for found in told(world, "zhang", again)] == ["fail"]
    later = claimed(world, camera, [attachment(b"not here yet", "x.jpg", {"fix": FAR})])
    assert told(world, "zhang", later) == [None]
