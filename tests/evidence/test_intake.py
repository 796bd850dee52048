"""What waits and what fails on the way in is listed with its reason, to those who run the server, and tried again."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy.orm import Session

from server.accounts import people
from server.commands.photo import photo
from server.evidence import photos, tasks
from server.evidence.darkroom import Darkroom, Lost
from server.sync.tables import Submission
from tests.evidence.pictures import jpeg, scene
from tests.evidence.test_judging import Camera, looked_at, world  # noqa: F401
from tests.world import EAST, QINGSHI, WEST, ZHAO, Phone, World

KILLER = jpeg(scene(200, 150)) + b"killer"


@pytest.fixture
def deadly(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Photos that end so kill their process."""
    develop = Darkroom.develop

    def kill(self: Darkroom, source: Path, *rest: Any) -> dict[str, Any]:
        if source.read_bytes().endswith(b"killer"):
            raise Lost("the process died")
        return develop(self, source, *rest)

    monkeypatch.setattr(Darkroom, "develop", kill)
    return monkeypatch


def sent(world: World, *contents: bytes, name: str = "li", **given: Any) -> str:  # noqa: F811
    camera = Camera(world, name)
    return camera.send([*contents], camera.sealed([*contents]), **given)


def listed(reader: Phone, query: str = "") -> list[Any]:
    answer = reader.get(f"/photos/intake{query}")
    assert answer.status_code == 200, answer.text
    items: list[Any] = answer.json["items"]
    return items


def swept(world: World, times: int = 1) -> None:  # noqa: F811
    for _ in range(times):
        looked_at(world, world.phone("admin"), world.look(lambda s: s.query(Submission.instance_id).first()[0]))


def test_what_waits_is_listed_and_goes_when_it_is_through(world: World) -> None:  # noqa: F811
    visit = sent(world, jpeg(scene(300, 200)), jpeg(scene(310, 200)))
    admin = world.phone("admin")
    waiting = listed(admin)
    assert [(item["stage"], item["attempts"], item["instance_id"]) for item in waiting] == [("waiting", 0, visit)] * 2
    assert waiting[0]["author"]["username"] == "li" and waiting[0]["region"] == QINGSHI
    first = admin.get("/photos/intake?limit=1").json
    rest = admin.get(f"/photos/intake?limit=1&after={first['next']}").json
    assert [first["items"][0]["id"], rest["items"][0]["id"]] == [item["id"] for item in waiting] and not rest["next"]
    assert admin.get("/photos/intake/counts").json["waiting"] == 2
    swept(world)
    assert listed(admin) == [] and set(admin.get("/photos/intake/counts").json.values()) == {0}


def test_a_photo_that_fails_tells_why_and_how_often_until_it_is_tried_again(
    world: World, deadly: pytest.MonkeyPatch  # noqa: F811
) -> None:
    sent(world, KILLER)
    admin = world.phone("admin")
    swept(world)
    (item,) = listed(admin, "?stage=trying")
    assert (item["stage"], item["attempts"], item["most_attempts"]) == ("trying", 1, 3) and "died" in item["error"]
    swept(world, photos.ATTEMPTS)
    (item,) = listed(admin)
    assert item["stage"] == "failed" and item["findings"][0]["message"]["en"].startswith("3 attempts")
    deadly.undo()
    again = admin.post(f"/photos/{item['id']}/retry", {})
    assert (again.status_code, again.json["stage"], again.json["attempts"]) == (200, "waiting", 0)
    swept(world)
    assert listed(admin) == []
    assert admin.post(f"/photos/{item['id']}/retry", {}).json["stage"] == "ready"
    assert admin.get(f"/photos/{item['id']}?size=320").status_code == 200


def test_what_shows_no_picture_is_told_only_when_asked_for(world: World) -> None:  # noqa: F811
    sent(world, b"", b"no photo at all", jpeg()[:5000])
    swept(world)
    admin = world.phone("admin")
    assert listed(admin) == []
    found = listed(admin, "?stage=unreadable")
    assert {item["findings"][0]["code"] for item in found} == {"photo.empty", "photo.not_an_image", "photo.truncated"}


def test_a_photo_whose_checks_crashed_is_listed_until_they_end(
    world: World, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    sent(world, jpeg(scene(300, 200)))
    with monkeypatch.context() as patched:
        patched.setattr(tasks, "judge_photo", lambda *_: 1 // 0)
        swept(world)
    assert [item["stage"] for item in listed(world.phone("admin"))] == ["unchecked"]
    swept(world)
    assert listed(world.phone("admin")) == []


def test_only_administrators_of_the_area_see_and_retry(world: World) -> None:  # noqa: F811
    sent(world, jpeg(scene(300, 200)))
    sent(world, jpeg(scene(310, 200)), name="zhao", household=ZHAO)
    world.people["west"] = world.run(lambda session: _administrator(session, "west", WEST))
    world.people["east"] = world.run(lambda session: _administrator(session, "east", EAST))
    (mine,), (foreign,) = (listed(world.phone(name)) for name in ("west", "east"))
    assert mine["id"] != foreign["id"] and len(listed(world.phone("admin"), f"?region={WEST}")) == 1
    west = world.phone("west")
    answers = [west.post(f"/photos/{one}/retry", {}) for one in (foreign["id"], str(uuid.uuid4()))]
    assert [answer.json["code"] for answer in answers] == ["record.not_found"] * 2
    assert west.get("/photos/intake/counts").json["waiting"] == 1
    for name in ("li", "zhang", "auditor"):
        phone = world.phone(name)
        assert phone.get("/photos/intake").status_code == 403
        assert phone.post(f"/photos/{mine['id']}/retry", {}).status_code == 403


def _administrator(session: Session, username: str, region: str) -> str:
    person = people.add_person(
        session, id=str(uuid.uuid4()), username=username, display_name=username, password_hash="-"
    )
    people.give_role(session, person.id, "admin", region)
    return person.id


def test_the_command_lists_counts_and_retries(world: World, deadly: pytest.MonkeyPatch) -> None:  # noqa: F811
    sent(world, KILLER)
    swept(world, photos.ATTEMPTS + 1)

    def ruhu(*words: str) -> Any:
        return CliRunner().invoke(photo, ["intake", *words], obj=lambda: world.app)

    (item,) = (json.loads(line) for line in ruhu("--json").stdout.splitlines())
    told = ruhu("--stage", "failed").output
    assert item["id"] in told and "died" in told and "1 given up" in told
    assert "waiting" in ruhu("--retry", item["id"]).output
    unknown = ruhu("--retry", str(uuid.uuid4()))
    assert unknown.exit_code == 1
