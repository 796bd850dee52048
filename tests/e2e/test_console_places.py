"""Where a household stands, at the desk: all its places, the suggested one, one by hand; batches in another datum."""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from server.app import create_app
from server.commands.upkeep import keep_up
from server.config import settings_from
from server.geo.datum import from_wgs84
from tests.e2e.desk import ADMIN, AUDITOR, session, sign_in
from tests.e2e.quiet_phone import QuietPhone
from tests.e2e.running import Demo

pytestmark = pytest.mark.browser
WEST = "990101101000"  # a township whose numbers no other test of the console counts
METRE = 1e-5  # of a degree, nearly


@dataclass(frozen=True)
class Visited:
    """A phone with a household that it visited four times, 60 m from its place."""

    household: dict[str, Any]
    install: str


def households(demo: Demo) -> list[dict[str, Any]]:
    """Those with a place, always in the same order."""
    desk, _ = session(demo, ADMIN)
    asked = {"dataset": "household", "limit": 60, "region": WEST}
    items = desk.get(f"{demo.address}/api/v1/entities", params=asked).json()["items"]
    return sorted((one for one in items if one.get("location") and not one["contested"]), key=lambda one: one["id"])


def places(demo: Demo, household: str) -> dict[str, Any]:
    desk, _ = session(demo, ADMIN)
    told: dict[str, Any] = desk.get(f"{demo.address}/api/v1/entities/{household}/places").json()
    return told


def moved(one: dict[str, Any], east: float = 0, north: float = 0) -> tuple[float, float]:
    return float(one["location"]["lon"]) + east * METRE, float(one["location"]["lat"]) + north * METRE


def visit(phone: QuietPhone, household: dict[str, Any], at: tuple[float, float]) -> dict[str, Any]:
    """A visit that says nothing but where the phone was."""
    instance, fix = f"uuid:{uuid.uuid4()}", {"accuracy_m": "8", "datum": "WGS84", "source": "gps"}
    xml = (
        '<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="contact_attempt" version="2026120101">'
        f"<household>{household['id']}</household><meta><instanceID>{instance}</instanceID>"
        f'<entity dataset="household" id="{household["id"]}" update="1"/></meta></data>'
    )
    location = {**fix, "lon": f"{at[0]:.7f}", "lat": f"{at[1]:.7f}", "fix_time": "2026-11-21T01:00:00Z"}
    entity = {"dataset": "household", "id": household["id"], "base_version": household["version"], "base": {}}
    return phone.op(
        "submission", instance_id=instance, attachments=[], entities=[entity],
        form_id="contact_attempt", form_version="2026120101", instance_xml=xml,
        visit={"started_at": "2026-11-21T09:00:00+08:00", "contact_mode": "in_person", "location": location},
    )  # fmt: skip


def send(demo: Demo, visited: Sequence[tuple[dict[str, Any], tuple[float, float]]]) -> str:
    """From a new phone of the admin's; its install."""
    phone = QuietPhone(demo, ADMIN)
    results = phone.send(*(visit(phone, one, at) for one, at in visited))
    assert {result["status"] for result in results} <= {"applied", "merged"}, results
    return phone.install


@pytest.fixture(scope="module")
def visited(demo: Demo) -> Visited:
    household = households(demo)[0]
    return Visited(household, send(demo, [(household, moved(household, 60 + n, n % 2 * 3)) for n in range(4)]))


@pytest.fixture(scope="module")
def shifted(demo: Demo) -> str:
    """The install of a phone whose fixes are GCJ-02 and say WGS-84; the worker's look has been taken."""

    def gcj02(one: dict[str, Any]) -> tuple[float, float]:
        lon, lat = from_wgs84(*moved(one), "gcj02")
        return float(lon), float(lat)

    install = send(demo, [(one, gcj02(one)) for one in households(demo)[5:12]])
    app = create_app(settings_from({"RUHU_VAR": str(demo.var), "RUHU_DATABASE_URL": demo.database_url}))
    with app.app_context():
        keep_up()
    return install


def open_place(page: Page, demo: Demo, household: str) -> None:
    page.goto(f"{demo.address}/console/#/households/{household}/place")
    expect(page.locator("[data-test=place-page] .box[data-ready=true]")).to_be_visible(timeout=30_000)


def test_a_place_is_suggested_accepted_moved_by_hand_and_never_over_a_faster_one(
    page: Page, demo: Demo, visited: Visited
) -> None:
    """Proves that each step is on the server as it is on screen, and that a place set meanwhile stops the next one."""
    complaints: list[str] = []
    id = visited.household["id"]
    sign_in(page, demo.address, ADMIN)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.goto(f"{demo.address}/console/#/map?household={id}")
    page.locator("[data-test=household] [data-test=to-places]").click()
    expect(page.locator("[data-test=place-page] .box[data-ready=true]")).to_be_visible(timeout=30_000)
    rows = page.locator("[data-test=places] li")
    before = rows.count()
    suggestion = places(demo, id)["suggestion"]
    expect(page.locator("[data-test=suggestion]")).to_contain_text("取 4 次走访定位的中间位置")

    page.locator("[data-test=accept]").focus()
    page.keyboard.press("Enter")
    page.locator("[data-test=send-accept]").click()
    expect(page.get_by_role("alert")).to_contain_text("请写上原因")
    page.fill("[data-test=accept-reason]", "四次定位一致")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-test=said]")).to_contain_text("已保存")
    expect(rows).to_have_count(before + 1)
    expect(rows.first).to_contain_text("按推荐定的：4 次定位")
    newest = places(demo, id)["items"][0]
    assert (newest["state"], newest["reason"]) == ("shown", "四次定位一致")
    assert newest["wgs84"]["lon"] == suggestion["place"]["lon"]

    page.locator("[data-test=by-hand]").click()
    page.locator("[data-mark=draft]").focus()
    page.keyboard.press("Shift+ArrowUp")
    north = float(page.input_value("input[name=lat]"))
    assert (north - float(newest["wgs84"]["lat"])) * 111_200 == pytest.approx(10, abs=0.3)
    page.fill("textarea[name=reason]", "图上看得清这座房")
    rival(demo, id)
    page.locator("[data-test=save-pin]").click()
    expect(page.locator("[data-test=said]")).to_contain_text("位置又变了")
    expect(rows).to_have_count(before + 2)
    assert "别人更快" in rows.first.inner_text() and len(places(demo, id)["items"]) == before + 2
    page.locator("[data-test=save-pin]").click()
    expect(page.locator("[data-test=said]")).to_contain_text("已保存")
    newest = places(demo, id)["items"][0]
    assert float(newest["wgs84"]["lat"]) == pytest.approx(north, abs=2e-7)
    assert (newest["place"]["source"], newest["reason"]) == ("manual_pin", "图上看得清这座房")
    assert complaints == []


