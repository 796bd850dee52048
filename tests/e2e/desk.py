"""Who sits at the console's desks, signed in with a browser or without one."""

from __future__ import annotations

from typing import Any

import requests
from playwright.sync_api import Page, expect

from tests.e2e.running import PASSWORD, Demo

SUPERVISOR, ADMIN, AUDITOR = "zhang.zhuren", "admin", "auditor"
SIZES = ((1440, 900), (1024, 768))
WIDER = """() => [...document.querySelectorAll("main *")]
  .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).slice(0, 5)
  .map((one) => `${one.tagName} ${one.className} ${one.getBoundingClientRect().right}`)"""


def session(demo: Demo, username: str) -> tuple[requests.Session, dict[str, Any]]:
    """A desk without a browser, and what sign-in answered."""
    desk = requests.Session()
    body = {"username": username, "password": PASSWORD, "cookie": True}
    answer = desk.post(f"{demo.address}/api/v1/auth/login", json=body)
    assert answer.status_code == 200, answer.text
    return desk, answer.json()


def sign_in(page: Page, address: str, username: str) -> None:
    """To the overview."""
    page.goto(f"{address}/console/")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    page.wait_for_selector("[data-test=overview]")


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def fits(page: Page, *sizes: tuple[int, int]) -> None:
    """Nothing of the page lies outside of the window, as large as it is or at these sizes one after the other."""
    expect(page.locator("h1").first).to_be_visible()
    for size in sizes:
        resize(page, size)
        _fits(page)
    if not sizes:
        _fits(page)


def _fits(page: Page) -> None:
    for _ in range(20):  # charts take a moment to follow
        if page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"{page.url} is wider than {page.evaluate('innerWidth')}: {page.evaluate(WIDER)}")
