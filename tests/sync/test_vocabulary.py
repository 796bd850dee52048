"""Properties were renamed, split and re-coded while phones were away: every op is understood, nothing is lost.

A county runs with today's words, then its definitions change; both programs share one database.
"""

from __future__ import annotations

import io
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select

from server import db
from server.cli import main
from server.config import ROOT, Settings
from server.forms.tables import FormVersion
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync.apply import apply_write
from server.sync.definitions import datasets as definitions
from server.sync.entity_lists import list_csv
from server.sync.offered_forms import entity_list
from server.sync.record import Origin, RecordWrite
from tests.apps import app_for
from tests.world import QINGSHI, WANG, Phone, World, build_world

STEPS: dict[str, Any] = {
    "dataset": "household",
    "steps": [
        {"id": "1", "on": "2026-12-01", "rename": {"from": "water_shortage_days", "to": "dry_days"}},
        {"id": "2", "on": "2026-12-01", "codes": {"property": "house_grade", "map": {"B": "C", "C": "B"}}},
        {"id": "3", "on": "2026-12-02", "split": {"property": "contact_phone", "at": "-", "into": ["area", "line"]}},
    ],
}


class _Plain(yaml.SafeDumper):
    """Definitions have no anchors: what is used twice is written twice."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _plain(content: Any) -> str:
    return str(yaml.dump(content, Dumper=_Plain, allow_unicode=True))


@pytest.fixture
def world(app: Flask) -> World:
    return build_world(app)


@pytest.fixture
def later(world: World, tmp_path: Path) -> Iterator[World]:
    """The same county after its definitions changed; its records are not carried over yet."""
    forms = tmp_path / "later"
    shutil.copytree(ROOT / "form_definitions", forms)
    (forms / "migrations").mkdir(exist_ok=True)
    (forms / "migrations" / "household.yaml").write_text(_plain(STEPS), "utf-8")
    for path in [forms / "datasets" / "household.yaml", *(forms / "rules").glob("*.yaml")]:
        text = path.read_text("utf-8").replace("water_shortage_days", "dry_days").replace("contact_phone", "line")
        path.write_text(text, "utf-8")
    path = forms / "datasets" / "household.yaml"
    dataset = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    properties = dataset["properties"]
    properties |= {name: {**properties["line"], "group": "phone"} for name in ("area", "line")}
    path.write_text(_plain(dataset), "utf-8")
    yield from _county_with(world, forms)


def _county_with(world: World, forms: Path) -> Iterator[World]:
    """The county's second program, on the same database, with these definitions."""
    settings: Settings = world.app.config["RUHU"]
    app = app_for(Settings(database_url=settings.database_url, var=settings.var, forms=forms, testing=True))
    app.config["TESTING"] = False
    yield World(app, world.people)
    with app.app_context():
        db.db.engine.dispose()


@pytest.fixture
def without(world: World, tmp_path: Path) -> Iterator[World]:
    """The same county after nobody asks for the days without water any more."""
    forms = tmp_path / "without"
    shutil.copytree(ROOT / "form_definitions", forms)
    labels = {"zh": "缺水天数", "en": "Days short"}
    retire = {"property": "water_shortage_days", "type": "integer", "sensitivity": "internal", "labels": labels}
    steps = {"dataset": "household", "steps": [{"id": "1", "on": "2026-12-01", "retire": retire}]}
    (forms / "migrations").mkdir(exist_ok=True)
    (forms / "migrations" / "household.yaml").write_text(_plain(steps), "utf-8")
    path = forms / "datasets" / "household.yaml"
    dataset = yaml.load(path.read_text("utf-8"), Loader=yaml.BaseLoader)
    del dataset["properties"]["water_shortage_days"]
    dataset.pop("rules", None)
    dataset["card"] = [name for name in dataset.get("card", []) if name != "water_shortage_days"]
    path.write_text(_plain(dataset), "utf-8")
    yield from _county_with(world, forms)


