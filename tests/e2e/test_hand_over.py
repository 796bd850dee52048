"""Work that leaves a phone in a file, records that are checked, and a phone taken out of use, in real browsers."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Playwright, expect

from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PASSWORD, PHONE, Demo, chromium

pytestmark = pytest.mark.browser

HELPER, COLLEAGUE, SUPERVISOR, ADMIN = "chen.bo", "wang.jun", "zhang.zhuren", "admin"
# A folder for pictures of what was seen, for whoever wants to look at them.
PICTURES = os.environ.get("RUHU_SCREENS")


class Desk:
    """Somebody's API, by the cookie that the console uses."""

    def __init__(self, demo: Demo, username: str) -> None:
        self.base = f"{demo.address}/api/v1"
        self.session = requests.Session()
        self.session.headers["Connection"] = "close"  # what idles between two calls may be closed at that moment
        answer = self.session.post(
            f"{self.base}/auth/login", json={"username": username, "password": PASSWORD, "cookie": True}
        )
        self.session.headers["X-CSRF-Token"] = answer.json()["csrf_token"]

    def get(self, path: str) -> Any:
        answer = self.session.get(f"{self.base}{path}")
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self.session.post(f"{self.base}{path}", json=body or {})
        assert answer.ok, answer.text
        return answer.json()


@pytest.fixture
def author(demo: Demo, playwright: Playwright, tmp_path: Path) -> Iterator[PhoneApp]:
    with chromium(playwright, tmp_path / "author", permissions=["camera"], accept_downloads=True, **PHONE) as context:
        app = PhoneApp(context, demo.address)
        app.start()
        app.sign_in(HELPER)
        app.synced()
        yield app
        assert app.problems == []


def picture(app: PhoneApp, name: str) -> None:
    if PICTURES:
        app.page.screenshot(path=Path(PICTURES) / f"{name}.png")


def save_a_visit(app: PhoneApp) -> str:
    """Visits the first household of the list, in a hurry; answers its name."""
    row = app.page.locator("a[href*='/household/']").first
    row.click()
    app.begin_agreed_visit()
    app.choose("没有签名的原因", "在纸上签字")
    app.section("照片")
    app.take_photo("房屋正面")
    app.finish_unchanged()
    app.page.get_by_role("button", name="回到首页").click()
    app.tab("待传")
    return app.page.locator(".line b").first.inner_text()


def export(app: PhoneApp, folder: Path) -> Path:
    app.page.locator("[data-test=courier]").click()
    picture(app, "courier")
    with app.page.expect_download() as download:
        app.page.locator("[data-test=export]").click()
    expect(app.page.locator("[data-test=courier-said]")).to_contain_text("1条走访、1张照片")
    picture(app, "exported")
    file = folder / download.value.suggested_filename
    download.value.save_as(file)
    app.page.get_by_role("button", name="知道了").click()
    return file


def carry(demo: Demo, playwright: Playwright, profile: Path, file: Path) -> str:
    """A colleague hands the file in; answers what their phone said."""
    with chromium(playwright, profile, **PHONE) as context:
        app = PhoneApp(context, demo.address)
        app.start()
        app.sign_in(COLLEAGUE)
        app.synced()
        app.tab("待传")
        app.page.locator("[data-test=courier]").click()
        app.page.locator("input[type=file]").set_input_files(file)
        said = app.page.locator("[data-test=courier-said]")
        said.wait_for()
        picture(app, "carried")
        return said.inner_text()


def test_a_colleague_carries_what_a_phone_without_network_has_saved(
    demo: Demo, playwright: Playwright, author: PhoneApp, tmp_path: Path
) -> None:
    """Proves the export on the product: sealed, judged as its author's, and no second visit when the phone is back."""
    desk = Desk(demo, SUPERVISOR)
    before = {row["instance_id"] for row in desk.get("/submissions?limit=200")["items"]}
    author.offline(True)
    label = save_a_visit(author)
    expect(author.page.locator(".tally .saved b")).to_have_text("1")
    picture(author, "saved-offline")
    file = export(author, tmp_path)
    assert label.encode() not in file.read_bytes()
    assert "已收下：1条，照片1张" in carry(demo, playwright, tmp_path / "colleague", file)

    [new] = [row for row in desk.get("/submissions?limit=200")["items"] if row["instance_id"] not in before]
    assert new["author"]["username"] == HELPER
    shown = desk.get(f"/submissions/{new['instance_id']}")
    assert [one["state"] for one in shown["attachments"]] == ["complete"]
    expect(author.page.locator(".tally .saved b")).to_have_text("1")

    author.offline(False)
    author.page.get_by_role("button", name="现在同步").click()
    expect(author.page.locator(".tally .accepted b")).to_have_text("1", timeout=60_000)
    picture(author, "accepted")
    assert len(desk.get("/submissions?limit=200")["items"]) == min(200, len(before) + 1)


