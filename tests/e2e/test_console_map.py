"""The map page: what has a place in the own area, from the tiles of the server; and the ground that an office laid."""

from __future__ import annotations

import base64
import csv
import io
import math
import re
import zipfile
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.e2e.desk import ADMIN, SUPERVISOR, session, sign_in
from tests.e2e.running import Demo
from tests.e2e.test_phone_pages import violations
from tests.ground import map_service, vector_ground
from tests.serving import serving

pytestmark = pytest.mark.browser
AT = (107.93, 25.97)  # in the demo's Donghe township
LAKE = (197, 219, 232)


def picture() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (256, 256), (200, 40, 200)).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def grounded(demo: Demo, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """A second server of the demo county, with a ground file."""
    path = vector_ground(tmp_path_factory.mktemp("ground") / "county.pmtiles", *AT, range(6, 15))
    env = {"RUHU_TESTING": "0", "RUHU_MAP_FILE": str(path), "RUHU_MAP_CREDIT": "虚县自然资源局"}
    with serving(demo.database_url, demo.var, env) as address:
        yield Demo(address, demo.var, demo.database_url)


def open_map(page: Page, demo: Demo, query: str = "") -> None:
    sign_in(page, demo.address, SUPERVISOR)
    page.goto(f"{demo.address}/console/#/map{query}")
    expect(page.locator(".county .box[data-ready=true]")).to_be_visible(timeout=30_000)
    page.wait_for_timeout(1500)


def pixels_from(middle: tuple[float, float], place: dict[str, float], zoom: int = 16) -> tuple[float, float]:
    """How far east and south of the middle of the map a place is drawn."""
    a_degree = 512 * 2**zoom / 360
    east, north = float(place["lon"]) - middle[0], float(place["lat"]) - middle[1]
    return east * a_degree, -north * a_degree / math.cos(math.radians(middle[1]))


def coloured(page: Page, colour: tuple[int, int, int], near: int = 12) -> int:
    """How many pixels of the map have this colour, nearly."""
    shot = Image.open(io.BytesIO(page.locator(".county .box").screenshot())).convert("RGB")
    pixels = shot.get_flattened_data()
    return sum(all(abs(a - b) <= near for a, b in zip(pixel, colour, strict=True)) for pixel in pixels)


def test_a_household_is_found_in_the_list_and_on_the_map(page: Page, demo: Demo) -> None:
    """Proves that the list and the tiles show the same: the mark of the chosen household can be clicked on the map."""
    complaints: list[str] = []
    hosts: set[str] = set()
    open_map(page, demo)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if request.url.startswith("http") else None)
    rows = page.locator("[data-test=in-view] [data-household]")
    expect(rows.first).to_be_visible()
    wanted, name = rows.first.get_attribute("data-household"), rows.first.locator("b").inner_text()
    rows.first.focus()
    page.keyboard.press("Enter")
    card = page.locator("[data-test=household]")
    expect(card.locator("h2")).to_contain_text(name)
    assert f"household={wanted}" in page.url
    page.locator("[data-test=close]").click()
    expect(rows.first).to_be_visible()
    page.wait_for_timeout(1500)
    page.locator(".county .box canvas").click()  # the middle: the map had gone to the household
    expect(card.filter(has_text=name).first).to_be_visible()
    assert complaints == []
    assert hosts <= {demo.address.split("/")[2]}


def test_a_visit_on_the_map_leads_to_its_page(page: Page, demo: Demo) -> None:
    desk, _ = session(demo, SUPERVISOR)
    answer = desk.get(f"{demo.address}/api/v1/submissions", params={"photos": "any", "limit": 200})
    visit = next(
        one for one in answer.json()["items"]
        if one["household"] and one["visit"]["location"] and one["photos"]["here"] == one["photos"]["named"]
    )  # fmt: skip
    for _ in range(60):  # the worker looks through the demo's photos
        if desk.get(f"{demo.address}/api/v1/entities/{visit['household']['id']}/photos").json()["items"]:
            break
        page.wait_for_timeout(1000)
    open_map(page, demo, f"?household={visit['household']['id']}")
    card = page.locator("[data-test=household]")
    expect(card.locator("ol img").first).to_be_visible()
    card.locator("ul a").first.click()
    expect(page.locator("h1")).to_have_text(visit["household"]["label"])


