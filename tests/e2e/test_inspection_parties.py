"""Two people make the seed, a team goes, a reserve stands in: at two desks, with what is refused on the way."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Playwright, expect

from server import db, schema
from server.app import create_app
from server.config import Settings
from tests.e2e.running import ARGS, CHROMIUM, DESK
from tests.inspection.field_desk import county
from tests.serving import serving
from tests.sync.office import add_person, op
from tests.world import COUNTY, PASSWORD, World, build_world

pytestmark = pytest.mark.browser
SECRETS = {"admin": "Ours-is-this-7391-long", "second": "Theirs-is-that-2846-one"}
NAME = "两方抽查"


@dataclass
class Stage:
    world: World
    address: str


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    """A served county with two inspectors, and two desks that answer for it."""
    url = f"sqlite:///{tmp_path / 'parties.sqlite'}"
    app = create_app(Settings(database_url=url, var=tmp_path, testing=True))
    with app.app_context():
        schema.migrate(db.db.engine)
    world = county(build_world(app))
    add_person(world, "second", "supervisor", COUNTY)
    with app.app_context():
        db.db.engine.dispose()
    with serving(url, tmp_path, {"RUHU_TESTING": "0"}) as served:
        yield Stage(world, served)


@pytest.fixture
def browser(playwright: Playwright) -> Iterator[Browser]:
    with ExitStack() as stack:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=ARGS)
        stack.callback(opened.close)
        yield opened


def at_desk(browser: Browser, stage: Stage, name: str) -> Page:
    page = browser.new_page(locale="zh-CN", **DESK)
    page.goto(f"{stage.address}/console/")
    page.fill("input[name=username]", name)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("[data-test=overview]")
    return page


def plan(page: Page, stage: Stage) -> str:
    """Its id; two households of one village a township, two reserves, and a seed of two."""
    page.goto(f"{stage.address}/console/#/inspections?area={COUNTY}")
    page.click("[data-test=plan]")
    for name, value in (("name_zh", NAME), ("villages", "1"), ("households", "2"), ("reserves", "2")):
        page.fill(f"[name={name}]", value)
    page.select_option("[name=seed_way]", "reveal")
    page.locator("fieldset input[value=blind]").check()
    page.click("[data-test=save]")
    page.wait_for_selector("[data-test=would-draw]")
    page.click("[data-test=freeze]")
    page.wait_for_selector("[data-test=of-two]")
    found = re.search(r"inspections/([0-9a-f-]{36})", page.url)
    assert found
    return found.group(1)


def asked(stage: Stage, name: str, path: str, body: dict[str, Any] | None = None) -> tuple[int, Any]:
    """What the server says to this person, beside the pages."""
    phone = stage.world.phone(name)
    answer = phone.get(path) if body is None else phone.post(path, body)
    return answer.status_code, answer.json


def commit(page: Page, name: str) -> None:
    page.fill("[name=secret]", SECRETS[name])
    page.click("[data-test=commit]")


def test_neither_of_two_chooses_the_seed_and_reserves_come_in_their_order(browser: Browser, stage: Stage) -> None:
    ours = at_desk(browser, stage, "admin")
    inspection = plan(ours, stage)
    path = f"/inspections/{inspection}"
    commit(ours, "admin")
    expect(ours.locator("[data-test=of-two]")).to_contain_text("已承诺")
    status, early = asked(stage, "admin", f"{path}/reveal", {"secret": SECRETS["admin"]})
    assert (status >= 400, early["code"]) == (True, "inspection.seed")
    assert asked(stage, "admin", f"{path}/draw", {})[0] >= 400  # no seed yet
    theirs = at_desk(browser, stage, "second")
    theirs.goto(f"{stage.address}/console/#{path}?area={COUNTY}")
    expect(theirs.locator("[data-test=of-two]")).to_contain_text("已承诺")
    commit(theirs, "second")
    theirs.wait_for_selector("[data-test=reveal]")
    theirs.fill("[name=secret]", SECRETS["second"] + "-other")
    theirs.click("[data-test=reveal]")
    expect(theirs.locator("[data-test=refused]")).to_contain_text("与承诺不符")
    theirs.fill("[name=secret]", SECRETS["second"])
    theirs.click("[data-test=reveal]")
    expect(theirs.locator("[data-test=of-two]")).to_contain_text("已揭示")
    ours.reload()
    ours.fill("[name=secret]", SECRETS["admin"])
    ours.click("[data-test=reveal]")
    ours.click("[data-test=do-draw]")
    expect(ours.locator("[data-test=drawn]")).to_contain_text("抽中")
    seed = ours.locator("[data-test=drawn-seed]").inner_text().replace(" ", "")
    assert all(secret.replace("-", "") in seed.replace("-", "") for secret in SECRETS.values())
    _team(ours)
    _stand_in(ours, stage, path)
    _close(ours, stage, path)


def _close(page: Page, stage: Stage, path: str) -> None:
    """Not at one click: who reads what from then on is said first, and one may still leave it."""
    page.goto(f"{stage.address}/console/#{path}?area={COUNTY}")
    page.click("[data-test=open]")
    page.click("[data-test=close]")
    expect(page.locator("[data-test=close-ask]")).to_contain_text("被查乡镇的主管、管理员和审计从此看得到")
    page.click("[data-test=close-not]")
    assert asked(stage, "admin", path)[1]["state"] == "open"
    page.click("[data-test=close]")
    page.click("[data-test=close-now]")
    expect(page.locator("[data-test=stages] [aria-current=step]")).to_have_text("已结束")


def _team(page: Page) -> None:
    """A team with one inspector gets the first village; its walk stands on the page; its people alone may be sent."""
    page.click("[data-test=team-new]")
    page.fill("[name=team_name]", "一组")
    page.locator("[data-test=team-form] label", has_text="inspector").locator("input").check()
    page.locator("[data-test=team-form] [name=village]").first.check()
    page.click("[data-test=team-save]")
    team = page.locator("[data-team=一组]")
    team.locator("summary").click()
    expect(team.locator("[data-test=walk] li")).to_have_count(2)
    page.select_option("[data-test=team]", label="一组")
    expect(page.locator("[data-test=person] option")).to_have_count(1)
    page.check("[data-test=all]")
    page.select_option("[data-test=person]", index=0)
    page.click("[data-test=send]")
    expect(page.locator("[data-test=task-table] tbody tr").first).to_contain_text("已派")


def _stand_in(page: Page, stage: Stage, path: str) -> None:
    """Given up too early: refused. Tried, given up, replaced with a reason: by the first reserve, and by no other."""
    row = page.locator("[data-test=task-table] tbody tr").first
    household = str(row.get_attribute("data-household"))

    def end(what: str, reason: str) -> None:
        page.locator(f"[data-household='{household}']").get_by_role("button", name=what).click()
        if what == "记为没访到":
            page.select_option("[name=disposition]", "empty")
        page.fill("[name=reason]", reason)
        page.locator("[data-test=ask]").get_by_role("button", name="确定").click()

    end("记为没访到", "门锁着")
    expect(page.locator("[data-test=task-refused]")).to_contain_text("有效联系 0 次")
    phone = stage.world.phone("inspector")
    visit = {"started_at": "2026-11-22T08:00:00+08:00", "contact_mode": "in_person"}
    tried = op(phone, "contact_attempt", entity_id=household, disposition="empty", visit=visit)
    assert phone.send(tried)[0]["status"] == "applied"
    end("记为没访到", "房子空着，没有人住")
    expect(page.locator(f"[data-household='{household}']")).to_contain_text("空户")
    listed = asked(stage, "admin", f"{path}/tasks?limit=500")[1]["items"]
    [task] = [one for one in listed if one["household"]["id"] == household]
    other = "00000000-0000-4000-8000-000000000001"
    skipping = {"reason": "就近", "household_id": other}
    status, problem = asked(stage, "admin", f"{path}/tasks/{task['id']}/substitute", skipping)
    assert (status, problem["code"]) == (422, "inspection.out_of_order")
    end("用替补", "空户，按顺序换下一户")
    expect(page.locator("[data-test=task-table]")).to_contain_text("替补第 3 号")
    page.goto(f"{stage.address}/console/#/audit?area={COUNTY}&kind=inspection")
    page.wait_for_selector("[data-test=entries] tbody tr")
    told = page.locator("[data-test=entries]").inner_text()
    assert "抽查里的操作没有办成" in told and f"抽查 {NAME}" in told and "换了备选农户" in told
