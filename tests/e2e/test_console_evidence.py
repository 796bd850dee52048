"""A supervisor looks at photos: why each is there, what it is like beside another, and what is said of it."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
import requests
from PIL import Image, ImageStat
from playwright.sync_api import Page, expect

from tests.e2e.desk import ADMIN, AUDITOR, SUPERVISOR, session, sign_in
from tests.e2e.quiet_phone import QuietPhone
from tests.e2e.running import Demo

pytestmark = [pytest.mark.browser, pytest.mark.usefixtures("supervisor")]


def desk_of(demo: Demo, username: str) -> requests.Session:
    return session(demo, username)[0]


def looks(demo: Demo, username: str = SUPERVISOR, **asked: Any) -> list[dict[str, Any]]:
    """The queue as the server tells it."""
    answer = desk_of(demo, username).get(f"{demo.address}/api/v1/evidence", params={"limit": 500, **asked})
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def for_judging(demo: Demo) -> list[dict[str, Any]]:
    """Of the supervisor's queue what others photographed, the one's own is for somebody else."""
    return [item for item in looks(demo) if item["author"]["username"] != SUPERVISOR]


def look(demo: Demo, photo_id: str) -> dict[str, Any]:
    told: dict[str, Any] = desk_of(demo, SUPERVISOR).get(f"{demo.address}/api/v1/evidence/{photo_id}").json()
    return told


@pytest.fixture(scope="module", autouse=True)
def checked(demo: Demo) -> None:
    """The worker has looked through the demo's photos: the queue no longer grows."""
    known = -1
    for _ in range(60):
        found = len(looks(demo, ADMIN))
        if found == known > 10:
            return
        known = found
        time.sleep(2)
    raise AssertionError(f"only {known} photos were put before the reviewers")


def open_look(page: Page, demo: Demo, photo_id: str, asked: str = "") -> None:
    page.goto(f"{demo.address}/console/#/photos/{photo_id}{asked}")
    expect(page.locator(f"[data-test=look][data-id='{photo_id}'] [data-test=reasons]")).to_be_visible()


def test_the_queue_is_worked_with_the_keyboard_alone(page: Page, demo: Demo) -> None:
    """Proves that each key stores its word and brings the next photo; the note goes with it."""
    first, second, third = (item["id"] for item in looks(demo)[:3])
    page.get_by_role("link", name="照片", exact=True).click()
    rows = page.locator("tbody tr[data-id]")
    expect(rows.first).to_have_attribute("data-id", first)
    rows.first.focus()
    page.keyboard.press("Enter")
    shown = page.locator("[data-test=look]")
    expect(shown).to_have_attribute("data-id", first)
    expect(page.locator("[data-test=reasons] li").first).to_be_visible()
    page.keyboard.press("j")
    expect(shown).to_have_attribute("data-id", second)
    expect(page.locator("[data-test=said]")).to_contain_text("确认")
    page.fill("[data-test=note]", "房屋登记在旧址")
    page.keyboard.press("Escape")
    page.keyboard.press("k")
    expect(shown).to_have_attribute("data-id", third)
    page.keyboard.press(";")
    page.keyboard.press("Tab")
    page.get_by_role("button", name="发给走访人").click()
    expect(page.get_by_role("alert")).to_contain_text("请写上要问的话。")
    page.keyboard.type("这张是在哪里拍的？")
    page.keyboard.press("Control+Enter")
    expect(shown).not_to_have_attribute("data-id", third)
    assert [look(demo, one)["state"] for one in (first, second, third)] == ["done", "done", "asked"]
    assert look(demo, second)["verdicts"][0]["note"] == "房屋登记在旧址"


def test_what_was_said_can_be_changed(page: Page, demo: Demo) -> None:
    photo = for_judging(demo)[0]["id"]
    open_look(page, demo, photo)
    page.locator("[data-word=confirmed]").click()
    page.locator("[data-test=said] a").click()
    expect(page.locator("[data-test=look]")).to_have_attribute("data-id", photo)
    expect(page.locator("[data-test=history]")).to_contain_text("确认")
    page.locator("[data-word=unclear]").click()
    expect(page.locator("[data-test=said]")).to_contain_text("不清楚")
    assert [word["verdict"] for word in look(demo, photo)["verdicts"]] == ["unclear", "confirmed"]


