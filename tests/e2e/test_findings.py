"""Findings from both sides: the office opens, the village appeals and puts right, somebody else verifies and closes."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, Playwright, expect

from server.db import today
from tests.e2e.desk import ADMIN, SUPERVISOR, session, sign_in
from tests.e2e.phone_app import PhoneApp
from tests.e2e.quiet_phone import QuietPhone
from tests.e2e.running import PHONE, Demo, chromium

pytestmark = pytest.mark.browser

CADRE, OTHER_OFFICE = "cao.shu", "yan.gong"
IN_A_WEEK = (today() + timedelta(days=7)).isoformat()


class Office:
    """A desk without a browser."""

    def __init__(self, demo: Demo, username: str) -> None:
        self.base = f"{demo.address}/api/v1"
        self.session, told = session(demo, username)
        self.session.headers["X-CSRF-Token"] = told["csrf_token"]

    def get(self, path: str) -> Any:
        answer = self.session.get(f"{self.base}{path}")
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, body: dict[str, Any]) -> requests.Response:
        return self.session.post(f"{self.base}{path}", json=body)

    def step(self, finding_id: str, name: str, **more: Any) -> requests.Response:
        seen = self.get(f"/findings/{finding_id}")["last"]
        return self.post(f"/findings/{finding_id}/steps", {"id": str(uuid.uuid4()), "step": name, "seen": seen, **more})


@pytest.fixture
def cadre(demo: Demo, playwright: Playwright, tmp_path: Path) -> Iterator[PhoneApp]:
    with chromium(playwright, tmp_path / "cadre", permissions=["camera"], **PHONE) as context:
        app = PhoneApp(context, demo.address)
        app.start()
        app.sign_in(CADRE)
        app.synced()
        yield app
        assert app.problems == []


def village_of(office: Office, username: str) -> str:
    """The village of this cadre, as the demo has it."""
    people = office.get(f"/people?role=cadre&q={username}")["items"]
    found: str = next(role["region"] for one in people if one["username"] == username for role in one["roles"])
    return found


def open_by_hand(page: Page, name: str, village: str, address: str) -> str:
    """At the desk, about a household that is looked for by name; answers the finding's id."""
    page.goto(f"{address}/console/#/findings?area={village}&open=")
    page.locator("[data-test=where]").fill(name)
    page.locator("[data-household]").first.click()
    page.locator("[data-test=text]").fill("院门口的排水沟堵了")
    page.locator("[data-test=open]").click()
    shown = page.locator("[data-test=finding]")
    expect(shown).to_have_attribute("data-state", "opened")
    return str(shown.get_attribute("data-id"))


def open_from_photo(page: Page, demo: Demo, office: Office, village: str) -> str:
    """The reason to look at a photo is confirmed, and the finding opened from it."""
    looks = office.get(f"/evidence?limit=500&region={village}")["items"]
    photo = next(one["id"] for one in looks if one["author"]["username"] != SUPERVISOR and one["entity_id"])
    assert office.post(f"/evidence/{photo}/verdict", {"verdict": "confirmed", "note": "不是这户的房子"}).ok
    page.goto(f"{demo.address}/console/#/photos/{photo}?area={village}")
    page.locator("[data-test=to-finding]").click()
    page.locator("[data-test=text]").fill("照片不是这户的房子，请重新拍")
    page.locator("[data-test=open]").click()
    shown = page.locator("[data-test=finding]")
    expect(shown).to_have_attribute("data-state", "opened")
    assert office.get(f"/findings/{shown.get_attribute('data-id')}")["photo_id"] == photo
    return str(shown.get_attribute("data-id"))


def sync_now(app: PhoneApp) -> None:
    app.page.goto(f"{app.address}/#/outbox")
    app.page.get_by_role("button", name="现在同步").click()
    expect(app.page.get_by_role("button", name="现在同步")).to_be_enabled()
    expect(app.page.locator(".tally .saved b")).to_have_text("0")


def shoot(app: PhoneApp) -> None:
    app.page.get_by_role("button", name="拍一张附上").click()
    app.page.click(".form-shutter")
    app.page.click("text=用这张")
    app.page.locator(".photos img").wait_for()


