"""The household's page on the phone, offline: what the rules would look at again, and the same as the server says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Playwright, expect

from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PASSWORD, PHONE, Demo, chromium

pytestmark = pytest.mark.browser
CADRE = "cao.shu"


def told_by_the_server(demo: Demo, username: str) -> tuple[str, set[str]]:
    """Name of a household of this person in which something was found, and the messages."""
    desk = requests.Session()
    base = f"{demo.address}/api/v1"
    desk.post(f"{base}/auth/login", json={"username": username, "password": PASSWORD, "cookie": True})
    rows: list[dict[str, Any]] = desk.get(f"{base}/entities?dataset=household&limit=100").json()["items"]
    for row in rows:
        items = desk.get(f"{base}/entities/{row['id']}/rules").json()["items"]
        if items and sum(other["label"] == row["label"] for other in rows) == 1:
            return row["label"], {item["message"]["zh"] for item in items}
    raise AssertionError("the demo has no household with findings")


def test_the_phone_offline_asks_the_same_as_the_server(playwright: Playwright, demo: Demo, tmp_path: Path) -> None:
    name, messages = told_by_the_server(demo, CADRE)
    with chromium(playwright, tmp_path / "phone", **PHONE) as context:
        phone = PhoneApp(context, demo.address)
        phone.start()
        phone.sign_in(CADRE)
        phone.synced()
        phone.offline(True)
        phone.open_household(name)
        card = phone.page.locator("[data-test=checks]")
        card.locator("summary").click()
        expect(card.locator("li")).to_have_count(len(messages))
        shown = card.inner_text()
        assert all(message in shown for message in messages)
        assert phone.problems == []
