"""Findings that the office opens by hand and from a photo; the way to their closing: test_inspection_story.py."""

from __future__ import annotations

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.e2e.desk import ADMIN, SUPERVISOR, session, sign_in
from tests.e2e.running import Demo

pytestmark = pytest.mark.browser

CADRE = "cao.shu"


def village_of(desk: requests.Session, api: str) -> str:
    """The village of this cadre, as the demo has it."""
    people = desk.get(f"{api}/people?role=cadre&q={CADRE}").json()["items"]
    found: str = next(role["region"] for one in people if one["username"] == CADRE for role in one["roles"])
    return found


def open_with(page: Page, words: str) -> str:
    """Fills the open form and sends it; answers the finding's id."""
    page.locator("[data-test=text]").fill(words)
    page.locator("[data-test=open]").click()
    shown = page.locator("[data-test=finding]")
    expect(shown).to_have_attribute("data-state", "opened")
    return str(shown.get_attribute("data-id"))


def test_a_finding_is_opened_by_hand_and_from_a_photo_and_the_opener_decides_nothing(page: Page, demo: Demo) -> None:
    """By hand about a household that is looked for by name; from a photo once its reason to look was confirmed."""
    api = f"{demo.address}/api/v1"
    admin, _ = session(demo, ADMIN)
    village = village_of(admin, api)
    office, told = session(demo, SUPERVISOR)
    office.headers["X-CSRF-Token"] = told["csrf_token"]
    sign_in(page, demo.address, SUPERVISOR)
    name = office.get(f"{api}/entities?dataset=household&region={village}&limit=1").json()["items"][0]["label"]
    page.goto(f"{demo.address}/console/#/findings?area={village}&open=")
    page.locator("[data-test=where]").fill(name)
    page.locator("[data-household]").first.click()
    open_with(page, "院门口的排水沟堵了")
    expect(page.locator("[data-test=act]")).to_contain_text("自己提出的")

    looks = office.get(f"{api}/evidence?limit=500&region={village}").json()["items"]
    photo = next(one["id"] for one in looks if one["author"]["username"] != SUPERVISOR and one["entity_id"])
    assert office.post(f"{api}/evidence/{photo}/verdict", json={"verdict": "confirmed", "note": "不是这户的房子"}).ok
    page.goto(f"{demo.address}/console/#/photos/{photo}?area={village}")
    page.locator("[data-test=to-finding]").click()
    finding = open_with(page, "照片不是这户的房子，请重新拍")
    shown = office.get(f"{api}/findings/{finding}").json()
    assert (shown["photo_id"], shown["may"]) == (photo, [])
