"""Photos on the phone: what guides the shot, what comes back about it, and the way to answer, in a real Chromium.

Proves design.md §7 on the product as it is served: the clean original arrives with its sealed record, a place that is
refused, rough or slow keeps nobody from taking a photo, the office's question about it is answered without a network,
and another phone shows the next visitor where to stand.
"""

from __future__ import annotations

import hashlib
import os
import re
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import BrowserContext, Playwright, expect
from sqlalchemy import select

from server import db
from server.accounts.tables import Install
from server.app import create_app
from server.config import Settings
from server.evidence.seal import Link, broken
from server.sync.tables import Attachment, Submission
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PASSWORD, PHONE, Demo, chromium
from tests.e2e.test_story import REMEMBER_BLOBS, photo_hash

pytestmark = pytest.mark.browser

HELPER, SUPERVISOR = "li.min", "zhang.zhuren"
QUESTION, ANSWER = "拍的是主屋还是偏房？", "是主屋，偏房在左边。"
PICTURES = os.environ.get("RUHU_SCREENS")


class Desk:
    """The supervisor's API."""

    def __init__(self, demo: Demo) -> None:
        self.base = f"{demo.address}/api/v1"
        self.session = requests.Session()
        body = {"username": SUPERVISOR, "password": PASSWORD, "install_id": str(uuid.uuid4())}
        self.session.headers["Authorization"] = f"Bearer {self.post('/auth/login', body)['token']}"

    def get(self, path: str) -> Any:
        answer = self.session.get(f"{self.base}{path}")
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        answer = self.session.post(f"{self.base}{path}", json=body)
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture(scope="module")
def desk(demo: Demo) -> Desk:
    return Desk(demo)


@pytest.fixture(scope="module")
def house(desk: Desk) -> dict[str, Any]:
    """A household of the helper with a place and without a photo; the last such: other tests take the first."""
    found = desk.get("/entities?dataset=household&limit=200")["items"]
    mine = [row for row in found if row["data"].get("lead_helper") == "李敏" and row.get("location")]
    alone = [row for row in mine if sum(other["label"] == row["label"] for other in found) == 1]
    return next(row for row in reversed(alone) if not row["contested"] and row["version"] == 1)


def near(house: dict[str, Any], accuracy: float) -> dict[str, float]:
    place = house["location"]
    return {"latitude": float(place["lat"]) + 0.0002, "longitude": float(place["lon"]), "accuracy": accuracy}


@pytest.fixture
def phone(demo: Demo, playwright: Playwright, tmp_path: Path, house: dict[str, Any]) -> Iterator[PhoneApp]:
    options = {**PHONE, "geolocation": near(house, 8), "permissions": ["geolocation", "camera"]}
    with chromium(playwright, tmp_path / "phone", **options) as context:
        context.add_init_script(REMEMBER_BLOBS)
        app = signed_in(context, demo)
        yield app
        assert app.problems == []


def signed_in(context: BrowserContext, demo: Demo) -> PhoneApp:
    app = PhoneApp(context, demo.address)
    app.start()
    app.sign_in(HELPER)
    app.synced()
    return app


def picture(app: PhoneApp, name: str) -> None:
    if PICTURES:
        app.page.screenshot(path=Path(PICTURES) / f"F-{name}.png")


def begin_photos(app: PhoneApp, house: dict[str, Any]) -> None:
    """A visit as far as its photos; the grade is unchanged, so the front is asked for."""
    app.open_household(house["label"])
    app.begin_agreed_visit()
    app.choose("没有签名的原因", "在纸上签字")
    app.section("照片")


def open_camera(app: PhoneApp) -> Any:
    app.card("房屋正面").locator("button.form-button").first.click()
    app.page.wait_for_selector(".form-shutter")
    return app.page.locator("[data-place]")


def shoot(app: PhoneApp) -> Any:
    app.page.click(".form-shutter")
    app.page.click("text=用这张")
    caption = app.card("房屋正面").locator("figcaption")
    expect(caption).to_be_visible()
    return caption


