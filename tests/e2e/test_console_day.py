"""A township supervisor clears a day: reads, approves, sends back, settles and undoes, looks a household up."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.desk import ADMIN, SIZES, SUPERVISOR, fits, resize, session, sign_in
from tests.e2e.desk_screens import settle, visit_all
from tests.e2e.keyboard import Keyboard, addresses, dialogs
from tests.e2e.running import PASSWORD, Demo
from tests.e2e.test_phone_pages import violations

pytestmark = pytest.mark.browser


def told(demo: Demo, path: str, username: str = SUPERVISOR, **query: Any) -> Any:
    return session(demo, username)[0].get(f"{demo.address}/api/v1{path}", params=query).json()


def test_a_supervisor_approves_what_is_plain_and_sends_back_what_is_not(page: Page, demo: Demo) -> None:
    """Proves that own visits are left to others, and that a comment beside an answer keeps its path; at both sizes."""
    sign_in(page, demo.address, SUPERVISOR)
    fits(page, *reversed(SIZES))
    page.click("[data-todo=to_review]")
    rows = page.locator("tbody tr[data-id]")
    rows.first.wait_for()
    fits(page, *reversed(SIZES))
    before = told(demo, "/submissions", review="received", limit=500)["items"]
    me = told(demo, "/me")["id"]
    page.click("[data-test=choose-plain]")
    page.click("[data-test=approve-chosen]")
    expect(page.locator("[data-test=bulk-said]")).to_contain_text("已通过", timeout=60_000)
    left = told(demo, "/submissions", review="received", limit=500)["items"]
    approved = {one["instance_id"] for one in before} - {one["instance_id"] for one in left}
    plain = [one for one in before if one["instance_id"] in approved]
    resize(page, SIZES[1])
    assert plain and all(one["author"]["id"] != me and not one["findings"] for one in plain)
    _own_visit(page, next(one for one in left if one["author"]["id"] == me))
    _send_back(page, demo, next(one for one in left if one["author"]["id"] != me and one["status"] == "applied"))


def _open(page: Page, visit: dict[str, Any]) -> None:
    page.goto(page.url.partition("#")[0] + f"#/visits/{visit['instance_id']}")
    page.locator("[data-test=review]").wait_for()
    expect(page.locator("h1")).to_contain_text(visit["household"]["label"])
    fits(page)


def _own_visit(page: Page, visit: dict[str, Any]) -> None:
    _open(page, visit)
    expect(page.locator("[data-test=barred]")).to_have_text("这是您自己的走访，请由别人来审核。")
    expect(page.locator("[data-word=approved]")).to_have_count(0)


def _send_back(page: Page, demo: Demo, visit: dict[str, Any]) -> None:
    _open(page, visit)
    page.click("[data-word=has_issues]")
    expect(page.get_by_role("alert")).to_contain_text("请先写上意见")
    page.get_by_role("button", name="写意见").first.click()
    page.keyboard.type("请和户主再核对一次")
    page.click("[data-word=rejected]")
    expect(
        page.locator("[data-test=withdrawal] [data-test=effects], [data-test=withdrawal] .quiet").first
    ).to_be_visible()
    page.get_by_role("button", name="先不定").click()
    page.click("[data-word=has_issues]")
    expect(page.locator("[data-test=said]")).to_contain_text("已退回")
    stored = told(demo, f"/submissions/{visit['instance_id']}")
    assert stored["review"] == "has_issues"
    (comment,) = stored["reviews"][0]["comments"]
    assert comment["text"] == "请和户主再核对一次" and comment["path"].startswith("/data/")


def test_a_difference_is_seen_as_it_would_be_decided_and_taken_back(page: Page, demo: Demo) -> None:
    sign_in(page, demo.address, ADMIN)
    page.click("[data-todo=open_conflicts]")
    page.locator("[data-test=conflicts] [data-household]").first.click()
    card = page.locator("[data-test=conflict]").first
    wanted = card.get_attribute("data-id") or ""
    card.locator("h3").wait_for()
    fits(page, *SIZES)
    page.keyboard.press("2")
    expect(page.locator("[data-test=preview] [data-property]").first).to_be_visible()
    assert told(demo, f"/conflicts/{wanted}", ADMIN)["state"] == "open"
    page.fill("[data-test=reason]", "电话问过户主")
    page.click("[data-test=decide]")
    page.click("[data-test=undo]")
    expect(page.locator("[data-test=said]")).to_contain_text("已撤回")
    assert told(demo, f"/conflicts/{wanted}", ADMIN)["state"] == "resolved"
    expect(page.locator(f"[data-test=conflict][data-id='{wanted}']")).to_have_count(0)
    again = page.locator("[data-test=conflict]").first.get_attribute("data-id") or ""
    assert told(demo, f"/conflicts/{again}", ADMIN)["state"] == "open"


def test_a_household_is_found_by_initials_shown_as_it_was_and_unmasked_for_a_reason(page: Page, demo: Demo) -> None:
    """Proves that no other township's household opens, and that showing a masked value needs words."""
    sign_in(page, demo.address, SUPERVISOR)
    page.get_by_role("link", name="农户", exact=True).click()
    row = page.locator("tbody tr[data-id]").first
    row.wait_for()
    page.fill("[data-test=q]", "wds")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=wds**")
    settle(page)
    fits(page, *SIZES)
    page.fill("[data-test=q]", "")
    page.keyboard.press("Enter")
    row.click()
    page.locator("[data-test=story] li").first.wait_for()
    fits(page)
    page.get_by_role("button", name="显示“健康状况”的全部内容").first.click()
    page.click("[data-test=reveal-do]")
    expect(page.get_by_role("alert")).to_contain_text("请写上为什么要看")
    page.fill("[data-test=reveal-reason]", "核实帮扶措施")
    page.click("[data-test=reveal-do]")
    expect(page.locator("[data-test=reveal-do]")).to_have_count(0)
    page.fill("input[name=as-of]", "2020-01-01")
    page.keyboard.press("Enter")
    expect(page.get_by_text("那一天还没有这户的资料。")).to_be_visible()
    page.click("[data-test=now]")
    mine = {one["id"] for one in told(demo, "/entities", dataset="household", limit=500)["items"]}
    others = told(demo, "/entities", ADMIN, dataset="household", limit=500)["items"]
    foreign = next(one for one in others if one["id"] not in mine)
    page.goto(page.url.partition("#")[0] + f"#/households/{foreign['id']}")
    expect(page.get_by_text("没有找到，或者不在您的区域里。")).to_be_visible()
    assert foreign["label"] not in page.inner_text("main")


