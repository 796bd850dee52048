"""Who sits at the console's desks, signed in with a browser or without one."""

from __future__ import annotations

from typing import Any

import requests
from playwright.sync_api import Page

from tests.e2e.running import PASSWORD, Demo

SUPERVISOR, ADMIN, AUDITOR = "zhang.zhuren", "admin", "auditor"


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
