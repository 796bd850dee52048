"""Photos that were used again are found across households and years, whichever came first; others are not.

From the phone's push to what a reviewer reads, on both databases.
"""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from PIL import Image
from sqlalchemy import func, select

from server import db
from server.commands.photo import photo
from server.evidence import alike, rebuild, tasks
from server.evidence.dhash import SAME, Hashes, compare, hashes_of
from server.evidence.tables import Photo, PhotoBand, PhotoCheck, PhotoHash
from tests.evidence.copies import cropped, scene, stamped, wechat
from tests.evidence.test_dhash import CHANGES
from tests.evidence.test_judging import WALL_MS, Camera, looked_at, world  # noqa: F401
from tests.evidence.test_queue import _supervisor_of_the_west
from tests.world import ZHAO, Phone, World

YEAR_MS = 365 * 24 * 3600 * 1000
WAYS = {"recompressed": wechat, "stamped": stamped, "cropped": cropped(0.025, 0.025, 0.025, 0.025)}


def shot(picture: Image.Image, quality: int = 92) -> bytes:
    out = io.BytesIO()
    picture.convert("RGB").save(out, "JPEG", quality=quality)
    return out.getvalue()


def visit(camera: Camera, content: bytes, base: int, **capture: Any) -> str:
    return camera.send([content], camera.sealed([content], **capture), base_version=base)


def elsewhere(world: World, content: bytes, **capture: Any) -> str:  # noqa: F811
    """A visit to a household of another township, by its own helper."""
    camera = Camera(world, "zhao")
    return camera.send([content], camera.sealed([content], **capture), household=ZHAO)


def reason(reader: Phone, instance_id: str) -> dict[str, Any] | None:
    (item,) = reader.get(f"/submissions/{instance_id}").json["attachments"]
    return next((one for one in item["findings"] if one["code"] == "DUP_NEAR"), None)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("copy_first", [False, True])
def test_a_photo_used_again_is_told_at_both_visits(world: World, way: str, copy_first: bool) -> None:  # noqa: F811
    """A year apart, of one household; the one that came first is brought before the reviewer too."""
    camera, original = Camera(world, "li"), scene(1)
    pair = [shot(original), shot(WAYS[way](original), 80)]
    first = visit(camera, pair[copy_first], 1)
    reader = world.phone("admin")
    assert "DUP_NEAR" not in looked_at(world, reader, first)[0]
    second = visit(camera, pair[not copy_first], 2, wall_ms=WALL_MS + YEAR_MS)
    assert looked_at(world, reader, second)[0]["DUP_NEAR"] == "fail"
    this, that = reason(reader, second), reason(reader, first)
    assert this and that and this["value"] == that["value"] <= SAME
    ids = {item["id"] for item in reader.get("/evidence?code=DUP_NEAR").json["items"]}
    assert {*this["inputs"]["others"], *that["inputs"]["others"]} == ids and len(ids) == 2


@pytest.mark.parametrize("copy_first", [False, True])
def test_a_photo_of_another_township_is_told_without_naming_it(world: World, copy_first: bool) -> None:  # noqa: F811
    """A supervisor learns that there is one; its id, its place and its household stay with those who may see them."""
    original = scene(2)
    pair = [shot(original), shot(stamped(original), 85)]
    far = elsewhere(world, pair[1]) if copy_first else None
    near = visit(Camera(world, "li"), pair[0], 1, wall_ms=WALL_MS + YEAR_MS)
    far = far or elsewhere(world, pair[1])
    world.people["west"] = world.run(_supervisor_of_the_west)
    looked_at(world, world.phone("admin"), near)
    for name, instance_id, other in (("zhang", near, far), ("west", far, near)):
        told = reason(world.phone(name), instance_id)
        assert told and told["level"] == "fail" and told["inputs"]["others"] == [] and told["inputs"]["hidden"] == 1
        assert world.phone(name).get(f"/submissions/{other}").status_code == 404
    whole = reason(world.phone("admin"), near)
    assert whole and len(whole["inputs"]["others"]) == 1 and "hidden" not in whole["inputs"]