def test_a_register_is_mapped_seen_and_imported_and_known_the_next_month(page: Page, demo: Demo) -> None:
    """Proves that nothing is written before the desk says so, and that the same register again changes nothing."""
    sign_in(page, demo.address, ADMIN)
    page.get_by_role("link", name="农户", exact=True).click()
    page.click("[data-test=to-import]")
    _map_register(page)
    page.fill("input[name=source]", "desk_register")
    page.click("[data-test=preview]")
    result = page.locator("[data-test=result]")
    expect(result).to_have_attribute("data-state", "previewed", timeout=60_000)
    new = int(result.locator("[data-dataset=household] [data-count=new]").inner_text())
    expect(result).to_contain_text("第 5 行 “户编号”列")  # no number, so nobody knows which household it is
    assert new == 3 and not told(demo, "/entities", ADMIN, q="N0001")["items"]
    page.click("[data-test=apply]")
    expect(result).to_have_attribute("data-state", "applied", timeout=60_000)
    _map_register(page)
    expect(page.get_by_text("上次“desk_register”的对应方式已填好")).to_be_visible()
    page.click("[data-test=preview]")
    expect(result).to_have_attribute("data-state", "previewed", timeout=60_000)
    expect(result.locator("[data-dataset=household] [data-count=unchanged]")).to_have_text("3")


def _map_register(page: Page) -> None:
    lines = "".join(f"N000{n},丁{name},虚县,东河镇,青石村\n" for n, name in enumerate(("一", "二", "三"), 1))
    content = f"户编号,户主姓名,县,乡镇,行政村\n{lines},丁四,虚县,东河镇,青石村\n".encode()
    page.set_input_files("input[name=file]", {"name": "register.csv", "mimeType": "text/csv", "buffer": content})
    page.click("[data-test=look]")
    expect(page.locator("[data-column=户主姓名] select")).to_have_value("household.head_name")


