"""What people do with a phone: two tabs, the back button, a form left before its first question, a profile copied."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Playwright, expect

from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PASSWORD, PHONE, Demo, chromium

pytestmark = pytest.mark.browser

HELPER, COLLEAGUE = "li.min", "wang.jun"


@pytest.fixture
def app(demo: Demo, playwright: Playwright, tmp_path: Path) -> Iterator[PhoneApp]:
    """A phone of its own, signed in as the helper, on the list."""
    with chromium(playwright, tmp_path / "phone", permissions=["camera"], **PHONE) as context:
        app = PhoneApp(context, demo.address)
        app.start()
        app.sign_in(HELPER)
        yield app
        assert app.problems == []


def open_first_household(app: PhoneApp) -> None:
    app.page.locator("a[href*='/household/']").first.click()
    expect(app.page.get_by_role("button", name="开始走访")).to_be_enabled()


def test_a_form_left_before_the_first_answer_still_knows_the_household(app: PhoneApp) -> None:
    """Proves that nothing known turns into a blank: the parts behind the consent are hidden when the draft is left."""
    open_first_household(app)
    app.begin_visit()
    app.page.wait_for_selector(".form-saving.saved")
    app.page.go_back()
    app.page.get_by_role("link", name="接着填").click()
    app.page.locator(".form-card").first.wait_for()
    app.choose("这次怎么联系的", "上门")
    app.by_section()
    app.section("向农户说明")
    app.choose("农户听明白了", "愿意")
    app.section("家庭情况")
    expect(app.card("户主姓名").locator("input")).not_to_have_value("")
    app.read_back()
    expect(app.page.locator(".form-answer").first).to_be_visible()
    assert app.page.locator(".form-answer.changed").count() == 0


def test_the_back_button_closes_the_camera_and_asks_no_pin_again(app: PhoneApp) -> None:
    open_first_household(app)
    app.begin_agreed_visit()
    app.section("照片")
    app.card("房屋正面").locator("text=拍照").click()
    app.page.wait_for_selector(".form-shutter")
    app.page.go_back()
    expect(app.page.locator(".form-shutter")).to_have_count(0)
    expect(app.card("房屋正面")).to_be_visible()
    app.page.goto(f"{app.address}/#/unlock")
    expect(app.page.locator("a[href*='/household/']").first).to_be_visible()


def test_a_draft_open_in_one_tab_is_not_written_over_by_another(app: PhoneApp) -> None:
    open_first_household(app)
    app.begin_visit()
    first, address = app.page, app.page.url
    app.start()
    second = app.page
    app.unlock()
    app.worklist()
    second.goto(address)
    expect(second.get_by_text("在另一个页面里开着")).to_be_visible()
    first.go_back()
    expect(first.get_by_role("link", name="接着填")).to_be_visible()
    second.get_by_role("button", name="再试一次").click()
    expect(second.locator(".form-card").first).to_be_visible()


def test_locking_one_tab_locks_them_all_and_the_next_worker_starts_on_the_own_whole_list(app: PhoneApp) -> None:
    searched = app.page.locator("a[href*='/household/'] b").first.inner_text()
    app.open_household(searched)
    left = app.page
    app.start()
    app.unlock()
    app.worklist()
    app.tab("我的")
    assert app.problems == []
    app.page.get_by_role("button", name="锁上").click()
    expect(left.get_by_role("heading", name="请输入 PIN")).to_be_visible()
    left.bring_to_front()  # a tab behind draws once a second: every press would wait for it
    left.get_by_text("换人登录").click()
    app.page = left
    app.sign_in(COLLEAGUE)
    expect(left).to_have_url(re.compile(r"#/$"))
    expect(left.get_by_placeholder(re.compile("姓名"))).to_have_value("")


def test_nobody_at_home_is_two_taps_without_network_and_reaches_the_household_s_history(app: PhoneApp) -> None:
    open_first_household(app)
    household = app.page.url.rsplit("/", 1)[-1]
    app.offline(True)
    app.page.get_by_role("button", name="没见到人").click()
    app.page.get_by_role("button", name="没人在家").click()
    expect(app.page.get_by_text("无人在家")).to_be_visible()
    expect(app.page.get_by_text("已存本机").first).to_be_visible()
    app.offline(False)
    app.page.goto(f"{app.address}/#/")
    app.tab("待传")
    app.page.get_by_role("button", name="现在同步").click()
    expect(app.page.locator(".tally .accepted b")).to_have_text("1", timeout=60_000)
    desk = requests.Session()
    desk.post(f"{app.address}/api/v1/auth/login", json={"username": HELPER, "password": PASSWORD, "cookie": True})
    [tried, *_] = desk.get(f"{app.address}/api/v1/entities/{household}/contacts").json()["items"]
    assert (tried["disposition"], tried["author"]["username"]) == ("nobody", HELPER)