def test_a_photo_on_the_map_leads_to_its_place_in_the_queue(page: Page, demo: Demo) -> None:
    desk, _ = session(demo, SUPERVISOR)
    for _ in range(60):  # the worker looks through the demo's photos
        items = desk.get(f"{demo.address}/api/v1/evidence", params={"limit": 200}).json()["items"]
        near = [
            one for one in items if one["place"] and not {"DIST_HH", "ACC_LOW"} & {r["code"] for r in one["reasons"]}
        ]
        if near:
            break
        page.wait_for_timeout(2000)
    open_map(page, demo, "?layers=photos")
    page.goto(f"{page.url}&household={near[0]['entity_id']}")  # the map goes to the household
    page.wait_for_timeout(2500)
    house = desk.get(f"{demo.address}/api/v1/entities/{near[0]['entity_id']}").json()["location"]
    east, south = pixels_from((float(house["lon"]), float(house["lat"])), near[0]["place"])
    box = page.locator(".county .box").bounding_box()
    assert box is not None
    aside = (10, -9)  # the mark of a photo hangs beside its place
    page.mouse.click(box["x"] + box["width"] / 2 + east + aside[0], box["y"] + box["height"] / 2 + south + aside[1])
    page.locator("[data-test=to-look]").first.click()
    look = page.locator("[data-test=look]")
    expect(look).to_be_visible()
    told = desk.get(f"{demo.address}/api/v1/evidence/{look.get_attribute('data-id')}").json()
    assert told["entity_id"] == near[0]["entity_id"]


def test_layers_are_switched_and_stand_in_the_address(page: Page, demo: Demo) -> None:
    asked: list[str] = []
    open_map(page, demo, "?layers=photos")
    page.on("request", lambda request: asked.append(request.url))
    page.locator("[data-layer=photos]").click()
    expect(page).to_have_url(re.compile(r"layers=(&|$)"))
    page.locator("[data-layer=households]").click()
    with page.expect_request(lambda request: "/tiles/" in request.url, timeout=30_000):
        page.reload()
    expect(page.locator("[data-layer=households] input")).to_be_checked()
    expect(page.locator("[data-layer=photos] input")).not_to_be_checked()
    page.wait_for_timeout(1500)  # and of the other layer none
    tiles = [url for url in asked if "/tiles/" in url]
    assert tiles and all("/tiles/households/" in url and "region=" in url for url in tiles)


def test_without_a_ground_nothing_is_fetched_for_one(page: Page, demo: Demo) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_map(page, demo)
    assert [url for url in asked if "/maps/" in url] == []
    expect(page.locator("[data-layer=ground]")).to_have_count(0)


def test_the_offices_ground_is_drawn_and_can_be_hidden(page: Page, grounded: Demo) -> None:
    """Proves that the PMTiles file is read in parts and its lake drawn, and that no border of it is."""
    parts: list[int] = []
    page.on("response", lambda answer: parts.append(answer.status) if "ground.pmtiles" in answer.url else None)
    open_map(page, grounded)
    expect(page.get_by_text("虚县自然资源局")).to_be_visible()
    assert parts and set(parts) == {206}
    with_lake = coloured(page, LAKE)
    page.locator("[data-layer=ground]").click()
    page.wait_for_timeout(800)
    assert with_lake > 5_000 > 500 > coloured(page, LAKE)


