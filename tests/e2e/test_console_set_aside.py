"""What could not be entered, at the desk: read, applied, placed in a village, dismissed; and questions with answers."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, expect

from server.demo.words import CADRES
from tests.e2e.desk import ADMIN, SUPERVISOR, session
from tests.e2e.quiet_phone import QuietPhone
from tests.e2e.running import Demo

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("supervisor")]
CADRE, CADRE_NAME = CADRES[0]
REASON = "问过村委会"
BROKEN = b'{"op_id":"%s","kind":"submission","note":"\xff\xfe"}'


@dataclass
class Phone(QuietPhone):
    """A cadre's, that visits this household."""

    household: dict[str, Any] = field(default_factory=dict)

    def visit(self, region: str = "", base_version: int | None = None, **more: Any) -> dict[str, Any]:
        """A visit of the household that says nothing but its village."""
        instance, household = f"uuid:{uuid.uuid4()}", self.household
        facts = f"<facts><region>{region}</region></facts>" if region else ""
        xml = (
            '<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="household_visit" '
            f'version="2026120101"><household>{household["id"]}</household>{facts}<meta><instanceID>{instance}'
            f'</instanceID><entity dataset="household" id="{household["id"]}" update="1"/></meta></data>'
        )
        base = household["version"] if base_version is None else base_version
        entity = {"dataset": "household", "id": household["id"], "base_version": base, "base": {}}
        spoken = {"form_id": "household_visit", "form_version": "2026120101", "instance_xml": xml, "attachments": []}
        seen = {"started_at": "2026-11-21T09:00:00+08:00", "contact_mode": "in_person"}
        return self.op("submission", instance_id=instance, entities=[entity], visit=seen, **{**spoken, **more})


@pytest.fixture(scope="module")
def phone(demo: Demo) -> Phone:
    phone = Phone(demo, CADRE)
    asked = {"dataset": "household", "limit": 40}
    address = f"{demo.address}/api/v1/entities"
    items = requests.get(address, params=asked, headers=phone.headers, timeout=30).json()["items"]
    phone.household = next(one for one in items if not one["contested"] and "-" in one["region"])
    return phone


def told(demo: Demo, path: str, username: str = SUPERVISOR) -> Any:
    return session(demo, username)[0].get(f"{demo.address}/api/v1{path}").json()


def row_of(demo: Demo, op: dict[str, Any]) -> dict[str, Any]:
    rows: list[dict[str, Any]] = told(demo, "/quarantine?limit=100")["items"]
    return next(one for one in rows if one["op_id"] == op["op_id"])


def open_row(page: Page, name: str, row_id: str) -> None:
    page.get_by_role("link", name=name, exact=True).click()
    page.locator(f"[data-row='{row_id}']").click()


def test_a_visit_of_an_unknown_village_is_entered_in_the_one_that_is_chosen(
    page: Page, demo: Demo, phone: Phone
) -> None:
    """Proves with the keyboard alone: tried as it is, refused with the reason in words, then placed with a reason."""
    op = phone.visit(region="nowhere")
    assert phone.send(op)[0]["code"] == "region.unknown"
    row = row_of(demo, op)
    open_row(page, "搁置", row["id"])
    pane = page.locator("[data-test=aside]")
    for text in ("不知道这户属于哪个村组", CADRE_NAME, phone.install, phone.household["label"], "nowhere"):
        expect(pane).to_contain_text(text)
    page.locator("[data-test=apply]").press("Enter")
    expect(pane.get_by_role("alert")).to_contain_text("还是不能录入：不知道这户属于哪个村组")
    expect(page.locator(f"[data-row='{row['id']}']")).to_be_visible()
    village = phone.household["region"]  # its own group: nothing moves for other tests
    place = next(one for one in told(demo, "/regions")["items"] if one["code"] == village)
    box = page.locator("[data-test=village] input").first
    box.click()
    box.press_sequentially(place["names"]["zh"])
    page.locator(".el-cascader__suggestion-item").first.wait_for()
    box.press("ArrowDown")
    page.keyboard.press("Enter")
    page.locator("[data-test=apply]").press("Enter")
    expect(pane.get_by_role("alert")).to_contain_text("请先写上原因")
    page.fill("[data-test=reason]", REASON)
    page.locator("[data-test=apply]").press("Enter")
    expect(page.locator("[data-test=said]")).to_contain_text(CADRE_NAME)
    expect(page.locator(f"[data-row='{row['id']}']")).to_have_count(0)
    decision = told(demo, f"/quarantine/{row['id']}")["decision"]
    assert (decision["region"], decision["reason"]) == (village, REASON)
    page.locator("[data-state=applied]").click()
    page.locator(f"[data-row='{row['id']}']").click()
    for text in (decision["by"]["display_name"], REASON, place["names"]["zh"]):
        expect(page.locator("[data-test=decision]")).to_contain_text(text)


