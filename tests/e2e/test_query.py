"""The server asks to look at an answer again: the worker sees a question, jumps to it, and sends a correction."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Route, expect

from tests.e2e.forms_county import County, case_named, fill_and_save, name_of
from tests.e2e.phone_app import PhoneApp

pytestmark = pytest.mark.browser

ASKED = "/data/attempt/contact_mode"
QUESTION = "“怎么联系的”填的内容不符合要求，请核对"


def ask_about(results: dict[str, Any]) -> dict[str, Any]:
    """A push answer in which the server asks about one answer, as it does where its rules and the phone's differ."""
    for result in results["results"]:
        result["findings"] = [{"path": ASKED, "kind": "constraint", "message": {"zh": QUESTION, "en": "Please check"}}]
    return results


def answer_with_a_question(route: Route) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, json=ask_about(answer.json()))


def test_a_question_leads_to_the_answer_and_a_correction_replaces_the_visit(county: County, worker: PhoneApp) -> None:
    page = worker.page
    page.goto(f"{worker.address}/#/household/{county.fillings['risk_clue'].household}")
    page.locator("[data-test=forms]").get_by_role("button", name=name_of("contact_attempt"), exact=True).click()
    page.locator(".form-card").first.wait_for()
    page.route("**/sync/push", answer_with_a_question)
    fill_and_save(worker, "contact_attempt", case_named("contact_attempt", "nobody is at home: the next try is set"))
    row = page.locator("a[href*='/household/']").filter(has_text="1处请再核对")
    expect(row).to_be_visible()
    page.unroute("**/sync/push")
    [first] = county.instances("contact_attempt")[:1]

    row.click()
    page.locator("a[href*='/sent/']").first.click()
    expect(page.locator("[data-test=findings]")).to_contain_text(QUESTION)
    page.get_by_role("button", name="去看看").click()
    card = page.locator(f'.form-card.aimed[data-path="{ASKED}"]')
    expect(card).to_be_visible()
    card.locator('.form-choice[data-value="phone"]').click()
    worker.read_back()
    worker.save()
    expect(page.locator(".form-finished h1")).to_have_text("已接收", timeout=30_000)

    correction = county.submission(county.instances("contact_attempt")[0])
    assert (correction["supersedes"], correction["status"]) == (first, "applied")
    assert county.submission(first)["superseded_by"] == correction["instance_id"]
    page.get_by_role("button", name="回到首页").click()
    worker.worklist()
    expect(page.get_by_text("请再核对")).to_have_count(0)
