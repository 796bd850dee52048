"""The database has no room for a while: nothing is answered that is not stored, and no op is set aside for it."""

from __future__ import annotations

from typing import Any

import pytest

from server import db
from server.sync import push as pushing
from server.sync.tables import OpLog, Quarantine
from tests.simulation.databases import Room
from tests.sync.family import family, person, with_family
from tests.world import WANG, World

ROOMS = range(14)  # at each of these places in the work it becomes full


@pytest.fixture
def room(world: World) -> Room:
    found = Room()
    with_family(world)
    with world.app.app_context():
        found.limit(db.db.engine)
    return found


@pytest.mark.parametrize("few", [pushing.FEW, 0])
def test_what_finds_no_room_is_refused_whole_and_comes_again(
    world: World, room: Room, monkeypatch: pytest.MonkeyPatch, few: int
) -> None:
    """Also in the middle of judging, where SQLite undoes the whole transaction behind our back; in good faith, and with
    care, where each op is tried by itself.
    """
    monkeypatch.setattr(pushing, "FEW", few)
    li = world.phone("li")
    for left in ROOMS:
        rows = [person(name=f"王{left}{number}" * 40) for number in range(6)]
        batch = [family(li, *rows, days=str(left)), family(li, address=f"东头 {left}" * 60)]
        room.left = left
        told = li.post("/sync/push", {"ops": batch})
        room.left = None
        if told.status_code == 200:
            assert {one["status"] for one in told.json["results"]} == {"applied"}
            assert li.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == str(left)
        else:
            assert (told.status_code, told.json["code"]) == (507, "server.full")
        results = li.send(*batch)
        assert {one.get("first", one)["status"] for one in results} == {"applied"}
        assert li.get(f"/entities/{WANG}").json["data"]["water_shortage_days"] == str(left)
    assert world.look(lambda session: session.query(OpLog).filter(OpLog.status.is_(None)).count()) == 0
    assert world.look(lambda session: session.query(Quarantine).count()) == 0


def test_a_disk_that_stays_full_is_no_try(world: World, room: Room, monkeypatch: pytest.MonkeyPatch) -> None:
    """However often the phone comes meanwhile: the op is judged when there is room."""
    li = world.phone("li")
    op = family(li, *(person(name=f"王{number}" * 60) for number in range(30)), days="9")
    moment = db.now()

    def later(minutes: int) -> Any:
        monkeypatch.setattr("server.sync.push.db.now", lambda: moment.replace(year=moment.year + 1, minute=minutes))

    refused = 0
    for minutes in range(0, 40, 5):
        later(minutes)
        room.left = 3 if minutes else 4
        refused += li.post("/sync/push", {"ops": [op]}).status_code == 507
    room.left = None
    later(50)
    assert refused == 8
    assert li.send(op)[0]["status"] in ("applied", "duplicate")
    row = world.look(lambda session: session.get(OpLog, op["op_id"]))
    assert (row.status, row.code) == ("applied", None)