def appeal_offline(cadre: PhoneApp, finding: str) -> None:
    cadre.page.goto(f"{cadre.address}/#/findings")
    cadre.page.locator(f"a[href='#/finding/{finding}']").click()
    cadre.offline(True)
    cadre.page.locator("textarea").fill("沟上周已经清了，有照片为证")
    cadre.page.locator("[data-test=appeal]").click()
    expect(cadre.page.locator("[data-test=sent]")).to_contain_text("已存本机")
    cadre.offline(False)
    sync_now(cadre)
    cadre.page.goto(f"{cadre.address}/#/finding/{finding}")
    expect(cadre.page.locator("[data-test=steps]")).to_contain_text("沟上周已经清了")


def rectify(cadre: PhoneApp, finding: str) -> None:
    """Reports it with a photo of the same slot; without one it cannot be sent."""
    cadre.page.goto(f"{cadre.address}/#/finding/{finding}")
    cadre.page.locator("textarea").fill("重新拍了，是这户的正面")
    expect(cadre.page.locator("[data-test=claim]")).to_be_disabled()
    shoot(cadre)
    cadre.page.locator("[data-test=claim]").click()
    expect(cadre.page.locator("[data-test=steps]")).to_contain_text("重新拍了", timeout=60_000)


def look_on_the_spot(demo: Demo, office: Office, finding: str) -> str:
    """The other one of the office goes there with the form; answers the check's instance id."""
    household = office.get(f"/findings/{finding}")["household"]["id"]
    [form] = [one for one in office.get("/forms") if one["form_id"] == "rectification_check"]
    instance = f"uuid:{uuid.uuid4()}"
    xml = (
        f'<data id="rectification_check" version="{form["version"]}"><household>{household}</household>'
        f"<closing><verified>yes</verified></closing><meta><instanceID>{instance}</instanceID></meta></data>"
    )
    phone = QuietPhone(demo, OTHER_OFFICE)
    times = {"started_at": f"{today()}T08:00:00+08:00", "ended_at": f"{today()}T08:10:00+08:00"}
    op = phone.op(
        "submission", instance_id=instance, form_id="rectification_check", form_version=form["version"],
        instance_xml=xml, visit={**times, "contact_mode": "in_person"}, entities=[], attachments=[],
    )  # fmt: skip
    assert phone.send(op)[0]["status"] == "applied"
    return instance


def take_step(page: Page, step: str, **fields: str) -> None:
    if page.locator(f"[data-step={step}]").count():
        page.locator(f"[data-test=act] [data-step={step}]").click()
    for name, value in fields.items():
        page.locator(f"[data-test=act] [data-test={name}]").fill(value)
    page.locator("[data-test=take]").click()


def test_the_village_appeals_one_and_puts_another_right_and_somebody_else_closes(
    page: Page, demo: Demo, cadre: PhoneApp
) -> None:
    """Proves the whole way in real browsers, and that closing one's own fails and is in the audit."""
    office, admin = Office(demo, SUPERVISOR), Office(demo, ADMIN)
    village = village_of(admin, CADRE)
    sign_in(page, demo.address, SUPERVISOR)
    name = office.get(f"/entities?dataset=household&region={village}&limit=1")["items"][0]["label"]
    appealed = open_by_hand(page, name, village, demo.address)
    photo = open_from_photo(page, demo, office, village)
    sync_now(cadre)
    appeal_offline(cadre, appealed)
    own = office.step(appealed, "uphold", text="成立")
    assert (own.status_code, own.json()["code"]) == (403, "finding.own")

    cadre.page.goto(f"{cadre.address}/#/finding/{photo}")
    cadre.page.locator("[data-test=accept]").click()
    expect(cadre.page.locator("[data-test=steps]")).to_be_visible(timeout=60_000)
    page.reload()
    take_step(page, "order", due=IN_A_WEEK, lead="住建所", partner="村委会")
    expect(page.locator("[data-test=finding]")).to_have_attribute("data-state", "rectifying")
    sync_now(cadre)
    rectify(cadre, photo)

    check = look_on_the_spot(demo, office, photo)
    other = Office(demo, OTHER_OFFICE)
    assert other.step(photo, "verify", check=check).json()["state"] == "verified"
    assert office.step(photo, "close").json()["code"] == "finding.own"
    assert other.step(photo, "close").json()["state"] == "closed"
    page.reload()
    expect(page.locator("[data-test=finding]")).to_have_attribute("data-state", "closed")
    expect(page.locator("[data-test=after] img")).to_be_visible()
    refused = list(admin.get("/audit?kind=finding.refused")["items"])
    assert {one["subject"] for one in refused} >= {appealed, photo}
