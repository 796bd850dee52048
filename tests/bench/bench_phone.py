"""What the phone app costs in a real Chromium: bytes, seconds at a sixth of the speed, memory. Figures only.

    .venv/bin/python -m tests.bench.bench_phone [--only bytes|start|search|memory|line] [--visits 50]

After `make client`. Bars are those of design §12. `start`: without a network, 50 households; the browser slows the
page's own thread alone, so the worker that stretches the PIN runs at full speed (0.05 s here); a draft that was left is
opened once more, at once after another start; `search`: 5,000 households
on the phone; `memory`: JavaScript heap after garbage collection, one page for all visits, driven by locators only (a
handle on an element keeps its whole page); `line`: a visit with two photos through a TCP proxy of 128 kbit/s, 600 ms
there and back, every connection reset every 20 s.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import CDPSession, Page, Playwright, sync_playwright

from server.app import create_app
from server.config import Settings
from tests.bench import bench_pull
from tests.bench.ground import prepare
from tests.bench.phone_line import HELPER, OPTIONS, broken_line
from tests.e2e.phone_app import PIN, PhoneApp
from tests.e2e.running import Demo, chromium, running_demo
from tests.e2e.slow_line import slow_line
from tests.serving import ROOT, serving
from tests.world import PASSWORD, World

SLOWER = 6
HOUSEHOLDS = 5000


def slow(app: PhoneApp, times: float = SLOWER) -> CDPSession:
    cdp = app.context.new_cdp_session(app.page)
    cdp.send("Emulation.setCPUThrottlingRate", {"rate": times})
    return cdp


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


@contextmanager
def signed_in(playwright: Playwright, address: str, profile: Path) -> Iterator[PhoneApp]:
    with chromium(playwright, profile, **OPTIONS) as context:
        app = PhoneApp(context, address)
        app.start()
        app.sign_in(HELPER)
        app.synced()
        app.page.wait_for_function("navigator.serviceWorker.controller !== null")
        yield app


def first_load(playwright: Playwright, demo: Demo, folder: Path) -> None:
    told = subprocess.run(["node", "scripts/sizes.mjs"], cwd=ROOT / "client", capture_output=True, text=True)
    print("first load   ", told.stdout.splitlines()[0])
    with slow_line(demo.address) as line, chromium(playwright, folder / "first", **OPTIONS) as context:
        app = PhoneApp(context, line.address)
        app.start()
        app.page.get_by_label("用户名").wait_for()
        shown = line.down
        app.page.wait_for_timeout(5000)
        whole = line.down
    print(f"              on the line: {shown / 1000:.0f} kB to sign-in, {whole / 1000:.0f} kB with the offline copy")


def start(playwright: Playwright, demo: Demo, folder: Path) -> None:
    """Dead starts; a form opened as soon as there is a list, then another household's; and one that was left."""
    profile = folder / "start"
    with signed_in(playwright, demo.address, profile) as app:
        app.page.wait_for_timeout(1000)
    pads, lists, firsts, laters, lefts = [], [], [], [], []
    for _ in range(3):
        with dead_start(playwright, demo, profile, pads, lists) as app:
            firsts.append(form_open(app))
            app.page.wait_for_timeout(8000)
            laters.append(form_open(app))
        with dead_start(playwright, demo, profile, pads, lists) as app:
            lefts.append(form_open(app, left=True))
    print(
        f"offline start {line_of(pads)} to the PIN, {line_of(lists)} from its last digit to the list (bar 2 s, aim 1 s)"
    )
    print(f"form open     {line_of(firsts)} at once after the start, {line_of(laters)} later (bar 2 s, aim 1 s)")
    print(f"              {line_of(lefts)} of a visit that was left, at once after the start")


@contextmanager
def dead_start(
    playwright: Playwright, demo: Demo, profile: Path, pads: list[float], lists: list[float]
) -> Iterator[PhoneApp]:
    """The app without a network, slowed, from nothing to its list; the seconds go to `pads` and `lists`."""
    with chromium(playwright, profile, **OPTIONS) as context:
        app = PhoneApp(context, demo.address)
        app.offline(True)
        app.page = context.new_page()
        slow(app)
        begun = time.perf_counter()
        app.page.goto(f"{demo.address}/")
        app.page.get_by_role("button", name="1", exact=True).wait_for()
        pads.append(time.perf_counter() - begun)
        app.page.locator(".pin").focus()
        app.page.keyboard.type(PIN[:-1])
        lists.append(seconds(lambda: (app.page.keyboard.type(PIN[-1]), app.worklist())))
        yield app


LEFT = "没填完的表"