def test_tiles_of_a_map_service_come_through_the_server_alone(page: Page, demo: Demo) -> None:
    """Proves that the browser meets no other host, and that the service's picture is on the screen."""
    hosts: set[str] = set()
    page.on("request", lambda request: hosts.add(request.url.split("/")[2]) if request.url.startswith("http") else None)
    with map_service(200, picture()) as (address, asked):
        env = {"RUHU_TESTING": "0", "RUHU_MAP_TILES": f"{address}/{{z}}/{{x}}/{{y}}?tk={{key}}", "RUHU_MAP_KEY": "abc"}
        with serving(demo.database_url, demo.var, env) as own:
            open_map(page, Demo(own, demo.var, demo.database_url))
            page.wait_for_timeout(1000)
            assert coloured(page, (200, 40, 200), 40) > 20_000
            assert hosts == {own.split("/")[2]}
    assert asked and all(path.endswith("?tk=abc") for path in asked)


def test_a_broken_ground_file_is_told_and_the_map_stays(page: Page, demo: Demo) -> None:
    with serving(demo.database_url, demo.var, {"RUHU_TESTING": "0", "RUHU_MAP_FILE": __file__}) as own:
        open_map(page, Demo(own, demo.var, demo.database_url))
        expect(page.locator("[data-test=ground-problem]")).to_contain_text("底图文件打不开")
        expect(page.locator("[data-test=in-view] [data-household]").first).to_be_visible()


def drawn_around(place: dict[str, float], reach: float = 0.002) -> str:
    """A square as it stands in the address."""
    lon, lat = float(place["lon"]), float(place["lat"])
    corners = ((-1, -1), (1, -1), (1, 1), (-1, 1))
    return ",".join(f"{lon + east * reach:.5f},{lat + north * reach:.5f}" for east, north in corners)


def listed(page: Page) -> list[str | None]:
    return [row.get_attribute("data-household") for row in page.locator("[data-test=in-view] [data-household]").all()]


def test_an_area_drawn_by_keys_lists_what_the_server_finds_in_it(page: Page, demo: Demo) -> None:
    """Proves drawing without a mouse, that the address keeps it, and that the list is the server's of that area."""
    open_map(page, demo)
    page.locator("[data-test=draw-box]").focus()
    page.keyboard.press("Enter")
    expect(page.locator("[data-test=cross]")).to_be_focused()
    for keys in (["ArrowLeft"] * 3 + ["ArrowUp"] * 3, ["ArrowRight"] * 6 + ["ArrowDown"] * 6):
        for key in keys:
            page.keyboard.press(key)
        page.keyboard.press("Enter")
    page.wait_for_url(re.compile("shape="))
    shape = unquote(re.search(r"shape=([^&]+)", page.url)[1])  # type: ignore[index]
    desk, _ = session(demo, SUPERVISOR)
    asked = {"within": shape, "dataset": "household", "state": "active", "limit": 100}
    found = [one["id"] for one in desk.get(f"{demo.address}/api/v1/entities", params=asked).json()["items"]]
    rows = page.locator("[data-test=in-view] [data-household]")
    for _ in range(2):
        expect(rows).to_have_count(len(found))
        assert found and listed(page) == found
        page.reload()
    page.locator("[data-of=visits]").click()
    expect(page.locator("[data-visit], [data-test=none]").first).to_be_visible()
    page.locator("[data-test=draw-clear]").click()
    expect(page).not_to_have_url(re.compile("shape="))


def test_an_area_drawn_over_another_township_holds_nothing_of_it(page: Page, demo: Demo) -> None:
    own = {one["id"] for one in everything(demo, SUPERVISOR)}
    foreign = next(one for one in everything(demo, ADMIN) if one["id"] not in own and one.get("location"))
    open_map(page, demo, f"?shape={drawn_around(foreign['location'])}")
    for of in ("households", "visits"):
        page.locator(f"[data-of={of}]").click()
        expect(page.locator("[data-test=none]")).to_be_visible()
    assert foreign["label"] not in page.inner_text("main")


