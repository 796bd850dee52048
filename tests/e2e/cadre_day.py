"""A cadre's day on one phone that dies again and again: what is planned, what the phone promised, how work goes on.

A `Day` does its errands one after the other. `Reaper` kills the browser at moments drawn from a seed, whatever it is
doing; the phone is started again and the same errand goes on from what the phone still has. What the form showed as
saved is remembered as promised, and must be there.
"""

from __future__ import annotations

import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

from playwright.sync_api import BrowserContext, Error, Playwright, expect

from tests.e2e.forms_county import THUMB, save
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import ARGS, CHROMIUM, PHONE, kill_browser
from tests.e2e.slow_line import SlowLine
from tests.e2e.test_story import REMEMBER_BLOBS

SLOWER = 6  # times slower than this machine's processor
SOON, LATE = 3.0, 16.0  # seconds of work between two deaths
CADRE = "cao.shu"
Way = str  # of the network: on, flaky, off


@dataclass
class Reaper:
    """Kills the browser of `profile` `left` times, each time at a moment drawn by `rng`."""

    profile: Path
    rng: Random
    left: int
    killed: int = 0
    is_dead: bool = False
    _timer: threading.Timer | None = None

    def arm(self) -> None:
        self.is_dead = False
        if self.left:
            self._timer = threading.Timer(self.rng.uniform(SOON, LATE), self._kill)
            self._timer.daemon = True
            self._timer.start()

    def rest(self) -> None:
        if self._timer:
            self._timer.cancel()

    def _kill(self) -> None:
        self.left -= 1
        self.killed += 1
        self.is_dead = True
        kill_browser(self.profile)


@dataclass
class Errand:
    """One form to fill. `promised`: answers that the phone showed as saved, by question; `photos`: SHA-256 by slot."""

    name: str
    household: Mapping[str, Any] | None
    url: str = ""
    answered: int = 0
    promised: dict[str, str] = field(default_factory=dict)
    photos: dict[str, str] = field(default_factory=dict)
    is_saving: bool = False
    is_done: bool = False


class DayPhone(PhoneApp):
    """The cadre's phone, slow as a cheap one, on a line of its own."""

    def begin(self, way: Way) -> None:
        self.offline(way == "off")
        self.page = self.context.new_page()
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        slow = self.context.new_cdp_session(self.page)
        slow.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        self.page.goto(f"{self.address}/")

    def choose(self, title: str, choice: str) -> None:
        """Also where it was chosen before the phone died: another touch would take it back."""
        option = self.card(title).locator(".form-choice", has_text=choice).first
        option.wait_for()
        if option.get_attribute("aria-checked") != "true":
            option.click()

    def settled(self) -> None:
        """Until the form says that everything is on this phone."""
        self.page.wait_for_timeout(250)
        self.page.wait_for_selector(".form-saving.saved")

    def photo_hash(self, title: str) -> str:
        image = self.card(title).locator("img.form-photo")
        image.wait_for()
        kept: list[int] = image.evaluate(
            "async (image) => [...new Uint8Array(await window.keptBlobs.get(image.src).arrayBuffer())]"
        )
        return hashlib.sha256(bytes(kept)).hexdigest()


