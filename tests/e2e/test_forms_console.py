"""An administrator at the desk brings a new version: mistakes by sheet and row, what changes, a preview, its day.

A small world of its own: forms are published and retired here, which no other test should meet.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, expect

from server import db, schema
from server.app import create_app
from server.config import Settings
from server.db import today
from tests.e2e.running import ARGS, CHROMIUM, DESK, PHONE
from tests.forms.workbooks import xlsx
from tests.serving import ROOT, serving
from tests.world import FORM, PASSWORD, World, build_world

pytestmark = pytest.mark.browser

PATIENCE = 30_000  # a machine under load compiles slowly


def _workbook(text: str) -> bytes:
    """The Markdown tables as an .xlsx, as an office would send it."""
    sheets: dict[str, list[list[str | None]]] = {}
    for line in text.strip().splitlines():
        cells: list[str | None] = [cell.strip() or None for cell in line.strip().strip("|").split("|")]
        if cells[0]:
            sheets[cells[0]] = rows = []
        else:
            rows.append(cells[1:])
    return xlsx(sheets)


SECOND = (
    FORM.replace("| small_visit | 1 |", "| small_visit | 2 |")
    .replace("| | grade | C | C级 | C |\n", "")
    .replace("缺水天数", "一共缺水多少天")
)
WRONG = SECOND.replace("| text | phone |", "| text | head_name |").replace("| integer | water", "| integre | water")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, World]]:
    """A server with its worker on the small world; one visit was sent."""
    var = tmp_path_factory.mktemp("forms-desk")
    url = f"sqlite:///{var / 'ruhu.sqlite'}"
    app = create_app(Settings(database_url=url, var=var, testing=True))
    with app.app_context():
        schema.migrate(db.db.engine)
    world = build_world(app)
    li = world.phone("li")
    li.send(li.visit(water_days="7", grade="C", head_name="王大山"))
    env = {**os.environ, "RUHU_VAR": str(var), "RUHU_DATABASE_URL": url}
    ruhu = [str(Path(sys.executable).parent / "ruhu"), "worker"]
    with (var / "worker.log").open("ab") as log:
        worker = subprocess.Popen(ruhu, cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        with serving(url, var) as address:
            yield address, world
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path_factory.mktemp("profile")), executable_path=CHROMIUM, headless=True, locale="zh-CN", args=ARGS,
        timezone_id="Asia/Shanghai", **DESK,
    )  # fmt: skip
    context.set_default_timeout(30_000)
    yield context
    context.close()


def _signed_in(browser: BrowserContext, address: str, name: str) -> Page:
    page = browser.new_page()
    page.goto(f"{address}/console/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("[data-test=overview]")
    return page


@pytest.fixture
def page(browser: BrowserContext, desk: tuple[str, World]) -> Iterator[Page]:
    opened = _signed_in(browser, desk[0], "admin")
    yield opened
    browser.clear_cookies()
    opened.evaluate("localStorage.clear()")
    opened.close()


def _upload(page: Page, content: bytes) -> None:
    page.set_input_files("input[name=workbook]", {"name": "走访.xlsx", "mimeType": "", "buffer": content})
    page.get_by_role("button", name="检查并保存为草稿").click()


def _picture(page: Page, name: str) -> None:
    """For whoever looks: RUHU_PICTURES names a folder."""
    if folder := os.environ.get("RUHU_PICTURES"):
        page.wait_for_timeout(300)
        page.screenshot(path=f"{folder}/{name}.png")


def test_a_new_version_comes_to_life_at_the_desk(page: Page, desk: tuple[str, World]) -> None:
    """Wrong first: told by sheet and row, nothing stored. Then right: changes, the breaking one marked, its day."""
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.get_by_role("link", name="表单").click()
    expect(page.locator("[data-form=small_visit] [data-version]")).to_have_count(1)
    _picture(page, "forms")
    page.click("[data-test=upload-open]")
    _upload(page, _workbook(WRONG))
    mistakes = page.locator("[data-test=mistakes] tbody tr")
    expect(mistakes.first).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-test=mistakes]")).to_contain_text("survey 第5行")
    expect(page.locator("[data-test=mistakes]")).to_contain_text("integre")
    _picture(page, "mistakes")
    expect(page.locator("[data-form=small_visit] [data-version]")).to_have_count(1)

    _upload(page, _workbook(SECOND))
    changes = page.locator("[data-test=changes]")
    expect(changes).to_contain_text("其中 1 处影响", timeout=PATIENCE)
    expect(changes.locator("li").first).to_have_attribute("data-kind", "choices_removed")
    expect(changes.locator("li.breaks")).to_contain_text("影响已有的档案")
    expect(changes).to_contain_text("一共缺水多少天")
    expect(page.locator("[data-test=preview] img")).to_be_visible()
    assert page.evaluate("document.querySelector('[data-test=preview] img').naturalWidth") > 100
    _picture(page, "draft")
    page.fill("input[name=previewers]", "zhang")
    page.get_by_role("button", name="发给他们看").click()
    expect(page.locator("[data-test=preview] [role=status]")).to_contain_text("这 1 人现在能打开", timeout=PATIENCE)
    drafts = desk[1].phone("zhang").get("/forms?state=draft").json
    assert [form["version"] for form in drafts] == ["2"]

    day = (today() + timedelta(days=5)).isoformat()
    page.get_by_label("从这一天开始用").last.fill(day)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="发布").click()
    expect(page.locator("header .stage")).to_contain_text("等开始", timeout=PATIENCE)
    offered = {form["version"]: form for form in desk[1].phone("li").get("/forms").json}
    assert offered["2"]["starts_on"] == day
    page.get_by_role("link", name="返回表单").click()
    expect(page.locator("[data-version='2']")).to_contain_text(f"{day} 起用")
    expect(page.locator("[data-version='1']")).to_contain_text("正在使用")
    assert complaints == []


def test_a_version_is_retired_at_the_desk(page: Page, desk: tuple[str, World]) -> None:
    third = FORM.replace("| small_visit | 1 |", "| small_visit | 3 |")
    page.goto(f"{desk[0]}/console/#/forms")
    page.click("[data-test=upload-open]")
    _upload(page, _workbook(third))
    page.get_by_role("button", name="发布").click()
    expect(page.locator("header .stage")).to_contain_text("正在使用", timeout=PATIENCE)
    page.get_by_role("button", name="停用").click()
    expect(page.locator("header .stage")).to_contain_text("已停用", timeout=PATIENCE)
    _picture(page, "retired")
    assert "3" not in {form["version"] for form in desk[1].phone("li").get("/forms").json}


def test_it_can_be_done_on_a_phone(page: Page, desk: tuple[str, World]) -> None:
    """Nothing lies outside a window of 360 pixels, and what is pressed is large enough."""
    page.set_viewport_size(PHONE["viewport"])
    for address in ("forms", "forms/small_visit/1"):
        page.goto(f"{desk[0]}/console/#/{address}")
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        _picture(page, f"phone-{address.replace('/', '-')}")
    page.goto(f"{desk[0]}/console/#/forms")
    page.click("[data-test=upload-open]")
    _upload(page, _workbook(WRONG))
    expect(page.locator("[data-test=mistakes] tbody tr").first).to_be_visible(timeout=PATIENCE)
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    _picture(page, "phone-mistakes")


def test_a_supervisor_brings_no_forms_but_fetches_answers(browser: BrowserContext, desk: tuple[str, World]) -> None:
    page = _signed_in(browser, desk[0], "zhang")
    expect(page.get_by_role("link", name="表单")).to_have_count(0)
    page.get_by_role("link", name="记录").click()
    page.click("[data-test=export-open]")
    page.select_option("select[name=form]", "small_visit")
    page.get_by_role("button", name="生成文件").click()
    expect(page.locator("[data-test=fetch]")).to_contain_text("下载（1 条）", timeout=60_000)
    _picture(page, "export")
    page.reload()  # left meanwhile: the file is found again
    page.click("[data-test=export-open]")
    page.locator("[data-test=exports] summary").click()
    expect(page.locator("[data-test=exports] tr")).to_contain_text("1 条 · ")
    with page.expect_download() as fetched:
        page.locator("[data-test=exports] a").click()
    assert fetched.value.suggested_filename.endswith(".xlsx")
    content: Any = Path(str(fetched.value.path())).read_bytes()
    assert content.startswith(b"PK")
    page.close()
