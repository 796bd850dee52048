"""From bytes to a photo on the screen: nothing is forgotten, nothing foreign is shown, nothing uploaded runs."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from structlog.testing import capture_logs
from werkzeug.test import TestResponse

from server import db
from server.config import Settings
from server.evidence import photos, tasks, watermark
from server.evidence.darkroom import Darkroom, Lost
from server.evidence.tables import Photo
from server.sync.attachments import AttachmentSpec
from server.sync.tables import Attachment
from tests.evidence.pictures import WHERE, encoded, exif, jpeg, polyglot
from tests.sync.uploading import VILLAGES, Someone, make_people, sha256, submit, upload

HERE, THERE = VILLAGES
PHOTO = jpeg(exif=exif())
NOBODYS = "00000000-0000-4000-8000-000000000000"
FIX = {"lon": 108.5, "lat": 26.5, "accuracy_m": 6, "time": "2026-11-20T01:00:00Z"}


@pytest.fixture
def ana(app: Flask) -> Someone:
    return make_people(app, ana=HERE)[0]


def settings_of(app: Flask) -> Settings:
    settings: Settings = app.config["RUHU"]
    return settings


def kept(
    app: Flask, client: FlaskClient, person: Someone, content: bytes = PHOTO, name: str = "front.jpg", **spec: Any
) -> str:
    """A submission with this file, its bytes uploaded; id of the attachment."""
    given = {"media_type": "image/jpeg", **spec}
    instance_id = submit(app, person, AttachmentSpec(name, sha256(content), len(content), **given), village=HERE)
    assert upload(client, person, content).status_code in (201, 204)
    with app.app_context(), db.read() as session:
        found: str = session.scalars(select(Attachment.id).where(Attachment.instance_id == instance_id)).one()
        return found


def sweep(app: Flask) -> int:
    with app.app_context():
        return tasks.sweep(settings_of(app), grace=timedelta(0))


def row(app: Flask, attachment_id: str) -> dict[str, Any]:
    with app.app_context(), db.read() as session:
        photo = session.get_one(Photo, attachment_id)
        return {column.key: getattr(photo, column.key) for column in Photo.__table__.columns}


def show(client: FlaskClient, person: Someone, attachment_id: str, query: str = "", **headers: str) -> TestResponse:
    return client.get(f"/api/v1/photos/{attachment_id}{query}", headers={**person.headers, **headers})


def test_a_photo_is_derived_and_shown_in_three_sizes(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana)
    assert sweep(app) == 1
    for query, edge in (("", 1280), ("?size=1280", 1280), ("?size=320", 320)):
        answer = show(client, ana, photo, query)
        assert (answer.status_code, answer.mimetype) == (200, "image/jpeg")
        assert max(Image.open(io.BytesIO(answer.data)).size) == edge
    assert show(client, ana, photo, "?size=original").data == PHOTO
    assert show(client, ana, photo, "?size=640").status_code in (400, 422)


def test_what_was_derived_is_written_down(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana)
    sweep(app)
    known = row(app, photo)
    assert (known["state"], known["format"], known["width"], known["height"]) == ("ready", "jpeg", 1600, 1200)
    assert (known["place_source"], known["attempts"], known["findings"], known["error"]) == ("exif", 1, [], None)
    assert (known["geom"].x, known["geom"].y) == pytest.approx(WHERE, abs=1e-6)
    assert known["taken_at"].isoformat() == "2026-11-20T01:15:30+00:00"
    assert known["exif"]["model"] == "T1"


def test_the_capture_record_places_the_photo(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana, capture={"fix": FIX, "wall_ms": 1_795_136_400_000})
    sweep(app)
    known = row(app, photo)
    assert (known["place_source"], known["geom"].x, known["place"]["accuracy_m"]) == ("capture", 108.5, 6)


def test_headers_keep_what_was_uploaded_harmless(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana)
    sweep(app)
    for query in ("?size=320", "?size=1280&watermark=1", "?size=original"):
        headers = show(client, ana, photo, query).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
        assert headers["Cache-Control"].startswith("private")
        assert "sandbox" in headers["Content-Security-Policy"]
        assert headers["Content-Disposition"].startswith("attachment") if "original" in query else True


def test_what_the_browser_has_is_not_sent_again(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana)
    sweep(app)
    tags = set()
    for query in ("?size=320", "?size=1280", "?size=1280&watermark=1", "?size=original"):
        tag = show(client, ana, photo, query).headers["ETag"]
        again = show(client, ana, photo, query, **{"If-None-Match": tag})
        assert (again.status_code, again.data) == (304, b"")
        tags.add(tag)
    assert len(tags) == 4


def test_a_broken_download_goes_on_where_it_ended(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana)
    sweep(app)
    for query in ("?size=original", "?size=320", "?size=1280&watermark=1"):
        whole = show(client, ana, photo, query)
        rest = show(client, ana, photo, query, **{"Range": "bytes=100-"})
        assert (rest.status_code, rest.data) == (206, whole.data[100:])
        assert show(client, ana, photo, query, **{"Range": "bytes=99999999-"}).status_code == 416


def test_a_photo_outside_the_area_is_as_unknown(app: Flask, client: FlaskClient) -> None:
    ana, bo, cy = make_people(app, ana=HERE, bo=THERE, cy=HERE)
    photo = kept(app, client, ana)
    sweep(app)
    assert show(client, cy, photo).status_code == 200
    for query in ("", "?size=original", "?size=1280&watermark=1"):
        foreign, unknown = show(client, bo, photo, query), show(client, bo, NOBODYS, query)
        assert foreign.status_code == unknown.status_code == 404
        assert {**foreign.json, "request_id": ""} == {**unknown.json, "request_id": ""}
    assert show(client, bo, "a%00b").status_code == 404
    assert client.get(f"/api/v1/photos/{photo}").status_code == 401


def test_a_photo_in_work_says_when_to_ask_again(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana)
    answer = show(client, ana, photo)
    assert (answer.status_code, answer.json["code"]) == (503, "photo.not_ready")
    assert int(answer.headers["Retry-After"]) > 0
    assert show(client, ana, photo, "?size=original").data == PHOTO


def test_a_photo_still_on_the_phone_is_missing(app: Flask, client: FlaskClient, ana: Someone) -> None:
    instance_id = submit(app, ana, AttachmentSpec("a.jpg", sha256(PHOTO)), village=HERE)
    with app.app_context(), db.read() as session:
        photo = session.scalars(select(Attachment.id).where(Attachment.instance_id == instance_id)).one()
    for query in ("", "?size=original"):
        assert show(client, ana, photo, query).json["code"] == "photo.missing"


@pytest.mark.parametrize(
    ("content", "code"),
    [(b"", "photo.empty"), (b"no photo", "photo.not_an_image"), (PHOTO[:5000], "photo.truncated")],
)
def test_an_unreadable_photo_says_so_and_can_be_downloaded(
    app: Flask, client: FlaskClient, ana: Someone, content: bytes, code: str
) -> None:
    photo = kept(app, client, ana, content)
    assert sweep(app) == 1
    known = row(app, photo)
    assert (known["state"], known["findings"][0]["code"]) == ("unreadable", code)
    answer = show(client, ana, photo)
    assert (answer.status_code, answer.json["code"]) == (415, "photo.unreadable")
    original = show(client, ana, photo, "?size=original")
    assert (original.data, original.mimetype) == (content, "application/octet-stream")
    assert sweep(app) == 0


def test_a_photo_with_a_page_behind_it_is_only_ever_a_download(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana, polyglot())
    sweep(app)
    assert b"page.html" not in show(client, ana, photo).data
    assert show(client, ana, photo, "?size=original").headers["Content-Disposition"].startswith("attachment")


NAMES = ["../../etc/passwd", 'a"; filename=evil.html', "a\r\nX-Evil: 1.jpg", "门前 照片.jpg", "...", "C:\\a", "x" * 300]


@pytest.mark.parametrize("name", NAMES)
def test_a_file_name_cannot_leave_its_header(app: Flask, client: FlaskClient, ana: Someone, name: str) -> None:
    photo = kept(app, client, ana, name=name)
    headers = show(client, ana, photo, "?size=original").headers
    assert "X-Evil" not in headers
    disposition = headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename")
    assert "/" not in disposition and "\\" not in disposition


def test_two_attachments_with_equal_bytes_are_two_photos(app: Flask, client: FlaskClient, ana: Someone) -> None:
    """central-backend#299; each has its own place, both share the copies."""
    first = kept(app, client, ana, capture={"fix": FIX})
    second = kept(app, client, ana, name="back.jpg")
    assert sweep(app) == 2
    assert [row(app, photo)["place_source"] for photo in (first, second)] == ["capture", "exif"]
    assert len([path for path in settings_of(app).derived.rglob("*") if path.is_file()]) == 2