def _move(phone: Phone, world: World) -> Phone:
    """The phone talks to the county as it is now; its install and its numbers stay."""
    phone.client = world.app.test_client()
    return phone


def _values(world: World) -> dict[str, Any]:
    return world.look(lambda session: dict(session.get(Entity, WANG).values))


def _carry(world: World) -> str:
    done = CliRunner().invoke(main.commands["datasets"], ["migrate"], obj=lambda: world.app)
    assert done.exit_code == 0, done.output
    return done.output


def test_an_old_phones_visit_is_read_in_todays_words(world: World, later: World) -> None:
    """Its form still says water_shortage_days, its B is today's C, and its phone number is in one piece."""
    li = world.phone("li")
    op = li.visit(water_days="7", grade="C", phone="0990-1234567", base={"water_shortage_days": "20"})
    (result,) = _move(li, later).send(op)
    assert result["status"] == "applied"
    values = _values(later)
    assert (values["dry_days"], values["house_grade"]) == ("7", "B")
    assert (values["area"], values["line"]) == ("0990", "1234567")
    assert "water_shortage_days" not in values and "contact_phone" not in values


def test_what_an_old_phone_leaves_as_it_was_is_no_edit(world: World, later: World) -> None:
    """The record is carried over, the base comes in old words: equal is equal."""
    li = _move(world.phone("li"), later)
    base = {"water_shortage_days": "20", "house_grade": "B"}
    (result,) = li.send(li.visit(water_days="20", grade="B", base=base))
    assert (result["status"], result["entities"][0]["version"]) == ("applied", 1)
    assert _values(later)["house_grade"] == "C", "the same grade under today's name"


def test_two_vocabularies_meet_in_one_conflict(world: World, later: World) -> None:
    """One op came before the words changed, one after: a real difference is seen, an apparent one is not."""
    li, zhang = world.phone("li"), world.phone("zhang")
    li.send(li.visit(water_days="7", grade="A"))
    (result,) = _move(zhang, later).send(zhang.visit(water_days="9", grade="A"))
    assert result["status"] == "conflicted"
    (conflict,) = later.look(lambda session: session.scalars(select(Conflict)).all())
    assert (conflict.key, conflict.properties) == ("dry_days", ["dry_days"])
    assert later.look(lambda session: session.get(Entity, WANG).contested) == ["dry_days"]


def test_the_command_carries_records_history_and_conflicts_and_may_be_repeated(world: World, later: World) -> None:
    li, zhang = world.phone("li"), world.phone("zhang")
    li.send(li.visit(water_days="7", phone="0990-1"))
    zhang.send(zhang.visit(water_days="9"))
    before = world.look(lambda session: session.get(Entity, WANG).version)
    assert "2" in _carry(later), "two households; members took no step"
    household = later.look(lambda session: session.get(Entity, WANG))
    assert household.version == before, "no op, no version"
    assert household.values["dry_days"] == "7" and household.values["house_grade"] == "C"
    assert household.contested == ["dry_days"]
    (conflict,) = later.look(lambda session: session.scalars(select(Conflict)).all())
    assert (conflict.key, conflict.state) == ("dry_days", "open")
    keys = later.look(lambda session: set(session.scalars(select(Head.key).where(Head.entity_id == WANG))))
    assert {"dry_days", "phone"} <= keys and not {"water_shortage_days", "contact_phone"} & keys
    version = later.look(lambda session: session.get(EntityVersion, (WANG, 2)))
    assert version.values["dry_days"] == "7" and version.values["line"] == "1"
    names = {change["property"]: change["to"] for change in version.changes}
    assert names == {"dry_days": "7", "area": "0990", "line": "1"}
    _carry(later)
    assert later.look(lambda session: session.get(Entity, WANG).values) == household.values, "once is enough"


