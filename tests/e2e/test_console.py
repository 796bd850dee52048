"""A supervisor at the desk: finds the visits of the own area, reads one whole, and sees no other."""

from __future__ import annotations

import hashlib
import re
from typing import Any
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.desk import ADMIN, SUPERVISOR, session
from tests.e2e.running import Demo

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("supervisor")]


def visits(demo: Demo, username: str, **query: Any) -> list[dict[str, Any]]:
    desk, _ = session(demo, username)
    answer = desk.get(f"{demo.address}/api/v1/submissions", params={"limit": 500, **query})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def open_visit(page: Page, demo: Demo, instance_id: str) -> None:
    page.goto(f"{demo.address}/console/#/visits/{quote(instance_id, safe=':')}")


def test_the_list_is_worked_with_the_keyboard_and_shows_the_own_area_alone(page: Page, demo: Demo) -> None:
    page.get_by_role("link", name="记录").click()
    rows = page.locator("tbody tr[data-id]")
    expect(rows.first).to_be_visible()
    own = [visit["instance_id"] for visit in visits(demo, SUPERVISOR)]
    assert [row.get_attribute("data-id") for row in rows.all()] == own[:100]
    assert len(own) < len(visits(demo, ADMIN))
    rows.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("[data-test=facts]")).to_be_visible()
    assert quote(own[2], safe=":") in page.url
    page.keyboard.press("Escape")
    expect(page.locator("tr[aria-selected=true]")).to_have_attribute("data-id", own[2])


def test_a_visit_shows_changes_photo_answers_and_the_map(page: Page, demo: Demo) -> None:
    """Proves that the photo is really drawn, the map really made, and what changed is what the server says."""
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if request.url.startswith("http") else None)
    told = _changed_visit(demo)
    open_visit(page, demo, told["instance_id"])
    expect(page.locator("h1")).to_have_text(told["household"]["label"])
    field = next(field for field in told["records"][0]["fields"] if field["changed"])
    row = page.locator(f"[data-test=changes] tr[data-property={field['property']}]").first
    expect(row.locator(".after strong")).to_contain_text(field["after"]["display"]["zh"])
    photo = page.locator("[data-test=photo]")
    expect(photo).to_be_visible()
    page.wait_for_function("document.querySelector('[data-test=photo]').naturalWidth > 600")
    expect(page.locator(".box[data-ready=true]")).to_be_visible()
    for mark in ("visit", "house", "photo"):
        expect(page.locator(f"[data-mark={mark}]").first).to_be_visible()
    expect(page.locator("[data-test=place]").first).to_contain_text("米")
    expect(page.locator("[data-test=answers] [data-path]")).to_have_count(len(told["answers"]))
    assert complaints == []
    assert hosts == {demo.address.split("/")[2]}


def _changed_visit(demo: Demo) -> dict[str, Any]:
    """A visit of the supervisor's area with a change, a place and photos that are ready."""
    desk, _ = session(demo, SUPERVISOR)
    for visit in visits(demo, SUPERVISOR, has_photo=1):
        told: dict[str, Any] = desk.get(f"{demo.address}/api/v1/submissions/{visit['instance_id']}").json()
        ready = all(file["photo_state"] == "ready" for file in told["attachments"])
        if ready and told["map"]["position"] and any(field["changed"] for field in told["records"][0]["fields"]):
            return told
    raise AssertionError("The demo has no such visit.")


def test_the_original_photo_is_byte_for_byte_what_was_announced(demo: Demo) -> None:
    desk, _ = session(demo, SUPERVISOR)
    for file in _changed_visit(demo)["attachments"]:
        original = desk.get(f"{demo.address}/api/v1/photos/{file['id']}?size=original")
        assert hashlib.sha256(original.content).hexdigest() == file["sha256"]


def test_a_photo_that_has_not_arrived_says_so(page: Page, demo: Demo) -> None:
    missing = visits(demo, SUPERVISOR, photos="missing")[0]
    open_visit(page, demo, missing["instance_id"])
    page.locator("[data-test=photos] .strip button", has_text="…").first.click()
    expect(page.locator("[data-test=photos]")).to_contain_text("照片还没有传到。手机有网时会接着传。")


def test_a_foreign_visit_is_not_found_at_its_address(page: Page, demo: Demo) -> None:
    own = {visit["instance_id"] for visit in visits(demo, SUPERVISOR)}
    foreign = next(visit for visit in visits(demo, ADMIN) if visit["instance_id"] not in own)
    open_visit(page, demo, foreign["instance_id"])
    expect(page.get_by_role("alert")).to_contain_text("没有找到，或者不在您的区域里。")
    assert foreign["household"]["label"] not in page.content()