def test_sound_and_tables_are_kept_but_are_no_photos(app: Flask, client: FlaskClient, ana: Someone) -> None:
    sound = kept(app, client, ana, b"RIFF....WAVE", name="talk.wav", media_type="audio/wav")
    assert sweep(app) == 0
    assert show(client, ana, sound).json["code"] == "photo.unreadable"
    assert show(client, ana, sound, "?size=original").data == b"RIFF....WAVE"


def test_a_photo_without_a_media_type_is_known_by_its_name(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana, name="IMG_1.JPG", media_type="application/octet-stream")
    assert sweep(app) == 1
    assert row(app, photo)["findings"] == []


def test_the_queue_does_the_work_and_leaves_the_sweep_none(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana)
    huey = tasks.queue(app).huey
    task = huey.dequeue()
    huey.execute(task)
    assert row(app, photo)["state"] == "ready"
    assert huey.dequeue() is None
    assert sweep(app) == 0


def test_a_queue_that_is_down_loses_nothing(app: Flask, client: FlaskClient, ana: Someone) -> None:
    settings_of(app).var.joinpath("queue.sqlite").mkdir()
    with capture_logs() as logs:
        photo = kept(app, client, ana)
    assert "evidence.queue_down" in [line["event"] for line in logs]
    assert sweep(app) == 1
    assert row(app, photo)["state"] == "ready"


