"""The whole day of a cadre on a slow phone that is killed at moments drawn from a seed, with the network on, flaky and
off: at the end nothing is lost, compared record by record and photo by photo with the server.

`make test` runs a short day. The whole one (6 visits with 14 photos, 2 drafts, a conflict, a question, a new household,
a split one, 10 deaths) is `RUHU_DAY=whole pytest tests/e2e/test_whole_day.py` and part of `make soak`;
`RUHU_DAY_SEED=7` chooses other moments.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.cadre_day import CADRE, Day, Errand, Reaper
from tests.e2e.desk import SUPERVISOR, session
from tests.e2e.forms_county import case_named
from tests.e2e.quiet_phone import QuietPhone
from tests.e2e.running import Demo, kill_browser
from tests.e2e.slow_line import slow_line

pytestmark = pytest.mark.browser

COLLEAGUE = "li.min"
THEIR_PHONE, OUR_PHONE = "13900001111", "13900002222"
QUESTION, ANSWER = "缺水的33天是哪几个月？", "七月和八月，井水不够。"
NEW_PHOTOS = ("房屋正面", "危险的部位", "房屋背面", "取水点")
VISIT_PHOTOS = ("房屋正面", "取水点")


@dataclass(frozen=True)
class Size:
    """`visits` of known households, the first of them in conflict and the last one splitting."""

    visits: int
    drafts: int
    kills: int
    registers: bool


SHORT = Size(visits=2, drafts=1, kills=2, registers=False)
WHOLE = Size(visits=5, drafts=2, kills=10, registers=True)
SIZE = WHOLE if os.environ.get("RUHU_DAY") == "whole" else SHORT
SEED = int(os.environ.get("RUHU_DAY_SEED", "1"))
WAYS = ("off", "flaky", "on", "off", "flaky")


class Desk:
    """The supervisor's API."""

    def __init__(self, demo: Demo) -> None:
        self.base = f"{demo.address}/api/v1"
        self.desk, signed = session(demo, SUPERVISOR)
        self.headers = {"X-CSRF-Token": signed["csrf_token"]}

    def get(self, path: str) -> Any:
        answer = self.desk.get(f"{self.base}{path}")
        assert answer.ok, answer.text
        return answer.json()

    def post(self, path: str, body: Any) -> Any:
        answer = self.desk.post(f"{self.base}{path}", json=body, headers=self.headers)
        assert answer.ok, answer.text
        return answer.json()

    def sent(self) -> list[str]:
        """Instance ids of the cadre's submissions."""
        rows = self.get("/submissions?limit=500")["items"]
        return [row["instance_id"] for row in rows if row["author"]["username"] == CADRE]


@pytest.fixture
def day(demo: Demo, playwright: Playwright, tmp_path: Path) -> Iterator[Day]:
    rng, profile = Random(SEED), tmp_path / "phone"
    with slow_line(demo.address) as line:
        place = {"latitude": 26.0, "longitude": 108.0, "accuracy": 8}
        day = Day(playwright, profile, line, rng, Reaper(profile, rng, SIZE.kills), place)
        yield day
        day.power_off()
        kill_browser(profile)


