"""One demo county for all browser tests of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from tests.e2e.desk import SUPERVISOR, sign_in
from tests.e2e.forms_county import County, prepared, worker_phone
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import ARGS, CHROMIUM, DESK, Demo, running_demo
from tests.serving import ROOT

# Maps need WebGL; without a graphics card Chromium draws it in software.
SOFTWARE_GL = ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    if not (ROOT / "client" / "dist" / "index.html").exists():
        pytest.fail("The client is not built: run `make client`.")
    with running_demo(tmp_path_factory.mktemp("demo")) as found:
        yield found


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="module")
def browser(playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrowserContext]:
    """A desk of its own."""
    context = playwright.chromium.launch_persistent_context(
        str(tmp_path_factory.mktemp("desk")), executable_path=CHROMIUM, headless=True, locale="zh-CN",
        args=[arg for arg in ARGS if arg != "--disable-gpu"] + SOFTWARE_GL, timezone_id="Asia/Shanghai", **DESK,
    )  # fmt: skip
    context.set_default_timeout(30_000)
    yield context
    context.close()


@pytest.fixture
def page(browser: BrowserContext) -> Iterator[Page]:
    """At the desk, nobody signed in."""
    browser.clear_cookies()
    opened = browser.new_page()
    yield opened
    opened.close()


@pytest.fixture
def supervisor(page: Page, demo: Demo) -> Iterator[None]:
    """The page is signed in as the supervisor, on the overview; what it remembers is forgotten afterwards."""
    sign_in(page, demo.address, SUPERVISOR)
    yield
    page.evaluate("localStorage.clear()")


@pytest.fixture(scope="session")
def county(demo: Demo) -> County:
    return prepared(demo)


@pytest.fixture(scope="module")
def worker(county: County, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneApp]:
    with worker_phone(county, playwright, tmp_path_factory.mktemp("worker") / "profile") as app:
        yield app