def test_what_is_no_text_is_downloaded_exactly_and_can_only_be_dismissed_with_a_reason(
    page: Page, demo: Demo, phone: Phone
) -> None:
    raw = BROKEN % str(uuid.uuid4()).encode()
    row_id = phone.push(raw)[0]["detail"]
    open_row(page, "搁置", row_id)
    expect(page.locator("[data-test=aside]")).to_contain_text("收到的内容读不了")
    expect(page.locator("[data-test=apply]")).to_have_count(0)
    with page.expect_download() as download:
        page.click("[data-test=download]")
    assert Path(download.value.path()).read_bytes() == raw
    page.click("[data-test=dismiss]")
    expect(page.get_by_role("alert")).to_contain_text("请先写上原因")
    page.fill("[data-test=reason]", "重新填过了")
    page.click("[data-test=dismiss]")
    expect(page.locator("[data-test=said]")).to_be_visible()
    assert told(demo, f"/quarantine/{row_id}")["decision"]["reason"] == "重新填过了"


def test_a_row_and_its_reason_stay_when_the_line_breaks(page: Page, demo: Demo, phone: Phone) -> None:
    op = phone.visit(base_version=999)
    assert phone.send(op)[0]["code"] == "entity.base_unknown"
    row = row_of(demo, op)
    open_row(page, "搁置", row["id"])
    page.fill("[data-test=reason]", REASON)
    page.route("**/quarantine/*/apply", lambda route: route.abort())
    page.click("[data-test=apply]")
    expect(page.locator("[data-test=ways]").get_by_role("alert")).to_contain_text("连不上服务器")
    assert page.input_value("[data-test=reason]") == REASON
    page.unroute("**/quarantine/*/apply")
    page.click("[data-test=apply]")
    expect(page.locator("[data-test=said]")).to_contain_text("已录入")
    assert row_of(demo, op)["state"] == "applied"


def test_what_waits_for_another_is_let_through_without_it(page: Page, demo: Demo, phone: Phone) -> None:
    op = phone.visit(depends_on=[str(uuid.uuid4())])
    assert phone.send(op)[0]["status"] == "held"
    page.goto(f"{demo.address}/console/#/set-aside?state=held")
    page.locator(f"[data-row='{op['op_id']}']").click()
    expect(page.locator("[data-test=held]")).to_contain_text(op["depends_on"][0])
    page.click("[data-test=apply]")
    expect(page.locator("[data-test=said]")).to_be_visible()
    assert op["op_id"] not in [one["op_id"] for one in told(demo, "/held")["items"]]


def test_a_question_is_seen_with_its_answer_and_asked_again(page: Page, demo: Demo, phone: Phone) -> None:
    visit = phone.visit()
    assert phone.send(visit)[0]["status"] in ("applied", "merged")
    desk, signed_in = session(demo, SUPERVISOR)
    address = f"{demo.address}/api/v1/submissions/{visit['instance_id']}/questions"
    asked = desk.post(address, json={"text": "屋顶漏不漏？"}, headers={"X-CSRF-Token": signed_in["csrf_token"]}).json()
    open_row(page, "提问", asked["id"])
    pane = page.locator("[data-test=question]")
    expect(pane).to_contain_text("还没有回答")
    expect(pane.get_by_role("link", name=phone.household["label"])).to_be_visible()
    page.fill("[data-test=words]", "哪一间？")
    page.keyboard.press("Control+Enter")
    expect(page.locator("[data-test=said]")).to_contain_text(CADRE_NAME)
    expect(page.locator("[data-test=rows]")).to_contain_text("哪一间？")
    answer = phone.op("answer", question_id=asked["id"], text="不漏", attachments=[])
    assert phone.send(answer)[0]["status"] == "applied"
    page.locator("[data-state=answered]").click()
    page.locator(f"[data-row='{asked['id']}']").click()
    expect(page.locator("[data-test=given]")).to_contain_text("不漏")
    page.get_by_role("link", name="看这次走访").click()
    expect(page).to_have_url(re.compile(visit["instance_id"].removeprefix("uuid:")))


def test_the_list_holds_what_the_server_gives_for_the_own_area(page: Page, demo: Demo, phone: Phone) -> None:
    own = {one["id"] for one in told(demo, "/quarantine?limit=100&state=open")["items"]}
    page.get_by_role("link", name="搁置", exact=True).click()
    page.locator("[data-test=set-aside]").wait_for()
    page.locator("[data-row], .state.empty").first.wait_for()
    assert {row.get_attribute("data-row") for row in page.locator("[data-row]").all()} == own
    assert own <= {one["id"] for one in told(demo, "/quarantine?limit=100&state=open", ADMIN)["items"]}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_at_1024_pixels_both_pages_fit_and_speak_the_language(
    page: Page, demo: Demo, phone: Phone, language: str
) -> None:
    op = phone.visit(region=f"nowhere-{language}")
    phone.send(op)
    page.set_viewport_size({"width": 1024, "height": 768})
    if language == "en":
        page.click("[data-test=language]")
    open_row(page, "Set aside" if language == "en" else "搁置", row_of(demo, op)["id"])
    expect(page.locator("[data-test=village]")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert "aside." not in page.inner_text("main")
    page.get_by_role("link", name="Questions" if language == "en" else "提问", exact=True).click()
    page.locator("[data-test=questions] [data-row]").first.click()
    page.locator("[data-test=question]").wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert "asked." not in page.inner_text("main")
