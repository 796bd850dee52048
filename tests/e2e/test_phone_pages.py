"""Every screen of the phone in a real Chromium: readable by a screen reader, inside the window in both languages, and
an app that the browser would install. Proves issue 6 "works by keyboard and screen reader; contrast AA"."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, Playwright

from tests.e2e.phone_app import PhoneApp
from tests.e2e.phone_walk import Walk, in_english
from tests.e2e.running import Demo, chromium
from tests.e2e.screens import OPTIONS
from tests.serving import ROOT

pytestmark = pytest.mark.browser

AXE = ROOT / "client" / "node_modules" / "axe-core" / "axe.min.js"
BAD = ("serious", "critical")
FEWEST = 35  # screens of a whole walk


def violations(page: Page) -> list[str]:
    """Rule and element of what axe-core finds serious or critical."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE.read_text("utf-8"))
    found: list[dict[str, Any]] = page.evaluate("axe.run(document).then(told => told.violations)")
    bad = [one for one in found if one["impact"] in BAD]
    return [f"{one['id']}: {node['html'][:160]}" for one in bad for node in one["nodes"]]


def out_of_window(page: Page) -> list[str]:
    """Words for what does not fit: a page that scrolls sideways, a text that no catalogue has."""
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    bare = re.findall(r"\b(?:form|visits|household|me|question|outbox|pin|common)\.[a-z_.]+\b", page.inner_text("#app"))
    return [f"wider by {width} px"] * (width > 0) + [f"bare text {name}" for name in bare]


def test_every_screen_is_accessible_and_fits_in_both_languages(
    demo: Demo, playwright: Playwright, tmp_path: Path
) -> None:
    wrong: list[str] = []
    seen: list[str] = []
    with chromium(playwright, tmp_path / "phone", **OPTIONS) as context:
        app = PhoneApp(context, demo.address)

        def look(name: str) -> None:
            seen.append(name)
            wrong.extend(f"{name}: {one}" for one in [*violations(app.page), *out_of_window(app.page)])
            with in_english(app.page):
                wrong.extend(f"{name} (en): {one}" for one in out_of_window(app.page))

        walk = Walk(app, demo, look)
        walk.through()
        errors = context.new_cdp_session(app.page).send("Page.getInstallabilityErrors")["installabilityErrors"]
        assert app.problems == []
    assert errors == []
    if wrong:
        pytest.fail("\n".join(wrong))
    assert len(seen) >= FEWEST
