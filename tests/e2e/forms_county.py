"""A worker to whom every form is offered, and a quick hand that fills a form on the phone as one of its cases says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
from playwright.sync_api import Playwright

from server.app import create_app
from server.commands.forms import publish_path
from server.config import Settings
from tests.e2e.case_records import Filling, add_worker, put_records
from tests.e2e.phone_app import PhoneApp
from tests.e2e.running import PASSWORD, PHONE, Demo, chromium
from tests.forms.case_files import Case, read_cases
from tests.forms.samples import DEFINITIONS, compiled

THUMB = Path(__file__).with_name("thumb.js").read_text("utf-8")
FORMS = sorted(path.name for path in (DEFINITIONS / "forms").iterdir() if path.is_dir())
WORKER = "every.form"
# A folder for pictures of each form's screens, for whoever wants to look at them.
PICTURES = os.environ.get("RUHU_SCREENS")


def complete_case(form: str) -> Case:
    """The first case that is complete and breaks no rule, of a household that is there."""
    found = [case for case in read_cases(form) if case.complete and not case.violations]
    with_rows = [case for case in found if case.lists.get("household")]
    return (with_rows or found)[0]


@dataclass(frozen=True)
class County:
    demo: Demo
    fillings: dict[str, Filling]

    def get(self, path: str) -> Any:
        session = requests.Session()
        base = f"{self.demo.address}/api/v1"
        session.post(f"{base}/auth/login", json={"username": WORKER, "password": PASSWORD, "cookie": True})
        return session.get(f"{base}{path}").json()

    def instances(self, form: str = "") -> list[str]:
        """Ids of what the worker has sent, newest first."""
        rows = self.get(f"/submissions?limit=200{f'&form_id={form}' if form else ''}")["items"]
        return [row["instance_id"] for row in rows if row["author"]["username"] == WORKER]

    def submission(self, instance_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.get(f"/submissions/{instance_id}")
        return found


def prepared(demo: Demo) -> County:
    """The demo county with every form published, a worker for all, and the records that cases begin with."""
    settings = Settings(database_url=demo.database_url, var=demo.var)
    with create_app(settings).app_context():
        for form in FORMS:
            publish_path(settings, DEFINITIONS / "forms" / form)
        author = add_worker(WORKER, PASSWORD, "样样会")
        fillings = put_records({form: complete_case(form) for form in FORMS}, author)
    return County(demo, fillings)


@contextmanager
def worker_phone(county: County, playwright: Playwright, profile: Path) -> Iterator[PhoneApp]:
    """The worker's phone, in the county, with all forms and records."""
    here = {"latitude": 26.0, "longitude": 108.0, "accuracy": 8}
    options = {**PHONE, "geolocation": here, "permissions": ["geolocation", "camera"], "timezone_id": "Asia/Shanghai"}
    with chromium(playwright, profile, **options) as context:
        app = PhoneApp(context, county.demo.address)
        app.start()
        app.sign_in(WORKER)
        app.synced()
        yield app


def name_of(form: str) -> str:
    return compiled(form).names["zh"]


def open_form(app: PhoneApp, form: str, filling: Filling) -> None:
    """From the household's page, or from "in the village"."""
    if filling.household:
        app.page.goto(f"{app.address}/#/household/{filling.household}")
        app.page.locator("[data-test=forms]").get_by_role("button", name=name_of(form), exact=True).click()
    else:
        app.page.goto(f"{app.address}/#/")
        app.page.get_by_role("button", name="村里的事").click()
        app.page.get_by_role("button", name=name_of(form), exact=True).click()
    app.page.locator(".form-card, .form-repeat").first.wait_for()


def picture(app: PhoneApp, name: str) -> None:
    if PICTURES:
        app.page.screenshot(path=Path(PICTURES) / f"{name}.png")


def fill(app: PhoneApp, form: str, filling: Filling) -> None:
    """Every answer of the case on its screen; pictures by camera and pad."""
    app.page.evaluate(THUMB)
    for number, (path, value) in enumerate(filling.case.answers):
        if value == filling.household and path.endswith("/household"):
            continue  # chosen outside the form
        told = app.page.evaluate("([path, value]) => thumb.answer(path, value)", [path, value])
        if told != "done":
            by_hand(app, path, value, told)
        if number % 8 == 0:
            picture(app, f"{form}-{number:02d}")


def by_hand(app: PhoneApp, path: str, value: str, kind: str) -> None:
    card = app.page.locator(f'.form-card[data-path="{path}"]')
    if kind == "photo":
        app.shoot(card)
    elif kind == "drawing":
        app.draw(card)
    else:
        card.locator("text=现在定位").click()
        card.locator("text=用这个位置").click()


def save(app: PhoneApp) -> None:
    app.read_back()
    app.page.locator(".form-reading").wait_for()
    mode = app.page.locator(".form-reading .form-choice")
    if mode.count():
        mode.first.click()
    app.save()
    app.page.locator(".form-finished, .form-violation, .form-problem").first.wait_for()
    left = app.page.locator(".form-violation, .form-problem").all_inner_texts()
    assert left == []


def case_named(form: str, name: str) -> Filling:
    """Not put on the server: the household is whichever the form is opened from."""
    case = next(case for case in read_cases(form) if case.name == name)
    return Filling(case, next((value for path, value in case.answers if path == "/data/household"), None))


def fill_and_save(app: PhoneApp, form: str, filling: Filling) -> None:
    app.by_section()
    app.page.locator(".form-step-line").first.click()
    fill(app, form, filling)
    save(app)
    app.page.get_by_role("button", name="回到首页").click()