def rival(demo: Demo, household: str) -> None:
    """Somebody at another desk sets the place."""
    desk, told = session(demo, ADMIN)
    now = places(demo, household)
    spot = {**now["items"][0]["wgs84"], "datum": "wgs84", "source": "corrected"}
    body = {"place": spot, "reason": "别人更快", "base_version": now["version"]}
    headers = {"X-CSRF-Token": told["csrf_token"]}
    answer = desk.post(f"{demo.address}/api/v1/entities/{household}/places", json=body, headers=headers)
    assert answer.json()["status"] == "applied", answer.text


def test_degrees_in_another_datum_are_typed_and_stand_in_wgs84(page: Page, demo: Demo) -> None:
    household = households(demo)[2]
    lon, lat = (float(part) for part in from_wgs84(*moved(household, 15), "gcj02"))
    sign_in(page, demo.address, ADMIN)
    open_place(page, demo, household["id"])
    page.locator("[data-test=by-hand]").click()
    page.fill("input[name=lon]", "207.5")
    page.fill("textarea[name=reason]", "地图软件上看的")
    page.locator("[data-test=save-pin]").click()
    expect(page.get_by_role("alert")).to_contain_text("经度是")
    page.fill("input[name=lon]", f"{lon:.7f}")
    page.fill("input[name=lat]", f"{lat:.7f}")
    page.select_option("select[name=datum]", "gcj02")
    expect(page.locator("[data-mark=draft]")).to_have_count(0)
    expect(page.locator("[data-test=beside]")).to_contain_text(re.compile("村"))
    page.locator("[data-test=save-pin]").click()
    expect(page.locator("[data-test=places] li").first).to_contain_text("按 GCJ-02（高德、腾讯地图） 写的是")
    newest = places(demo, household["id"])["items"][0]
    assert float(newest["wgs84"]["lon"]) == pytest.approx(moved(household, 15)[0], abs=2e-7)


def test_who_may_not_write_sees_the_places_and_no_button(page: Page, demo: Demo, visited: Visited) -> None:
    sign_in(page, demo.address, AUDITOR)
    open_place(page, demo, visited.household["id"])
    expect(page.locator("[data-test=places] li").first).to_be_visible()
    expect(page.locator("[data-test=place-page]")).to_contain_text("您的身份只能看")
    expect(page.locator("[data-test=by-hand], [data-test=accept]")).to_have_count(0)


def test_a_batch_in_another_datum_is_asked_about_and_answered(page: Page, demo: Demo, shifted: str) -> None:
    """Proves that the notice leads to the numbers of the batch, and that the word stands on the server."""
    sign_in(page, demo.address, ADMIN)
    page.goto(f"{demo.address}/console/#/photos")
    page.locator("[data-test=doubt-notice] a").click()
    card = page.locator("[data-test=doubt]").filter(has_text=shifted)
    expect(card).to_contain_text("7 户（至少 5 户才比）")
    expect(card).to_contain_text(re.compile("约 \\d+ 米，朝东南"))
    card.locator("[data-word=explained]").click()
    expect(page.get_by_role("alert")).to_contain_text("请先写上")
    card.locator("[data-test=doubt-note]").fill("用地图软件选的点")
    card.locator("[data-word=explained]").press("Enter")
    expect(page.locator("[data-test=said]")).to_contain_text("已说明")
    expect(card).to_have_count(0)
    page.select_option("[data-test=doubt-state]", "explained")
    expect(card.locator("[data-test=word]")).to_contain_text("用地图软件选的点")
    desk, _ = session(demo, AUDITOR)
    told = desk.get(f"{demo.address}/api/v1/datum-doubts", params={"state": "explained"}).json()["items"]
    assert [one["word"]["note"] for one in told if one["install_id"] == shifted] == ["用地图软件选的点"]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_at_1024_pixels_nothing_lies_outside_the_window(
    page: Page, demo: Demo, visited: Visited, shifted: str, language: str
) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    sign_in(page, demo.address, ADMIN)
    if language == "en":
        page.click("[data-test=language]")
    open_place(page, demo, visited.household["id"])
    page.locator("[data-test=by-hand]").click()
    told = page.inner_text("main")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    page.goto(f"{demo.address}/console/#/photos/datums?state=explained")
    expect(page.locator("[data-test=datums] h1")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    for part in ("spot.", "byhand.", "offer.", "doubt.", "datum."):
        assert part not in told + page.inner_text("main")
    if language == "en":
        page.click("[data-test=language]")