def test_a_worker_asks_whether_everything_is_here(author: PhoneApp) -> None:
    """Proves that own sums and the server's agree on real rows; a lost row is found and fetched again."""
    author.tab("我的")
    author.page.locator("[data-test=check-all]").click()
    said = author.page.locator("[data-test=check-said]")
    expect(said).to_contain_text(re.compile(r"已核对\d+条，和服务器一致"), timeout=60_000)
    picture(author, "checked")
    author.page.evaluate(
        """async () => {
          const names = (await indexedDB.databases()).map((one) => one.name);
          const open = indexedDB.open(names.find((name) => name.startsWith('ruhu-')));
          await new Promise((done) => { open.onsuccess = done; });
          const store = open.result.transaction('records', 'readwrite').objectStore('records');
          const all = store.getAllKeys();
          const keys = await new Promise((done) => { all.onsuccess = () => done(all.result); });
          store.delete(keys.find((key) => key.startsWith('entity:member:')));
          await new Promise((done) => { store.transaction.oncomplete = done; });
          open.result.close();
        }"""
    )
    author.page.locator("[data-test=check-all]").click()
    expect(said).to_contain_text("有1处不一致，已重新取回", timeout=60_000)
    picture(author, "repaired")


def test_a_household_handed_to_somebody_else_is_told_by_name_once(demo: Demo, author: PhoneApp) -> None:
    """Proves that a list never grows shorter without a word: the name stands on it until the worker has read it."""
    row = author.page.locator("a[href*='/household/']").first
    name, household = row.locator("b").first.inner_text(), (row.get_attribute("href") or "").rsplit("/", 1)[-1]
    desk = Desk(demo, SUPERVISOR)
    [me] = [one for one in desk.get(f"/people?q={HELPER}")["items"] if one["username"] == HELPER]
    [other] = [one for one in desk.get(f"/people?q={COLLEAGUE}")["items"] if one["username"] == COLLEAGUE]
    desk.post(f"/people/{me['id']}/hand-on", {"to": other["id"], "households": [household], "preview": False})
    author.tab("待传")
    author.page.get_by_role("button", name="现在同步").click()
    author.tab("走访")
    told = author.page.locator("[data-test=parted]")
    expect(told).to_contain_text(name, timeout=60_000)
    expect(author.page.locator(f"a[href$='{household}']")).to_have_count(0)
    picture(author, "parted")
    told.get_by_role("button", name="知道了").click()
    expect(told).to_have_count(0)


def test_a_phone_taken_out_of_use_hands_over_and_says_why_it_is_empty(demo: Demo, author: PhoneApp) -> None:
    """Proves the hand-over: the visit saved before is kept by the server, and nothing is left in the profile."""
    author.offline(True)
    save_a_visit(author)
    desk = Desk(demo, ADMIN)
    me = author.page.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)")
    install = next(name for name in me if re.fullmatch(r"ruhu-[0-9a-f-]{36}", name)).removeprefix("ruhu-")
    desk.post(f"/installs/{install}/revoke")
    author.offline(False)  # it syncs by itself then
    notice = author.page.locator("[data-test=revoked]")
    expect(notice).to_contain_text("这部手机已停用", timeout=60_000)
    picture(author, "revoked")
    left = author.page.evaluate("async () => (await indexedDB.databases()).map((one) => one.name)")
    assert f"ruhu-{install}" not in left
    kept = Desk(demo, SUPERVISOR).get("/quarantine?limit=200")["items"]
    assert "device.revoked" in {row["code"] for row in kept if row["author"]["username"] == HELPER}
    notice.get_by_role("button").click()
    expect(author.page.get_by_label("用户名")).to_be_visible()
