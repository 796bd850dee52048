"""Loading the demo: through the real doors, on both databases, once, and again after an interruption."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import func, select

from server import db
from server.accounts.tables import HelperOf, Person
from server.cli import main
from server.demo import load
from server.demo.county import PASSWORD, County, build_county
from server.registry.tables import Conflict, Entity, EntityVersion
from server.sync.feeds import News
from server.sync.tables import Attachment, Feed, OpLog, Quarantine, Submission


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> County:
    """The county with one household of each village and a few visits; its photos are small."""
    whole = build_county()
    kept = [household for k, household in enumerate(whole.households) if k % 50 == 0]
    county = County(whole.areas, whole.workers, tuple(kept))
    monkeypatch.setattr(load, "build_county", lambda: county)
    monkeypatch.setattr("server.demo.visits.PLAIN_VISITS", 9)
    monkeypatch.setattr("server.demo.visits.CONTESTED", 2)
    monkeypatch.setattr("server.demo.pictures.draw", lambda *about: Image.new("RGB", (64, 48), (about[-1] % 256, 0, 0)))
    return county


def quiet(_what: str, _done: int, _total: int) -> None:
    """No progress to show."""


def fill(app: Flask) -> None:
    load.load_demo(app.config["RUHU"], quiet)


def count(table: type, *where: object) -> int:
    with db.read() as session:
        return session.scalar(select(func.count()).select_from(table).where(*where))


def everything() -> dict[str, int]:
    tables = (Person, HelperOf, Entity, EntityVersion, OpLog, Submission, Attachment, Conflict)
    return {table.__tablename__: count(table) for table in tables}


def test_everything_arrives_through_the_real_doors(app: Flask, small: County) -> None:
    with app.app_context():
        fill(app)
        members = sum(len(household.members) for household in small.households)
        born = 1  # the third plain visit finds a newborn
        assert count(Entity, Entity.dataset == "household") == len(small.households)
        assert count(Entity, Entity.dataset == "member") == members + born
        assert count(HelperOf) == 2 * len(small.households)
        assert count(Quarantine) == 0
        with db.read() as session:
            statuses = Counter(session.scalars(select(OpLog.status)))
        assert statuses == {"applied": 11, "conflicted": 2}
        assert count(Conflict, Conflict.state == "open") == 2
        # All photos are bound but the one that is still on the phone.
        assert count(Attachment, Attachment.blob.is_(None)) == 1
        assert count(Attachment, Attachment.blob.is_not(None)) > 8
        household = small.households[0]
        for scope in (f"user:{household.lead}", f"user:{household.deputy}", f"region:{household.village}"):
            assert count(Feed, Feed.scope == scope, Feed.ref == household.id) == 1


def test_a_load_that_was_cut_off_goes_on_and_ends_the_same(
    app: Flask, small: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second batch dies; the next load fills what is missing and doubles nothing."""
    with app.app_context():
        batches = iter([None])

        def dies_at_the_second(session: object, news: list[News]) -> None:
            if next(batches, "end") == "end":
                raise KeyboardInterrupt
            load_touch(session, news)

        load_touch = load.touch
        monkeypatch.setattr(load, "BATCH", 5)
        monkeypatch.setattr(load, "touch", dies_at_the_second)
        with pytest.raises(KeyboardInterrupt):
            fill(app)
        monkeypatch.setattr(load, "touch", load_touch)
        fill(app)
        once = everything()
        fill(app)
        assert everything() == once
        assert once["helper_of"] == 2 * len(small.households)


def test_the_commands_load_once_and_tell_the_sign_ins(
    app: Flask, client: FlaskClient, small: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("server.cli.App", lambda: lambda: app)
    runner = CliRunner()
    assert "no demo" in runner.invoke(main, ["demo", "sign-ins"]).output
    loaded = runner.invoke(main, ["demo", "load"])
    assert loaded.exit_code == 0, loaded.output
    assert f"{len(small.households)} households" in loaded.output
    assert "already" in runner.invoke(main, ["demo", "load"]).output
    shown = runner.invoke(main, ["demo", "sign-ins"]).output
    for username in ("li.min", "zhang.zhuren", "admin"):
        assert username in shown
        body = {"username": username, "password": PASSWORD, "install_id": f"test-{username}"}
        assert client.post("/api/v1/auth/login", json=body).status_code == 200


def test_a_database_with_people_is_left_alone(app: Flask, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("server.cli.App", lambda: lambda: app)
    runner = CliRunner()
    runner.invoke(main, ["user", "add", "wang", "--name", "王", "--role", "inspector", "--generate"])
    refused = runner.invoke(main, ["demo", "load"])
    assert refused.exit_code == 1
    assert "RUHU_VAR" in refused.output
    skipped = runner.invoke(main, ["demo", "load", "--if-empty"])
    assert skipped.exit_code == 0
    with app.app_context():
        assert count(Person) == 1
