"""The whole product running for browser tests: the demo county, a real server, its worker; and Chromium at a size."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Playwright

from tests.serving import ROOT, serving

CHROMIUM = os.environ.get("RUHU_CHROMIUM", "/usr/bin/chromium")
ARGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream",
]  # fmt: skip
PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "device_scale_factor": 2, "has_touch": True}
DESK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}}
PASSWORD = "ruhu-demo"


@dataclass(frozen=True)
class Demo:
    """A running demo county."""

    address: str
    var: Path
    database_url: str


@contextmanager
def running_demo(folder: Path) -> Iterator[Demo]:
    """Loads the demo into `folder` and serves it; the built client is client/dist (make client)."""
    url = f"sqlite:///{folder / 'ruhu.sqlite'}"
    env = {**os.environ, "RUHU_VAR": str(folder), "RUHU_DATABASE_URL": url, "RUHU_TESTING": "0"}
    ruhu = [str(Path(sys.executable).parent / "ruhu")]
    for command in (["migrate"], ["demo", "load"]):
        subprocess.run([*ruhu, *command], cwd=ROOT, env=env, check=True, capture_output=True)
    with (folder / "worker.log").open("ab") as log:
        worker = subprocess.Popen([*ruhu, "worker"], cwd=ROOT, env=env, stdout=log, stderr=log, start_new_session=True)
    try:
        with serving(url, folder, {"RUHU_TESTING": "0"}, workers=1) as address:
            yield Demo(address, folder, url)
    finally:
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


@contextmanager
def chromium(playwright: Playwright, profile: Path, **options: Any) -> Iterator[BrowserContext]:
    """A Chromium with a profile that stays: opening it again is the same phone after a restart; `args`: more."""
    args = [*ARGS, *options.pop("args", [])]
    context = playwright.chromium.launch_persistent_context(
        str(profile), executable_path=CHROMIUM, headless=True, args=args, locale="zh-CN", **options
    )
    context.set_default_timeout(30_000)
    try:
        yield context
    finally:
        with suppress(Error):  # it may have been killed
            context.close()


def kill_browser(profile: Path) -> None:
    """SIGKILL for every process of the Chromium with this profile: the battery is empty."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            command = (folder / "cmdline").read_bytes()
        except OSError:  # it has just ended
            continue
        if f"--user-data-dir={profile}".encode() in command:
            os.kill(int(folder.name), signal.SIGKILL)