def test_the_very_same_bytes_elsewhere_name_nothing_hidden(world: World) -> None:  # noqa: F811
    content = shot(scene(3))
    here, there = visit(Camera(world, "li"), content, 1), elsewhere(world, content)
    looked_at(world, world.phone("admin"), here)
    for reader, instance_id, named in (("zhang", here, 0), ("admin", here, 1), ("admin", there, 1)):
        (item,) = world.phone(reader).get(f"/submissions/{instance_id}").json["attachments"]
        told = {one["code"]: one for one in item["findings"]}
        assert len(told["DUP_EXACT"]["inputs"]["others"]) == named and told["DUP_EXACT"]["value"] == 1
        assert "DUP_NEAR" not in told


def test_the_queue_names_nothing_hidden_either(world: World) -> None:  # noqa: F811
    content = shot(scene(3))
    here, there = visit(Camera(world, "li"), content, 1), elsewhere(world, content)
    looked_at(world, world.phone("admin"), here)
    (foreign,) = world.phone("admin").get(f"/submissions/{there}").json["attachments"]
    answer = world.phone("zhang").get("/evidence?code=DUP_EXACT")
    assert len(answer.json["items"]) == 1 and foreign["id"] not in answer.text


def test_different_photos_are_not_told(world: World) -> None:  # noqa: F811
    camera = Camera(world, "li")
    for base, seed in enumerate((4, 5, 6), 1):
        last = visit(camera, shot(scene(seed)), min(base, 2), wall_ms=WALL_MS + base * YEAR_MS)
    assert "DUP_NEAR" not in looked_at(world, world.phone("admin"), last)[0]
    checks = select(func.count()).select_from(PhotoCheck).where(PhotoCheck.code == "DUP_NEAR")
    assert world.look(lambda session: session.scalar(checks)) == 0


@pytest.mark.parametrize(("source", "after_s", "told"), [("live", 5, False), ("live", 60, True), ("gallery", 5, True)])
def test_a_burst_is_one_moment(world: World, source: str, after_s: int, told: bool) -> None:  # noqa: F811
    """Two shutters of one worker within seconds; a picture picked from the gallery has no shutter."""
    camera, original = Camera(world, "li"), scene(7)
    visit(camera, shot(original), 1)
    second = visit(camera, shot(wechat(original)), 2, wall_ms=WALL_MS + after_s * 1000, source=source)
    assert ("DUP_NEAR" in looked_at(world, world.phone("admin"), second)[0]) == told


def test_two_photos_of_one_visit_are_no_second_use(world: World) -> None:  # noqa: F811
    camera, original = Camera(world, "li"), scene(8)
    photos = [shot(original), shot(stamped(original))]
    only = camera.send(photos, camera.sealed(photos, wall_ms=WALL_MS))
    assert not [found for found in looked_at(world, world.phone("admin"), only) if "DUP_NEAR" in found]


def test_dark_and_flat_photos_are_told_as_such_and_are_like_nothing(world: World) -> None:  # noqa: F811
    camera = Camera(world, "li")
    visit(camera, shot(Image.new("RGB", (1200, 900), (3, 3, 3))), 1)
    dark = visit(camera, shot(Image.new("RGB", (1200, 901), (4, 3, 3))), 2, wall_ms=WALL_MS + YEAR_MS)
    found = looked_at(world, world.phone("admin"), dark)[0]
    assert found["DARK"] == "warn" and "DUP_NEAR" not in found
    assert world.look(lambda session: session.scalar(select(func.count()).select_from(PhotoBand))) == 0
    assert world.look(lambda session: session.scalar(select(func.count()).select_from(PhotoHash))) == 2


def test_the_look_up_agrees_with_comparing_all_pairs(world: World) -> None:  # noqa: F811
    """Every copy within 40 bits is found by the bands, in both directions, and none that is further off than asked."""
    camera, scenes = Camera(world, "li"), [scene(seed) for seed in range(6)]
    photos = [shot(picture) for picture in scenes]
    only = camera.send(photos, camera.sealed(photos))
    looked_at(world, world.phone("admin"), only)
    names = {item["id"]: int(item["name"].split(".")[0]) - 1 for item in attachments(world, only)}
    known = [hashes_of(Image.open(io.BytesIO(content))) for content in photos]
    for change, _ in CHANGES.values():
        for at, picture in enumerate(scenes):
            copy = hashes_of(change(picture))
            found = world.look(lambda session, copy=copy: alike.alike(session, copy, 56))
            assert at in {names[one.attachment_id] for one in found} or compare(known[at], copy).distance > SAME
            assert all(one.distance <= 56 for one in found)