def sync_and_wait(app: PhoneApp, tally: str, count: str) -> None:
    app.tab("待传")
    app.page.get_by_role("button", name="现在同步").click()
    expect(app.page.locator(f".tally .{tally} b")).to_have_text(count, timeout=60_000)


def newest_visit(desk: Desk, house: dict[str, Any]) -> dict[str, Any]:
    """The household's newest submission, once its photo was derived."""
    for _ in range(60):
        [row, *_] = desk.get(f"/submissions?household={house['id']}&limit=1")["items"]
        told: dict[str, Any] = desk.get(f"/submissions/{row['instance_id']}")
        if all(file["photo_state"] == "ready" for file in told["attachments"]):
            return told
        time.sleep(0.5)
    raise AssertionError("the photo was not derived")


def test_a_photo_is_guided_sealed_asked_about_answered_offline_and_stood_on_again(
    demo: Demo, desk: Desk, playwright: Playwright, phone: PhoneApp, house: dict[str, Any], tmp_path: Path
) -> None:
    phone.offline(True)
    begin_photos(phone, house)
    place = open_camera(phone)
    expect(phone.page.locator("[data-guide=house]")).to_be_visible()
    expect(phone.page.locator(".form-camera-prompt")).to_contain_text("整座房子都拍进去")
    expect(place).to_have_attribute("data-place", "exact")
    picture(phone, "camera-guide")
    expect(shoot(phone)).to_contain_text("±8 米")
    expect(phone.card("房屋正面").get_by_text("从相册选")).to_have_count(0)
    taken = photo_hash(phone.page)
    picture(phone, "photo-kept")
    phone.finish_unchanged()
    phone.page.get_by_role("button", name="回到首页").click()
    phone.offline(False)
    sync_and_wait(phone, "accepted", "1")

    visit = newest_visit(desk, house)
    [photo] = visit["attachments"]
    original = desk.session.get(f"{desk.base}/photos/{photo['id']}?size=original").content
    assert (hashlib.sha256(original).hexdigest(), photo["capture_source"]) == (taken, "live")
    asked = {"text": QUESTION, "attachment_id": photo["id"]}
    desk.post(f"/submissions/{visit['instance_id']}/questions", asked)

    answer_offline(phone)
    [told] = desk.get(f"/questions?instance_id={visit['instance_id']}")["items"]
    [given] = told["answers"]
    assert (told["state"], given["text"], given["author"]["username"]) == ("answered", ANSWER, HELPER)
    assert [file["state"] for file in given["attachments"]] == ["complete"]
    assert seals(demo, visit["instance_id"]) == [("live", (near(house, 8)["longitude"], 8), {})] * 2
    stand_on_the_same_spot(demo, playwright, house, tmp_path / "next phone")


def seals(demo: Demo, instance_id: str) -> list[tuple[str, tuple[float, float], dict[str, str]]]:
    """Of the visit's photo and of the answer's: source, longitude and accuracy of the fix, faults of the seal."""
    settings = Settings(database_url=demo.database_url, var=demo.var)
    with create_app(settings).app_context(), db.read() as session:
        submission = session.get_one(Submission, instance_id)
        key = session.get_one(Install, submission.install_id).public_key_jwk
        files = session.scalars(select(Attachment).where(Attachment.instance_id == instance_id)).all()
        assert len({file.answer_id for file in files}) == len(files)  # each is a chain of its own
        return [
            (file.capture["source"], (file.capture["fix"]["lon"], file.capture["fix"]["accuracy_m"]), faults)
            for file in files
            if file.capture is not None
            for faults in [broken([Link(file.id, file.sha256, file.capture)], key)]
        ]


