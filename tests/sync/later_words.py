"""A county whose words change: a property is renamed and two codes change places; its form gets a second version."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from server import db
from server.config import ROOT, Settings
from server.forms.tables import FormVersion
from tests.apps import app_for
from tests.sync.family import family_form
from tests.world import World, add_form

STEPS: dict[str, Any] = {
    "dataset": "household",
    "steps": [
        {"id": "1", "on": "2026-12-01", "rename": {"from": "water_shortage_days", "to": "dry_days"}},
        {"id": "2", "on": "2026-12-01", "codes": {"property": "address", "map": {"1": "2", "2": "1"}}},
    ],
}


@contextmanager
def county_later(world: World, folder: Path) -> Iterator[World]:
    """The county's second program, on the same database; version 2 of the family form is published with its words."""
    forms = folder / "later"
    shutil.copytree(ROOT / "form_definitions", forms)
    (forms / "migrations").mkdir(exist_ok=True)
    (forms / "migrations" / "household.yaml").write_text(yaml.safe_dump(STEPS), "utf-8")
    for path in [forms / "datasets" / "household.yaml", *(forms / "rules").glob("*.yaml")]:
        path.write_text(path.read_text("utf-8").replace("water_shortage_days", "dry_days"), "utf-8")
    settings: Settings = world.app.config["RUHU"]
    app = app_for(Settings(database_url=settings.database_url, var=settings.var, forms=forms, testing=True))
    app.config["TESTING"] = False
    world.run(_publish)
    yield World(app, world.people)
    with app.app_context():
        db.db.engine.dispose()


def _publish(session: Any) -> None:
    add_form(session, family_form("2"))
    session.flush()
    session.get_one(FormVersion, ("family", "2")).vocabulary = {"household": len(STEPS["steps"])}
