"""A new worker's first hour: a code, the tour, help offline, a complaint, and what others changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e import desk
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PHONE, Demo, chromium

pytestmark = pytest.mark.browser

HELPER = "li.min"
WECHAT = (
    "Mozilla/5.0 (Linux; Android 10; M2006) AppleWebKit/537.36 Chrome/107.0 Mobile Safari/537.36 MicroMessenger/8.0.30"
)


@pytest.fixture
def phone(demo: Demo, playwright: Playwright, tmp_path: Path) -> Iterator[PhoneApp]:
    with chromium(playwright, tmp_path / "phone", permissions=["geolocation"], **PHONE) as context:
        yield PhoneApp(context, demo.address)


class Office:
    """The administrator, without a browser."""

    def __init__(self, demo: Demo) -> None:
        self.session, answer = desk.session(demo, desk.ADMIN)
        self.address = f"{demo.address}/api/v1"
        self.headers = {"X-CSRF-Token": answer["csrf_token"]}

    def get(self, path: str) -> Any:
        return self.session.get(f"{self.address}{path}").json()

    def post(self, path: str, body: Any) -> Any:
        answer = self.session.post(f"{self.address}{path}", json=body, headers=self.headers)
        assert answer.ok, answer.text
        return answer.json()


def helper_id(phone: PhoneApp) -> str:
    """Who the helper is, as any sign-in says."""
    body = {"username": HELPER, "password": "ruhu-demo", "install_id": "asking-for-the-id"}
    found: str = phone.context.request.post(f"{phone.address}/api/v1/auth/login", data=body).json()["user"]["id"]
    return found


def begin(phone: PhoneApp, office: Office) -> None:
    """The QR code's address, a PIN, the list."""
    given = office.post("/enrolments", {"person_id": helper_id(phone)})
    phone.start()
    phone.page.goto(given["address"])
    phone.page.reload()
    phone.page.get_by_role("button", name="开始使用").click()
    phone.choose_pin()
    phone.worklist()
    phone.synced()


def take_the_tour(phone: PhoneApp) -> None:
    page = phone.page
    page.locator("[data-test=first-use]").get_by_role("link", name="看一看").click()
    for step in ("list", "household", "form", "photo", "outbox"):
        expect(page.locator(f"[data-test=tour-{step}]")).to_be_visible()
        page.get_by_role("button", name="下一步").click()
    page.get_by_role("button", name="用示例农户试填一次").click()
    expect(page.get_by_text("试填 · 示例资料，不保存、不发送")).to_be_visible()
    page.get_by_role("button", name="返回").click()
    phone.worklist()
    expect(page.locator("[data-test=first-use]")).to_have_count(0)


def complain(phone: PhoneApp, words: str) -> None:
    page = phone.page
    phone.tab("我的")
    page.get_by_role("link", name="帮助").click()
    page.get_by_role("link", name="走访和填表").click()
    expect(page.get_by_text("每答一题就存一次")).to_be_visible()
    page.goto(f"{phone.address}/#/my-data")
    expect(page.locator("[data-test=data-checks]")).to_contain_text("按快门时的位置和精度")
    page.get_by_role("link", name="提意见、投诉").click()
    page.get_by_role("button", name="投诉", exact=True).click()
    page.get_by_label("您想说的").fill(words)
    page.get_by_role("button", name="存下并发送").click()
    expect(page.get_by_text("联网后发给管理员")).to_be_visible()


def test_a_new_worker_begins_by_a_code_and_is_heard(phone: PhoneApp, demo: Demo) -> None:
    """Proves the code, the tour with a form to try, help and complaint without a network, and the office reading it."""
    office, page_words = Office(demo), "照片要得太多，老人等不及。"
    begin(phone, office)
    take_the_tour(phone)
    phone.offline(True)
    complain(phone, page_words)
    phone.offline(False)
    phone.tab("待传") if phone.page.locator("nav").count() else phone.page.get_by_role(
        "link", name="到“待传”里看"
    ).click()
    phone.page.get_by_role("button", name="现在同步").click()
    expect(phone.page.get_by_text("已接收").first).to_be_visible()
    expect(phone.page.locator(".line", has_text="意见或投诉")).to_contain_text("已接收")
    assert page_words in [one["text"] for one in office.get("/feedback?state=open")["items"]]
    assert phone.problems == []


def test_the_list_marks_what_others_changed_and_sorts_by_distance(phone: PhoneApp, demo: Demo) -> None:
    office = Office(demo)
    begin(phone, office)
    page = phone.page
    page.locator("a[href*='/household/']").first.click()
    expect(page.get_by_role("button", name="开始走访")).to_be_visible()
    household = page.url.rsplit("/", 1)[1]
    known = office.get(f"/entities/{household}")
    spot = {"lon": "108.1234", "lat": "26.1234", "datum": "wgs84", "source": "manual_pin"}
    office.post(
        f"/entities/{household}/places", {"place": spot, "reason": "门牌核对", "base_version": known["version"]}
    )
    phone.tab("走访") if page.locator("nav").count() else page.get_by_role("button", name="返回").click()
    phone.tab("待传")
    page.get_by_role("button", name="现在同步").click()
    expect(page.get_by_role("button", name="现在同步")).to_be_enabled()
    phone.tab("走访")
    row = page.locator(f"a[href*='{household}']")
    expect(row).to_contain_text("上次看过以后有变化")
    row.click()
    expect(page.locator("[data-test=since]")).to_contain_text("经度")
    page.get_by_role("button", name="返回").click()
    expect(page.locator(f"a[href*='{household}']")).not_to_contain_text("上次看过以后有变化")
    phone.context.set_geolocation({"longitude": 108.1234, "latitude": 26.1234, "accuracy": 8})
    page.get_by_role("button", name="离我近的在前").click()
    expect(page.locator("a[href*='/household/']").first).to_have_attribute("href", re.compile(household))
    assert phone.problems == []


def test_a_browser_inside_another_app_is_told_and_shown_the_way_out(
    demo: Demo, playwright: Playwright, tmp_path: Path
) -> None:
    with chromium(playwright, tmp_path / "wechat", user_agent=WECHAT, **PHONE) as context:
        phone = PhoneApp(context, demo.address)
        phone.start()
        notice = phone.page.locator("[data-test=browser-notice]")
        expect(notice).to_contain_text("您是在微信里打开的")
        expect(notice.get_by_role("link", name="用浏览器打开")).to_have_attribute("href", re.compile("^intent://"))
        expect(phone.page.get_by_label("用户名")).to_be_visible()
