"""An inspection in real browsers: drawn in public at the desk, visited blind and offline on an inspector's phone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright, expect

from server.demo.words import COUNTY
from tests.e2e.desk import ADMIN, session, sign_in
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PHONE, Demo, chromium

pytestmark = pytest.mark.browser

INSPECTOR = "wei.duo"
DICE = "16180339887498948482"
NAME = "第四季度入户抽查"


@pytest.fixture
def inspector(demo: Demo, playwright: Playwright, tmp_path: Path) -> Iterator[PhoneApp]:
    with chromium(playwright, tmp_path / "inspector", **PHONE) as context:
        app = PhoneApp(context, demo.address)
        yield app
        assert app.problems == []


def plan(page: Page, address: str) -> None:
    """Two households of one village a township; what was checked lately is left in peace."""
    page.goto(f"{address}/console/#/inspections?area={COUNTY[0]}")
    page.click("[data-test=plan]")
    page.fill("[name=name_zh]", NAME)
    page.fill("[name=villages]", "1")
    page.fill("[name=households]", "2")
    page.fill("[name=reserves]", "1")
    page.get_by_label("入户抽查").check()
    page.click("[data-test=save]")
    page.wait_for_selector("[data-test=would-draw]")
    expect(page.locator("[data-test=preview]")).to_contain_text("最近查过，不再打扰")
    expect(page.locator("[data-test=overlaps]")).to_contain_text("年底入户抽查")


def draw(page: Page) -> str:
    """The hash stands on the screen before the dice are rolled; answers it."""
    page.click("[data-test=freeze]")
    hashed = page.locator("[data-test=frame-hash]").inner_text()
    assert re.fullmatch(r"[0-9a-f]{64}", hashed)
    page.fill("[data-test=seed]", DICE[:15])
    expect(page.locator("[data-test=do-draw]")).to_be_disabled()
    page.fill("[data-test=seed]", " ".join(DICE))
    page.click("[data-test=do-draw]")
    expect(page.locator("[data-test=drawn]")).to_contain_text("抽中")
    assert page.locator("[data-test=drawn-seed]").inner_text().replace(" ", "") == DICE
    expect(page.locator("[data-test=files] a")).to_have_count(6)
    return hashed


def send(page: Page) -> str:
    """The first village's households go to the inspector; answers how one of them is called."""
    page.wait_for_selector("[data-test=task-table] tbody tr")
    page.check("[data-test=all]")
    person = page.locator("[data-test=person] option", has_text="魏铎").get_attribute("value")
    page.select_option("[data-test=person]", person)
    page.click("[data-test=send]")
    expect(page.locator("[data-test=task-table]")).to_contain_text("已派")
    row = page.locator("[data-test=task-table] tbody tr").first
    return str(row.get_attribute("data-household"))


def visit_offline(app: PhoneApp, household: str) -> None:
    """Blind: nothing of what is on record stands on the page; then the visit, without network, and only then sent."""
    app.start()
    app.sign_in(INSPECTOR)
    app.synced()
    app.offline(True)
    app.page.goto(f"{app.address}/#/household/{household}")
    expect(app.page.locator("main")).to_contain_text(NAME)
    expect(app.page.locator("main")).not_to_contain_text(re.compile("[ABCD] ?级"))
    app.page.locator("footer button.primary", has_text="入户抽查").click()
    app.page.locator(".form-card").first.wait_for()
    app.by_section()
    app.section("到户")
    app.choose("这次没有事先通知吗", "是")
    app.choose("带路的干部离开了吗", "是")
    app.choose("这户是什么情况", "有人")
    app.section("向农户说明")
    app.choose("愿意继续吗", "不愿意")
    app.choose("为什么不愿意", "现在没有时间")
    app.read_back()
    app.save()
    app.page.wait_for_selector(".form-finished")
    app.offline(False)
    app.page.goto(f"{app.address}/#/outbox")
    app.page.get_by_role("button", name="现在同步").click()
    expect(app.page.locator(".tally .saved b")).to_have_text("0")


def inspections(demo: Demo) -> list[dict[str, Any]]:
    desk, _ = session(demo, ADMIN)
    found: list[dict[str, Any]] = desk.get(f"{demo.address}/api/v1/inspections").json()["items"]
    return found


def test_a_sample_is_drawn_in_public_and_visited_blind_and_offline(
    page: Page, demo: Demo, inspector: PhoneApp
) -> None:
    """The whole way: plan, hash, dice, task on the phone, visit without network, done at the desk; no second draw."""
    sign_in(page, demo.address, ADMIN)
    plan(page, demo.address)
    hashed = draw(page)
    household = send(page)
    visit_offline(inspector, household)
    page.reload()
    done = page.locator(f"[data-household='{household}']")
    expect(done).to_contain_text("已办")
    expect(done).to_contain_text("拒访")
    [one] = [one for one in inspections(demo) if one["names"]["zh"] == NAME]
    assert (one["state"], one["frame"]["sha256"], one["draw"]["seed"]) == ("drawn", hashed, DICE)
    desk, told = session(demo, ADMIN)
    again = desk.post(
        f"{demo.address}/api/v1/inspections/{one['id']}/draw",
        json={"seed": DICE[::-1]},
        headers={"X-CSRF-Token": told["csrf_token"]},
    )
    assert (again.status_code, again.json()["code"]) == (409, "inspection.drawn")
