"""A county administrator's desk: people by a table, a role, households handed on, a phone revoked, the audit read."""

from __future__ import annotations

import re
import uuid
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from server.demo.words import CADRES, HELPERS
from tests.e2e.desk import ADMIN, AUDITOR, SIZES, SUPERVISOR, fits, resize, session, sign_in
from tests.e2e.quiet_phone import QuietPhone
from tests.e2e.running import Demo

pytestmark = pytest.mark.browser
HELPER = HELPERS[-1][0]  # no other story is about this one
CADRE = CADRES[0][0]


def village_of(demo: Demo, username: str) -> str:
    _, told = session(demo, username)
    return str(told["user"]["roles"][0]["region"])


def person(page: Page, username: str) -> None:
    page.get_by_role("searchbox").fill(username)
    page.keyboard.press("Enter")
    page.locator(f"[data-row='{username}']").click()


def test_the_day_of_a_county_administrator(page: Page, demo: Demo, tmp_path: Path) -> None:
    """Proves the whole way, half of it on a small desk; each step is looked up by what the next page says of it."""
    village = village_of(demo, CADRE)
    phone = QuietPhone(demo, CADRE)
    sign_in(page, demo.address, ADMIN)
    page.get_by_role("link", name="人员", exact=True).click()

    page.locator("[data-test=table-open]").click()
    table = tmp_path / "people.csv"
    table.write_text(f"用户名,姓名,角色,区域\nwu.yi,吴一,村干部,{village}\n吴二,吴二,村长,{village}\n", "utf-8")
    page.set_input_files("input[name=people]", str(table))
    page.locator("[data-test=table] button[type=submit]").click()
    expect(page.locator("[data-test=rows] tr.wrong")).to_contain_text("没有这种身份")
    table.write_text(f"用户名,姓名,角色,区域\nwu.yi,吴一,村干部,{village}\n", "utf-8")
    page.set_input_files("input[name=people]", str(table))
    page.locator("[data-test=table] button[type=submit]").click()
    page.locator("[data-test=table-apply]").click()
    expect(page.locator("[data-test=page-said]")).to_contain_text("已处理 1 个人")
    fits(page)

    person(page, "wu.yi")
    pane = page.locator("[data-test=person]")
    pane.locator("[data-test=give] select[name=role]").select_option("supervisor")
    pane.locator("[data-test=give] select[name=region]").select_option(village)
    pane.locator("[data-test=give] button").click()
    expect(pane.locator("[data-test=roles] li")).to_have_count(2)
    pane.locator("[data-test=issue]").click()
    expect(pane.locator("[data-test=letters]")).to_have_text(re.compile(r"^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]{4}$"))

    resize(page, SIZES[1])
    person(page, HELPER)
    pane.locator("[data-test=hand-on-open]").click()
    pane.locator("select[name=to]").select_option(label="吴一（wu.yi）")
    pane.get_by_role("button", name="先看看").click()
    moves = pane.locator("[data-test=moves] tbody tr")
    expect(moves.first).to_be_visible()
    count = moves.count()
    fits(page)
    pane.locator("[data-test=hand-on-do]").click()
    expect(pane.locator("[data-test=said]")).to_contain_text(f"已交出 {count} 户")

    page.get_by_role("link", name="手机", exact=True).first.click()
    row = page.locator(f"tr[data-row='{phone.install}']")
    row.locator("[data-test=revoke]").click()
    fits(page)
    row.locator("[data-test=revoke-do]").click()
    expect(page.locator("[data-test=said]")).to_contain_text("已停用")
    expect(row).to_contain_text("已停用")

    page.get_by_role("link", name="审计", exact=True).click()
    entries = page.locator("[data-test=entries] tbody tr")
    expect(entries.first).to_contain_text("停用了手机")
    expect(entries.filter(has_text="给了帮扶的农户").first).to_contain_text("吴一")
    expect(page.locator("[data-test=head]")).to_contain_text("校验值")
    fits(page)
    page.locator("select[name=kind]").select_option("device")
    expect(entries.first).to_contain_text("停用了手机")
    expect(entries.filter(has_text="给了帮扶的农户")).to_have_count(0)
    page.locator("select[name=kind]").select_option("enrolment")
    expect(entries.first).to_contain_text("发了开通码")
    entries.first.get_by_role("button", name="人员 吴一").click()
    page.locator("select[name=kind]").select_option("")
    expect(entries.last).to_contain_text("邀请了人")


