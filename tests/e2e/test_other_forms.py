"""Forms of other people on our phone: the published surveys given beside the repository are uploaded as an office would
send them, published, opened, filled where they insist, saved and accepted. Skipped where the files are absent."""

from __future__ import annotations

from pathlib import Path

import pytest
import requests
from playwright.sync_api import Playwright, expect

from tests.e2e.form_lab import shared_forms
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PASSWORD, PHONE, Demo, chromium

pytestmark = pytest.mark.browser

ENOUGH = 120  # more required questions than any of these forms has


def publish_all(demo: Demo) -> list[str]:
    """Uploads and publishes through the API as the administrator; answers the forms' names."""
    session = requests.Session()
    base = f"{demo.address}/api/v1"
    signed = session.post(f"{base}/auth/login", json={"username": "admin", "password": PASSWORD, "cookie": True})
    headers = {"X-CSRF-Token": signed.json()["csrf_token"]}
    names = []
    for path in shared_forms():
        draft = session.post(f"{base}/forms", files={"file": (path.name, path.read_bytes())}, headers=headers)
        assert draft.status_code == 201, draft.text
        form = draft.json()
        answer = session.post(f"{base}/forms/{form['form_id']}/{form['version']}/publish", headers=headers)
        assert answer.ok, answer.text
        names.append(form["names"]["zh"])
    return names


def answer_what_is_asked(app: PhoneApp) -> None:
    """Any answer will do to the question that the form points at."""
    card = app.page.locator(".form-card.aimed, .form-card.broken").first
    card.wait_for()
    if card.locator(".form-choice").count():
        card.locator(".form-choice").first.click()
    elif card.locator("text=现在定位").count():
        card.locator("text=现在定位").click()
        card.locator("text=用这个位置").click()
    elif card.locator("text=拍照").count():
        card.locator("text=拍照").click()
        app.page.click(".form-shutter")
        app.page.click("text=用这张")
    else:
        field = card.locator("input, textarea").first
        texts = {"date": "2026-01-02", "time": "08:30", "datetime-local": "2026-01-02T08:30"}
        field.fill(texts.get(field.get_attribute("type") or "", "12"))
        field.blur()


def fill_and_save(app: PhoneApp) -> None:
    """Tries to save until nothing is missing, answering what is pointed at."""
    for _ in range(ENOUGH):
        app.read_back()
        app.page.locator(".form-reading").wait_for()
        modes = app.page.locator(".form-reading .form-choice")
        if modes.count() and app.page.locator(".form-reading .form-choice.chosen").count() == 0:
            modes.first.click()
        app.save()
        app.page.locator(".form-finished, .form-violation").first.wait_for()
        if app.page.locator(".form-finished").count():
            return
        app.page.locator(".form-violation").first.click()
        answer_what_is_asked(app)
        app.page.wait_for_timeout(150)
    raise AssertionError("the form still insists on something")


def test_the_published_surveys_are_opened_filled_and_accepted(
    demo: Demo, playwright: Playwright, tmp_path: Path
) -> None:
    if not shared_forms():
        pytest.skip("the published surveys are not beside the repository")
    names = publish_all(demo)
    here = {"latitude": 26.2, "longitude": 108.1, "accuracy": 8}
    options = {**PHONE, "geolocation": here, "permissions": ["geolocation", "camera"]}
    with chromium(playwright, tmp_path / "phone", **options) as context:
        app = PhoneApp(context, demo.address)
        app.start()
        app.sign_in("wang.jun")
        app.synced()
        for name in names:
            app.page.locator("a[href*='/household/']").first.click()
            app.page.get_by_role("button", name=name).click()
            app.page.locator(".form-card").first.wait_for()
            fill_and_save(app)
            app.page.get_by_role("button", name="回到首页").click()
            app.worklist()
        app.tab("待传")
        app.page.get_by_role("button", name="现在同步").click()
        expect(app.page.locator(".tally .accepted b")).to_have_text(str(len(names)), timeout=60_000)
        assert app.problems == []
