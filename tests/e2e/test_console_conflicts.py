"""Values that people wrote differently, at the desk: by household, decided with a reason, within the own area."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.e2e.desk import ADMIN, AUDITOR, SIZES, SUPERVISOR, fits, session, sign_in
from tests.e2e.quiet_phone import QuietPhone
from tests.e2e.running import Demo

pytestmark = pytest.mark.browser
WRITERS = ("wang.jun", "li.min")
NUMBERS = ("19900010001", "19900010002")
ADDRESSES = ("村口第一家", "学校对面")


def told(demo: Demo, path: str, username: str = ADMIN) -> Any:
    """What the server says at this desk."""
    return session(demo, username)[0].get(f"{demo.address}/api/v1{path}").json()


def waiting(demo: Demo, username: str, order: str = "oldest") -> list[str]:
    return [one["id"] for one in told(demo, f"/conflicts/households?order={order}", username)["items"]]


def open_page(page: Page, demo: Demo, username: str) -> None:
    sign_in(page, demo.address, username)
    page.get_by_role("link", name="不同填法", exact=True).click()
    expect(rows(page).first).to_be_visible(timeout=30_000)


def rows(page: Page) -> Locator:
    return page.locator("[data-test=conflicts] [data-household]")


def listed(page: Page) -> list[str | None]:
    return [row.get_attribute("data-household") for row in rows(page).all()]


def visit(phone: QuietPhone, house: dict[str, Any], number: str, address: str) -> dict[str, Any]:
    """A visit after which the household has this telephone number and this address."""
    instance = f"uuid:{uuid.uuid4()}"
    xml = (
        '<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="household_visit" version="2026120101">'
        f"<household>{house['id']}</household><facts><address>{address}</address><contact_phone>{number}</contact_phone>"
        f'</facts><meta><instanceID>{instance}</instanceID><entity dataset="household" id="{house["id"]}" update="1"/>'
        "</meta></data>"
    )
    base = {name: house["data"].get(name) for name in ("contact_phone", "address")}
    entity = {"dataset": "household", "id": house["id"], "base_version": house["version"], "base": base}
    seen = {"started_at": "2026-11-21T09:00:00+08:00", "contact_mode": "in_person"}
    return phone.op(
        "submission", instance_id=instance, form_id="household_visit", form_version="2026120101", instance_xml=xml,
        entities=[entity], attachments=[], visit=seen,
    )  # fmt: skip


@pytest.fixture(scope="module")
def quarrel(demo: Demo) -> dict[str, Any]:
    """A household of whom two people wrote another telephone number and another address each."""
    found: list[dict[str, Any]] = told(demo, "/entities?dataset=household&limit=200&region=990101100201", WRITERS[1])[
        "items"
    ]
    house = [one for one in found if not one["contested"] and one["version"] == 1][-1]
    for writer, number, address in zip(WRITERS, NUMBERS, ADDRESSES, strict=True):
        phone = QuietPhone(demo, writer)
        [result] = phone.send(visit(phone, house, number, address))
        assert result["status"] in ("applied", "conflicted"), result
    return house


def differences(demo: Demo, house: dict[str, Any], state: str = "open") -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = told(demo, f"/conflicts?entity={house['id']}&state={state}")["items"]
    return items


def test_the_queue_holds_the_own_area_alone_in_the_order_asked_for(
    page: Page, demo: Demo, quarrel: dict[str, Any]
) -> None:
    open_page(page, demo, SUPERVISOR)
    assert listed(page) == waiting(demo, SUPERVISOR) and quarrel["id"] in listed(page)
    page.select_option("[data-test=order]", "weight")
    expect(rows(page).first).to_have_attribute("data-household", quarrel["id"])
    assert listed(page) == waiting(demo, SUPERVISOR, "weight")
    foreign = next(one for one in waiting(demo, ADMIN) if one not in listed(page))
    [conflict, *_] = differences(demo, {"id": foreign})
    page.goto(f"{demo.address}/console/#/differences?conflict={conflict['id']}")
    expect(page.get_by_role("alert")).to_contain_text("没有找到，或者不在您的区域里。")
    assert conflict["label"] not in page.inner_text("main")


def test_a_household_s_differences_are_decided_together_by_keys_and_taken_back(
    page: Page, demo: Demo, quarrel: dict[str, Any]
) -> None:
    """Proves that one reason goes with both decisions, that the record is shown before, and that no phone having them
    both are undone, the second time once a phone has fetched them not, but opened anew.
    """
    before = differences(demo, quarrel)
    assert len(before) == 2
    page.set_viewport_size({"width": 1440, "height": 900})
    open_page(page, demo, SUPERVISOR)
    page.goto(f"{demo.address}/console/#/differences?conflict={before[1]['id']}")
    pane = page.locator("[data-test=household]")
    cards = pane.locator("[data-test=conflict]")
    expect(cards).to_have_count(2)
    expect(pane).to_contain_text(quarrel["label"])
    expect(pane.locator(f"[data-id='{before[1]['id']}']")).to_have_attribute("aria-current", "true")
    for head in before[1]["heads"]:
        expect(pane.locator(f"[data-head='{head['op_id']}']").last).to_contain_text(head["author"]["display_name"])
    agreeing = pane.locator("[data-test=agreeing]")
    expect(agreeing.locator("dl").first).to_be_hidden()
    agreeing.locator("summary").click()
    expect(agreeing.locator("dl").first).to_be_visible()
    pane.locator("h2").click()
    page.click("[data-test=decide]")
    expect(page.get_by_role("alert")).to_contain_text("请先选一个")
    pane.locator("h2").click()
    page.keyboard.press("2")
    page.keyboard.press("1")
    preview = page.locator("[data-test=preview]")
    expect(preview.locator("[data-property]")).to_have_count(1)
    expect(preview.locator("[data-test=stays]")).to_contain_text("不变")  # the other one is shown already
    fits(page, *SIZES)
    assert [one["state"] for one in differences(demo, quarrel)] == ["open", "open"]
    page.click("[data-test=decide]")
    expect(page.get_by_role("alert")).to_contain_text("请写上为什么")
    page.fill("[data-test=reason]", "电话问过户主")
    page.keyboard.press("Control+Enter")
    said = page.locator("[data-test=said]")
    expect(said).to_contain_text(quarrel["label"])
    expect(page.locator(f"[data-test=conflicts] [data-household='{quarrel['id']}']")).to_have_count(0)
    settled = differences(demo, quarrel, "resolved")
    assert {one["resolution"]["reason"] for one in settled} == {"电话问过户主"} and len(settled) == 2
    page.click("[data-test=undo]")
    expect(said).to_contain_text("已撤回")
    expect(cards).to_have_count(2)
    decide_both(page)
    fetch_all(demo)
    page.click("[data-test=undo]")
    expect(said).to_contain_text("已经有手机收到")
    assert differences(demo, quarrel) == []
    page.click("[data-test=anew]")
    expect(said).to_contain_text("已重新放出来")
    expect(cards).to_have_count(2)


def decide_both(page: Page) -> None:
    pane = page.locator("[data-test=household]")
    for n in range(2):
        pane.locator("[data-test=conflict]").nth(n).locator("input[type=radio]").first.check()
    page.fill("[data-test=reason]", "又问了一次")
    page.click("[data-test=decide]")
    expect(page.locator("[data-test=said]")).to_contain_text("已定下来")


def fetch_all(demo: Demo) -> None:
    """The phone of who wrote one of the values fetches its own feed."""
    phone = QuietPhone(demo, WRITERS[0])
    body = {"install_id": phone.install, "feeds": {f"user:{phone.person}": {"after": 0}}}
    answer = phone.post("/sync/pull", body)
    assert answer["feeds"][f"user:{phone.person}"]["status"] == "ok"


def test_a_decision_of_before_is_taken_back_from_the_household(page: Page, demo: Demo, quarrel: dict[str, Any]) -> None:
    """Also after the page was left: what is right is written, and taken back from the list of what was decided."""
    open_page(page, demo, SUPERVISOR)
    page.locator(f"[data-household='{quarrel['id']}']").click()
    number = next(one for one in differences(demo, quarrel) if one["properties"] == ["contact_phone"])
    card = page.locator(f"[data-test=conflict][data-id='{number['id']}']")
    card.locator("[data-test=other]").fill("19900001234")
    page.fill("[data-test=reason]", "两个都换了号")
    page.click("[data-test=decide]")
    expect(card).to_have_count(0)
    assert told(demo, f"/entities/{quarrel['id']}", SUPERVISOR)["data"]["contact_phone"].endswith("1234")
    page.reload()
    page.locator("[data-test=decided] summary").click()
    line = page.locator(f"[data-decided='{number['id']}']")
    expect(line).to_contain_text("两个都换了号")
    line.locator("[data-test=undo-earlier]").click()
    expect(page.locator("[data-test=said]")).to_contain_text("已撤回")
    expect(page.locator("[data-test=household] [data-test=conflict]")).to_have_count(2)


def test_households_follow_each_other_by_key(page: Page, demo: Demo, quarrel: dict[str, Any]) -> None:
    open_page(page, demo, ADMIN)
    first, second, *_ = listed(page)
    page.click("[data-test=begin]")
    pane = page.locator("[data-test=household]")
    expect(pane).to_have_attribute("data-id", first or "")
    page.keyboard.press("j")
    expect(pane).to_have_attribute("data-id", second or "")
    page.keyboard.press("k")
    expect(pane).to_have_attribute("data-id", first or "")
    expect(page.locator("[data-test=position]")).to_contain_text("第 1 户")


def test_an_auditor_only_reads(page: Page, demo: Demo, quarrel: dict[str, Any]) -> None:
    open_page(page, demo, AUDITOR)
    rows(page).first.click()
    expect(page.locator("[data-test=household]")).to_contain_text("您的身份只能看。")
    expect(page.locator("[data-test=decide]")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_at_1024_pixels_nothing_lies_outside_the_window(
    page: Page, demo: Demo, quarrel: dict[str, Any], language: str
) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    open_page(page, demo, ADMIN)
    page.locator(f"[data-household='{quarrel['id']}']").click()
    if language == "en":
        page.click("[data-test=language]")
    expect(page.locator("[data-test=household]")).to_contain_text("Decide" if language == "en" else "定下来")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert "differing." not in page.inner_text("main")
    if language == "en":
        page.click("[data-test=language]")
