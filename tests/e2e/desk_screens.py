"""Looks at every screen of the console in both languages: `.venv/bin/python -m tests.e2e.desk_screens [FOLDER]`.

Without a folder the pictures of docs/SUPERVISOR.md are made anew; with one, all screens at both sizes go there. Run
`make client` before.
"""

from __future__ import annotations

import sys
import tempfile
import uuid
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import requests
from playwright.sync_api import Page, Playwright, TimeoutError, sync_playwright

from tests.e2e.desk import ADMIN, SUPERVISOR, session, sign_in
from tests.e2e.pictures import DESK_ARGS, keep
from tests.e2e.running import CHROMIUM, Demo, running_demo

SIZES = ((1440, 900), (1024, 768))
# What docs/SUPERVISOR.md shows: name of the picture, screen.
SHOWN = {
    "desk-overview": "overview", "desk-visits": "visits", "desk-visit": "visit", "desk-difference": "difference",
    "desk-household": "household", "desk-import": "import", "desk-map": "map", "desk-charts": "charts",
    "desk-policy": "policy-change", "desk-question": "questions",
}  # fmt: skip


OF_ADMINS = {"import", "policy-change"}


def screens(desk: requests.Session, base: str) -> dict[str, str]:
    """Every screen by a short name: its address behind `/console/#`."""
    found = {
        "overview": "/", "visits": "/visits", "photos": "/photos", "tally": "/photos/tally",
        "datums": "/photos/datums", "households": "/households", "import": "/households/import", "map": "/map",
        "differences": "/differences", "aside": "/set-aside", "questions": "/questions", "checks": "/checks",
        "policies": "/policies", "policy-change": "/policies/income/change", "workflows": "/workflows",
        "forms": "/forms", "charts": "/?at=charts",
    }  # fmt: skip
    visits = _items(desk, f"{base}/submissions", has_photo=1, limit=40)
    visit = next((one for one in visits if one["photos"]["named"] == one["photos"]["here"]), None)
    if visit:
        found["visit"] = f"/visits/{quote(visit['instance_id'], safe=':')}"
    if visit and visit["household"]:
        found["household"] = f"/households/{visit['household']['id']}"
        found["place"] = f"/households/{visit['household']['id']}/place"
    for conflict in _items(desk, f"{base}/conflicts", state="open"):
        found["difference"] = f"/differences?conflict={conflict['id']}"
    for look in _items(desk, f"{base}/evidence", limit=1):
        found["photo"] = f"/photos/{look['id']}"
    return found


def _items(desk: requests.Session, address: str, **query: Any) -> list[dict[str, Any]]:
    return list(desk.get(address, params=query).json().get("items", []))


def visit_all(
    page: Page, demo: Demo, username: str, only: Collection[str] = (), languages: Sequence[str] = ("zh", "en")
) -> Iterator[tuple[str, str]]:
    """Opens each screen in turn, or `only` some: (name, language)."""
    desk, _ = session(demo, username)
    addresses = screens(desk, f"{demo.address}/api/v1")
    sign_in(page, demo.address, username)
    for language in languages:
        for name, address in addresses.items():
            if only and name not in only:
                continue
            page.goto(f"{demo.address}/console/#{address}")
            settle(page)
            yield name, language
        page.click("[data-test=language]")


def settle(page: Page) -> None:
    """Until nothing is being read any more and a map, where there is one, is drawn."""
    page.wait_for_load_state("networkidle")
    with suppress(TimeoutError):  # a map that cannot be drawn here
        if page.locator(".box").count():
            page.wait_for_selector(".box[data-ready=true]", timeout=3000)
    page.wait_for_timeout(300)


def desk_page(playwright: Playwright, folder: Path, size: tuple[int, int]) -> Any:
    """A Chromium of its own at this size."""
    return playwright.chromium.launch_persistent_context(
        str(folder), executable_path=CHROMIUM, args=DESK_ARGS, locale="zh-CN", timezone_id="Asia/Shanghai",
        viewport={"width": size[0], "height": size[1]}, bypass_csp=True,
    )  # fmt: skip