def answer_offline(phone: PhoneApp) -> None:
    """The question comes with a sync; everything after it is done without a network, and goes when there is one."""
    page = phone.page
    page.get_by_role("button", name="现在同步").click()
    asked = page.locator("[data-test=questions] a").filter(has_text=QUESTION)  # others may be asked in this county too
    page.goto(f"{phone.address}/#/questions")
    expect(asked).to_contain_text("新", timeout=30_000)
    phone.offline(True)
    page.goto(f"{phone.address}/#/")
    expect(page.get_by_text("需要您回答")).to_be_visible()
    picture(phone, "worklist-asked")
    page.get_by_text("需要您回答").click()
    picture(phone, "questions")
    page.get_by_text(QUESTION).click()
    expect(page.locator("[data-test=about] img")).to_be_visible()
    page.get_by_label("您的回答").fill(ANSWER)
    picture(phone, "question")
    page.go_back()
    page.get_by_text(QUESTION).click()
    expect(page.get_by_label("您的回答")).to_have_value(ANSWER)
    page.get_by_role("button", name="拍一张附上").click()
    expect(page.locator("img.form-ghost")).to_be_visible()
    page.click(".form-shutter")
    page.click("text=用这张")
    page.get_by_role("button", name="存下回答").click()
    expect(page.locator("[data-test=answer]")).to_contain_text("已存本机")
    picture(phone, "question-answered")
    phone.offline(False)
    page.goto(f"{phone.address}/#/")
    sync_and_wait(phone, "accepted", "2")
    picture(phone, "outbox-answer")
    page.get_by_text("回答上级的问题").first.click()
    expect(page.locator("main")).to_contain_text(ANSWER)
    page.goto(f"{phone.address}/#/questions")
    expect(page.get_by_role("heading", name="上级的问题")).to_be_visible()
    expect(asked).to_have_count(0)


def stand_on_the_same_spot(demo: Demo, playwright: Playwright, house: dict[str, Any], profile: Path) -> None:
    """A phone that never took the photo shows it by slot, and over the camera, without a network."""
    options = {**PHONE, "permissions": ["camera"]}
    with chromium(playwright, profile, **options) as context:
        app = signed_in(context, demo)
        app.open_household(house["label"])
        card = app.page.locator("[data-test=photos]")
        expect(card.locator("img")).to_have_count(1, timeout=30_000)
        expect(card).to_contain_text("房屋正面")
        expect(card).to_contain_text("李敏")
        app.offline(True)
        card.scroll_into_view_if_needed()
        picture(app, "household-photos")
        app.begin_agreed_visit()
        app.section("照片")
        open_camera(app)
        expect(app.page.locator("img.form-ghost")).to_be_visible()
        expect(app.page.locator(".form-camera-last")).to_have_text(re.compile("上次：.*李敏"))
        picture(app, "camera-ghost")
        app.page.get_by_role("button", name="隐去上次").click()
        expect(app.page.locator("[data-guide=house]")).to_be_visible()
        assert app.problems == []


def test_a_place_that_is_rough_refused_or_slow_is_told_in_a_line_and_stops_nobody(
    phone: PhoneApp, house: dict[str, Any]
) -> None:
    phone.context.set_geolocation(near(house, 2000))
    begin_photos(phone, house)
    place = open_camera(phone)
    expect(place).to_have_text(re.compile("±2000 米，只有大概位置"))
    picture(phone, "camera-coarse")
    expect(shoot(phone)).to_contain_text("±2000 米")

    phone.context.clear_permissions()
    phone.context.grant_permissions(["camera"])
    place = reopened(phone)
    expect(place).to_have_text("没有定位权限，可以照拍")
    expect(shoot(phone)).to_contain_text("没有位置")

    phone.page.evaluate("navigator.geolocation.watchPosition = () => 1")
    place = reopened(phone)
    expect(place).to_have_text("正在定位…可以先拍")
    expect(place).to_have_text(re.compile("定位慢，先拍不耽误"), timeout=15_000)
    picture(phone, "camera-slow")
    expect(shoot(phone)).to_contain_text("没有位置")


def reopened(phone: PhoneApp) -> Any:
    """Leaves the form and opens its draft again, where nothing is known of the place any more."""
    phone.page.go_back()
    phone.page.get_by_role("link", name="接着填").click()
    phone.page.locator(".form-card").first.wait_for()
    phone.section("照片")
    return open_camera(phone)
