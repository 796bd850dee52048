"""A visit with two photos over a line of 128 kbit/s and 600 ms that is cut every 20 s: bytes sent for bytes needed."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Playwright, Request

from tests.e2e.desk import SUPERVISOR, session
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import ARGS, CHROMIUM, PHONE, Demo
from tests.e2e.slow_line import SlowLine, slow_line
from tests.evidence.pictures import jpeg

HELPER = "li.min"
PLACE = {"latitude": 25.956772, "longitude": 107.910721, "accuracy": 8}
OPTIONS: dict[str, Any] = {**PHONE, "geolocation": PLACE, "permissions": ["geolocation", "camera"]}
RATE, DELAY, RESET = 128_000 / 8, 0.3, 20.0  # bytes a second, seconds one way, seconds
PATIENCE = 900  # seconds


def film(folder: Path) -> Path:
    """For the camera: four frames with as much to see as a yard has, as motion JPEG."""
    path = folder / "yard.mjpeg"
    frames = []
    for number in range(4):
        soft = Image.effect_noise((80 + number, 60), 120).resize((1280, 960), Image.Resampling.BICUBIC)
        grey = Image.blend(soft, Image.effect_noise((1280, 960), 30), 0.5)
        frames.append(jpeg(Image.merge("RGB", (grey, soft, grey)), quality=92))
    path.write_bytes(b"".join(frames))
    return path


def broken_line(playwright: Playwright, demo: Demo, folder: Path) -> None:
    arguments = [*ARGS, f"--use-file-for-fake-video-capture={film(folder)}"]
    with slow_line(demo.address) as line:
        context = playwright.chromium.launch_persistent_context(
            str(folder / "line"), executable_path=CHROMIUM, headless=True, locale="zh-CN", args=arguments, **OPTIONS
        )
        with context:
            app = PhoneApp(context, line.address)
            app.start()
            app.sign_in(HELPER)
            app.synced()
            visit_with_photos(app)
            send_slowly(app, line, demo)


def send_slowly(app: PhoneApp, line: SlowLine, demo: Demo) -> None:
    """`needed`: bytes of the photos and of the visit as it is pushed; `sent`: all that went up, headers and all."""
    pushed: list[int] = []

    def listen(request: Request) -> None:
        if request.url.endswith("/sync/push"):
            pushed.append(len(request.post_data_buffer or b""))

    app.page.on("request", listen)
    line.rate, line.delay, line.reset_every = RATE, DELAY, RESET
    before, begun, cut = line.up, time.perf_counter(), line.resets
    app.offline(False)
    arrived = wait_until_accepted(app, begun)
    took, sent = time.perf_counter() - begun, line.up - before
    cuts = line.resets - cut
    if not arrived:
        print(f"broken line   NOT DONE after {took:.0f} s: {sent / 1000:.0f} kB sent, {cuts} connections cut")
        return
    needed = photo_bytes(demo) + max(pushed)
    share = f"{sent / needed:.3f} (bar 1.10, aim 1.02)"
    print(f"broken line   {sent / 1000:.0f} kB sent for {needed / 1000:.0f} kB of visit and photos: {share}")
    print(f"              {took:.0f} s, {cuts} connections cut")


def wait_until_accepted(app: PhoneApp, begun: float) -> bool:
    """Looks every second; a machine under load is slow, and the figure is of bytes."""
    accepted = app.page.locator(".tally .accepted b")
    while time.perf_counter() - begun < PATIENCE:
        if accepted.count() and accepted.inner_text() == "1":
            return True
        app.page.wait_for_timeout(1000)
    return False


def visit_with_photos(app: PhoneApp) -> None:
    """Saved without a network, on the outbox page."""
    app.page.locator("a[href*='/household/']").first.click()
    app.offline(True)
    app.begin_agreed_visit()
    app.choose("没有签名的原因", "在纸上签字")
    app.section("饮水")
    app.card("缺水多少天").locator("input").fill("33")
    app.section("照片")
    for title in ("房屋正面", "取水点"):
        app.take_photo(title)
    app.finish_unchanged()
    app.page.goto(f"{app.address}/#/outbox")
    app.page.locator(".tally").wait_for()


def photo_bytes(demo: Demo) -> int:
    """Of the helper's newest visit."""
    desk, _ = session(demo, SUPERVISOR)
    base = f"{demo.address}/api/v1/submissions"
    rows = desk.get(base, params={"limit": 50}).json()["items"]
    mine = next(row for row in rows if row["author"]["username"] == HELPER)
    files = desk.get(f"{base}/{mine['instance_id']}").json()["attachments"]
    assert [file["state"] for file in files] == ["complete"] * 2
    store = demo.var / "blobs"
    return sum(path.stat().st_size for file in files for path in store.rglob(f"*{file['sha256']}*"))