def look(demo: Demo, playwright: Playwright, profile: Path, folder: Path) -> None:
    """All screens at both sizes into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    for size in SIZES:
        with desk_page(playwright, profile / str(size[0]), size) as context:
            page = context.new_page()
            for name, language in visit_all(page, demo, ADMIN):
                page.screenshot(path=folder / f"{name}-{language}-{size[0]}.png")


def to_charts(page: Page) -> None:
    """The overview as far down as its charts."""
    page.locator("[data-test=trends]").evaluate("node => node.scrollIntoView()")
    page.wait_for_timeout(1500)  # they are drawn when they come into sight


def weigh(page: Page) -> None:
    """A raised line, and the households whose verdict it would change."""
    page.fill("[data-value=monitoring_line] input", "9000")
    page.click("[data-test=weigh]")
    page.wait_for_selector("[data-test=effect][data-state=ready]", timeout=90_000)
    page.locator("[data-test=effect]").evaluate("node => node.scrollIntoView({ block: 'end' })")


def to_close(page: Page) -> None:
    """A question that waits for its answer, and why it needs none any more."""
    page.locator("[data-row]").first.click()
    page.locator("input[name=close_why]").fill("已在电话里问清")
    settle(page)


PREPARED = {"charts": to_charts, "policy-change": weigh, "questions": to_close}


def ask(demo: Demo) -> None:
    """A supervisor's question about a visit, so that there is one to look at."""
    desk, told = session(demo, SUPERVISOR)
    base = f"{demo.address}/api/v1/submissions"
    visit = _items(desk, base, has_photo=1, limit=1)[0]
    body = {"id": str(uuid.uuid4()), "text": "水源是哪一口井？", "path": None, "attachment_id": None}
    headers = {"X-CSRF-Token": told["csrf_token"]}
    desk.post(f"{base}/{visit['instance_id']}/questions", json=body, headers=headers).raise_for_status()


def first_password(demo: Demo, page: Page) -> None:
    """What somebody sees whose password was set by an administrator."""
    desk, told = session(demo, ADMIN)
    desk.headers["X-CSRF-Token"] = told["csrf_token"]
    roles = [{"role": "supervisor", "region": told["user"]["roles"][0]["region"]}]
    person = {"id": str(uuid.uuid4()), "username": "wu.xin", "display_name": "吴新", "roles": roles}
    desk.post(f"{demo.address}/api/v1/people", json=person).raise_for_status()
    given = desk.post(f"{demo.address}/api/v1/people/{person['id']}/password", json={}).json()["password"]
    page.goto(f"{demo.address}/console/")
    page.fill("input[name=username]", person["username"])
    page.fill("input[name=password]", given)
    page.click("button[type=submit]")
    page.wait_for_selector("[data-test=own-password]")
    keep(page, "desk-password")


def document(demo: Demo, playwright: Playwright, profile: Path) -> None:
    """The pictures of docs/SUPERVISOR.md, in Chinese, as a supervisor sees them, registers as an admin."""
    pictures = {screen: name for name, screen in SHOWN.items()}
    ask(demo)
    with desk_page(playwright, profile / "new", (1360, 850)) as context:
        first_password(demo, context.new_page())
    for username, only in ((SUPERVISOR, pictures.keys() - OF_ADMINS), (ADMIN, OF_ADMINS)):
        with desk_page(playwright, profile / username, (1360, 850)) as context:
            page = context.new_page()
            for name, _ in visit_all(page, demo, username, only, ("zh",)):
                PREPARED.get(name, settle)(page)
                keep(page, pictures[name])


def main(arguments: list[str]) -> None:
    with tempfile.TemporaryDirectory() as name, running_demo(Path(name)) as demo, sync_playwright() as playwright:
        if arguments:
            look(demo, playwright, Path(name), Path(arguments[0]))
        else:
            document(demo, playwright, Path(name))


if __name__ == "__main__":
    main(sys.argv[1:])
