"""Takes the README's pictures from the real app: `.venv/bin/python -m tests.e2e.pictures` (after `make client`)."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from urllib.parse import quote

import requests
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Playwright, sync_playwright

from tests.e2e.form_gestures import FormGestures
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import ARGS, CHROMIUM, PASSWORD, PHONE, Demo, chromium, running_demo
from tests.serving import ROOT

FOLDER = ROOT / "docs" / "pictures"
LARGEST = 300_000  # bytes of a picture
HELPER, SUPERVISOR = "li.min", "zhang.zhuren"
# A map is drawn by WebGL, in software where there is no graphics card.
DESK_ARGS = [arg for arg in ARGS if arg != "--disable-gpu"]
DESK_ARGS += ["--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


def keep(page: Page, name: str) -> None:
    """A screenshot with as many colours as its size allows."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    for colours in (256, 128, 64):
        out = io.BytesIO()
        shot.quantize(colours, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        if out.tell() < LARGEST:
            break
    FOLDER.mkdir(parents=True, exist_ok=True)
    (FOLDER / f"{name}.png").write_bytes(out.getvalue())
    print(f"{name}.png {out.tell() // 1000} kB")


def phone(playwright: Playwright, demo: Demo, profile: Path) -> None:
    place = {"latitude": 25.956772, "longitude": 107.910721, "accuracy": 8}
    options = {**PHONE, "device_scale_factor": 1.5, "geolocation": place, "permissions": ["geolocation"]}
    with chromium(playwright, profile, timezone_id="Asia/Shanghai", **options) as context:
        app = PhoneApp(context, demo.address)
        app.start()
        app.sign_in(HELPER)
        app.page.wait_for_timeout(2000)
        keep(app.page, "phone-worklist")
        app.page.locator("a[href*='/household/']").first.click()
        app.page.get_by_role("button", name=re.compile("走访")).first.wait_for()
        to_top = "node => { node.style.scrollMarginTop = '90px'; node.scrollIntoView(); }"
        app.page.get_by_text("这户可以办的事").evaluate(to_top)
        app.page.wait_for_timeout(500)
        keep(app.page, "phone-household")
        app.page.get_by_role("button", name="饮水安全").click()
        quantity_of_water(Form(app.page))
        app.page.wait_for_timeout(500)
        keep(app.page, "phone-question")


class Form(FormGestures):
    def __init__(self, page: Page) -> None:
        self.page = page

    def type(self, title: str, text: str) -> None:
        self.card(title).locator("input").fill(text)


def quantity_of_water(form: Form) -> None:
    """To where the water form shows a grade, and the standard that it follows."""
    form.card("这次怎么联系的").wait_for()
    form.choose("这次怎么联系的", "上门")
    form.section("向农户说明")
    form.choose("愿意继续吗", "愿意")
    form.choose("没有签名的原因", "在纸上")
    form.section("水量")
    form.next()
    form.choose("水量怎么算", "知道每人每天多少升")
    form.next()
    form.type("每人每天大约多少升", "58")
    form.next()
    form.page.get_by_text("每人每天约").wait_for()


def desk(playwright: Playwright, demo: Demo, profile: Path) -> None:
    context = playwright.chromium.launch_persistent_context(
        str(profile), executable_path=CHROMIUM, args=DESK_ARGS, locale="zh-CN", timezone_id="Asia/Shanghai",
        viewport={"width": 1360, "height": 850}, bypass_csp=True,
    )  # fmt: skip
    with context:
        page = context.new_page()
        page.goto(f"{demo.address}/console/")
        page.fill("input[name=username]", SUPERVISOR)
        page.fill("input[name=password]", PASSWORD)
        page.click("button[type=submit]")
        page.wait_for_selector("[data-test=overview]")
        page.wait_for_timeout(2500)
        keep(page, "console-overview")
        page.goto(f"{demo.address}/console/#/visits/{quote(visit_to_show(context, demo), safe=':')}")
        page.wait_for_selector(".box[data-ready=true]")
        page.wait_for_function("document.querySelector('[data-test=photo]')?.naturalWidth > 600")
        page.wait_for_timeout(1500)
        keep(page, "console-visit")


def visit_to_show(context: BrowserContext, demo: Demo) -> str:
    """One with a change, a place and a photo that is ready; the worker may still be at it."""
    reader = requests.Session()
    body = {"username": SUPERVISOR, "password": PASSWORD, "cookie": True}
    reader.post(f"{demo.address}/api/v1/auth/login", json=body)
    base = f"{demo.address}/api/v1/submissions"
    for _ in range(30):
        for row in reader.get(base, params={"has_photo": 1, "limit": 100}).json()["items"]:
            told = reader.get(f"{base}/{row['instance_id']}").json()
            ready = all(file["photo_state"] == "ready" for file in told["attachments"])
            if ready and told["map"]["position"] and any(field["changed"] for field in told["records"][0]["fields"]):
                return str(row["instance_id"])
        context.pages[0].wait_for_timeout(1000)
    raise SystemExit("no visit has all its photos")


def main() -> None:
    with tempfile.TemporaryDirectory() as name, running_demo(Path(name)) as demo, sync_playwright() as playwright:
        phone(playwright, demo, Path(name) / "phone")
        desk(playwright, demo, Path(name) / "desk")


if __name__ == "__main__":
    main()
