"""Values that people wrote differently, at the desk: seen side by side, decided with a reason, within the own area."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.desk import ADMIN, AUDITOR, SUPERVISOR, session, sign_in
from tests.e2e.running import Demo

pytestmark = pytest.mark.browser


def open_conflicts(demo: Demo, username: str) -> list[dict[str, Any]]:
    """As the server tells them."""
    answer = session(demo, username)[0].get(f"{demo.address}/api/v1/conflicts", params={"state": "open"})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def conflict(demo: Demo, conflict_id: str) -> dict[str, Any]:
    told: dict[str, Any] = session(demo, ADMIN)[0].get(f"{demo.address}/api/v1/conflicts/{conflict_id}").json()
    return told


def open_page(page: Page, demo: Demo, username: str) -> None:
    sign_in(page, demo.address, username)
    page.get_by_role("link", name="不同填法", exact=True).click()
    expect(page.locator("[data-test=conflicts] [data-conflict]").first).to_be_visible(timeout=30_000)


def test_the_list_holds_the_own_area_alone(page: Page, demo: Demo) -> None:
    own = [one["id"] for one in open_conflicts(demo, SUPERVISOR)]
    open_page(page, demo, SUPERVISOR)
    rows = page.locator("[data-test=conflicts] [data-conflict]")
    assert [row.get_attribute("data-conflict") for row in rows.all()] == own
    foreign = next(one for one in open_conflicts(demo, ADMIN) if one["id"] not in own)
    page.goto(f"{demo.address}/console/#/differences?conflict={foreign['id']}")
    expect(page.get_by_text("从左边选一处。")).to_be_visible()
    assert foreign["label"] not in page.inner_text("main")


def test_a_value_is_chosen_by_key_and_needs_a_reason(page: Page, demo: Demo) -> None:
    """Proves that the decision is stored with its reason and that every value on screen counted as seen."""
    open_page(page, demo, ADMIN)
    rows = page.locator("[data-test=conflicts] [data-conflict]")
    wanted = rows.first.get_attribute("data-conflict") or ""
    before, listed = conflict(demo, wanted), rows.count()
    rows.first.click()
    pane = page.locator("[data-test=conflict]")
    for head in before["heads"]:
        card = pane.locator(f"[data-head='{head['op_id']}']")
        expect(card).to_contain_text(head["value"])
        expect(card).to_contain_text(head["author"]["display_name"])
    page.locator("[data-test=decide]").click()
    expect(page.get_by_role("alert")).to_contain_text("请先选一个")
    pane.locator("h2").click()
    page.keyboard.press("2")
    page.locator("[data-test=decide]").click()
    expect(page.get_by_role("alert")).to_contain_text("请写上为什么")
    page.fill("[data-test=reason]", "电话问过户主")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-test=said]")).to_contain_text(before["label"])
    expect(rows).to_have_count(listed - 1)
    after = conflict(demo, wanted)
    assert (after["state"], after["resolution"]["reason"]) == ("resolved", "电话问过户主")
    assert after["shown"] == before["heads"][1]["value"] != before["heads"][0]["value"]


def test_what_is_right_can_be_written(page: Page, demo: Demo) -> None:
    open_page(page, demo, ADMIN)
    row = page.locator("[data-test=conflicts] [data-conflict]").first
    wanted = row.get_attribute("data-conflict") or ""
    row.click()
    page.fill("[data-test=other]", "19900001234")
    page.fill("[data-test=reason]", "两个都换了号")
    page.locator("[data-test=decide]").click()
    expect(page.locator("[data-test=said]")).to_be_visible()
    after = conflict(demo, wanted)
    assert after["state"] == "resolved" and after["shown"].startswith("199") and after["shown"].endswith("1234")


def test_an_auditor_only_reads(page: Page, demo: Demo) -> None:
    open_page(page, demo, AUDITOR)
    page.locator("[data-test=conflicts] [data-conflict]").first.click()
    expect(page.locator("[data-test=conflict]")).to_contain_text("您的身份只能看。")
    expect(page.locator("[data-test=decide]")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_at_1024_pixels_nothing_lies_outside_the_window(page: Page, demo: Demo, language: str) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    open_page(page, demo, ADMIN)
    page.locator("[data-test=conflicts] [data-conflict]").first.click()
    if language == "en":
        page.click("[data-test=language]")
    expect(page.locator("[data-test=conflict]")).to_contain_text("Decide" if language == "en" else "定下来")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert "differing." not in page.inner_text("main")
    if language == "en":
        page.click("[data-test=language]")
