"""An inspection in one walk, in real browsers: drawn in public, visited blind and offline, compared, put right, closed.

What nobody may do is tried on the way (to look early, to draw again, to pass over a reserve, to close one's own): it
fails, and stands in the audit.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import requests
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.case_records import Filling
from tests.e2e.desk import ADMIN, session, sign_in
from tests.e2e.forms_county import case_named, fill, save
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PASSWORD, PHONE, Demo, chromium
from tests.inspection.finding_desk import in_a_week

pytestmark = pytest.mark.browser

INSPECTOR, TOWNSHIP = "wei.duo", "990101200000"
DICE = "16180339887498948482"
NAME, ENGLISH = "第四季度入户抽查", "Fourth quarter"
# The notice says these, and nobody types them again; the day is today's.
KNOWN = ("/data/finding/", "/data/visit_date")
# What the audit says of attempts that failed.
TRIED = {
    "inspection": ("抽查里的操作没有办成", "想看抽查中不能看的内容，没有给看"),
    "finding": ("问题：这一步没有办成",),
}


class Office:
    """A desk, or a phone's token, without a browser."""

    def __init__(self, demo: Demo, username: str) -> None:
        self.base = f"{demo.address}/api/v1"
        self.session, told = session(demo, username)
        self.session.headers["X-CSRF-Token"] = told["csrf_token"]

    def get(self, path: str) -> Any:
        answer = self.session.get(f"{self.base}{path}")
        assert answer.ok, answer.text
        return answer.json()

    def refused(self, path: str, body: dict[str, Any] | None = None) -> tuple[int, str]:
        url = f"{self.base}{path}"
        answer: requests.Response = self.session.get(url) if body is None else self.session.post(url, json=body)
        return answer.status_code, answer.json()["code"]


@pytest.fixture
def phones(demo: Demo, playwright: Playwright, tmp_path: Path) -> Iterator[Any]:
    """Opens the phone of somebody; all are closed at the end, and none reported an error."""
    with ExitStack() as stack:
        opened: list[PhoneApp] = []

        def phone(username: str) -> PhoneApp:
            camera = {"permissions": ["camera"], "timezone_id": "Asia/Shanghai"}
            context = stack.enter_context(chromium(playwright, tmp_path / username, **camera, **PHONE))
            app = PhoneApp(context, demo.address)
            opened.append(app)
            app.start()
            app.sign_in(username)
            app.synced()
            return app

        yield phone
        assert [problem for app in opened for problem in app.problems] == []


def plan_and_draw(page: Page, address: str) -> str:
    """The hash stands on the screen before the dice are rolled; answers the inspection's id."""
    page.goto(f"{address}/console/#/inspections?area={TOWNSHIP}")
    page.click("[data-test=plan]")
    page.fill("[name=name_zh]", NAME)
    page.fill("[name=name_en]", ENGLISH)
    page.fill("[name=villages]", "1")
    page.fill("[name=households]", "2")
    page.fill("[name=reserves]", "2")
    page.get_by_label("入户抽查").check()
    page.click("[data-test=save]")
    page.wait_for_selector("[data-test=would-draw]")
    expect(page.locator("[data-test=preview]")).to_contain_text("最近查过，不再打扰")
    expect(page.locator("[data-test=overlaps]")).to_contain_text("年底入户抽查")
    page.click("[data-test=freeze]")
    hashed = page.locator("[data-test=frame-hash]").inner_text()
    assert re.fullmatch(r"[0-9a-f]{64}", hashed)
    page.fill("[data-test=seed]", DICE[:15])
    expect(page.locator("[data-test=do-draw]")).to_be_disabled()
    page.fill("[data-test=seed]", " ".join(DICE))
    page.click("[data-test=do-draw]")
    expect(page.locator("[data-test=drawn]")).to_contain_text("抽中")
    assert page.locator("[data-test=drawn-seed]").inner_text().replace(" ", "") == DICE
    found = re.search(r"inspections/([0-9a-f-]{36})", page.url)
    assert found is not None
    return found[1]


def send(page: Page, person: str) -> None:
    page.wait_for_selector("[data-test=task-table] tbody tr")
    page.check("[data-test=all]")
    value = page.locator("[data-test=person] option", has_text=person).get_attribute("value")
    page.select_option("[data-test=person]", value)
    page.click("[data-test=send]")
    expect(page.locator("[data-test=task-table]")).to_contain_text("已派")


def answers(form: str, case: str, known: tuple[str, ...] = ("/data/visit_date",)) -> Filling:
    filling = case_named(form, case)
    asked = [(path, value) for path, value in filling.case.answers if not path.startswith(known)]
    return Filling(replace(filling.case, answers=asked), filling.household)


