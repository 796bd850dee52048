"""What a phone does to an app: it closes the store's connection, and its disk is full. Nothing typed is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PHONE, Demo, chromium

pytestmark = pytest.mark.browser

HELPER = "wang.jun"
# The test can close what the browser closes by itself, every connection that was opened, and refuse what is stored.
TRACK = """
  window.connections = [];
  const open = IDBFactory.prototype.open;
  IDBFactory.prototype.open = function (...given) {
    const asked = open.apply(this, given);
    asked.addEventListener("success", () => window.connections.push(asked.result));
    return asked;
  };
  for (const name of ["put", "add"]) {
    const store = IDBObjectStore.prototype[name];
    IDBObjectStore.prototype[name] = function (...given) {
      if (window.isFull) throw new DOMException("The disk is full", "QuotaExceededError");
      return store.apply(this, given);
    };
  }
"""
CLOSE = "() => { for (const one of window.connections) { one.close(); one.dispatchEvent(new Event('close')); } }"


def note(app: PhoneApp, text: str) -> None:
    field = app.card("备注").locator("textarea, input")
    field.fill(text)
    field.blur()


def test_a_closed_connection_and_a_full_disk_cost_no_answer(demo: Demo, playwright: Playwright, tmp_path: Path) -> None:
    """The connection is opened again unasked; a full disk is said, and what was typed goes in when there is room."""
    with chromium(playwright, tmp_path / "phone", permissions=["camera"], **PHONE) as context:
        context.add_init_script(TRACK)
        app = PhoneApp(context, demo.address)
        app.start()
        app.sign_in(HELPER)
        app.page.locator("a[href*='/household/']").nth(3).click()
        app.begin_visit()
        app.by_section()
        app.section("最后")
        saving = app.page.locator(".form-saving")

        app.page.evaluate(CLOSE)
        note(app, "连接断了以后写的")
        app.page.wait_for_timeout(500)
        expect(saving).to_have_class("form-saving saved")

        app.page.evaluate("window.isFull = true")
        note(app, "存满了以后写的")
        expect(saving).to_have_class("form-saving failed", timeout=15_000)
        expect(saving).to_have_attribute("role", "alert")
        app.page.evaluate("window.isFull = false")
        note(app, "又有地方了")
        expect(saving).to_have_class("form-saving saved", timeout=15_000)

        app.page.reload()
        app.unlock()
        app.page.locator(".form-card").first.wait_for()
        app.section("最后")
        expect(app.card("备注").locator("textarea, input")).to_have_value("又有地方了")
        assert app.problems == []
