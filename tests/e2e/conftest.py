"""One demo county for all browser tests of a run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, sync_playwright

from tests.e2e.forms_county import County, prepared, worker_phone
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import Demo, running_demo
from tests.serving import ROOT


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


@pytest.fixture(scope="session")
def county(demo: Demo) -> County:
    return prepared(demo)


@pytest.fixture(scope="module")
def worker(county: County, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneApp]:
    with worker_phone(county, playwright, tmp_path_factory.mktemp("worker") / "profile") as app:
        yield app