def test_filters_live_in_the_address_and_survive_a_reload(page: Page, demo: Demo) -> None:
    household = visits(demo, SUPERVISOR)[0]["household"]
    page.goto(f"{demo.address}/console/#/visits")
    page.fill("[data-test=q]", household["household_no"])
    page.keyboard.press("Enter")
    expect(page.locator("tbody tr[data-id]").first).to_contain_text(household["label"])
    assert f"q={household['household_no']}" in page.url
    page.reload()
    expect(page.locator("tbody tr[data-id]").first).to_contain_text(household["label"])
    expect(page.locator("[data-test=q]")).to_have_value(household["household_no"])
    page.fill("[data-test=q]", "没有这一户")
    page.keyboard.press("Enter")
    expect(page.get_by_text("没有符合这些条件的记录。")).to_be_visible()


def test_every_number_of_the_overview_leads_to_a_list_of_that_length(page: Page, demo: Demo) -> None:
    page.locator("[data-test=overview] tr.total a").first.wait_for()
    cells = page.locator("[data-test=overview] tbody td a")
    links = [(cell.inner_text(), cell.get_attribute("href") or "") for cell in cells.all()]
    assert {"visits", "households", "differences"} <= {href.partition("#/")[2].partition("?")[0] for _, href in links}
    links += _of_charts(page)
    for number, href in links:
        page.goto(f"{demo.address}/console/{href.removeprefix('/console/')}")
        counted = re.compile(rf"(^|\D){min(int(number), 100)} [条户处个台]")  # a list shows its first hundred
        expect(page.locator("main [role=status]").filter(has_text=counted).first).to_be_visible()


def _of_charts(page: Page) -> list[tuple[str, str]]:
    """The newest numbers below each chart, and those of the whole area's phones, but the sum of what waits in them."""
    page.locator("[data-test=health] tr.total a").first.wait_for()
    found = page.locator("[data-test=health] tr.total td:not([data-key=outbox]) a").all()
    for chart in ("visits", "visited", "open"):
        page.locator(f"[data-chart={chart}] summary").click()
        numbers = page.locator(f"[data-chart={chart}] tbody td a")
        numbers.first.wait_for()
        found.append(numbers.first if chart != "open" else numbers.last)
    return [(cell.inner_text(), cell.get_attribute("href") or "") for cell in found]


def test_a_chart_says_its_numbers_and_leads_to_an_area_and_to_a_list(page: Page) -> None:
    """Proves that a chart is drawn under the content security policy and is words to a screen reader."""
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.reload()
    drawn = page.locator("[data-chart=visits] [role=img] svg path")
    drawn.first.wait_for(state="attached")
    words = page.locator("[data-chart=visits] [role=img]").get_attribute("aria-label") or ""
    page.locator("[data-chart=visits] summary").click()
    last = page.locator("[data-chart=visits] tbody td").last.inner_text()
    assert words.endswith(last), words
    page.locator("[data-chart=compare] summary").click()
    first = page.locator("[data-chart=compare] tbody th a").first
    name = first.inner_text()
    first.click()
    expect(page.locator("h1")).to_contain_text(name)
    assert complaints == []


def test_the_language_changes_at_once_and_stays(page: Page) -> None:
    page.click("[data-test=language]")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Visits in")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.reload()
    expect(page.get_by_role("link", name="Visits", exact=True)).to_be_visible()


def test_signing_out_ends_the_session_and_a_forged_request_is_refused(page: Page, demo: Demo) -> None:
    """Proves that the cookie alone changes nothing: without the CSRF token even signing out is refused."""
    forged = "fetch('/api/v1/auth/logout', {method: 'POST'}).then(answer => answer.status)"
    assert page.evaluate(forged) == 403
    page.get_by_role("button", name="退出").click()
    page.wait_for_selector("input[name=password]")
    assert page.evaluate("fetch('/api/v1/submissions').then(answer => answer.status)") == 401
    page.goto(f"{demo.address}/console/#/visits")
    page.wait_for_selector("input[name=password]")


def test_at_1024_pixels_nothing_lies_outside_the_window(page: Page, demo: Demo) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    for address in ("", "visits", f"visits/{_changed_visit(demo)['instance_id']}"):
        page.goto(f"{demo.address}/console/#/{address}")
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024
