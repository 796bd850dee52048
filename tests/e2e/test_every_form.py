"""Every form of form_definitions on the phone: opened from its household or the village, filled as its complete case
says, saved, sent, and taken by the server without a finding. Proves that each form works on the product as served."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.e2e.forms_county import FORMS, County, case_named, fill, fill_and_save, name_of, open_form, picture, save
from tests.e2e.phone_app import PhoneApp
from tests.forms.case_files import case_forms

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("form", FORMS)
def test_the_form_is_filled_and_taken_without_a_finding(form: str, county: County, worker: PhoneApp) -> None:
    filling = county.fillings[form]
    worker.problems.clear()
    open_form(worker, form, filling)
    worker.by_section()
    worker.page.locator(".form-step-line").first.click()
    fill(worker, form, filling)
    save(worker)
    picture(worker, f"{form}-end")
    expect(worker.page.locator(".form-finished h1")).to_have_text("已接收", timeout=30_000)
    taken = county.submission(county.instances(form)[0])
    assert (taken["status"], taken["findings"]) == ("applied", [])
    assert worker.problems == []


def test_every_form_has_cases() -> None:
    assert case_forms() == FORMS


def test_a_household_is_registered_without_network_and_visited_again_before_the_server_knows_it(
    county: County, worker: PhoneApp
) -> None:
    """The list finds it at once by the person's own name; the second visit waits for the first and both are taken."""
    registration = case_named("household_visit", "a new household is registered with everybody in it")
    attempt = case_named("contact_attempt", "nobody is at home: the next try is set")
    before = set(county.instances())
    worker.offline(True)
    worker.page.goto(f"{worker.address}/#/")
    worker.page.get_by_role("button", name="村里的事").click()
    worker.page.get_by_role("button", name=re.compile("登记新的一户")).click()
    worker.page.locator(".form-card").first.wait_for()
    fill_and_save(worker, "household_visit", registration)
    worker.page.get_by_placeholder(re.compile("姓名")).fill("赵有田")
    worker.page.locator("a[href*='/household/']", has_text="赵有田").filter(has_text="已存本机").click()
    worker.page.locator("[data-test=forms]").get_by_role("button", name=name_of("contact_attempt"), exact=True).click()
    worker.page.locator(".form-card").first.wait_for()
    fill_and_save(worker, "contact_attempt", attempt)
    worker.offline(False)
    worker.tab("待传")
    worker.page.get_by_role("button", name="现在同步").click()
    expect(worker.page.locator(".tally .saved b")).to_have_text("0", timeout=60_000)
    taken = [county.submission(one) for one in set(county.instances()) - before]
    assert sorted((one["form_id"], one["status"], one["findings"]) for one in taken) == [
        ("contact_attempt", "applied", []),
        ("household_visit", "applied", []),
    ]
    assert len({write["id"] for one in taken for write in one["writes"] if write["dataset"] == "household"}) == 1
