"""The phone's form page alone in a real Chromium: built once, served with its forms, driven like a thumb would."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Page, Playwright

from server.forms.compile import compile_form
from tests.e2e.form_gestures import FormGestures

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "client/src/field/form/tests/fixtures"
CHROMIUM = os.environ.get("RUHU_CHROMIUM", "/usr/bin/chromium")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
    "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
]  # fmt: skip
# The policy that the server sends with every page: what it forbids must fail here too.
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' blob: data:; media-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'none'"
)
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True}


def shared_forms() -> list[Path]:
    """The published surveys given beside the repository; none where they are absent."""
    shared = Path(os.environ.get("RUHU_SHARED", ROOT.parent / "shared"))
    return sorted((shared / "data/xlsforms").glob("*.xlsx"))


def build_lab(folder: Path) -> None:
    """Builds the page and compiles every form that a test opens, by the compiler of the server."""
    command = ["npx", "vite", "build", "--config", "tests/form_lab/vite.config.ts", "--logLevel", "error"]
    subprocess.run(command, cwd=ROOT / "client", check=True, env={**os.environ, "FORM_LAB_OUT": str(folder)})
    forms = folder / "forms"
    forms.mkdir()
    visit = ROOT / "form_definitions/forms/household_visit"
    media = {path.name: path.read_bytes() for path in visit.rglob("*") if path.is_file() and path.suffix != ".md"}
    (forms / "household_visit.xml").write_text(compile_form((visit / "form.md").read_bytes(), "form.md", media).xform)
    for source in [FIXTURES / "widgets.md", *shared_forms()]:
        (forms / f"{source.stem}.xml").write_text(compile_form(source.read_bytes(), source.name, {}).xform)


class _Files(http.server.SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        return


@contextmanager
def served(folder: Path) -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(_Files, directory=str(folder)))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/index.html"
    server.shutdown()
    server.server_close()


@contextmanager
def phone(player: Playwright, profile: Path, position: dict[str, float] | None) -> Iterator[BrowserContext]:
    """A phone of 360 × 740; without a position its owner has refused to be located."""
    where: dict[str, Any] = {"permissions": ["camera"]}
    if position:
        where = {"permissions": ["camera", "geolocation"], "geolocation": position}
    context = player.chromium.launch_persistent_context(
        profile, executable_path=CHROMIUM, headless=True, args=ARGS, locale="zh-CN", timezone_id="Asia/Shanghai",
        is_mobile=True, **PHONE, **where,
    )  # fmt: skip
    yield context
    context.close()
    shutil.rmtree(profile, ignore_errors=True)


@dataclass
class Lab(FormGestures):
    """The page of one draft, with the gestures that tests repeat."""

    base: str
    folder: Path
    context: BrowserContext
    problems: list[str] = field(default_factory=list)
    page: Page = field(init=False)

    def open(self, query: str) -> None:
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("pageerror", lambda error: self.problems.append(str(error)))
        self.page.on("console", lambda line: self.problems.append(line.text) if line.type == "error" else None)
        self.page.goto(f"{self.base}?{query}")
        self.page.wait_for_selector(".form-card, .form-repeat")

    def reopen(self) -> None:
        """The tab is killed and the draft opened again."""
        draft = self.page.evaluate("lab.draft")
        self.page.close()
        self.open(f"draft={draft}")

    def saved_xml(self) -> str:
        """The instance as the sealed store holds it, once nothing is waiting."""
        self.page.wait_for_selector(".form-saving.saved")
        return str(self.page.evaluate("lab.savedXml()"))

    def submitted(self) -> dict[str, Any]:
        self.page.wait_for_selector(".form-finished, .form-violation, .form-problem")
        left = self.page.locator(".form-violation, .form-problem").all_inner_texts()
        assert not left, left
        op: dict[str, Any] = self.page.evaluate("lab.lastOp()")
        return op

    def rows(self, household: dict[str, Any], members: list[dict[str, Any]]) -> None:
        (self.folder / "rows.json").write_text(json.dumps({"household": household, "members": members}))
