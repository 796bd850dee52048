"""Beginning on a phone by scanning the code's picture inside the app: by camera, from a photo, or neither."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import segno
from PIL import Image
from playwright.sync_api import Playwright, expect

from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PHONE, Demo, chromium
from tests.e2e.test_phone_begins import Office, helper_id

pytestmark = pytest.mark.browser

REFUSES = """navigator.mediaDevices.getUserMedia =
  () => Promise.reject(new DOMException('no', 'NotAllowedError'))"""


def code_picture(text: str) -> Image.Image:
    """As a camera sees it: 640 × 480, the code somewhat turned."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="png", scale=7, border=4)
    code = Image.open(out).convert("RGB").rotate(4, expand=True, fillcolor=(255, 255, 255))
    picture = Image.new("RGB", (640, 480), (210, 205, 190))
    picture.paste(code, ((640 - code.width) // 2, (480 - code.height) // 2))
    return picture


def jpeg(picture: Image.Image) -> bytes:
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=85)
    return out.getvalue()


def open_scanner(app: PhoneApp) -> None:
    app.start()
    app.page.get_by_role("button", name="用登记码开始").click()
    app.page.get_by_role("button", name="扫二维码").click()


def test_the_camera_reads_the_code_and_the_work_begins(demo: Demo, playwright: Playwright, tmp_path: Path) -> None:
    """One tap and a look: no typing. The camera is closed afterwards."""
    office = Office(demo)
    with chromium(playwright, tmp_path / "asking", **PHONE) as context:
        helper = helper_id(PhoneApp(context, demo.address))
    address = office.post("/enrolments", {"person_id": helper})["address"]
    film = tmp_path / "code.mjpeg"
    film.write_bytes(jpeg(code_picture(address)) * 3)
    seen = [f"--use-file-for-fake-video-capture={film}"]
    with chromium(playwright, tmp_path / "phone", permissions=["camera"], args=seen, **PHONE) as context:
        app = PhoneApp(context, demo.address)
        open_scanner(app)
        app.choose_pin()
        app.worklist()
        assert app.page.locator("video").count() == 0
        assert app.problems == []


def test_a_refused_camera_is_told_and_a_photo_of_the_code_does(
    demo: Demo, playwright: Playwright, tmp_path: Path
) -> None:
    """A code of another server, and a picture without one, are said for what they are; typing is always left."""
    with chromium(playwright, tmp_path / "phone", **PHONE) as context:
        context.add_init_script(REFUSES)
        app = PhoneApp(context, demo.address)
        helper = helper_id(app)
        open_scanner(app)
        sheet = app.page.get_by_role("dialog")
        expect(sheet.get_by_role("alert")).to_contain_text("相机没有允许使用")
        photo = sheet.locator("input[type=file]")

        def show(picture: Image.Image) -> None:
            photo.set_input_files({"name": "code.jpg", "mimeType": "image/jpeg", "buffer": jpeg(picture)})

        show(Image.new("RGB", (640, 480), (90, 120, 90)))
        expect(sheet.get_by_role("status")).to_contain_text("没有读出来")
        show(code_picture("https://elsewhere.example/#/sign-in?code=ABCD-EFGH-JKMN"))
        expect(sheet.get_by_role("status")).to_contain_text("elsewhere.example")
        show(code_picture(Office(demo).post("/enrolments", {"person_id": helper})["address"]))
        app.choose_pin()
        app.worklist()
        assert app.problems == []