def form_open(app: PhoneApp, *, left: bool = False) -> float:
    """From the tap to the first question; of a household without a draft, or of the first that has one."""
    app.page.goto(f"{app.address}/#/")
    rows = app.page.locator("a[href*='/household/']")
    rows.filter(**({"has_text": LEFT} if left else {"has_not_text": LEFT})).first.click()
    button = app.page.locator(".foot a.primary, .foot button.primary")
    button.wait_for()
    app.page.wait_for_timeout(500)
    return seconds(lambda: (button.click(), app.page.locator(".form-card").first.wait_for()))


def line_of(found: list[float]) -> str:
    return f"{statistics.median(found):.2f} s ({min(found):.2f}–{max(found):.2f})"


@contextmanager
def big_village(folder: Path) -> Iterator[str]:
    """A server with a village of 5,000 households, each with one member."""
    url = f"sqlite:///{folder / 'big.sqlite'}"
    world, _ = prepare(url, folder, 0)
    bench_pull.MEMBERS = 1
    fill_village(url, folder, world)
    with serving(url, folder, {"RUHU_TESTING": "0"}) as address:
        yield address


def fill_village(url: str, folder: Path, world: World) -> None:
    app = create_app(Settings(database_url=url, var=folder, testing=True))
    World(app, world.people).run(lambda session: bench_pull.fill(session, world, HOUSEHOLDS))


# Typed as a thumb types; done when the list that came of it is drawn.
TYPED = """async (text) => {
  const field = document.querySelector("input[type=search]"), begun = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
  return performance.now() - begun;
}"""


def search(playwright: Playwright, demo: Demo, folder: Path) -> None:
    with big_village(folder) as address, chromium(playwright, folder / "search", **OPTIONS) as context:
        app = PhoneApp(context, address)
        app.start()
        sign_in_small(app.page)
        app.pin()
        app.page.get_by_text("再输一遍").wait_for()
        begun = time.perf_counter()
        app.pin()
        app.page.get_by_text(f"{HOUSEHOLDS + 2}户").or_(app.page.get_by_text(f"{HOUSEHOLDS}户")).wait_for(
            timeout=600_000
        )
        print(
            f"first pull    {HOUSEHOLDS} households, as many people: {time.perf_counter() - begun:.0f} s at full speed"
        )
        app.page.wait_for_timeout(3000)
        slow(app)
        found = [app.page.evaluate(TYPED, text) / 1000 for text in ("张", "张a", "138", "zh", "zzz", "")]
        print(f"search        {line_of(found)} a keystroke in {HOUSEHOLDS}: name, number, initials, none, all")
        begun = time.perf_counter()
        app.page.reload()
        app.unlock()
        app.worklist()
        took = time.perf_counter() - begun
        print(f"              reload, PIN and list of {HOUSEHOLDS}: {took:.1f} s")


def sign_in_small(page: Page) -> None:
    """The cadre of the tests' small world."""
    page.get_by_label("用户名").fill("li")
    page.get_by_label("密码", exact=True).fill(PASSWORD)
    page.get_by_role("button", name="登录").click()
    page.get_by_text("设一个6位 PIN").wait_for()


def memory(playwright: Playwright, demo: Demo, folder: Path, visits: int) -> None:
    with signed_in(playwright, demo.address, folder / "memory") as app:
        cdp = slow(app, 1)
        heap: list[float] = []
        for number in range(visits):
            app.page.locator("a[href*='/household/']").nth(number % 40).click()
            app.begin_agreed_visit()
            app.choose("没有签名的原因", "在纸上签字")
            app.finish_unchanged()
            app.page.get_by_role("button", name="回到首页").click()
            app.worklist()
            if number in (0, 4, visits - 1):
                heap.append(heap_of(app.page, cdp))
        print(f"memory        {heap[0]:.1f} MB after one visit, {heap[1]:.1f} after 5, {heap[-1]:.1f} after {visits}")


def heap_of(page: Page, cdp: CDPSession) -> float:
    """MB of JavaScript that is in use, when what the page does by itself has ended and garbage was collected."""
    page.wait_for_timeout(2000)
    cdp.send("HeapProfiler.collectGarbage")
    cdp.send("HeapProfiler.collectGarbage")
    return float(cdp.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--only", choices=["bytes", "start", "search", "memory", "line"])
    asked.add_argument("--visits", type=int, default=50)
    given = asked.parse_args()
    parts: dict[str, Callable[[Playwright, Demo, Path], None]] = {
        "bytes": first_load, "start": start, "search": search, "line": broken_line,
        "memory": lambda playwright, demo, folder: memory(playwright, demo, folder, given.visits),
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as name, running_demo(Path(name)) as demo, sync_playwright() as playwright:
        for part, work in parts.items():
            if given.only in (None, part):
                (Path(name) / part).mkdir()
                work(playwright, demo, Path(name) / part)


if __name__ == "__main__":
    main()