def test_phones_get_carried_records_anew_with_the_old_words_beside(world: World, later: World) -> None:
    helper = world.phone("helper")
    scope = f"user:{world.people['helper']}"
    seen = helper.pull(scope)["next"]
    _carry(later)
    entries = _move(helper, later).pull(scope, seen)["entries"]
    row = next(entry for entry in entries if entry["id"] == WANG)
    assert row["data"]["dry_days"] == "20" and row["data"]["house_grade"] == "C"
    assert row["past"]["0"]["water_shortage_days"] == "20" and row["past"]["0"]["house_grade"] == "B"


def test_no_past_is_sent_when_no_form_speaks_it(world: World, later: World) -> None:
    later.run(lambda session: setattr(session.get(FormVersion, ("small_visit", "1")), "vocabulary", {"household": 3}))
    _carry(later)
    rows = _move(world.phone("helper"), later).pull(f"user:{world.people['helper']}")["entries"]
    assert rows and all("past" not in row for row in rows)


def test_an_odk_client_gets_its_list_in_the_words_of_its_form(world: World, later: World) -> None:
    """Otherwise an old form would find no column, show nothing, and clear what is on record."""
    _carry(later)

    def read(session: Any) -> str:
        from server.accounts.actor import load_actor
        from server.accounts.tables import Person

        actor = load_actor(session, session.get_one(Person, world.people["li"]))
        form = session.get_one(FormVersion, ("small_visit", "1"))
        return list_csv(session, actor, entity_list(session, form, "household")).decode()

    head, row = later.look(read).splitlines()[:2]
    columns = dict(zip(head.split(","), row.split(","), strict=False))
    assert columns["water_shortage_days"] == "20" and columns["house_grade"] == "B"
    assert "dry_days" not in columns


def test_a_draft_from_before_the_change_is_not_published(world: World, later: World) -> None:
    """It was checked against words that are gone; its author uploads it again."""
    admin = world.phone("admin")
    survey = "| survey |\n| | type | name | label |\n| | select_one_from_file household.csv | household | H |\n"
    text = survey + "| settings |\n| | form_id | version |\n| | reads | 1 |"
    files = {"file": (io.BytesIO(text.encode()), "form.md")}
    assert admin.client.post("/api/v1/forms", data=files, headers=admin.headers).status_code == 201
    answer = _move(admin, later).post("/forms/reads/1/publish", {})
    assert (answer.status_code, answer.json["code"]) == (409, "form.outdated")


def test_new_records_are_written_in_todays_words_at_once(world: World, later: World) -> None:
    """A household made today is never carried over: its C would become a B."""
    person = world.people["li"]
    new = str(uuid.uuid4())
    values = {"head_name": "新户", "region": QINGSHI, "house_grade": "C"}

    def make(session: Any) -> None:
        origin = Origin(str(uuid.uuid4()), person, "x", None)
        apply_write(session, definitions()["household"], origin, RecordWrite("household", new, values))

    later.run(make)
    _carry(later)
    assert later.look(lambda session: session.get(Entity, new).values)["house_grade"] == "C"


def test_a_retired_property_goes_on_living_between_old_phones(world: World, without: World) -> None:
    """Kept with the record, given to old forms, merged as before; who only reads does not see it any more."""
    _carry(without)
    helper, li = _move(world.phone("helper"), without), _move(world.phone("li"), without)
    scope = f"user:{world.people['helper']}"
    row = next(entry for entry in helper.pull(scope)["entries"] if entry["id"] == WANG)
    assert row["data"]["water_shortage_days"] == "20"
    (same,) = helper.send(helper.visit(water_days="20", base={"water_shortage_days": "20"}))
    assert (same["status"], same["entities"][0]["version"]) == ("applied", 1), "untouched is untouched"
    (changed,) = li.send(li.visit(water_days="3", base={"water_shortage_days": "20"}))
    assert changed["status"] == "applied" and _values(without)["water_shortage_days"] == "3"
    (other,) = helper.send(helper.visit(water_days="5", base={"water_shortage_days": "20"}))
    assert other["status"] == "conflicted"
    seen = _move(world.phone("auditor"), without).get(f"/entities/{WANG}").json["data"]
    assert "water_shortage_days" not in seen
