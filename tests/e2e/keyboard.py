"""Walks a page of the console with Tab alone and says what a person without a mouse would miss (keyboard.js)."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any
from urllib.parse import quote

from playwright.sync_api import CDPSession, Page, TimeoutError

from tests.e2e.desk import session
from tests.e2e.running import Demo
from tests.serving import ROOT

CONSOLE = ROOT / "client" / "src" / "console"
SCRIPT = Path(__file__).with_name("keyboard.js")
ROUTE = re.compile(r'\{ path: "([^"]+)", name: "([^"]+)"')
DIALOG = re.compile(r'role="(?:alert)?dialog"|<dialog|<ElDialog|<ElDrawer|ElMessageBox')
TAB = {"type": "rawKeyDown", "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}


def routes() -> dict[str, str]:
    """Name and path of every page, as the router declares them."""
    found = {name: path for path, name in ROUTE.findall((CONSOLE / "router.ts").read_text("utf-8"))}
    declared = (CONSOLE / "router.ts").read_text("utf-8").count("component:")
    assert len(found) == declared, "a page of router.ts is declared in another manner: read it here too"
    return found


def dialogs() -> set[str]:
    """The files that open a dialog."""
    files = CONSOLE.rglob("*.vue")
    return {str(file.relative_to(CONSOLE)) for file in files if DIALOG.search(file.read_text("utf-8"))}


class Keyboard:
    """A person at this page who has no mouse."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.add_init_script(path=SCRIPT)
        page.emulate_media(reduced_motion="reduce")  # a mark of focus that fades in could not be told at once
        self.keys: CDPSession = page.context.new_cdp_session(page)

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.rest()

    def rest(self) -> None:
        """Until the page is the one of its address and has read what it wants, and what that leads it to read."""
        quiet = 0
        for _ in range(600):  # asked anew each time: the page's own policy forbids a function that waits in it
            quiet = quiet + 1 if self.page.evaluate("ruhuKeys.isQuiet()") else 0
            if quiet == 3:
                return
            self.page.wait_for_timeout(30)
        raise AssertionError(f"{self.page.url} reads and reads")

    def walk(self, root: str = "main") -> list[str]:
        """Tab from the beginning of `root` until the focus leaves it: what is wrong, in words."""
        self.page.evaluate(f"ruhuKeys.unfold(document.querySelector({root!r}))")
        self.rest()
        wanted = self.page.evaluate(f"ruhuKeys.begin(document.querySelector({root!r}))")
        for _ in range(wanted + 30):
            self.keys.send("Input.dispatchKeyEvent", TAB)
            if self.page.evaluate("ruhuKeys.left()"):
                break
        else:
            return [f"caught after {wanted + 30} times Tab"]
        found: list[str] = self.page.evaluate("ruhuKeys.faults()")
        return found

    def rows(self) -> list[str]:
        """A table whose rows open does it by arrows and Enter: leaves this page. Nothing where there is none."""
        row = self.page.locator("main tbody tr[tabindex='0']").first
        if row.count() == 0:
            return []
        before = self.page.url.split("?")[0]
        row.focus()
        for key in ("ArrowDown", "Enter"):
            self.page.keyboard.press(key)
        try:  # the page that it opens may first have to be fetched
            self.page.wait_for_url(lambda url: url.split("?")[0] != before)
        except TimeoutError:
            return ["Enter opens no row"]
        self.rest()
        return []


def addresses(demo: Demo, username: str) -> dict[str, str]:
    """Every page of the router by its name: an address of the demo county. A page that is new here fails the test."""
    desk, _ = session(demo, username)

    def first(path: str, **query: str | int) -> dict[str, Any]:
        end = time.monotonic() + 60
        while not (items := _items(desk.get(f"{demo.address}/api/v1{path}", params=query).json())):
            assert time.monotonic() < end, f"{path}: nothing there"
            time.sleep(0.2)  # the demo county's photos may still be looked at
        return items[0]

    visit, inspection, form = first("/submissions", has_photo=1), first("/inspections"), first("/forms")
    household = visit["household"]["id"]
    parts = {
        "submission": {":id(.+)": quote(visit["instance_id"], safe=":")},
        "look": {":id": first("/evidence")["id"]},
        "household": {":id": household},
        "place": {":id": household},
        **{name: {":id": inspection["id"]} for name in ("inspection", "inspection-plan", "outcome")},
        "compared": {":id": inspection["id"], ":household": household},
        "policy-change": {":policy": "income", "/:id?": ""},
        "form": {":formId": form["form_id"], ":version": form["version"]},
    }
    shown = {"people": f"?person={first('/people', q='li.min')['id']}"}
    for name, state in (("conflicts", "conflict"), ("questions", "question")):
        shown[name] = f"?{state}={first('/' + name, state='open')['id']}"
    found = {name: _filled(path, parts.get(name, {})) + shown.get(name, "") for name, path in routes().items()}
    assert not [path for path in found.values() if ":" in path.split("?")[0].replace("uuid:", "")], found
    return found


def _items(answer: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = answer if isinstance(answer, list) else answer["items"]
    return found


def _filled(path: str, parts: dict[str, str]) -> str:
    for sign, value in parts.items():
        path = path.replace(sign, value)
    return path
