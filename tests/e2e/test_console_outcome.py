"""The results of an inspection at the desk: from the verdict to one household, to a finding, and to the report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from server import db, schema
from server.app import create_app
from server.config import Settings
from tests.e2e.running import ARGS, CHROMIUM, DESK
from tests.inspection.outcome_stage import INSPECTION, Home, add_inspection, add_spot_check
from tests.serving import serving
from tests.sync.office import add_person
from tests.world import BAITA, PASSWORD, QINGSHI, add_policies, build_world

pytestmark = pytest.mark.browser
MORE: dict[str, str | None] = {"people/n_people": "5"}
HOMES = [Home(f"户{n}", MORE if n < 3 else {}, village=QINGSHI if n % 2 else BAITA) for n in range(8)]


@pytest.fixture
def address(tmp_path: Path) -> Iterator[str]:
    """A served database with an inspection whose visits are all done."""
    url = f"sqlite:///{tmp_path / 'outcome.sqlite'}"
    app = create_app(Settings(database_url=url, var=tmp_path, testing=True))
    with app.app_context():
        schema.migrate(db.db.engine)
    world = build_world(app)
    add_person(world, "inspector", "inspector", None)
    world.run(add_spot_check)
    world.run(add_policies)
    world.run(lambda session: add_inspection(session, world.people, HOMES, state="open"))
    with app.app_context():
        db.db.engine.dispose()
    with serving(url, tmp_path, {"RUHU_TESTING": "0"}) as served:
        yield served


def test_a_supervisor_goes_from_the_verdict_to_a_household_and_makes_a_finding(
    playwright: Playwright, address: str
) -> None:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
    page = browser.new_page(locale="zh-CN", **DESK)
    page.goto(f"{address}/console/")
    page.fill("input[name=username]", "zhang")
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("[data-test=overview]")
    page.goto(f"{address}/console/#/inspections/{INSPECTION}/outcome")
    expect(page.locator("[data-code=errors] [data-test=verdict]")).to_contain_text("样本不足")
    page.locator("[data-test=questions]").get_by_role("link", name="家庭人口").click()
    rows = page.locator("[data-test=compared-households] tbody tr")
    expect(rows).to_have_count(3)
    page.reload()
    expect(rows).to_have_count(3)  # the address says what is on screen
    rows.first.get_by_role("link").click()
    item = page.locator("[data-item=household_size]")
    expect(item).to_contain_text("两次不一致")
    item.get_by_role("button", name="转为问题").click()
    page.locator("[data-test=raise]").get_by_role("button", name="转为问题").click()
    expect(page.get_by_role("status")).to_contain_text("已转为问题")
    page.get_by_role("link", name="去看").click()
    expect(page).to_have_url(re.compile("#/findings"))
    expect(page.get_by_text("家庭人口：登记和核查不一致，请核实。").first).to_be_visible()
    browser.close()