def visit(app: PhoneApp, household: str, case: str) -> None:
    """Blind: the village by its name, nothing of what is on record, and no question about it to the server."""
    main = app.page.locator("main")
    app.page.goto(f"{app.address}/#/household/{household}")
    expect(app.page.locator("[data-test=lent]")).to_be_visible()
    expect(main).to_contain_text(NAME)
    expect(main).not_to_contain_text(re.compile("未填|[ABCD] ?级|Inspection|口人"))
    app.page.locator("footer button.primary", has_text="入户抽查").click()
    app.page.locator(".form-card").first.wait_for()
    app.by_section()
    app.page.locator(".form-step-line").first.click()
    fill(app, "spot_check", answers("spot_check", case))
    save(app)
    app.page.wait_for_selector(".form-finished")


def visit_offline(app: PhoneApp, households: list[str]) -> None:
    """Two households in the order of the walk, without network; only then they are sent."""
    app.offline(True)
    app.page.goto(f"{app.address}/#/")
    first = app.page.locator("a[href*='/household/']", has_text=NAME).first
    expect(first).to_contain_text(re.compile("^1"))
    expect(first).to_contain_text("村")
    visit(app, households[0], "a household answers everything, and nothing of the record shows")
    visit(app, households[1], "who declines is a refusal")
    app.offline(False)
    sync_now(app)


def sync_now(app: PhoneApp) -> None:
    app.page.goto(f"{app.address}/#/outbox")
    app.page.get_by_role("button", name="现在同步").click()
    expect(app.page.get_by_role("button", name="现在同步")).to_be_enabled(timeout=60_000)
    expect(app.page.locator(".tally .saved b")).to_have_text("0", timeout=60_000)


def raise_two(page: Page, address: str, inspection: str, household: str) -> tuple[str, str]:
    """From the verdict to one household, and two of its differences become findings; answers their ids."""
    page.goto(f"{address}/console/#/inspections/{inspection}?area={TOWNSHIP}")
    page.click("[data-test=open]")
    page.click("[data-test=to-outcome]")
    expect(page.locator("[data-code=errors] [data-test=verdict]")).to_contain_text("样本不足")
    page.locator("[data-test=questions]").get_by_role("link").first.click()
    rows = page.locator("[data-test=compared-households] tbody tr")
    expect(rows).to_have_count(1)
    page.reload()
    expect(rows).to_have_count(1)  # the address says what is on screen
    rows.first.get_by_role("link").click()
    made = []
    page.wait_for_selector("[data-test=side-by-side]")
    assert household in page.url
    differing = page.locator("tbody[data-item]", has_text="转为问题")
    for name in [one.get_attribute("data-item") for one in differing.all()[:2]]:
        item = page.locator(f"tbody[data-item={name}]")
        item.get_by_role("button", name="转为问题").click()
        item.locator("[data-test=raise]").get_by_role("button", name="转为问题").click()
        link = item.get_by_role("link", name="去看")
        made.append(re.search(r"finding=([0-9a-f-]{36})", str(link.get_attribute("href")))[1])  # type: ignore[index]
    return made[0], made[1]


def on_finding(app: PhoneApp, finding: str) -> None:
    app.page.goto(f"{app.address}/#/findings")
    app.page.locator(f"a[href='#/finding/{finding}']").click()


def step_offline(app: PhoneApp, finding: str, step: str, words: str, *, photo: bool = False) -> None:
    """Written and, where asked, photographed without network; then sent."""
    app.offline(True)
    on_finding(app, finding)
    app.page.locator("textarea").fill(words)
    if photo:
        app.page.get_by_role("button", name="拍一张附上").click()
        app.page.click(".form-shutter")
        app.page.click("text=用这张")
        app.page.locator(".photos img").wait_for()
    app.page.locator(f"[data-test={step}]").click()
    expect(app.page.locator("[data-test=sent]")).to_contain_text("已存本机")
    app.offline(False)
    sync_now(app)


def look_offline(app: PhoneApp, finding: str) -> None:
    """On the spot: the form begins with what the notice says; then it is verified, with an own photo of the place."""
    app.offline(True)
    on_finding(app, finding)
    expect(app.page.locator("[data-test=claimed]")).to_contain_text("按户口本重新登记了")
    expect(app.page.locator("[data-test=verify]")).to_have_count(0)
    app.page.click("[data-test=go]")
    app.page.locator(".form-card").first.wait_for()
    app.by_section()
    app.page.locator(".form-step-line").first.click()
    fill(app, "rectification_check", answers("rectification_check", "put right, seen on the spot", KNOWN))
    save(app)
    app.page.wait_for_selector(".form-finished")
    step_offline(app, finding, "verify", "现场看过", photo=True)


def take(page: Page, step: str, **fields: str) -> None:
    if page.locator(f"[data-test=act] [data-step={step}]").count():
        page.locator(f"[data-test=act] [data-step={step}]").click()
    for name, value in fields.items():
        page.locator(f"[data-test=act] [data-test={name}], [data-test=act] input[name={name}]").fill(value)
        if name == "due":
            page.keyboard.press("Enter")
    page.locator("[data-test=take]").click()


