"""A phone that was stolen: the browser's whole folder is searched, packed parts unpacked, for what must be sealed.

Proves "encrypted at rest" of issue 6: no name, no number, no answer, no photo byte and no key of the session, in
IndexedDB, Cache Storage, HTTP cache, Local Storage, logs and what the browser keeps to restore a closed tab.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Playwright, Request, expect

from tests.e2e.phone_app import PIN, PhoneApp
from tests.e2e.profile import files_with
from tests.e2e.running import PASSWORD, PHONE, Demo, chromium
from tests.e2e.test_story import REMEMBER_BLOBS

pytestmark = pytest.mark.browser

HELPER = "li.min"
NOTE = "屋后滑坡要复查"
PERSONAL = ("head_name", "contact_phone", "address", "full_name", "id_number", "phone", "birth_date")
SLICE = 48  # bytes of a photo
KEPT_PHOTO = """async (image) =>
  [...new Uint8Array(await window.keptBlobs.get(image.src).arrayBuffer())]"""


def people(demo: Demo) -> list[str]:
    """What the helper's first households and their members are called, and their numbers."""
    desk = requests.Session()
    desk.post(f"{demo.address}/api/v1/auth/login", json={"username": HELPER, "password": PASSWORD, "cookie": True})
    rows: list[dict[str, Any]] = []
    for dataset in ("household", "member"):
        asked = {"dataset": dataset, "limit": 40}
        rows += desk.get(f"{demo.address}/api/v1/entities", params=asked).json()["items"]
    found = {str(row["data"][name]) for row in rows for name in PERSONAL if row["data"].get(name)}
    return sorted(text for text in found | {row["label"] for row in rows} if len(text) > 1)


def pieces(photo: bytes) -> list[bytes]:
    """Of its middle: the beginning is the same in many pictures."""
    return [photo[len(photo) * part // 8 :][:SLICE] for part in range(2, 8)]


def a_days_work(app: PhoneApp, name: str) -> bytes:
    """Searched, opened, noted, photographed, left as a draft; the photo's bytes. The network works all the time."""
    app.open_household(name)
    app.begin_agreed_visit()
    app.choose("没有签名的原因", "在纸上签字")
    app.section("照片")
    app.take_photo("房屋正面")
    photo = bytes(app.page.locator("img.form-photo").first.evaluate(KEPT_PHOTO))
    app.section("最后")
    app.card("备注").locator("textarea, input").fill(NOTE)
    app.page.wait_for_timeout(300)
    app.page.wait_for_selector(".form-saving.saved")
    app.page.go_back()
    expect(app.page.get_by_role("link", name="接着填")).to_be_visible()
    return photo


def test_the_whole_folder_of_the_browser_shows_nothing(demo: Demo, playwright: Playwright, tmp_path: Path) -> None:
    tokens: set[str] = set()

    def listen(request: Request) -> None:
        given = request.headers.get("authorization", "")
        tokens.add(given.removeprefix("Bearer "))

    profile = tmp_path / "phone"
    with chromium(playwright, profile, permissions=["camera"], **PHONE) as context:
        context.add_init_script(REMEMBER_BLOBS)
        app = PhoneApp(context, demo.address)
        context.on("request", listen)
        app.start()
        app.sign_in(HELPER)
        app.synced()
        app.tab("地图")
        app.page.locator("[data-test=in-view] a").first.wait_for()
        app.tab("走访")
        name = app.page.locator("a[href*='/household/'] b").first.inner_text()
        photo = a_days_work(app, name)
        app.page.wait_for_timeout(1500)
    known = people(demo)
    secrets = [token for token in tokens if token] + [PASSWORD, f'"{PIN}"']
    assert len(known) > 100 and len(secrets) >= 3 and len(photo) > 2000
    # The search would find something: names of tables, and a text of the app that the caches hold.
    assert [path for path in files_with(profile, "ruhu-app-") if "Cache" in path or "Service Worker" in path]
    assert [path for path in files_with(profile, "memberships") if "IndexedDB" in path]
    assert files_with(profile, name, NOTE, *known, *secrets, *pieces(photo)) == []