def attachments(world: World, instance_id: str) -> list[dict[str, Any]]:  # noqa: F811
    found: list[dict[str, Any]] = world.phone("admin").get(f"/submissions/{instance_id}").json["attachments"]
    return found


def test_new_hashes_take_the_place_of_old_ones(world: World) -> None:  # noqa: F811
    content = shot(scene(9))
    only = visit(Camera(world, "li"), content, 1)
    looked_at(world, world.phone("admin"), only)
    (item,) = attachments(world, only)
    old, new = (hashes_of(scene(seed)) for seed in (9, 10))
    for given in (new, new, None, old, Hashes(old.values, plain=True)):
        world.run(lambda session, given=given: alike.keep_hashes(session, item["id"], given))
        for asked in (old, new):
            found = world.look(lambda session, asked=asked: alike.alike(session, asked, SAME))
            assert [one.attachment_id for one in found] == ([item["id"]] if given == asked else [])
    assert world.look(lambda session: session.scalar(select(func.count()).select_from(PhotoBand))) == 0


# --- ruhu photo rebuild --------------------------------------------------------------------------------------


def forget(world: World) -> None:  # noqa: F811
    """As a version did that knew no hashes."""
    world.run(lambda session: [session.query(table).delete() for table in (PhotoBand, PhotoHash, PhotoCheck)])


def test_a_rebuild_that_is_killed_goes_on_and_forgets_no_photo(
    world: World, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    camera, original = Camera(world, "li"), scene(1)
    for base, content in enumerate((shot(original), shot(stamped(original)), shot(scene(2))), 1):
        last = visit(camera, content, min(base, 2), wall_ms=WALL_MS + base * YEAR_MS)
    looked_at(world, world.phone("admin"), last)
    forget(world)
    settings, renew = world.app.config["RUHU"], tasks.renew
    seen: list[str] = []

    def killed(given: Any, attachment_id: str, **how: Any) -> bool:
        if len(seen) == 2:
            raise KeyboardInterrupt
        seen.append(attachment_id)
        return renew(given, attachment_id, **how)

    monkeypatch.setattr(rebuild, "BATCH", 1)
    with world.app.app_context():
        with monkeypatch.context() as patched, pytest.raises(KeyboardInterrupt):
            patched.setattr(tasks, "renew", killed)
            rebuild.rebuild(settings, rebuild.Wanted(hashes_only=True), quiet)
        with db.read() as session:
            assert set(session.scalars(select(Photo.state))) == {"ready"}
        assert rebuild.rebuild(settings, rebuild.Wanted(hashes_only=True), quiet).done == 1
        assert rebuild.rebuild(settings, rebuild.Wanted(), quiet).done == 3
        assert rebuild.rebuild(settings, rebuild.Wanted("990102"), quiet).done == 0
    checks = select(func.count()).select_from(PhotoCheck).where(PhotoCheck.code == "DUP_NEAR")
    assert world.look(lambda session: session.scalar(checks)) == 2


def quiet(what: str, done: int, total: int) -> None:
    assert 0 < done <= total


def test_the_command_rebuilds_with_a_word_of_how_many(app: Flask, world: World) -> None:  # noqa: F811
    only = visit(Camera(world, "li"), shot(scene(1)), 1)
    looked_at(world, world.phone("admin"), only)
    done = CliRunner().invoke(photo, ["rebuild", "--region", "9901"], obj=lambda: app)
    assert done.exit_code == 0, done.output
    assert "Derived 1 photos again; 0 failed" in done.output


def test_what_cannot_be_derived_again_keeps_what_was_known(
    world: World, monkeypatch: pytest.MonkeyPatch  # noqa: F811
) -> None:
    only = visit(Camera(world, "li"), shot(scene(1)), 1)
    looked_at(world, world.phone("admin"), only)
    with world.app.app_context():
        settings = world.app.config["RUHU"]
        monkeypatch.setattr(tasks, "_develop", lambda *_, **__: (_ for _ in ()).throw(tasks.Lost("died")))
        made = rebuild.rebuild(settings, rebuild.Wanted(), quiet)
        assert (made.done, made.failed) == (0, 1)
        assert tasks.sweep(settings, grace=timedelta(0)) == 0
    assert [item["photo_state"] for item in attachments(world, only)] == ["ready"]
