"""The phone app in a real Chromium, driven as a cadre would."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from playwright.sync_api import BrowserContext, Page, expect

from tests.e2e.form_gestures import FormGestures
from tests.e2e.running import PASSWORD

PIN = "274913"


@dataclass
class PhoneApp(FormGestures):
    """One phone: the app of `address` in `context`. `problems`: what the pages reported as errors."""

    context: BrowserContext
    address: str
    problems: list[str] = field(default_factory=list)
    page: Page = field(init=False)

    def start(self) -> None:
        """Opens the app in a new tab."""
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.goto(f"{self.address}/")

    def sign_in(self, username: str) -> None:
        self.page.get_by_label("用户名").fill(username)
        self.page.get_by_label("密码", exact=True).fill(PASSWORD)
        self.page.get_by_role("button", name="登录").click()
        self.choose_pin()
        self.worklist()

    def choose_pin(self) -> None:
        """Twice, on a phone that somebody just began on."""
        self.page.get_by_text("设一个6位 PIN").wait_for()
        self.pin()
        self.page.get_by_text("再输一遍").wait_for()
        self.pin()

    def synced(self) -> None:
        """Waits until forms and records are all here."""
        self.page.get_by_text(re.compile("同步过")).wait_for()

    def unlock(self) -> None:
        self.page.get_by_role("button", name="1", exact=True).wait_for()
        self.pin()

    def pin(self) -> None:
        for digit in PIN:
            self.page.get_by_role("button", name=digit, exact=True).click()

    def worklist(self) -> None:
        self.page.locator("a[href*='/household/']").first.wait_for()

    def tab(self, name: str) -> None:
        self.page.locator("nav").get_by_text(name).click()

    def open_household(self, name: str) -> None:
        self.page.get_by_placeholder(re.compile("姓名")).fill(name)
        self.page.locator("a[href*='/household/']", has_text=name).first.click()
        expect(self.page.locator("button.primary", has_text="走访")).to_be_visible()

    def begin_visit(self) -> None:
        """Starts the household's own form: the primary button, whatever other forms stand below it."""
        self.page.get_by_role("button", name="开始走访").click()
        self.page.locator(".form-card").first.wait_for()

    def begin_agreed_visit(self) -> None:
        """Face to face, and the household agrees; the form is listed by section."""
        self.begin_visit()
        self.choose("这次怎么联系的", "上门")
        self.by_section()
        self.section("向农户说明")
        self.choose("农户听明白了", "愿意")

    def finish_unchanged(self) -> None:
        """What is left after the photos: nothing has changed; and saves."""
        for section, question in (("收入", "这次核算收入吗"), ("家底和设施", "有变化吗"), ("住房", "登记的等级是")):
            self.section(section)
            self.choose(question, "否")
        self.read_back()
        self.save()
        self.page.locator(".form-finished").wait_for()

    def offline(self, is_off: bool) -> None:
        self.context.set_offline(is_off)
