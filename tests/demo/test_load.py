"""Loading the demo: through the real doors, on both databases, once, and again after an interruption."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Select, func, select

from server import db
from server.accounts.tables import HelperOf, Install, Person
from server.cli import main
from server.demo import load
from server.demo.county import PASSWORD, County, build_county
from server.demo.plan import plan_works
from server.demo.submit import Desk
from server.evidence.seal import Link, broken
from server.inspection.tables import InspectionTask
from server.registry.tables import Conflict, Entity, EntityVersion
from server.sync.office_tables import Assignment
from server.sync.tables import Attachment, Feed, OpLog, Quarantine, Submission


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> County:
    """The county with some households of the first village and one of each other; its photos are small."""
    whole = build_county(db.today())
    kept = [household for k, household in enumerate(whole.households) if k % 50 == 0 or (k < 50 and k % 4 == 1)]
    county = County(whole.areas, whole.workers, tuple(kept), whole.today)
    monkeypatch.setattr(load, "build_county", lambda today: county)
    monkeypatch.setattr("server.demo.visits.PLAIN_VISITS", 9)
    monkeypatch.setattr("server.demo.visits.CONTESTED", 2)
    monkeypatch.setattr("server.demo.pictures.draw", lambda *about: Image.new("RGB", (64, 48), _colour(about[-1])))
    return county


def _colour(seed: int) -> tuple[int, int, int]:
    return seed % 256, seed // 256 % 256, seed // 65536 % 256


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


def seals_stand() -> None:
    """Every photo is sealed by its phone, by the server's own check, and reviewers have something to look at."""
    visits: dict[str, list[Link]] = defaultdict(list)
    with db.read() as session:
        query = select(Attachment, Submission, Install).where(Submission.instance_id == Attachment.instance_id)
        rows = session.execute(query.where(Install.id == Submission.install_id)).all()
        keys = {submission.instance_id: install.public_key_jwk for _, submission, install in rows}
        for attachment, submission, _ in rows:
            visits[submission.instance_id].append(Link(attachment.id, attachment.sha256, attachment.capture))
        clocks = [submission.clock for _, submission, _ in rows]
        files = Counter(attachment.sha256 for attachment, *_ in rows)
    captures = [link.capture or {} for links in visits.values() for link in links]
    assert all("signature" in capture for capture in captures)
    assert [broken(links, keys[visit]) for visit, links in visits.items()] == [{}] * len(visits)
    changed = {
        visit: [replace(links[0], capture={**links[0].capture, "wall_ms": 0})] for visit, links in visits.items()
    }
    assert all(broken(links, keys[visit]) for visit, links in changed.items())
    assert {one["source"] for one in captures} == {"live", "gallery"}
    assert {one["permission"] for one in captures if one["fix"] is None} == {"denied"}
    assert any(one["fix"] and one["fix"]["accuracy_m"] > 100 for one in captures)
    assert any(clock["server_time_seen"] for clock in clocks)
    assert [times for times in files.values() if times > 1] == [2]


def test_everything_arrives_through_the_real_doors(app: Flask, small: County) -> None:
    with app.app_context():
        fill(app)
        members = sum(len(household.members) for household in small.households)
        born = 1  # the third plain visit finds a newborn; the household visit knows how to add one
        assert count(Entity, Entity.dataset == "household") == len(small.households)
        assert count(Entity, Entity.dataset == "member") == members + born
        assert count(HelperOf) == 2 * len(small.households)
        assert count(Quarantine) == 0
        with db.read() as session:
            statuses = Counter(session.scalars(select(OpLog.status)))
            forms = set(session.scalars(select(Submission.form_id)))
            found = [one for several in session.scalars(select(Submission.findings)) for one in several]
        works = plan_works(small)
        checked = count(InspectionTask, InspectionTask.state == "sent", InspectionTask.assignment_id.in_(_done()))
        assert checked > 0 and statuses == {"applied": len(works) - 2 + checked, "conflicted": 2}
        assert forms == {work.form for work in works}
        # Filled by the forms' own logic: the server finds nothing but what the records' own rules ask about.
        assert [one for one in found if one["kind"] != "rule"] == []
        for dataset in ("dwelling", "water_supply", "toilet", "appraisal", "risk_clue"):
            assert count(Entity, Entity.dataset == dataset) > 0, dataset
        assert count(Submission, Submission.ended_at > Submission.received_at) == 0, "a visit that is still to come"
        assert count(Conflict, Conflict.state == "open") == 2
        # All photos are bound but the one that is still on the phone.
        assert count(Attachment, Attachment.blob.is_(None)) == 1
        assert count(Attachment, Attachment.blob.is_not(None)) > 8
        seals_stand()
        household = small.households[0]
        for scope in (f"user:{household.lead}", f"user:{household.deputy}", f"region:{household.village}"):
            assert count(Feed, Feed.scope == scope, Feed.ref == household.id) == 1


def _done() -> Select[str]:
    """Errands that are done."""
    return select(Assignment.id).where(Assignment.state == "done")


def _dies_after(calls: int, real: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, killed at the call after these."""
    left = iter(range(calls))

    def called(*given: Any, **named: Any) -> Any:
        if next(left, None) is None:
            raise KeyboardInterrupt
        return real(*given, **named)

    return called


def test_a_load_that_was_cut_off_goes_on_and_ends_the_same(
    app: Flask, small: County, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It dies among the households, then among the works; the next loads fill what is missing and double nothing."""
    with app.app_context():
        forms = len(list((app.config["RUHU"].forms / "forms").iterdir()))
        monkeypatch.setattr(load, "BATCH", 5)
        for owner, name, calls in ((load, "touch", forms + 1), (Desk, "submit", 7)):
            with monkeypatch.context() as patch:
                patch.setattr(owner, name, _dies_after(calls, getattr(owner, name)))
                with pytest.raises(KeyboardInterrupt):
                    fill(app)
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
