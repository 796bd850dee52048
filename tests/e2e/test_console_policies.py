"""A county administrator raises a line at the desk: sees whom it would concern, settles it, and takes it back; and ends
a version that is in force before its time.

That visits are judged by what came into force is tried in policies/test_policy_changes.py: this county is shared
with other stories.
"""

from __future__ import annotations

import json
import re
import uuid

import pytest
from playwright.sync_api import Page, Playwright, expect

from server.db import today
from tests.e2e.desk import ADMIN, session
from tests.e2e.running import ARGS, CHROMIUM, DESK, PASSWORD, Demo

pytestmark = pytest.mark.browser

CHANGE = "name,zh,en,unit,value\nrisk_band_top,重点关注上限,Top,CNY,60000\nmonitoring_line,监测收入线,Line,CNY,{line}\n"


def signed_in(page: Page, demo: Demo) -> None:
    page.goto(f"{demo.address}/console/")
    page.fill("input[name=username]", "admin")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(page.get_by_role("link", name="核对")).to_be_visible()


def lines_of(page: Page) -> list[str]:
    """The lines of all versions of the policy, as the console's own session is told."""
    told = json.loads(page.evaluate("fetch('/api/v1/policies').then((answer) => answer.text())"))
    (income,) = (one for one in told["items"] if one["name"] == "income")
    return [one["values"].get("monitoring_line", "") for one in income["versions"]]


def upload(page: Page, line: str) -> None:
    content = CHANGE.format(line=line).encode("gb18030")
    page.set_input_files("input[name=file]", {"name": "收入.csv", "mimeType": "text/csv", "buffer": content})


def test_a_line_is_raised_from_a_file_weighed_settled_and_taken_back(playwright: Playwright, demo: Demo) -> None:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
    page = browser.new_page(locale="zh-CN", timezone_id="Asia/Shanghai", **DESK)  # where the days are counted
    signed_in(page, demo)
    page.get_by_role("link", name="核对").click()
    page.locator("[data-test=to-policies]").click()
    page.locator("[data-policy=income] [data-test=change]").click()
    upload(page, "五万")  # no number
    expect(page.locator("[data-test=told]")).to_contain_text("monitoring_line")
    upload(page, "45000")
    expect(page.locator("[data-value=monitoring_line] input")).to_have_value("45000")
    page.locator("[data-test=weigh]").click()
    expect(page.locator("[data-test=effect]")).to_have_attribute("data-state", "ready", timeout=60_000)
    expect(page.locator("[data-test=differences]")).to_contain_text("8000 元 改为 45000 元")
    concerned = int(re.findall(r"(\d+) 户的结论", page.locator("[data-test=concerned]").inner_text())[0])
    buttons = page.locator("[data-test=effect] tbody button")
    counts = [int(re.findall(r"\d+", text)[0]) for text in buttons.all_inner_texts()]
    assert concerned > 0
    buttons.first.click()
    expect(page.locator("[data-test=effect-households] li")).to_have_count(counts[0])
    page.fill("input[name=reason]", "县里今年的文件")
    page.get_by_role("button", name="定下来").click()
    settled = page.locator("[data-test=settle]")
    expect(settled).to_have_attribute("data-state", "scheduled")
    assert "45000" in lines_of(page)
    page.get_by_role("link", name="返回标准").click()
    expect(page.locator("[data-test=changes]")).to_contain_text("起用")
    page.locator("[data-test=changes] a").first.click()
    page.fill("input[name=reason]", "数字写错了")
    page.locator("[data-test=withdraw]").click()
    expect(settled).to_have_attribute("data-state", "withdrawn")
    assert "45000" not in lines_of(page)
    browser.close()


VILLAGE = "990101100202"


def in_force(demo: Demo) -> str:
    """A version for one village from today on, which says what holds there anyway; its name."""
    desk, told = session(demo, ADMIN)
    desk.headers["X-CSRF-Token"] = told["csrf_token"]
    base = f"{demo.address}/api/v1/policy-changes"
    body = {"id": str(uuid.uuid4()), "policy": "income", "area": VILLAGE, "from": today().isoformat(), "until": None}
    more = {"status": "indicative", "source": "", "values": {"monitoring_line": "8000"}}
    proposed = desk.post(base, json=body | more)
    assert proposed.ok, proposed.text
    assert desk.post(f"{base}/{body['id']}/schedule", json={"reason": "试行"}).ok
    return str(proposed.json()["version"])


def test_a_version_in_force_is_ended_before_its_time(playwright: Playwright, demo: Demo) -> None:
    """Weighed, settled, told on the page of the policies, and taken back while its day has not come."""
    version = in_force(demo)
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
    page = browser.new_page(locale="zh-CN", timezone_id="Asia/Shanghai", **DESK)
    signed_in(page, demo)
    page.goto(f"{demo.address}/console/#/policies")
    shown = page.locator(f"[data-version='{version}']")
    shown.locator("[data-test=end-early]").click()
    expect(page.locator("[data-test=end]")).to_contain_text("8000")
    page.locator("[data-test=weigh]").click()
    expect(page.locator("[data-test=effect]")).to_have_attribute("data-state", "ready", timeout=60_000)
    page.fill("input[name=reason]", "试行结束")
    page.locator("[data-test=settle] button").first.click()
    settled = page.locator("[data-test=settle]")
    expect(settled).to_have_attribute("data-state", "scheduled")
    page.get_by_role("link", name="返回标准").click()
    expect(shown).to_be_visible()
    expect(shown.locator("[data-test=end-early]")).to_have_count(0)
    page.locator("[data-test=changes] a").first.click()
    page.fill("input[name=reason]", "还要试行")
    page.locator("[data-test=withdraw]").click()
    expect(settled).to_have_attribute("data-state", "withdrawn")
    page.get_by_role("link", name="返回标准").click()
    expect(shown.locator("[data-test=end-early]")).to_be_visible()
    browser.close()
