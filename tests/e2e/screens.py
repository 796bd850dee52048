"""Pictures of every screen of the phone in both languages, and the pages that show them.

.venv/bin/python -m tests.e2e.screens          (after `make client`; writes docs/pictures/phone and docs/PHONE*.md)
.venv/bin/python -m tests.e2e.screens FOLDER   (pictures alone, large, to look at)
"""

from __future__ import annotations

import io
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, sync_playwright

from tests.e2e.phone_app import PhoneApp
from tests.e2e.phone_walk import Walk, in_english
from tests.e2e.running import PHONE, chromium, running_demo
from tests.serving import ROOT

FOLDER = ROOT / "docs" / "pictures" / "phone"
WIDTH = 300  # pixels of a picture in the pages
QUALITY = 62
# The first helper's village in the demo county.
PLACE = {"latitude": 25.956772, "longitude": 107.910721, "accuracy": 8}
OPTIONS = {**PHONE, "geolocation": PLACE, "permissions": ["geolocation", "camera"], "timezone_id": "Asia/Shanghai"}


def keep(page: Page, path: Path, width: int | None) -> None:
    """As WebP; `width` in pixels, None as it is on the screen."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    if width:
        shot = shot.resize((width, round(shot.height * width / shot.width)), Image.Resampling.LANCZOS)
    shot.save(path, "WEBP", quality=QUALITY, method=6)


def take(folder: Path, width: int | None) -> list[str]:
    """Names of the screens, in the order of the walk."""
    folder.mkdir(parents=True, exist_ok=True)
    names: list[str] = []
    with (
        tempfile.TemporaryDirectory() as temporary,
        running_demo(Path(temporary)) as demo,
        sync_playwright() as playwright,
        chromium(playwright, Path(temporary) / "phone", **OPTIONS) as context,
    ):
        app = PhoneApp(context, demo.address)

        def look(name: str) -> None:
            names.append(name)
            keep(app.page, folder / f"{name}.zh.webp", width)
            with in_english(app.page):
                keep(app.page, folder / f"{name}.en.webp", width)

        Walk(app, demo, look).through()
        assert app.problems == [], app.problems
    return names


def main() -> None:
    if sys.argv[1:]:
        take(Path(sys.argv[1]), None)
        return
    names = take(FOLDER, WIDTH)
    size = sum(path.stat().st_size for path in FOLDER.iterdir())
    print(f"{len(names)} screens, {size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