def stands(page: Page, state: str) -> None:
    expect(page.locator("[data-test=finding]")).to_have_attribute("data-state", state)


def order_and_send(page: Page, address: str, finding: str) -> None:
    page.goto(f"{address}/console/#/findings?area={TOWNSHIP}&finding={finding}")
    stands(page, "upheld")
    take(page, "order", due=in_a_week(), lead="乡村振兴办", partner="村委会")
    stands(page, "rectifying")


def close_at_the_desk(page: Page, address: str, finding: str) -> None:
    """The inspector's own desk: errands and findings, and no page of what is on record."""
    page.context.clear_cookies()
    page.goto(f"{address}/console/")
    page.reload()
    page.fill("input[name=username]", INSPECTOR)
    page.fill("input[name=password]", PASSWORD)
    page.click("button[type=submit]")
    expect(page.locator("[data-test=errands] tbody tr").first).to_contain_text("村")
    expect(page.locator("nav a")).to_have_count(2)
    page.goto(f"{address}/console/#/households")
    expect(page).to_have_url(re.compile("#/errands"))
    page.goto(f"{address}/console/#/findings?finding={finding}")
    stands(page, "verified")
    expect(page.locator("[data-test=checked] img")).to_be_visible()
    take(page, "close")
    stands(page, "closed")


def early(inspector: Office, admin: Office, inspection: str, household: str) -> None:
    """What the village wrote reaches neither the inspector nor, before the visits are over, the office's results."""
    visits = admin.get(f"/submissions?household={household}&limit=5")["items"]
    for path in (f"/entities/{household}", *(f"/submissions/{one['instance_id']}" for one in visits)):
        assert inspector.refused(path) == (404, "record.not_found")
    assert inspector.get("/submissions")["items"] == []
    assert admin.refused(f"/inspections/{inspection}/outcome") == (409, "inspection.not_over")


def again_and_out_of_order(admin: Office, inspection: str, task: str) -> None:
    assert admin.refused(f"/inspections/{inspection}/draw", {"seed": DICE[::-1]}) == (409, "inspection.drawn")
    reserves = admin.get(f"/inspections/{inspection}/files/draw.json")["reserves"]
    second = {"reason": "住得近", "household_id": reserves[1]["household_id"]}
    path = f"/inspections/{inspection}/tasks/{task}/substitute"
    assert admin.refused(path, second) == (422, "inspection.out_of_order")


def test_from_public_dice_to_the_closed_finding(page: Page, demo: Demo, phones: Any) -> None:
    admin, inspector = Office(demo, ADMIN), Office(demo, INSPECTOR)
    sign_in(page, demo.address, ADMIN)
    inspection = plan_and_draw(page, demo.address)
    send(page, "魏铎")
    tasks = sorted(admin.get(f"/inspections/{inspection}/tasks")["items"], key=lambda one: one["route"])
    homes = [one["household"]["id"] for one in tasks]
    early(inspector, admin, inspection, homes[0])
    wei = phones(INSPECTOR)
    visit_offline(wei, homes)
    again_and_out_of_order(admin, inspection, tasks[1]["id"])

    appealed, righted = raise_two(page, demo.address, inspection, homes[0])
    people = admin.get(f"/people?role=cadre&region={tasks[0]['village']}")["items"]
    cadre = phones(next(one["username"] for one in people if one["roles"][0]["region"] == tasks[0]["village"]))
    step_offline(cadre, appealed, "appeal", "户口本上就是这样，照片为证")
    on_finding(cadre, righted)
    cadre.page.click("[data-test=accept]")
    sync_now(cadre)
    order_and_send(page, demo.address, righted)
    sync_now(cadre)
    step_offline(cadre, righted, "claim", "按户口本重新登记了", photo=True)

    page.reload()
    stands(page, "claimed")
    page.locator("[data-test=who]").select_option(label="魏铎")
    page.click("[data-test=send-out]")
    expect(page.locator("[data-test=checks]")).to_contain_text("魏铎 还没有去")
    sync_now(wei)
    look_offline(wei, righted)
    seen = admin.get(f"/findings/{righted}")
    own = {"id": str(uuid.uuid4()), "step": "close", "seen": seen["last"]}
    assert (seen["state"], admin.refused(f"/findings/{righted}/steps", own)) == ("verified", (403, "finding.own"))
    close_at_the_desk(page, demo.address, righted)

    page.context.clear_cookies()
    page.reload()
    sign_in(page, demo.address, ADMIN)
    for kind, words in TRIED.items():
        page.goto(f"{demo.address}/console/#/audit?kind={kind}")
        for said in words:
            expect(page.locator("[data-test=entries]")).to_contain_text(said)
    peeks = {one["subject"] for one in admin.get("/audit?kind=inspection.peeked&limit=100")["items"]}
    assert peeks == {homes[0]}  # what was tried above, and nothing that the apps themselves asked for
