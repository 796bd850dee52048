"""The build target is Chrome 90: its syntax, and a visit in a browser from which everything newer was taken away.

What a deletion cannot show (WebAssembly under the content security policy before 97, layout) is not claimed:
docs/decisions, client libraries.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PHONE, Demo, chromium
from tests.serving import ROOT

pytestmark = pytest.mark.browser

# Globals and methods that came after Chrome 90 (MDN browser-compat-data), by the object that has them.
NEWER = {
    "Array.prototype": "at findLast findLastIndex toReversed toSorted toSpliced with",
    "String.prototype": "at isWellFormed toWellFormed",
    "Object.getPrototypeOf(Int8Array.prototype)": "at findLast findLastIndex toReversed toSorted with",
    "Object": "hasOwn groupBy",
    "Map": "groupBy",
    "Array": "fromAsync",
    "Promise": "withResolvers try",
    "Set.prototype": "union intersection difference symmetricDifference isSubsetOf isSupersetOf isDisjointFrom",
    "Crypto.prototype": "randomUUID",
    "AbortSignal": "abort timeout any",
    "AbortSignal.prototype": "throwIfAborted reason",
    "URL": "canParse parse",
    "Response": "json",
    "ReadableStream.prototype": "values",
    "Element.prototype": "checkVisibility setHTMLUnsafe",
    "HTMLElement.prototype": "showPopover hidePopover togglePopover",
    "Document": "parseHTMLUnsafe",
    "self": "structuredClone reportError Iterator scheduler navigation URLPattern EyeDropper CookieStore "
    "FileSystemFileHandle",
    "StorageManager.prototype": "getDirectory",
    "Intl": "supportedValuesOf DurationFormat",
    "Uint8Array": "fromBase64 fromHex",
    "Uint8Array.prototype": "toBase64 toHex",
    "RegExp": "escape",
    "Math": "sumPrecise f16round",
}
TAKE_AWAY = "".join(
    f"{{ const owner = typeof {owner.split('.')[0].split('(')[0]} === 'undefined' ? null : {owner};"
    f" if (owner) for (const name of {names.split()!r}) {{ try {{ delete owner[name]; }} catch {{}} }} }}"
    for owner, names in NEWER.items()
)


def test_no_script_of_the_phone_is_newer_than_chrome_90() -> None:
    told = subprocess.run(["node", "scripts/old-syntax.mjs"], cwd=ROOT / "client", capture_output=True, text=True)
    assert told.returncode == 0, told.stdout + told.stderr


def test_a_visit_needs_nothing_newer(demo: Demo, playwright: Playwright, tmp_path: Path) -> None:
    with chromium(playwright, tmp_path / "phone", permissions=["camera"], **PHONE) as context:
        context.add_init_script(TAKE_AWAY)
        app = PhoneApp(context, demo.address)
        app.start()
        gone = "[self.structuredClone, AbortSignal.timeout, [].findLast, Promise.withResolvers, URL.canParse]"
        assert app.page.evaluate(f"{gone}.filter(Boolean).length") == 0
        app.sign_in("chen.bo")
        app.synced()
        app.page.locator("a[href*='/household/']").last.click()
        expect(app.page.get_by_role("button", name="开始走访")).to_be_enabled()
        app.begin_agreed_visit()
        app.choose("没有签名的原因", "在纸上签字")
        app.section("照片")
        app.take_photo("房屋正面")
        app.finish_unchanged()
        expect(app.page.locator(".form-finished h1")).to_have_text("已接收", timeout=60_000)
        assert app.problems == []