def everything(demo: Demo, username: str) -> list[dict[str, Any]]:
    desk, _ = session(demo, username)
    asked = {"dataset": "household", "limit": 500}
    found: list[dict[str, Any]] = desk.get(f"{demo.address}/api/v1/entities", params=asked).json()["items"]
    return found


def test_a_time_is_set_by_keys_narrows_the_tiles_and_stands_in_the_address(page: Page, demo: Demo) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    open_map(page, demo)
    page.select_option("[data-test=step]", "month")
    slider = page.locator("[data-test=to]")
    expect(slider).to_be_visible()
    slider.focus()
    for _ in range(3):
        page.keyboard.press("ArrowLeft")
    words = page.locator("[data-test=time-words]").inner_text()
    assert slider.get_attribute("aria-valuetext") in words and "from=" in page.url and "to=" in page.url
    page.wait_for_timeout(1000)
    tiles = [url for url in asked if "/tiles/" in url]
    assert any("/tiles/submissions/" in url and "from=" in url for url in tiles)
    assert not any("/tiles/households/" in url and "from=" in url for url in tiles)
    page.reload()
    expect(page.locator("[data-test=time-words]")).to_have_text(words)


def test_what_is_seen_goes_to_a_file(page: Page, demo: Demo) -> None:
    """Proves that the file holds the households of the drawn area alone."""
    home = next(one for one in everything(demo, SUPERVISOR) if one.get("location"))
    open_map(page, demo, f"?layers=households&shape={drawn_around(home['location'], 0.0005)}")
    expect(page.locator("[data-test=count]")).to_be_visible()
    wanted = set(listed(page))
    page.locator("[data-test=export-open]").click()
    page.locator("[data-test=seen-export] button[type=submit]").click()
    with page.expect_download() as told:
        page.locator("[data-test=seen-export] [data-test=fetch]").click(timeout=60_000)
    with zipfile.ZipFile(told.value.path()) as archive:
        rows = list(csv.DictReader(io.StringIO(archive.read("households.csv").decode("utf-8-sig"))))
        assert "submissions.csv" not in archive.namelist()
    assert home["id"] in wanted and {row["id"] for row in rows} == wanted


def test_the_map_is_printed_on_one_sheet_with_legend_scale_date_and_source(page: Page, demo: Demo) -> None:
    """Proves that the picture holds the drawn map, and that paper of either way is one page of A4."""
    open_map(page, demo)
    page.locator("[data-test=print]").click()
    picture = page.locator("[data-test=picture]")
    expect(picture).to_be_visible()
    content = base64.b64decode((picture.get_attribute("src") or "").partition(",")[2])
    colours = Image.open(io.BytesIO(content)).convert("RGB").getcolors(1 << 22) or []
    assert len(colours) > 20, "an empty canvas has one colour"
    sheet = page.locator("[data-test=sheet]")
    for words in ("东河镇", "米", "走访", "村界", "来源：入户"):
        expect(sheet).to_contain_text(re.compile(words + "|公里") if words == "米" else words)
    for way, wide in (("portrait", 595), ("landscape", 842)):
        page.select_option("[data-test=paper]", way)
        pdf = page.pdf(prefer_css_page_size=True)
        boxes = re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", pdf)
        assert len(boxes) == 1 and abs(float(boxes[0][0]) - wide) < 3, way
    assert violations(page) == []
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_at_1024_pixels_nothing_lies_outside_the_window(page: Page, demo: Demo, language: str) -> None:
    page.set_viewport_size({"width": 1024, "height": 768})
    open_map(page, demo)
    if language == "en":
        page.click("[data-test=language]")
    expect(page.locator("h1")).to_have_text("Map" if language == "en" else "地图")
    assert page.evaluate("document.documentElement.scrollWidth") <= 1024
    assert "county." not in page.inner_text("main")
    if language == "en":
        page.click("[data-test=language]")
