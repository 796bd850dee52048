"""A draft form tried on the phone before it is published: sample records, clearly marked, nothing kept or sent."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest
import requests
from playwright.sync_api import Playwright, expect

from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PASSWORD, PHONE, Demo, chromium
from tests.forms.samples import SMALL

pytestmark = pytest.mark.browser


def upload_draft(demo: Demo) -> tuple[str, str]:
    """Form id and version of a draft that nobody has published."""
    form_id = f"tried_{uuid.uuid4().hex[:8]}"
    session = requests.Session()
    base = f"{demo.address}/api/v1"
    signed = session.post(f"{base}/auth/login", json={"username": "admin", "password": PASSWORD, "cookie": True})
    source = SMALL.replace("| | small | 1 |", f"| | {form_id} | 1 |").encode()
    headers = {"X-CSRF-Token": signed.json()["csrf_token"]}
    answer = session.post(f"{base}/forms", files={"file": ("small.md", source)}, headers=headers)
    assert answer.status_code == 201, answer.text
    return form_id, "1"


def sign_in(app: PhoneApp, username: str) -> None:
    app.page.get_by_label("用户名").fill(username)
    app.page.get_by_label("密码", exact=True).fill(PASSWORD)
    app.page.get_by_role("button", name="登录").click()
    app.choose_pin()
    app.synced()


def test_a_draft_is_tried_with_sample_records_and_leaves_no_trace(
    demo: Demo, playwright: Playwright, tmp_path: Path
) -> None:
    form_id, version = upload_draft(demo)
    with chromium(playwright, tmp_path / "phone", permissions=["camera"], **PHONE) as context:
        app = PhoneApp(context, demo.address)
        app.start()
        sign_in(app, "admin")
        app.page.goto(f"{demo.address}/#/preview/{form_id}/{version}")
        expect(app.page.locator(".form-preview")).to_contain_text("试填")
        app.by_section()
        app.page.locator(".form-step-line").first.click()
        app.card("户主").locator("input").fill("试一试")
        app.take_photo("正面")
        app.page.locator(".form-preview").wait_for()
        app.card("几人").locator("input").fill("1")
        app.read_back()
        app.page.locator(".form-reading .form-choice").first.click()
        app.page.get_by_role("button", name="试填完了").click()
        expect(app.page.get_by_role("heading", name="试填完了")).to_be_visible()
        app.page.get_by_role("button", name="返回").click()
        app.page.goto(f"{demo.address}/#/drafts")
        expect(app.page.get_by_text("没有没填完的表")).to_be_visible()
        app.tab("待传")
        expect(app.page.get_by_text("没有要传的")).to_be_visible()
        assert app.problems == []


def test_who_may_not_try_a_draft_is_told_so(demo: Demo, playwright: Playwright, tmp_path: Path) -> None:
    form_id, version = upload_draft(demo)
    with chromium(playwright, tmp_path / "phone", **PHONE) as context:
        app = PhoneApp(context, demo.address)
        app.start()
        sign_in(app, "li.min")
        app.page.goto(f"{demo.address}/#/preview/{form_id}/{version}")
        expect(app.page.get_by_text("要有试填的权限")).to_be_visible()
