"""Two people answered differently, and the village's cadre decides on the phone, without a network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.desk import ADMIN, session
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PHONE, Demo, chromium

pytestmark = pytest.mark.browser


def told(demo: Demo, path: str) -> Any:
    """What the county's desk says."""
    return session(demo, ADMIN)[0].get(f"{demo.address}/api/v1{path}").json()


def open_conflict(demo: Demo) -> dict[str, Any]:
    """The last on the list: the stories at the desk take the first ones."""
    items = told(demo, "/conflicts?state=open&limit=200")["items"]
    found: dict[str, Any] = next(
        one for one in reversed(items) if one["dataset"] == "household" and one["kind"] == "property"
    )
    return found


def cadre_of(demo: Demo, region: str) -> str:
    people = told(demo, "/people?role=cadre&limit=200")["items"]
    return next(str(one["username"]) for one in people for role in one["roles"] if region.startswith(role["region"]))


def test_a_cadre_decides_on_the_phone_what_two_people_answered_differently(
    demo: Demo, playwright: Playwright, tmp_path: Path
) -> None:
    """Proves that the phone says whose the decision is, keeps it without a network, and that the server takes it."""
    conflict = open_conflict(demo)
    with chromium(playwright, tmp_path / "phone", **PHONE) as context:
        app = PhoneApp(context, demo.address)
        app.start()
        app.sign_in(cadre_of(demo, conflict["region"]))
        app.synced()
        app.offline(True)
        app.page.goto(f"{demo.address}/#/household/{conflict['entity_id']}")
        differing = app.page.locator("details").filter(has_text="您可以定")
        differing.locator("summary").click()
        expect(differing).not_to_contain_text("等上级")
        differing.get_by_role("button", name="以这个为准").last.click()
        app.page.get_by_role("button", name="当面问过农户").click()
        app.page.get_by_role("button", name="就按这个").click()
        expect(app.page.get_by_text("您已经选好")).to_be_visible()
        app.offline(False)
        app.page.goto(f"{demo.address}/#/outbox")
        app.page.get_by_role("button", name="现在同步").click()
        expect(app.page.locator(".tally .accepted b")).to_have_text("1", timeout=60_000)
        assert app.problems == []
    after = told(demo, f"/conflicts/{conflict['id']}")
    assert (after["state"], after["resolution"]["reason"]) == ("resolved", "当面问过农户")
