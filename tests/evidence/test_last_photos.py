"""The last photo of each slot goes to phones small, only to who may see it, never the village's to who checks it."""

from __future__ import annotations

import base64
import io
import uuid
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from flask import Flask
from PIL import Image

from server.config import Settings
from server.evidence import tasks
from server.evidence.last_photos import MOST_BYTES
from tests.evidence.pictures import jpeg, noisy, scene
from tests.sync.office import add_person, upload
from tests.sync.test_independent import check, form
from tests.world import WANG, ZHAO, Phone, World, add_form, build_world


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


def shot(
    phone: Phone, content: bytes, slot: str = "house_front", *, wall_ms: int = 1_795_136_400_000, **given: Any
) -> str:
    """A visit with this photo, its bytes uploaded; its instance id."""
    name = f"{uuid.uuid4().hex}.jpg"
    capture = {"wall_ms": wall_ms, "source": "live"}
    file = {"name": name, "sha256": sha256(content).hexdigest(), "size": len(content), "media_type": "image/jpeg"}
    visit = phone.visit(attachments=[{**file, "slot": slot, "capture": capture}], **given)
    [result] = phone.send(visit)
    assert result["status"] in ("applied", "merged", "conflicted"), result
    upload(phone, content)
    return str(visit["instance_id"])


def derive(app: Flask) -> None:
    settings: Settings = app.config["RUHU"]
    with app.app_context():
        tasks.sweep(settings, grace=timedelta(0))


def ask(phone: Phone, household: str = WANG, *have: str) -> list[dict[str, Any]]:
    answer = phone.post("/photos/last", {"households": [{"id": household, "have": list(have)}]})
    assert answer.status_code == 200, answer.text
    [item] = answer.json["items"]
    assert (item["household_id"], answer.json["left"]) == (household, [])
    return list(item["photos"])


def picture(photo: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(photo["jpeg"])))


def test_the_newest_photo_of_each_slot_comes_small_with_its_day_and_author(app: Flask, world: World) -> None:
    li = world.phone("li")
    shot(li, jpeg(scene(1600, 1200)), wall_ms=1_795_136_400_000)
    shot(li, jpeg(scene(1200, 1600)), wall_ms=1_795_136_400_000 + 86_400_000)
    shot(li, jpeg(scene(1600, 1200)), "water_source")
    derive(app)
    front, water = sorted(ask(li), key=lambda photo: photo["slot"])
    assert (front["slot"], water["slot"]) == ("house_front", "water_source")
    assert picture(front).size == (240, 320)
    assert (front["author"]["username"], front["taken_at"][:10]) == ("li", "2026-11-21")


def test_a_picture_full_of_detail_is_made_to_fit(app: Flask, world: World) -> None:
    """Proves the byte budget of a household: 8 slots of at most 20 kB."""
    li = world.phone("li")
    shot(li, jpeg(noisy(1600, 1200)))
    derive(app)
    [photo] = ask(li)
    assert len(base64.b64decode(photo["jpeg"])) <= MOST_BYTES
    assert max(picture(photo).size) == 320


def test_what_the_phone_has_is_named_but_not_sent_again(app: Flask, world: World) -> None:
    li = world.phone("li")
    shot(li, jpeg(scene(1600, 1200)))
    derive(app)
    [photo] = ask(li)
    [again] = ask(li, WANG, photo["attachment_id"])
    assert again == {name: value for name, value in photo.items() if name != "jpeg"}


def test_foreign_and_unknown_households_have_no_photos(app: Flask, world: World) -> None:
    zhao = world.phone("zhao")
    shot(zhao, jpeg(scene(1600, 1200)), household=ZHAO)
    derive(app)
    li = world.phone("li")
    assert ask(li, ZHAO) == ask(li, str(uuid.uuid4())) == []
    assert len(ask(zhao, ZHAO)) == 1


def test_who_checks_the_village_sees_the_own_photos_alone_and_the_village_none_of_them(
    app: Flask, world: World
) -> None:
    """Proves the blind rule: neither before nor after the own visit does an inspector get the village's photos."""
    world.run(lambda session: add_form(session, form()))
    add_person(world, "inspector", "inspector", None)
    li, inspector, zhang = world.phone("li"), world.phone("inspector"), world.phone("zhang")
    shot(li, jpeg(scene(1600, 1200)))
    lending = {"person_id": world.people["inspector"], "household_id": WANG, "form_id": "check"}
    assert zhang.post("/loans", lending).status_code in (200, 201)
    derive(app)
    assert ask(inspector) == []
    content = jpeg(scene(1200, 1600))
    seen = check(inspector, WANG)
    file = {"name": "own.jpg", "sha256": sha256(content).hexdigest(), "size": len(content), "media_type": "image/jpeg"}
    seen["attachments"] = [{**file, "slot": "house_front", "capture": {"wall_ms": 1_795_500_000_000}}]
    [result] = inspector.send(seen)
    assert result["status"] == "applied", result
    upload(inspector, content)
    derive(app)
    assert [photo["author"]["username"] for photo in ask(inspector)] == ["inspector"]
    assert [photo["author"]["username"] for photo in ask(li)] == ["li"]
    assert [photo["author"]["username"] for photo in ask(zhang)] == ["inspector"]


def test_a_visit_that_was_sent_back_shows_nobody_where_to_stand(app: Flask, world: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    instance = shot(li, jpeg(scene(1600, 1200)))
    derive(app)
    body = {"state": "rejected", "comments": [{"text": "别家的房子"}]}
    assert zhang.post(f"/submissions/{instance}/review", body).status_code in (200, 201)
    assert ask(li) == []


def test_a_full_answer_says_which_households_to_ask_again(
    app: Flask, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.api.photos.MOST_PICTURES", 1)
    li = world.phone("li")
    shot(li, jpeg(scene(1600, 1200)))
    derive(app)
    others = [str(uuid.uuid4()) for _ in range(2)]
    body = {"households": [{"id": id} for id in (WANG, *others)]}
    answer = li.post("/photos/last", body).json
    assert ([item["household_id"] for item in answer["items"]], answer["left"]) == ([WANG], others)


def test_more_households_than_a_phone_asks_for_at_once_are_refused(world: World) -> None:
    body = {"households": [{"id": str(uuid.uuid4())} for _ in range(51)]}
    assert world.phone("li").post("/photos/last", body).status_code in (400, 422)
