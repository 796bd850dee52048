"""An auditor's desk: who decided, saw and exported what."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.desk import AUDITOR, SIZES, fits, sign_in
from tests.e2e.running import Demo

pytestmark = pytest.mark.browser


def test_the_day_of_an_auditor(page: Page, demo: Demo) -> None:
    """Reads visits and households, is offered nothing to decide; the audit names sign-ins, and its own export too."""
    sign_in(page, demo.address, AUDITOR)
    page.locator("[data-chart=visits] svg").wait_for()
    fits(page, *SIZES)
    for name in ("记录", "农户", "不同填法", "整改"):
        page.get_by_role("link", name=name, exact=True).first.click()
        fits(page, *SIZES)
    page.get_by_role("link", name="记录", exact=True).first.click()
    page.locator("tbody tr[data-id]").first.click()
    expect(page.locator("[data-test=barred]")).to_be_visible()
    expect(page.locator("[data-word]")).to_have_count(0)
    fits(page, *SIZES)
    page.get_by_role("link", name="农户", exact=True).first.click()
    page.locator("[data-test=records] tbody tr[data-id]").first.click()
    expect(page.locator("[data-test=household-page]")).to_be_visible()
    fits(page, *SIZES)
    page.get_by_role("link", name="审计", exact=True).click()
    entries = page.locator("[data-test=entries] tbody tr")
    expect(entries.first).to_be_visible()
    fits(page, *SIZES)
    page.locator("select[name=kind]").select_option("auth")
    expect(entries.first).to_contain_text("登录")
    with page.expect_download() as download:
        page.locator("[data-test=audit-export]").click()
    assert download.value.path().stat().st_size > 0
    page.locator("select[name=kind]").select_option("audit")
    expect(entries.first).to_contain_text("导出")