def test_every_screen_is_accessible_in_both_languages(page: Page, demo: Demo) -> None:
    """axe-core finds nothing serious, no word is missing, and nothing lies outside a window of 1024 pixels."""
    page.set_viewport_size({"width": 1024, "height": 768})
    bad = []
    for name, language in visit_all(page, demo, ADMIN):
        bad += [f"{name} {language}: {one}" for one in violations(page)]
        if page.evaluate("document.documentElement.scrollWidth") > 1024:
            bad.append(f"{name} {language}: wider than the window")
    page.set_viewport_size({"width": 1440, "height": 900})
    assert bad == []


def _asked(demo: Demo, text: str) -> None:
    """A question about a visit, as a supervisor's page sends it."""
    desk, session_told = session(demo, SUPERVISOR)
    desk.headers["X-CSRF-Token"] = session_told["csrf_token"]
    visit = told(demo, "/submissions", limit=1)["items"][0]
    body = {"id": str(uuid.uuid4()), "text": text, "path": None, "attachment_id": None}
    answer = desk.post(f"{demo.address}/api/v1/submissions/{visit['instance_id']}/questions", json=body)
    assert answer.status_code in (200, 201), answer.text


def test_a_question_that_needs_no_answer_is_closed_with_a_reason(page: Page, demo: Demo) -> None:
    _asked(demo, "水源是哪一口井？")
    sign_in(page, demo.address, SUPERVISOR)
    page.get_by_role("link", name="提问", exact=True).click()
    row = page.locator("[data-row]").filter(has_text="水源是哪一口井？")
    row.click()
    form = page.locator("[data-test=close-question]")
    form.get_by_role("button").click()
    expect(form.get_by_role("alert")).to_be_visible()  # not without a word
    form.locator("input[name=close_why]").fill("已在电话里问清")
    form.get_by_role("button").click()
    expect(page.locator("[data-test=said]")).to_be_visible()
    expect(row).to_have_count(0)
    page.get_by_role("button", name="已关闭").click()
    row.click()
    expect(page.locator("[data-test=closed]")).to_contain_text("已在电话里问清")


def test_every_page_is_worked_without_a_mouse(page: Page, demo: Demo) -> None:
    """Tab alone comes to whatever can be pressed or typed into on every page that the router has, in the order of the
    page, each stop in sight and marked, and out again; Enter opens rows; a dialog keeps the focus and gives it back.
    """
    _asked(demo, "门口是谁？")
    page.set_viewport_size({"width": 1440, "height": 900})
    keyboard, paths, walked = Keyboard(page), addresses(demo, ADMIN), set()
    faults: list[str] = []

    def walk(*names: str) -> None:
        for name in names:
            keyboard.open(f"{demo.address}/console/#{paths[name]}")
            assert f"#{paths[name].split('?')[0]}" in page.url, f"{name} is not to be seen: {page.url}"
            faults.extend(f"{name}: {fault}" for fault in [*keyboard.walk(), *keyboard.rows()])
            walked.add(name)

    walk("sign-in")
    _enter(page, keyboard, demo, ADMIN)
    faults += [f"frame: {fault}" for fault in keyboard.walk("#app")]
    walk(*(name for name in paths if name not in ("sign-in", "errands")))
    assert dialogs() == {"county/PrintSheet.vue"}, "try here that the new dialog holds the focus and gives it back"
    faults += _dialog(page, keyboard, f"{demo.address}/console/#{paths['map']}")
    page.context.clear_cookies()
    page.reload()
    _enter(page, keyboard, demo, "wei.duo")
    walk("errands")
    assert faults == []
    assert walked == paths.keys()


def _enter(page: Page, keyboard: Keyboard, demo: Demo, username: str) -> None:
    keyboard.open(f"{demo.address}/console/#/sign-in")
    page.fill("input[name=username]", username)
    page.fill("input[name=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.locator("nav a").first.wait_for()
    keyboard.rest()


def _dialog(page: Page, keyboard: Keyboard, address: str) -> list[str]:
    keyboard.open(address)
    settle(page)  # only a map that is drawn can be printed
    opener = page.locator("[data-test=print]")
    opener.focus()
    page.keyboard.press("Enter")
    page.locator("[data-test=sheet]").wait_for()
    faults = [f"dialog: {fault}" for fault in keyboard.walk("[data-test=sheet]")]
    if page.evaluate("document.getElementById('app').contains(document.activeElement)"):
        faults.append("dialog: the focus leaves it for the page below")
    page.locator("[data-test=sheet] select").focus()
    page.keyboard.press("Escape")
    expect(opener).to_be_focused()
    return faults