def test_an_area_is_renamed_after_a_look(page: Page, demo: Demo) -> None:
    village = village_of(demo, CADRE)
    sign_in(page, demo.address, ADMIN)
    page.get_by_role("link", name="人员", exact=True).click()
    page.get_by_role("link", name="区域", exact=True).click()
    form = page.locator("[data-test=area-change]")
    form.locator("select[name=changed]").select_option(village)
    form.locator("input[name=name_zh]").fill("改名村")
    form.locator("input[name=day]").fill("2099-01-01")
    page.keyboard.press("Enter")
    form.locator("input[name=reason]").fill("文件 1 号")
    form.locator("button[type=submit]").click()
    expect(form.locator("[data-test=change-looked]")).to_contain_text("2099-01-01")
    form.locator("[data-test=change-make]").click()
    row = page.locator("[data-test=changes] tbody tr").first
    expect(row).to_contain_text("等生效")
    row.get_by_role("button", name="撤回").click()
    expect(row).to_contain_text("已撤回")


@pytest.mark.parametrize(
    ("who", "seen", "hidden", "foreign"),
    [
        (SUPERVISOR, ["人员"], ["审计"], ["audit", "voices", "households/import"]),
        (AUDITOR, ["审计"], ["人员"], ["people"]),
    ],
)
def test_each_role_sees_the_pages_that_are_its_own(
    page: Page, demo: Demo, who: str, seen: list[str], hidden: list[str], foreign: list[str]
) -> None:
    """An address of another role's page, sent by somebody, leads to the overview."""
    sign_in(page, demo.address, who)
    for name in seen:
        expect(page.get_by_role("link", name=name, exact=True)).to_be_visible()
    for name in hidden:
        expect(page.get_by_role("link", name=name, exact=True)).to_have_count(0)
    for path in foreign:
        page.goto(f"{demo.address}/console/#/{path}")
        page.wait_for_url(re.compile(r"/console/#/\?area="))
        expect(page.locator("[data-test=overview]")).to_be_visible()


def test_a_password_that_somebody_else_chose_is_changed_before_anything_else(page: Page, demo: Demo) -> None:
    desk, told = session(demo, ADMIN)
    desk.headers["X-CSRF-Token"] = told["csrf_token"]
    place = {"role": "supervisor", "region": village_of(demo, CADRE)}
    body = {"id": str(uuid.uuid4()), "username": "xin.ren", "display_name": "新人", "roles": [place]}
    assert desk.post(f"{demo.address}/api/v1/people", json=body).status_code == 201
    reset = f"{demo.address}/api/v1/people/{body['id']}/password"
    given = desk.post(reset, json={}).json()["password"]
    page.goto(f"{demo.address}/console/")
    page.fill("input[name=username]", "xin.ren")
    page.fill("input[name=password]", given)
    page.click("button[type=submit]")
    form = page.locator("[data-test=own-password]")
    expect(form).to_contain_text("先换一个自己的密码")
    page.goto(f"{demo.address}/console/#/people")  # no way round it
    expect(form).to_be_visible()
    choose_password(page)
    expect(page.locator("h1").first).to_be_visible()
    given = desk.post(reset, json={}).json()["password"]
    page.goto(f"{demo.address}/")  # the phone asks as well
    page.fill("input[name=username]", "xin.ren")
    page.fill("input[name=password]", given)
    page.click("button[type=submit]")
    choose_password(page)
    expect(page.get_by_text("设一个6位 PIN")).to_be_visible()


def choose_password(page: Page) -> None:
    form = page.locator("[data-test=own-password]")
    for name in ("new", "again"):
        form.locator(f"input[name={name}]").fill("只有我知道的密码")
    form.locator("button[type=submit]").click()
    expect(form).to_have_count(0)
