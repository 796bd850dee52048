"""Photos are checked with what the server knows around them: house, other visits, equal bytes, the seal of the visit.

From the phone's push and upload to what a reviewer reads; the author is not shown these reasons.
"""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from flask import Flask
from sqlalchemy import update
from sqlalchemy.orm import Session

from server.accounts.tables import Install
from server.evidence import tasks
from server.evidence.one_visit import one_visit
from server.registry.tables import Entity
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.record import Origin, RecordWrite
from tests.evidence.pictures import exif, jpeg, scene
from tests.sync.uploading import Someone, upload
from tests.world import WANG, Phone, World, add_policies, build_world, instance_xml

# The moment of the shutter, and the house of WANG.
WALL_MS = 1_795_224_600_000
LON, LAT = 108.3, 26.2


@pytest.fixture
def world(app: Flask) -> World:
    made = build_world(app)
    made.run(add_policies)
    made.run(lambda session: place_house(session, made, LON, LAT, 1))
    return made


def place_house(session: Session, world: World, lon: float, lat: float, base: int) -> None:
    values = {"lon": str(lon), "lat": str(lat), "accuracy_m": "5", "datum": "wgs84", "source": "gps"}
    origin = Origin(f"00000000-0000-4000-8000-{base:012}", world.people["import"], "import", None)
    version = session.get_one(Entity, WANG).version
    apply_write(session, datasets()["household"], origin, RecordWrite("household", WANG, values, version))


class Camera:
    """A phone with a key: it takes photos, seals them and sends them."""

    def __init__(self, world: World, name: str) -> None:
        self.world, self.key = world, ec.generate_private_key(ec.SECP256R1())
        self.phone: Phone = world.phone(name)
        self.someone = Someone(world.people[name], self.phone.token)
        numbers = self.key.public_key().public_numbers()
        x, y = (base64.urlsafe_b64encode(n.to_bytes(32, "big")).decode().rstrip("=") for n in (numbers.x, numbers.y))
        jwk = {"kty": "EC", "crv": "P-256", "x": x, "y": y}
        mine = update(Install).where(Install.id == self.phone.install_id)
        world.run(lambda session: session.execute(mine.values(public_key_jwk=jwk)))

    def sealed(self, photos: list[bytes], **changes: Any) -> list[dict[str, Any]]:
        """Attachments with their chained and signed capture records."""
        before, made = None, []
        for seq, content in enumerate(photos, 1):
            fix = {"lon": LON, "lat": LAT + seq * 1e-5, "accuracy_m": 6, "time": "2026-11-21T01:29:58.000Z"}
            record = {
                "photo_sha256": hashlib.sha256(content).hexdigest(), "source": "live", "fix": fix, "wall_ms": WALL_MS,
                "seq": seq, "prev_record_hash": before, **changes,
            }  # fmt: skip
            text = json.dumps(record, sort_keys=True, separators=(",", ":")).encode()
            r, s = decode_dss_signature(self.key.sign(text, ec.ECDSA(hashes.SHA256())))
            signature = base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
            made.append(attachment(content, f"{seq}.jpg", record | {"signature": signature}))
            before = hashlib.sha256(text).hexdigest()
        return made

    def send(self, photos: list[bytes], attachments: list[dict[str, Any]], **given: Any) -> str:
        op = self.phone.visit(attachments=attachments, **given)
        assert self.phone.send(op)[0]["status"] == "applied"
        for content in photos:
            assert upload(self.phone.client, self.someone, content).status_code in (201, 204)
        return str(op["instance_id"])


def attachment(content: bytes, name: str, capture: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name, "sha256": hashlib.sha256(content).hexdigest(), "size": len(content), "media_type": "image/jpeg",
        "capture": capture,
    }  # fmt: skip


def looked_at(world: World, reader: Phone, instance_id: str) -> list[dict[str, str]]:
    """code → level of each attachment's reasons, after the worker has been here."""
    with world.app.app_context():
        tasks.sweep(world.app.config["RUHU"], grace=timedelta(0))
    answer = reader.get(f"/submissions/{instance_id}")
    assert answer.status_code == 200
    return [
        {one["code"]: one["level"] for one in item["findings"] if one["code"].isupper()}
        for item in answer.json["attachments"]
    ]


def pictures(count: int) -> list[bytes]:
    return [jpeg(scene(1200, 900 + seed)) for seed in range(count)]


def test_an_honest_visit_gives_a_reviewer_nothing_to_look_at(world: World) -> None:
    camera, photos = Camera(world, "li"), pictures(2)
    visit = camera.send(photos, camera.sealed(photos))
    reasons = looked_at(world, world.phone("zhang"), visit)
    assert [set(found) - {"DEV_NEW"} for found in reasons] == [set(), set()]


def test_far_photos_are_told_to_reviewers_only_and_go_when_the_house_is_put_right(world: World) -> None:
    camera, photos = Camera(world, "li"), pictures(1)
    far = {"lon": LON + 0.01, "lat": LAT, "accuracy_m": 6, "time": "2026-11-21T01:29:58.000Z"}
    visit = camera.send(photos, camera.sealed(photos, fix=far))
    supervisor = world.phone("zhang")
    assert looked_at(world, supervisor, visit)[0]["DIST_HH"] == "fail"
    assert "DIST_HH" not in looked_at(world, camera.phone, visit)[0]
    world.run(lambda session: place_house(session, world, LON + 0.01, LAT, 2))
    attachment_id = supervisor.get(f"/submissions/{visit}").json["attachments"][0]["id"]
    with world.app.app_context():
        tasks.judge(attachment_id)
    assert "DIST_HH" not in looked_at(world, supervisor, visit)[0]