@dataclass
class Day:
    playwright: Playwright
    profile: Path
    line: SlowLine
    rng: Random
    reaper: Reaper
    place: Mapping[str, float]
    way: Way = "on"
    problems: list[str] = field(default_factory=list)
    ways: list[Way] = field(default_factory=list)
    app: DayPhone = field(init=False)
    _context: BrowserContext | None = None

    def network(self, way: Way) -> None:
        """Off: the phone knows that there is none. Flaky: slow to answer, and cut every three seconds."""
        self.way = way
        self.ways.append(way)
        self.line.is_down = way == "off"
        self.line.delay, self.line.reset_every = (0.15, 3.0) if way == "flaky" else (0.0, 0.0)
        self.app.offline(way == "off")

    def power_on(self) -> None:
        options = {**PHONE, "geolocation": self.place, "permissions": ["geolocation", "camera"]}
        self._context = self.playwright.chromium.launch_persistent_context(
            str(self.profile), executable_path=CHROMIUM, headless=True, args=ARGS, locale="zh-CN",
            timezone_id="Asia/Shanghai", **options,
        )  # fmt: skip
        self._context.set_default_timeout(60_000)
        self._context.add_init_script(REMEMBER_BLOBS)
        self.app = DayPhone(self._context, self.line.address, self.problems)
        self.app.begin(self.way)

    def power_off(self) -> None:
        self.reaper.rest()
        if self._context:
            with suppress(Error):
                self._context.close()

    def survive(self, work: Callable[[], None]) -> None:
        """Does the work, from its beginning again whenever the phone died under it."""
        while True:
            try:
                return work()
            except (Error, AssertionError):
                if not self.reaper.is_dead:
                    raise
            while self.reaper.is_dead:
                self._revive()

    def _revive(self) -> None:
        self.power_off()
        self.reaper.arm()
        try:
            self.power_on()
            self.app.unlock()
            self.app.worklist()
        except (Error, AssertionError):
            if not self.reaper.is_dead:
                raise

    # Forms

    def open(self, errand: Errand, form: str | None = None) -> bool:
        """The errand's form, where it was left; False: it was saved before the phone died."""
        page = self.app.page
        if errand.url:
            page.goto(f"{self.line.address}/{errand.url}")
            page.locator(".form-card, .form-repeat, .form-plain h1").first.wait_for()
            gone = page.get_by_text("这份草稿不在了")
            if gone.count():
                assert errand.is_saving, f"the draft of {errand.name} is lost"
                errand.is_done = True
                return False
        elif not self._left_behind(errand):
            self._begin(errand)
        page.locator(".form-card, .form-repeat").first.wait_for()
        errand.url = page.url.split("/", 3)[3]
        return True

    def _left_behind(self, errand: Errand) -> bool:
        """A draft that was begun in the moment of a death."""
        page = self.app.page
        if errand.household is None:
            page.goto(f"{self.line.address}/#/drafts")
            page.wait_for_timeout(1000)
            stray = page.locator("a[href*='/visit/']").filter(has=page.locator("b", has_text=re.compile("^入户走访$")))
        else:
            page.goto(f"{self.line.address}/#/household/{errand.household['id']}")
            stray = page.get_by_role("link", name="接着填")
            stray.or_(page.locator("button.primary:enabled")).first.wait_for()
            page.wait_for_timeout(500)
        if not stray.count():
            return False
        stray.first.click()
        return True

    def _begin(self, errand: Errand) -> None:
        page = self.app.page
        if errand.household:
            page.get_by_role("button", name="开始走访").click()
            return
        page.goto(f"{self.line.address}/#/")
        page.get_by_role("button", name="村里的事").click()
        page.get_by_role("button", name=re.compile("登记新的一户")).click()

    def type(self, errand: Errand, section: str, title: str, text: str) -> None:
        self.app.section(section)
        field = self.app.card(title).locator("textarea, input").first
        field.wait_for()
        if title in errand.promised:
            assert field.input_value() == errand.promised[title], f"{errand.name}: the answer to {title} is lost"
        field.fill(text)
        field.blur()
        self.app.settled()
        errand.promised[title] = text

    def photo(self, errand: Errand, title: str) -> None:
        card = self.app.card(title)
        card.wait_for()
        self.app.page.wait_for_timeout(300)
        if title in errand.photos or card.locator("img.form-photo").count():
            found = self.app.photo_hash(title)
            assert errand.photos.setdefault(title, found) == found, f"{errand.name}: the photo {title} is another"
            return
        self.app.shoot(card)
        self.app.settled()
        errand.photos[title] = self.app.photo_hash(title)

    def agree(self) -> None:
        self.app.by_section()
        self.app.section("怎么联系")
        self.app.choose("这次怎么联系的", "上门")
        self.app.section("向农户说明")
        self.app.choose("农户听明白了", "愿意")
        self.app.choose("没有签名的原因", "在纸上签字")
        self.app.settled()

    def fill(self, errand: Errand, answers: list[tuple[str, str]]) -> None:
        """The rest of a whole filling, by a quick thumb."""
        page = self.app.page
        self.app.by_section()
        page.locator(".form-step-line").first.click()
        page.evaluate(THUMB)
        for path, value in answers[max(0, errand.answered - 1) :]:
            told = page.evaluate("([path, value]) => thumb.answer(path, value)", [path, value])
            assert told == "done", (path, told)
            self.app.settled()
            errand.answered += 1

    def save(self, errand: Errand) -> None:
        errand.is_saving = True
        save(self.app)
        errand.is_done = True
        self.app.page.get_by_role("button", name="回到首页").click()

    def synced(self) -> None:
        """Until nothing waits."""
        page = self.app.page
        page.goto(f"{self.line.address}/#/outbox")
        page.get_by_role("button", name=re.compile("现在同步|正在同步")).wait_for()
        for _ in range(60):
            button = page.get_by_role("button", name="现在同步")
            if button.count():
                button.click()
            page.wait_for_timeout(1500)
            left = [page.locator(f".tally .{name} b").inner_text() for name in ("saved", "sent")]
            if left == ["0", "0"] and button.count():
                return
        expect(page.locator(".tally .saved b")).to_have_text("0")
        raise AssertionError("something still waits")