def test_a_suspected_twin_stands_beside_and_over_the_photo(page: Page, demo: Demo) -> None:
    """Proves that both photos are really drawn, that the line moves by key, and that the map is there."""
    complaints: list[str] = []
    hosts: set[str] = set()
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if request.url.startswith("http") else None)
    twin = next(item for item in looks(demo) if any(reason["inputs"].get("others") for reason in item["reasons"]))
    open_look(page, demo, twin["id"])
    pane = page.locator("[data-test=pane]")
    expect(pane).to_have_attribute("data-mode", "side")
    expect(pane.locator("img")).to_have_count(2)
    drawn = "() => [...document.querySelectorAll('[data-test=pane] img')].every(one => one.naturalWidth > 300)"
    page.wait_for_function(drawn)
    expect(page.locator(".box[data-ready=true]")).to_be_visible()
    for mark in ("house", "photo"):
        expect(page.locator(f"[data-mark={mark}]").first).to_be_visible()
    page.keyboard.press("o")
    expect(pane).to_have_attribute("data-mode", "over")
    other = pane.locator("img.other")
    clipped = other.evaluate("one => one.style.clipPath")
    pane.locator("[data-test=slider]").focus()
    page.keyboard.press("ArrowRight")
    assert other.evaluate("one => one.style.clipPath") != clipped
    pane.locator("[data-test=difference]").check()
    assert other.evaluate("one => getComputedStyle(one).mixBlendMode") == "difference"
    page.keyboard.press("o")
    expect(pane).to_have_attribute("data-mode", "alone")
    assert complaints == []
    assert hosts == {demo.address.split("/")[2]}


def test_the_day_s_visits_stand_as_a_line_beside_the_photo(page: Page, demo: Demo) -> None:
    """Proves that the line tells what the server tells, marks the photo's own visit, and is opened by keyboard."""
    days = {item["id"]: day_of(demo, item["id"]) for item in looks(demo)[:12]}
    photo, day = max(days.items(), key=lambda one: len(one[1]["items"]))
    open_look(page, demo, photo)
    line = page.locator("[data-test=day] li")
    expect(line).to_have_count(len(day["items"]))
    shown = [one.get_attribute("data-visit") for one in line.all()]
    assert shown == [one["instance_id"] for one in day["items"]] and day["present"] in shown
    for row, visit in zip(line.all(), day["items"], strict=True):
        expect(row).to_contain_text(visit["author"]["display_name"])
        named = visit["photos"]["named"] if visit["photos"] else 0  # nothing is told of a visit without files
        expect(row).to_contain_text(f"{named} 张照片")
    expect(page.locator("[data-test=day] li.present")).to_have_attribute("data-visit", day["present"])
    line.last.locator("a").focus()
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/visits/" in url)


def day_of(demo: Demo, photo_id: str) -> dict[str, Any]:
    told: dict[str, Any] = desk_of(demo, SUPERVISOR).get(f"{demo.address}/api/v1/evidence/{photo_id}/day").json()
    return told


def test_a_reason_tells_value_limit_and_rule(page: Page, demo: Demo) -> None:
    far = next(item for item in looks(demo, ADMIN, code="DIST_HH"))
    reason = next(one for one in far["reasons"] if one["code"] == "DIST_HH")
    page.evaluate("localStorage.clear()")
    sign_in_as(page, demo, ADMIN)
    open_look(page, demo, far["id"])
    line = page.locator("[data-test=reasons] li[data-code=DIST_HH]")
    expect(line).to_contain_text(reason["message"]["zh"])
    expect(line).to_contain_text(f"界限 {reason['limit']} 米")
    assert reason["rule"] == "national-2026"
    expect(line).to_contain_text("规则 全国标准（2026 年）")


