"""The map on the phone: households, boundaries and oneself without a network, and the office's ground taken along."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

import pytest
from PIL import Image
from playwright.sync_api import Page, Playwright, expect

from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PHONE, Demo, chromium
from tests.ground import vector_ground
from tests.serving import serving

pytestmark = pytest.mark.browser

HELPER = "li.min"
PLACE = {"latitude": 25.956772, "longitude": 107.910721, "accuracy": 30}
OPTIONS = {**PHONE, "geolocation": PLACE, "permissions": ["geolocation"], "timezone_id": "Asia/Shanghai"}
LAKE = (197, 219, 232)
ME = (30, 90, 168)
ZOOMS = range(6, 15)


@pytest.fixture(scope="module")
def grounded(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A second server of the demo county, with a ground file around the helper's village."""
    folder = tmp_path_factory.mktemp("phone-ground")
    path = vector_ground(folder / "county.pmtiles", PLACE["longitude"], PLACE["latitude"], ZOOMS)
    env = {"RUHU_TESTING": "0", "RUHU_MAP_FILE": str(path), "RUHU_MAP_CREDIT": "虚县自然资源局"}
    with serving(demo.database_url, demo.var, env) as address:
        yield Demo(address, demo.var, demo.database_url)


@pytest.fixture(scope="module")
def app(grounded: Demo, playwright: Playwright, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneApp]:
    with chromium(playwright, tmp_path_factory.mktemp("map-phone") / "profile", **OPTIONS) as context:
        app = PhoneApp(context, grounded.address)
        app.start()
        app.sign_in(HELPER)
        app.synced()
        yield app
        assert app.problems == []


def open_map(page: Page) -> None:
    page.locator("nav").get_by_text("地图").click()
    page.locator("[data-test=map]").wait_for()
    page.wait_for_timeout(800)


def coloured(page: Page, colour: tuple[int, int, int], near: int = 10) -> int:
    """How many pixels of the map have this colour, nearly."""
    shot = Image.open(io.BytesIO(page.locator("[data-test=map]").screenshot())).convert("RGB")
    pixels = shot.get_flattened_data()
    return sum(all(abs(a - b) <= near for a, b in zip(pixel, colour, strict=True)) for pixel in pixels)


def zoom(page: Page) -> float:
    return float(page.locator("[data-test=map]").get_attribute("data-zoom") or 0)


def test_a_household_is_found_on_the_map_by_a_tap_and_in_the_list_below_it(app: PhoneApp) -> None:
    """The household's own page leads to its place on the map; a tap on its mark leads back."""
    page = app.page
    row = page.locator("a[href*='/household/']").first
    name = row.locator("b").inner_text()
    row.click()
    page.get_by_role("link", name="在地图上看").click()
    expect(page.locator("[data-test=tapped]")).to_contain_text(name)
    page.get_by_role("button", name="收起").click()
    expect(page.locator("[data-test=tapped]")).to_have_count(0)
    expect(page.locator("[data-test=in-view] a").first).to_contain_text(name)
    page.locator("[data-test=map]").click()  # the middle, where it stands
    page.locator("[data-test=tapped]").get_by_role("link", name=re.compile(name)).click()
    expect(page.locator("h1")).to_have_text(name)


def test_the_map_moves_by_buttons_keys_and_two_fingers_and_shows_where_one_is(app: PhoneApp) -> None:
    page = app.page
    page.goto(f"{app.address}/#/")
    open_map(page)
    before = zoom(page)
    page.get_by_role("button", name="放大").click()
    page.locator("[data-test=map]").focus()
    page.keyboard.press("-")
    page.keyboard.press("+")
    page.keyboard.press("+")
    assert zoom(page) == pytest.approx(before + 2, abs=0.02)
    pinch(page)
    assert zoom(page) > before + 2.5
    page.get_by_role("button", name="我在哪里").click()
    page.wait_for_timeout(600)
    assert coloured(page, ME) > 50
    page.get_by_role("button", name="看全部农户").click()
    expect(page.locator("[data-test=in-view] a").first).to_be_visible()


def pinch(page: Page) -> None:
    """Two fingers part on the map, as the browser tells it."""
    box = page.locator("[data-test=map]").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    cdp = page.context.new_cdp_session(page)

    def touch(kind: str, apart: float) -> None:
        points = [{"x": x - apart, "y": y, "id": 1}, {"x": x + apart, "y": y, "id": 2}] if apart else []
        cdp.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    touch("touchStart", 30)
    for apart in (40, 60, 80):
        touch("touchMove", apart)
    touch("touchEnd", 0)
    page.wait_for_timeout(200)


def test_the_ground_is_taken_along_and_lies_below_the_map_without_a_network(app: PhoneApp, grounded: Demo) -> None:
    """Its size is said before; afterwards households, boundaries and ground are there with the network off, also after
    the app was closed; deleting it leaves the rest. Nothing was asked of any other host."""
    page = app.page
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if request.url.startswith("http") else None)
    page.goto(f"{app.address}/#/")
    open_map(page)
    card = page.locator("[data-test=ground]")
    card.get_by_role("button", name="带上底图").click()
    card.get_by_role("button", name=re.compile("开始下载（约")).click()
    expect(card).to_contain_text("已带上", timeout=60_000)
    app.offline(True)
    page.reload()
    app.unlock()
    open_map(page)
    expect(page.locator("[data-test=in-view] a").first).to_be_visible()
    page.wait_for_timeout(1000)
    assert coloured(page, LAKE) > 500
    card.get_by_role("button", name="删掉底图").click()
    page.wait_for_timeout(800)
    assert coloured(page, LAKE) < 100  # the rim of one's own accuracy is of a like colour
    expect(page.locator("[data-test=in-view] a").first).to_be_visible()
    app.offline(False)
    assert hosts <= {grounded.address.split("/")[2]}