def test_a_reason_names_limit_and_rule_and_speaks_both_languages(world: World) -> None:
    camera, photos = Camera(world, "li"), pictures(1)
    vague = {"lon": LON, "lat": LAT, "accuracy_m": 500, "time": "2026-11-21T01:29:58.000Z"}
    visit = camera.send(photos, camera.sealed(photos, fix=vague))
    supervisor = world.phone("zhang")
    looked_at(world, supervisor, visit)
    found = supervisor.get(f"/submissions/{visit}").json["attachments"][0]["findings"]
    reason = next(one for one in found if one["code"] == "ACC_LOW")
    assert (reason["value"], reason["limit"], reason["rule"]) == (500, 100, "national-2026")
    assert "500" in reason["message"]["zh"] and "500 m" in reason["message"]["en"]


def test_a_photo_used_in_two_visits_is_told_at_the_later_one(world: World) -> None:
    camera, photos = Camera(world, "li"), pictures(1)
    camera.send(photos, camera.sealed(photos))
    later = camera.send(photos, camera.sealed(photos), base_version=2)
    assert looked_at(world, world.phone("zhang"), later)[0]["DUP_EXACT"] == "fail"


def test_a_correction_that_brings_the_same_photos_is_the_same_visit(world: World) -> None:
    """Neither the visit nor the one that corrects it is told of copies or of a fix that another visit has too."""
    camera, photos = Camera(world, "li"), pictures(2)
    first = camera.send(photos, camera.sealed(photos))
    new = f"uuid:{uuid.uuid4()}"
    xml = instance_xml(new, WANG, {}).replace("</instanceID>", f"</instanceID><deprecatedID>{first}</deprecatedID>")
    second = camera.send(photos, camera.sealed(photos), instance_id=new, instance_xml=xml, base_version=2)
    zhang = world.phone("zhang")
    assert zhang.get(f"/submissions/{second}").json["supersedes"] == first
    for visit in (first, second):
        assert [set(found) - {"DEV_NEW"} for found in looked_at(world, zhang, visit)] == [set(), set()]


@pytest.mark.parametrize(
    ("mine", "same"),
    [("a", "abcd"), ("b", "abd"), ("c", "ac"), ("d", "abd"), ("x", "x")],
)
def test_lines_of_corrections_are_one_visit_but_not_across_households(mine: str, same: str) -> None:
    """b and c both correct a, c with another household; d corrects b. Circles end."""
    corrections = {"b": ("a", "h1"), "c": ("a", "h2"), "d": ("b", "h1"), "p": ("q", "h1"), "q": ("p", "h1")}
    households = {"a": "h1", "b": "h1", "c": "h2", "d": "h1", "x": "h1"}
    assert one_visit(mine, households[mine], corrections) == set(same)
    assert one_visit("p", "h1", corrections) == {"p", "q"}


def test_a_picked_photo_is_placed_when_it_was_picked(world: World) -> None:
    """Taken at nine elsewhere, picked at noon: no way from a place where nobody was at nine is asked for."""
    camera, (live,) = Camera(world, "li"), pictures(1)
    noon, away = WALL_MS + 3 * 3_600_000, {"lon": LON + 0.1, "lat": LAT, "accuracy_m": 6}
    picked = jpeg(scene(1200, 77), exif=exif(time="2026:11:21 09:30:00"))
    camera.send([picked], camera.sealed([picked], source="gallery", wall_ms=noon, fix=away))
    visit = camera.send([live], camera.sealed([live]), base_version=2)
    assert "SPEED" not in looked_at(world, world.phone("zhang"), visit)[0]


def test_a_record_changed_after_the_seal_is_told(world: World) -> None:
    camera, photos = Camera(world, "li"), pictures(2)
    attachments = camera.sealed(photos)
    attachments[1]["capture"]["wall_ms"] += 60_000
    visit = camera.send(photos, attachments)
    first, second = looked_at(world, world.phone("zhang"), visit)
    assert "CHAIN" not in first and second["CHAIN"] == "fail"


def test_a_capture_record_of_nonsense_breaks_nothing(world: World) -> None:
    camera, photos = Camera(world, "li"), pictures(1)
    nonsense = {"fix": {"lon": [1], "lat": {}, "time": 7}, "seq": {}, "wall_ms": "x", "source": 9, "signature": []}
    visit = camera.send(photos, [attachment(photos[0], "1.jpg", nonsense)])
    assert looked_at(world, world.phone("zhang"), visit)[0]["CHAIN"] == "fail"


def test_a_check_that_crashes_keeps_the_photo_and_is_made_up_for(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera, photos = Camera(world, "li"), pictures(1)
    visit = camera.send(photos, camera.sealed(photos, fix=None))
    supervisor = world.phone("zhang")

    def crash(*_: object) -> None:
        raise ZeroDivisionError

    with monkeypatch.context() as patched:
        patched.setattr(tasks, "judge_photo", crash)
        assert looked_at(world, supervisor, visit) == [{}]
    assert supervisor.get(f"/submissions/{visit}").json["attachments"][0]["photo_state"] == "ready"
    camera.send(pictures(1), camera.sealed(pictures(1)), base_version=2)  # so that there is a reason to find
    assert "DUP_EXACT" in looked_at(world, supervisor, visit)[0]