def test_a_copy_with_stamp_is_downloaded_beside_the_clean_original(page: Page, demo: Demo, tmp_path: Path) -> None:
    """Proves that the file is a picture of the same size with a dark strip on it, from the item and from the visit."""
    found = next(item for item in looks(demo) if item["photo_state"] == "ready")
    clean = Image.open(BytesIO(desk_of(demo, SUPERVISOR).get(f"{demo.address}/api/v1/photos/{found['id']}").content))
    for place in (f"photos/{found['id']}", f"visits/{found['instance_id']}"):
        page.goto(f"{demo.address}/console/#/{place}")
        with page.expect_download() as waiting:
            page.locator("[data-test=stamped]").click()
        kept = tmp_path / waiting.value.suggested_filename
        waiting.value.save_as(kept)
        stamped = Image.open(kept)
        assert kept.name.endswith("-stamp.jpg") and stamped.size == clean.size
        width, height = clean.size
        below = (0, height * 9 // 10, width // 3, height)
        assert (
            ImageStat.Stat(stamped.convert("L").crop(below)).mean[0]
            < ImageStat.Stat(clean.convert("L").crop(below)).mean[0]
        )
    strip = page.locator("[data-test=photos] .strip button")
    for n in range(strip.count()):  # of a visit's photos only some are to be looked at
        strip.nth(n).click()
        expect(strip.nth(n)).to_have_attribute("aria-pressed", "true")
        if page.locator("[data-test=to-look]").count():
            break
    page.locator("[data-test=to-look]").click()
    expect(page.locator("[data-test=look]")).to_be_visible()


def test_what_was_drawn_by_lot_is_not_made_suspect(page: Page, demo: Demo) -> None:
    drawn = [item for item in looks(demo, ADMIN, drawn=1) if item["weight"] == 0]
    if not drawn:
        pytest.skip("the lot fell on none of the demo's photos without reasons, once in some hundred demos")
    sign_in_as(page, demo, ADMIN)
    page.goto(f"{demo.address}/console/#/photos?drawn=1")
    expect(page.locator(f"tr[data-id='{drawn[0]['id']}'] td.reasons")).to_have_text("随机抽看")
    open_look(page, demo, drawn[0]["id"], "?drawn=1")
    expect(page.locator("[data-test=reasons]")).to_contain_text("没有原因，按比例抽到的。")
    expect(page.locator("[data-test=reasons]")).not_to_contain_text("先看")
    expect(page.locator("[data-word=explained]")).to_contain_text("没问题")


def test_the_workers_answer_comes_back_with_the_photo(page: Page, demo: Demo) -> None:
    photo = for_judging(demo)[-1]
    open_look(page, demo, photo["id"])
    page.locator("[data-word=ask]").click()
    page.fill("[data-test=question]", "门口为什么没有人？")
    page.locator("[data-test=send-question]").click()
    expect(page.locator("[data-test=said]")).to_contain_text("问一下")
    answer_as(demo, photo["author"]["username"], look(demo, photo["id"])["question_id"], "全家去赶集了")
    open_look(page, demo, photo["id"])
    page.reload()
    history = page.locator("[data-test=history]")
    expect(history).to_contain_text("门口为什么没有人？")
    expect(history).to_contain_text("全家去赶集了")
    assert photo["id"] in {item["id"] for item in looks(demo)}


def answer_as(demo: Demo, username: str, question_id: str, text: str) -> None:
    """The author's phone answers."""
    phone = QuietPhone(demo, username)
    given = {"device_time": "2026-11-22T09:00:00+08:00", "question_id": question_id, "text": text, "attachments": []}
    [result] = phone.send(phone.op("answer", **given))
    assert result["status"] == "applied", result


def test_what_came_of_the_reasons_is_counted_by_what_was_measured(page: Page, demo: Demo) -> None:
    told = desk_of(demo, SUPERVISOR).get(f"{demo.address}/api/v1/evidence/statistics").json()["items"]
    page.goto(f"{demo.address}/console/#/photos/tally")
    for one in told:
        cells = page.locator(f"[data-test=tally] tbody[data-code='{one['code']}'] tr.all td.number")
        expect(cells).to_have_text([str(one[word]) for word in ("confirmed", "explained", "unclear", "ask")])
    assert told and any(one["steps"] for one in told)


def test_a_foreign_photo_is_not_found_at_its_address(page: Page, demo: Demo) -> None:
    own = {item["id"] for item in looks(demo)}
    foreign = next(item for item in looks(demo, ADMIN) if item["id"] not in own and item["state"] == "open")
    assert look(demo, foreign["id"])["code"] == "record.not_found"
    page.goto(f"{demo.address}/console/#/photos/{foreign['id']}")
    expect(page.get_by_role("alert")).to_contain_text("没有找到，或者不在您的区域里。")


def sign_in_as(page: Page, demo: Demo, username: str) -> None:
    page.context.clear_cookies()
    page.goto("about:blank")
    sign_in(page, demo.address, username)


def test_an_auditor_reads_and_is_offered_no_verdict(page: Page, demo: Demo) -> None:
    photo = looks(demo)[0]["id"]
    page.evaluate("localStorage.clear()")
    sign_in_as(page, demo, AUDITOR)
    open_look(page, demo, photo)
    expect(page.locator("[data-test=verdict]")).to_contain_text("您的身份只能看，不能评定。")
    expect(page.locator("[data-word]")).to_have_count(0)
    page.keyboard.press("j")
    page.wait_for_timeout(500)
    assert look(demo, photo)["state"] == "open"


@pytest.mark.parametrize("language", ["zh", "en"])
def test_at_1024_pixels_nothing_lies_outside_the_window(page: Page, demo: Demo, language: str) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    if language == "en":
        page.click("[data-test=language]")
    for address in ("photos", f"photos/{looks(demo)[0]['id']}", "photos/tally"):
        page.goto(f"{demo.address}/console/#/{address}")
        expect(page.locator("h1")).to_be_visible()
        page.wait_for_timeout(700)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1024, address
        assert "look." not in page.inner_text("main") and "word." not in page.inner_text("main")
