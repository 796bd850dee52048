"""What one phone sent in a day and lies off as another datum would is kept for the area's supervisors, unchanged."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from server.commands.upkeep import keep_up
from server.db import today
from server.geo.datum import from_wgs84
from server.sync import datum_doubts
from server.sync.tables import Submission
from tests.world import QINGSHI, Phone, World, add_household, add_policies

COUNT = 8


@pytest.fixture
def houses(world: World) -> dict[str, tuple[float, float]]:
    """Households of Qingshi that the register placed, and the policies of the repository."""
    world.run(add_policies)
    found = {str(uuid.uuid4()): (108.10 + n * 0.003, 26.20 + n % 3 * 0.004) for n in range(COUNT)}

    def fill(session: Any) -> None:
        for number, (id, (lon, lat)) in enumerate(found.items()):
            values = {
                "region": QINGSHI, "head_name": f"户{number}", "lon": f"{lon:.7f}", "lat": f"{lat:.7f}",
                "accuracy_m": "5", "datum": "wgs84", "source": "gps",
            }  # fmt: skip
            add_household(session, world.people["import"], id, values)

    world.run(fill)
    return found


def visit_all(phone: Phone, houses: dict[str, tuple[float, float]], datum: str) -> None:
    """One fix each, a few metres off, declared as WGS-84 whatever it is."""
    for number, (id, place) in enumerate(houses.items()):
        lon, lat = (float(part) for part in from_wgs84(*place, datum))
        fix = {
            "lon": f"{lon + number % 3 * 4e-5:.7f}", "lat": f"{lat - number % 2 * 5e-5:.7f}", "accuracy_m": "9",
            "datum": "WGS84", "source": "gps", "fix_time": "2026-11-21T01:00:00Z",
        }  # fmt: skip
        visit = {"started_at": "2026-11-21T08:00:00+08:00", "contact_mode": "in_person", "location": fix}
        assert phone.send(phone.visit(id, visit=visit))[0]["status"] == "applied"


def look(world: World) -> None:
    with world.app.app_context():
        keep_up()


def doubts(phone: Phone, **asked: str) -> list[Any]:
    query = "&".join(f"{name}={value}" for name, value in asked.items())
    answer = phone.get(f"/datum-doubts?{query}")
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json["items"]
    return items


def test_a_batch_in_gcj02_is_kept_with_numbers_and_nothing_is_converted(
    world: World, houses: dict[str, tuple[float, float]]
) -> None:
    phone, desk = world.phone("li"), world.phone("zhang")
    visit_all(phone, houses, "gcj02")
    before = world.look(lambda session: [row.geom.wkb for row in session.query(Submission).order_by("instance_id")])
    look(world)
    (found,) = doubts(desk, region=QINGSHI)
    assert (found["likely"], found["n"], found["day"]) == ("gcj02", COUNT, today().isoformat())
    assert (found["install_id"], found["author"]["username"]) == (phone.install_id, "li")
    assert 300 < found["apart_m"] < 700 and found["left_m"] < 20
    assert found["limits"] == {"datum_pairs": 5, "datum_shift_m": 150, "datum_left_percent": 40}
    assert found["rule"] == "national-2026" and "GCJ-02" in found["message"]["zh"]
    after = world.look(lambda session: [row.geom.wkb for row in session.query(Submission).order_by("instance_id")])
    assert before == after
    look(world)
    assert [one["id"] for one in doubts(desk)] == [found["id"]], "looking again keeps one"


def test_an_honest_batch_is_not_doubted_and_a_doubt_goes_when_later_visits_say_otherwise(
    world: World, houses: dict[str, tuple[float, float]]
) -> None:
    honest, desk = world.phone("li"), world.phone("zhang")
    visit_all(honest, houses, "wgs84")
    look(world)
    assert doubts(desk) == []
    wrong = world.phone("li")
    visit_all(wrong, houses, "bd09")
    look(world)
    assert [one["likely"] for one in doubts(desk)] == ["bd09"]
    visit_all(wrong, houses, "wgs84")
    look(world)
    assert doubts(desk) == [] and len(doubts(desk, state="gone")) == 1


def test_only_those_who_look_after_the_area_see_it_and_say_what_came_of_it(
    world: World, houses: dict[str, tuple[float, float]]
) -> None:
    visit_all(world.phone("li"), houses, "gcj02")
    look(world)
    desk, auditor = world.phone("zhang"), world.phone("auditor")
    (found,) = doubts(auditor)
    assert world.phone("li").get("/datum-doubts").status_code == 403
    said = {"word": "explained", "note": "用了地图软件选点，已改"}
    address = f"/datum-doubts/{found['id']}/word"
    assert auditor.post(address, said).status_code == 403
    assert desk.post(f"/datum-doubts/{uuid.uuid4()}/word", said).status_code == 404
    done = desk.post(address, said).json
    assert (done["state"], done["word"]["by"]["username"], done["word"]["note"]) == ("explained", "zhang", said["note"])
    look(world)
    assert doubts(desk) == [] and len(doubts(desk, state="explained")) == 1, "a person's word stays"


def test_a_house_that_the_batch_itself_placed_says_nothing_about_it(world: World) -> None:
    """Without another's word there is no pair, and without a policy no question."""
    batch = datum_doubts.Batch("install-x", world.people["li"], today())
    assert world.look(lambda session: datum_doubts.judge(session, batch)) is None
