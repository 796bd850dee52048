"""The county's later program: a property has another name, two codes changed places; the form has a second version."""

from __future__ import annotations

import shutil
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from flask import Flask

from server.config import ROOT, Settings
from server.forms.compile import CompiledForm, compile_form
from server.forms.tables import FormVersion
from tests.apps import app_for
from tests.world import FORM, add_form

STEPS: dict[str, Any] = {
    "dataset": "household",
    "steps": [
        {"id": "1", "on": "2026-09-01", "rename": {"from": "water_shortage_days", "to": "dry_days"}},
        {"id": "2", "on": "2026-09-01", "codes": {"property": "house_grade", "map": {"B": "C", "C": "B"}}},
    ],
}
# How many of the steps each version of the form knows; what its field water_days writes; what it asks besides.
KNOWN = {"1": 0, "2": len(STEPS["steps"])}
WATER = {"1": "water_shortage_days", "2": "dry_days"}
MORE = "| | text | address | 住址 | Address | household#address | |\n"


@cache
def second_form() -> CompiledForm:
    text = FORM.replace(WATER["1"], WATER["2"]).replace("small_visit | 1", "small_visit | 2")
    place = text.index("| | text | village")
    return compile_form((text[:place] + MORE + text[place:]).encode(), "small.md", {})


def add_draft(session: Any) -> None:
    """The second version, not published, as its author checked it against the words to come."""
    add_form(session, second_form(), state="draft")
    session.flush()
    session.get_one(FormVersion, ("small_visit", "2")).vocabulary = {"household": KNOWN["2"]}


def later_app(settings: Settings, folder: Path) -> Flask:
    """The later program on the same database and files."""
    forms = folder / "later"
    shutil.copytree(ROOT / "form_definitions", forms)
    (forms / "migrations").mkdir(exist_ok=True)
    (forms / "migrations" / "household.yaml").write_text(yaml.safe_dump(STEPS), "utf-8")
    for path in [forms / "datasets" / "household.yaml", *(forms / "rules").glob("*.yaml")]:
        path.write_text(path.read_text("utf-8").replace(WATER["1"], WATER["2"]), "utf-8")
    return app_for(Settings(database_url=settings.database_url, var=settings.var, forms=forms, testing=True))