def chosen(demo: Demo) -> list[dict[str, Any]]:
    """Households of the cadre's village that the colleague helps and nobody has touched, with enough people to split;
    from the middle of the list, because other tests take from its ends."""
    asked = f"{demo.address}/api/v1/entities?dataset=household&limit=200"
    rows = session(demo, COLLEAGUE)[0].get(asked).json()["items"]
    quiet = [row for row in rows if row["region"].startswith("990101100201") and not row["contested"]]
    mine = [row for row in quiet if row["version"] == 1 and int(row["data"].get("household_size") or 0) >= 3]
    return mine[len(mine) // 3 :][: SIZE.visits + SIZE.drafts]


def colleague_changes_the_phone(demo: Demo, house: dict[str, Any]) -> None:
    """While the cadre is out: the same household's telephone number, otherwise."""
    phone, instance = QuietPhone(demo, COLLEAGUE), f"uuid:{uuid.uuid4()}"
    xml = (
        '<data xmlns:entities="http://www.opendatakit.org/xforms/entities" id="household_visit" version="2026120101">'
        f"<household>{house['id']}</household><facts><contact_phone>{THEIR_PHONE}</contact_phone></facts><meta>"
        f'<instanceID>{instance}</instanceID><entity dataset="household" id="{house["id"]}" update="1"/></meta></data>'
    )
    base = {"contact_phone": house["data"].get("contact_phone")}
    entity = {"dataset": "household", "id": house["id"], "base_version": house["version"], "base": base}
    op = phone.op(
        "submission", instance_id=instance, form_id="household_visit", form_version="2026120101", instance_xml=xml,
        entities=[entity], attachments=[], visit={"started_at": "2026-11-21T09:00:00+08:00", "contact_mode": "phone"},
    )  # fmt: skip
    [result] = phone.send(op)
    assert result["status"] == "applied", result


def visit(day: Day, errand: Errand, new_phone: str = "", splits: bool = False) -> None:
    """Fills the household's form and saves it, or leaves what is named a draft."""
    if errand.is_done or not day.open(errand):
        return
    day.agree()
    day.type(errand, "饮水", "缺水多少天", "33")
    day.type(errand, "最后", "备注", f"{errand.name}，今天去过")
    if new_phone:
        day.type(errand, "家庭情况", "联系电话", new_phone)
    if errand.name.startswith("draft"):
        errand.is_done = True
        return
    if splits:
        leave_the_household(day)
    day.app.section("照片")
    for title in VISIT_PHOTOS:
        day.photo(errand, title)
    errand.is_saving = True
    day.app.finish_unchanged()
    errand.is_done = True
    day.app.page.get_by_role("button", name="回到首页").click()


def leave_the_household(day: Day) -> None:
    """The second member founds a household of its own."""
    page = day.app.page
    day.app.section("家庭成员")
    page.locator(".form-row-card").nth(1).click()
    page.locator(".form-row-title").wait_for()
    day.app.choose("现在在家吗", "已不是本户人口")
    day.app.settled()
    page.go_back()


def register(day: Day, errand: Errand, head: str, photos: tuple[str, ...]) -> None:
    """A household with two people, as a case of the form says, under its own name."""
    if errand.is_done or not day.open(errand):
        return
    case = case_named("household_visit", "a new household is registered with everybody in it").case
    day.fill(errand, [(path, head if value == "赵有田" else value) for path, value in case.answers])
    if photos:
        day.app.section("照片")
        for title in photos:
            day.photo(errand, title)
    day.save(errand)


def answer_the_question(day: Day) -> None:
    """It came with a sync; no longer listed: it was answered before the phone died."""
    page = day.app.page
    page.goto(f"{day.line.address}/#/questions")
    page.wait_for_timeout(800)
    if not page.get_by_text(QUESTION).count():
        return
    page.get_by_text(QUESTION).first.click()
    page.get_by_label("您的回答").fill(ANSWER)
    page.get_by_role("button", name="存下回答").click()
    expect(page.locator("[data-test=answer]")).to_contain_text("已存本机")


def test_nothing_of_a_whole_day_is_lost(demo: Demo, day: Day) -> None:
    desk = Desk(demo)
    before = set(desk.sent())
    houses = chosen(demo)
    visits = [Errand(f"visit {k}", house) for k, house in enumerate(houses[: SIZE.visits], 1)]
    drafts = [Errand(f"draft {k}", house) for k, house in enumerate(houses[SIZE.visits :], 1)]
    registered = [Errand("split off", None), Errand("new household", None)] if SIZE.registers else []
    heads = {"split off": "赵分明", "new household": "孙新到"}

    day.power_on()
    day.app.sign_in(CADRE)
    day.app.synced()
    day.app.page.wait_for_function("navigator.serviceWorker.controller !== null")
    listed = int(re.findall(r"(\d+)户", day.app.page.locator("header").first.inner_text())[0])
    assert listed >= 40
    day.reaper.arm()

    for k, errand in enumerate([*visits, *drafts]):
        day.survive(lambda k=k: day.network(WAYS[k % len(WAYS)]))
        if errand is visits[0]:
            colleague_changes_the_phone(demo, houses[0])
        day.survive(
            lambda errand=errand: visit(
                day, errand, OUR_PHONE if errand is visits[0] else "", splits=errand is visits[-1]
            )
        )
    for errand in registered:
        photos = NEW_PHOTOS if errand.name == "new household" else ()
        day.survive(lambda errand=errand, photos=photos: register(day, errand, heads[errand.name], photos))

    day.network("on")
    day.survive(day.synced)
    mine = [one for one in desk.sent() if one not in before]
    told = {one: desk.get(f"/submissions/{one}") for one in mine}
    first = next(one for one, row in told.items() if row_of(row, "household", houses[0]["id"]))
    desk.post(f"/submissions/{first}/questions", {"text": QUESTION})
    day.survive(day.synced)
    day.network("off")
    day.survive(lambda: answer_the_question(day))
    day.network("on")
    day.survive(day.synced)
    check_drafts(day, drafts)
    check_all_records(day)
    assert day.problems == []
    assert day.reaper.killed >= SIZE.kills

    check_submissions(desk, told, visits, registered, heads)
    check_conflict(desk, houses[0])
    check_question(desk, first)
    aside = {row.get("instance_id") for row in desk.get("/quarantine?limit=100")["items"]}
    assert not aside & set(mine)


def row_of(told: dict[str, Any], dataset: str, record: str) -> bool:
    return any(write["dataset"] == dataset and write["id"] == record for write in told["writes"])


def answer(told: dict[str, Any], path: str) -> Any:
    return next(one["value"] for one in told["answers"] if one["path"] == path)


def check_submissions(
    desk: Desk, told: dict[str, dict[str, Any]], visits: list[Errand], registered: list[Errand], heads: dict[str, str]
) -> None:
    """One submission for each errand and none besides; its answers, its photos byte for byte, its records."""
    assert len(told) == len(visits) + len(registered)
    for errand in visits:
        assert errand.household
        [row] = [one for one in told.values() if row_of(one, "household", errand.household["id"])]
        assert answer(row, "/data/water/water_shortage_days") == "33"
        assert f"{errand.name}，今天去过" in [one["value"] for one in row["answers"]]
        check_photos(desk, row, errand)
        shown = desk.get(f"/entities/{errand.household['id']}")
        assert shown["data"]["water_shortage_days"] == "33"
    last = next(one for one in told.values() if row_of(one, "household", visits[-1].household["id"]))  # type: ignore[index]
    assert "left" in [write["to"] for write in last["writes"] if write["property"] == "member_state"]
    for errand in registered:
        [row] = [one for one in told.values() if heads[errand.name] in [an["value"] for an in one["answers"]]]
        assert row["status"] == "applied"
        check_photos(desk, row, errand)
        made = {write["id"] for write in row["writes"] if write["dataset"] == "household"}
        assert [desk.get(f"/entities/{one}")["data"]["head_name"] for one in made] == [heads[errand.name]]
        assert len({write["id"] for write in row["writes"] if write["dataset"] == "member"}) == 2


def check_photos(desk: Desk, row: dict[str, Any], errand: Errand) -> None:
    files = row["attachments"]
    assert [file["state"] for file in files] == ["complete"] * len(files)
    assert sorted(file["sha256"] for file in files) == sorted(errand.photos.values()), errand.name
    for file in files:
        original = desk.desk.get(f"{desk.base}/photos/{file['id']}?size=original").content
        assert hashlib.sha256(original).hexdigest() == file["sha256"]


def check_conflict(desk: Desk, house: dict[str, Any]) -> None:
    """Both numbers are kept, for a person to decide; the desk sees their ends."""
    [found] = desk.get(f"/conflicts?entity={house['id']}&state=open")["items"]
    heads = desk.get(f"/conflicts/{found['id']}")["heads"]
    assert sorted(head["value"][-4:] for head in heads) == [THEIR_PHONE[-4:], OUR_PHONE[-4:]]


def check_question(desk: Desk, instance_id: str) -> None:
    [told] = desk.get(f"/questions?instance_id={instance_id}")["items"]
    assert (told["state"], [one["text"] for one in told["answers"]]) == ("answered", [ANSWER])


def check_drafts(day: Day, drafts: list[Errand]) -> None:
    """They wait on the phone with every answer that it had said to be saved."""
    page = day.app.page
    for errand in drafts:
        day.survive(lambda errand=errand: draft_is_whole(day, errand))
    page = day.app.page
    page.goto(f"{day.line.address}/#/drafts")
    expect(page.locator("a[href*='/visit/']")).to_have_count(len(drafts))


def draft_is_whole(day: Day, errand: Errand) -> None:
    assert day.open(errand)
    for section, title in (("饮水", "缺水多少天"), ("最后", "备注")):
        day.app.section(section)
        field = day.app.card(title).locator("textarea, input").first
        expect(field).to_have_value(errand.promised[title])


def check_all_records(day: Day) -> None:
    """The phone's own comparison of all its records with the server's sums."""
    page = day.app.page
    page.goto(f"{day.line.address}/#/me")
    page.locator("[data-test=check-all]").click()
    expect(page.locator("[data-test=check-said]")).to_contain_text("和服务器一致", timeout=60_000)
