"""A walk past every screen of the phone, for whoever wants to look at them: pictures, accessibility, room.

`Walk(app, demo, look).through()` calls `look(name)` on each screen, in Chinese; `in_english` shows the same screen
in the other language for a moment. A page that nothing leads to is opened by its address, so a new one is seen too.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Page, expect

from tests.e2e.desk import SUPERVISOR, session
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PASSWORD, Demo

HELPER = "li.min"
QUESTION = "正面照看不清门牌，能补一张吗？"
APP = "document.querySelector('#app').__vue_app__.config.globalProperties"


def speak(page: Page, language: str) -> None:
    page.evaluate(f"code => {{ {APP}.$i18n.locale = code; document.documentElement.lang = code; }}", language)
    page.wait_for_timeout(150)


@contextmanager
def in_english(page: Page) -> Iterator[None]:
    speak(page, "en")
    yield
    speak(page, "zh")


@dataclass
class Walk:
    """Of the demo's first helper, from the sign-in to the PIN page."""

    app: PhoneApp
    demo: Demo
    look: Callable[[str], None]
    seen: set[str] = field(default_factory=set)

    def through(self) -> None:
        for part in (
            self.sign_in, self.worklist, self.map, self.household, self.differing, self.form, self.camera,
            self.read_back, self.sent, self.drafts, self.asked, self.me, self.other_pages, self.large_type,
            self.without_network, self.locked,
        ):  # fmt: skip
            part()

    @property
    def page(self) -> Page:
        return self.app.page

    def at(self, name: str) -> None:
        """Looks, when nothing moves any more."""
        self.page.wait_for_timeout(300)
        self.seen.add(str(self.page.evaluate(f"{APP}.$router.currentRoute.value.name ?? ''")))
        self.look(name)

    def to(self, path: str) -> None:
        self.page.goto(f"{self.app.address}/#{path}")

    def sign_in(self) -> None:
        self.app.start()
        self.page.get_by_label("用户名").wait_for()
        self.at("sign-in")
        self.scanner()
        self.page.get_by_label("用户名").fill(HELPER)
        self.page.get_by_label("密码", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.page.get_by_text("设一个6位 PIN").wait_for()
        self.at("pin-choose")
        self.app.pin()
        self.page.get_by_text("再输一遍").wait_for()
        self.app.pin()

    def scanner(self) -> None:
        self.page.get_by_role("button", name="用登记码开始").click()
        self.page.get_by_role("button", name="扫二维码").click()
        self.page.locator(".eye i").wait_for()
        self.at("scan-code")
        self.page.get_by_role("button", name="改成手输").click()
        self.page.get_by_role("button", name="用用户名和密码").click()

    def worklist(self) -> None:
        self.app.worklist()
        self.app.synced()
        self.at("worklist")
        search = self.page.get_by_placeholder(re.compile("姓名"))
        search.fill("没有这个人")
        self.page.get_by_text("没有找到").wait_for()
        self.at("worklist-none")
        search.fill("")
        self.page.get_by_role("button", name="村里的事").click()
        self.at("village")
        self.page.get_by_role("button", name="取消").click()

    def map(self) -> None:
        self.app.tab("地图")
        self.page.locator("[data-test=in-view] a").first.wait_for()
        self.page.wait_for_timeout(1000)
        self.at("map")
        self.page.locator("[data-test=ground]").scroll_into_view_if_needed()
        self.at("map-list")
        self.to("/")

    def household(self) -> None:
        self.page.locator("a[href*='/household/']").first.click()
        expect(self.page.get_by_role("button", name="开始走访")).to_be_enabled()
        self.at("household")
        self.page.locator("[data-test=forms]").scroll_into_view_if_needed()
        self.at("household-forms")
        self.page.get_by_role("button", name="没见到人").click()
        self.at("nobody-met")
        self.page.get_by_role("button", name="取消").click()

    def differing(self) -> None:
        """A household of which two people said different things; then back to the first one."""
        self.to("/")
        self.page.get_by_role("button", name=re.compile("说法不同")).click()
        self.page.locator("a[href*='/household/']").first.click()
        self.page.get_by_role("heading", name="待办").wait_for()
        self.at("household-differing")
        self.to("/")
        self.page.get_by_role("button", name="全部", exact=True).click()
        self.page.locator("a[href*='/household/']").first.click()

    def form(self) -> None:
        self.app.begin_visit()
        self.at("question")
        self.app.choose("这次怎么联系的", "上门")
        self.app.contents()
        self.at("contents")
        self.page.click("text=分段列出")
        self.app.section("向农户说明")
        self.app.choose("农户听明白了", "愿意")
        self.app.choose("没有签名的原因", "在纸上签字")
        self.at("section")
        self.app.card("请农户签名").locator("text=在这里签名").click()
        self.at("signature")
        self.page.go_back()
        self.app.section("饮水")
        self.app.card("缺水多少天").locator("input").fill("33")
        self.at("previous-answers")
        self.app.section("家庭成员")
        self.at("members")
        self.page.locator(".form-row-card").first.click()
        self.page.locator(".form-row-title").wait_for()
        self.at("member")
        self.page.go_back()

    def camera(self) -> None:
        self.app.section("照片")
        self.at("photos")
        self.app.card("房屋正面").locator("text=拍照").click()
        self.page.wait_for_selector(".form-shutter")
        self.page.locator("[data-place=exact]").wait_for()
        self.at("camera")
        self.page.click(".form-shutter")
        self.page.locator("text=用这张").wait_for()
        self.at("camera-taken")
        self.page.click("text=用这张")
        self.app.card("房屋正面").locator("img.form-photo").wait_for()
        self.at("photo-kept")

    def read_back(self) -> None:
        self.app.read_back()
        self.at("read-back")
        self.app.save()
        self.page.locator(".form-violation").first.wait_for()
        self.at("missing")
        self.app.finish_unchanged()
        self.page.get_by_text("已接收").wait_for()
        self.at("finished")
        self.page.get_by_role("button", name="回到首页").click()

    def sent(self) -> None:
        self.app.tab("待传")
        expect(self.page.locator(".tally .accepted b")).to_have_text("1", timeout=30_000)
        self.at("outbox")
        self.page.locator("a[href*='/sent/']").first.click()
        self.page.get_by_role("button", name=re.compile("更正|改")).first.wait_for()
        self.at("sent")
        self.page.go_back()

    def drafts(self) -> None:
        self.app.tab("草稿")
        self.at("drafts-none")
        self.to("/")
        self.page.locator("a[href*='/household/']").nth(1).click()
        self.app.begin_visit()
        self.page.wait_for_selector(".form-saving.saved")
        self.page.go_back()
        self.page.get_by_role("link", name="接着填").wait_for()
        self.at("household-draft")
        self.to("/drafts")
        self.page.locator("a[href*='/visit/']").first.wait_for()
        self.at("drafts")

    def asked(self) -> None:
        """The supervisor asks about what was just sent."""
        self.to("/questions")
        self.at("questions-none")
        desk, signed = session(self.demo, SUPERVISOR)
        base, headers = f"{self.demo.address}/api/v1", {"X-CSRF-Token": signed["csrf_token"]}
        rows = desk.get(f"{base}/submissions", params={"limit": 200}).json()["items"]
        mine = next(row for row in rows if row["author"]["username"] == HELPER)
        path = f"{base}/submissions/{mine['instance_id']}/questions"
        answer = desk.post(path, json={"text": QUESTION}, headers=headers)
        assert answer.ok, answer.text
        self.to("/outbox")
        self.page.get_by_role("button", name="现在同步").click()
        self.to("/questions")
        self.page.get_by_text(QUESTION).wait_for()
        self.at("questions")
        self.page.get_by_text(QUESTION).click()
        self.page.get_by_label("您的回答").wait_for()
        self.at("question-from-above")

    def me(self) -> None:
        self.to("/me")
        self.page.get_by_text("锁上").wait_for()
        self.at("me")
        for name, title in (("me-seal", "PIN 能"), ("me-pin", "换一个 PIN|改 PIN|修改 PIN"), ("me-sign-out", "退出")):
            self.page.get_by_role("button", name=re.compile(title)).first.click()
            self.at(name)
            self.to("/")
            self.to("/me")

    def other_pages(self) -> None:
        """Every page with an address of its own that was not come past."""
        routes = self.page.evaluate(
            f"{APP}.$router.getRoutes().filter(one => one.name && !one.meta.open).map(one => [one.name, one.path])"
        )
        for name, path in routes:
            if name not in self.seen and ":" not in path:
                self.to(path)
                self.page.wait_for_timeout(700)
                self.at(f"page-{name}")

    def large_type(self) -> None:
        self.to("/me")
        switch = self.page.get_by_role("switch").first
        switch.click()
        self.to("/")
        self.at("worklist-large")
        self.page.locator("a[href*='/household/']").first.click()
        self.page.get_by_role("button", name="开始走访").wait_for()
        self.at("household-large")
        self.to("/me")
        switch.click()

    def without_network(self) -> None:
        self.app.offline(True)
        self.to("/")
        self.page.get_by_text("离线").first.wait_for()
        self.at("worklist-offline")
        self.page.locator("a[href*='/household/']").nth(2).click()
        self.page.get_by_role("button", name="没见到人").click()
        self.page.get_by_role("button", name="没人在家").click()
        self.page.get_by_text("已存本机").first.wait_for()
        self.to("/outbox")
        self.at("outbox-offline")
        self.page.get_by_role("button", name="请别人带到服务器").click()
        self.at("carried")
        self.app.offline(False)

    def locked(self) -> None:
        self.to("/me")
        self.page.get_by_role("button", name="锁上").click()
        self.page.get_by_role("heading", name="请输入 PIN").wait_for()
        self.at("unlock")
        for _ in range(6):
            self.page.get_by_role("button", name="9", exact=True).click()
        self.page.get_by_role("alert").wait_for()
        self.at("unlock-wrong")