def test_a_photo_that_kills_its_process_is_given_up_and_stops_no_other(
    app: Flask, client: FlaskClient, ana: Someone, monkeypatch: pytest.MonkeyPatch
) -> None:
    killer, good = kept(app, client, ana, PHOTO + b"killer"), kept(app, client, ana)
    develop = Darkroom.develop

    def deadly(self: Darkroom, source: Path, *rest: Any) -> dict[str, Any]:
        if source.read_bytes().endswith(b"killer"):
            raise Lost("the process died")
        return develop(self, source, *rest)

    monkeypatch.setattr(Darkroom, "develop", deadly)
    for _ in range(photos.ATTEMPTS + 1):
        sweep(app)
    assert row(app, good)["state"] == "ready"
    known = row(app, killer)
    assert (known["state"], known["findings"][0]["code"]) == ("unreadable", "photo.not_derived")
    assert "died" in known["error"]
    assert show(client, ana, killer, "?size=original").status_code == 200


def test_a_worker_killed_in_the_middle_is_made_good(app: Flask, client: FlaskClient, ana: Someone) -> None:
    """An attempt that never ended is no result: the next sweep derives the photo."""
    photo = kept(app, client, ana)
    with app.app_context():
        assert db.transact(lambda session: photos.start(session, photo))
    assert row(app, photo)["state"] == "pending"
    assert sweep(app) == 1
    assert (row(app, photo)["state"], row(app, photo)["attempts"]) == ("ready", 2)


def test_a_fresh_photo_is_left_to_the_queue_for_a_minute(app: Flask, client: FlaskClient, ana: Someone) -> None:
    kept(app, client, ana)
    with app.app_context():
        assert tasks.sweep(settings_of(app)) == 0
        assert tasks.sweep(settings_of(app), grace=timedelta(0)) == 1


def test_copies_that_were_thrown_away_are_made_again(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana)
    sweep(app)
    for path in settings_of(app).derived.rglob("*.jpg"):
        path.unlink()
    assert show(client, ana, photo).status_code == 503
    assert sweep(app) == 1
    assert show(client, ana, photo).status_code == 200


def test_a_watermark_is_drawn_on_a_copy_only(app: Flask, client: FlaskClient, ana: Someone) -> None:
    photo = kept(app, client, ana, capture={"fix": FIX, "wall_ms": 1_795_136_400_000})
    sweep(app)
    plain, marked = show(client, ana, photo), show(client, ana, photo, "?watermark=1")
    assert marked.mimetype == "image/jpeg" and marked.data != plain.data
    assert show(client, ana, photo).data == plain.data
    top, bottom = (0, 0, 1280, 400), (0, 800, 1280, 960)
    a, b = Image.open(io.BytesIO(plain.data)), Image.open(io.BytesIO(marked.data))
    assert sum(a.crop(bottom).convert("L").histogram()[:60]) < sum(b.crop(bottom).convert("L").histogram()[:60])
    means = [image.crop(top).resize((1, 1)).getpixel((0, 0)) for image in (a, b)]
    assert means[0] == pytest.approx(means[1], abs=3)


@pytest.mark.parametrize("chinese", [True, False])
def test_a_watermark_needs_no_chinese_font(chinese: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without one, figures are still drawn and Chinese letters are left out, not boxes."""
    if not chinese:
        monkeypatch.setattr(watermark, "chinese_font", lambda: None)
    elif watermark.chinese_font() is None:
        pytest.skip("no font with Chinese letters on this machine")
    source = tmp_path / "copy.jpg"
    source.write_bytes(encoded("JPEG", Image.new("RGB", (640, 480), "grey")))
    only_chinese = watermark.draw_watermark(source, ["虚县 · 王大山"])
    figures = watermark.draw_watermark(source, ["2026-11-20 09:15:30 +08:00"])
    white = [sum(Image.open(io.BytesIO(made)).convert("L").histogram()[200:]) for made in (only_chinese, figures)]
    assert white[1] > 50
    assert (white[0] > 50) == chinese
