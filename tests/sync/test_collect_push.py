"""Submissions of ODK Collect, one request each: what holds of a push holds of them. Stored before anything else is done
with them, judged once, in few turns; and whoever is wrong there has done nothing.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from server.accounts import tokens
from server.accounts.installs import claim_install
from server.failpoints import NAMES
from server.line import Line
from server.registry.tables import EntityVersion
from server.sync import rounds
from server.sync.case import Case, Verdict
from server.sync.desk import Desk
from server.sync.tables import OpLog, Submission
from tests.serving import forked
from tests.world import WANG, World, build_world

PLACES = [name for name in NAMES if name.startswith("push.")]
TURNS = 5  # its key; the raw op; locks and records; their written values; all that it writes


@dataclass
class Collect:
    """ODK Collect on one phone of the helper."""

    world: World
    key: str

    @classmethod
    def of(cls, world: World) -> Collect:
        def work(session: Session) -> str:
            claim_install(session, "collect-1", world.people["li"], {})
            return tokens.issue(session, world.people["li"], "openrosa", timedelta(days=1), "collect-1").token

        return cls(world, world.run(work))

    def fill(self, days: str) -> bytes:
        """A visit on the newest version of the household, as Collect writes it."""
        count = select(func.max(EntityVersion.version)).where(EntityVersion.entity_id == WANG)
        newest = self.world.look(lambda session: session.scalar(count))
        xml = self.world.phone("li").visit(water_days=days)["instance_xml"]
        return xml.replace('update="1"', f'update="1" baseVersion="{newest}"').encode()

    def send(self, xml: bytes) -> Any:
        files = {"xml_submission_file": (io.BytesIO(xml), "visit.xml", "text/xml")}
        headers = {"X-OpenRosa-Version": "1.0"}
        return self.world.app.test_client().post(f"/key/{self.key}/submission", data=files, headers=headers)


@pytest.fixture
def collect(app: Flask) -> Collect:
    return Collect.of(build_world(app))


def judged(collect: Collect) -> tuple[list[Any], int, int]:
    """Status and tries of the ops; how many submissions; versions of the household."""

    def work(session: Session) -> tuple[list[Any], int, int]:
        ops = [tuple(row) for row in session.execute(select(OpLog.status, OpLog.attempts).order_by(OpLog.received_at))]
        submissions = session.scalar(select(func.count()).select_from(Submission))
        versions = select(func.count()).select_from(EntityVersion).where(EntityVersion.entity_id == WANG)
        return ops, int(submissions or 0), int(session.scalar(versions) or 0)

    found: tuple[list[Any], int, int] = collect.world.look(work)
    return found


def test_a_submission_takes_five_turns(
    collect: Collect, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite is in the same process")
    collect.send(collect.fill("31"))  # what is read once for a form and a village
    xml, turns, cross = collect.fill("32"), list[int](), Line._cross

    def count(line: Line, sent: Sequence[Any]) -> list[Any]:
        turns.append(len(sent))
        return cross(line, sent)

    monkeypatch.setattr(Line, "_cross", count)
    assert collect.send(xml).status_code == 201
    assert len(turns) == TURNS
    monkeypatch.undo()
    assert judged(collect) == ([("applied", 1)] * 2, 2, 3)


def test_one_that_comes_again_is_judged_once(collect: Collect) -> None:
    xml = collect.fill("31")
    assert [collect.send(xml).status_code for _ in range(3)] == [201] * 3
    assert judged(collect) == ([("applied", 1)], 1, 2)


def dies_three_times(collect: Collect, xml: bytes) -> None:
    """It is stored each time, and each try counts."""
    for tries in (1, 2, 3):
        with pytest.raises(KeyboardInterrupt):
            collect.send(xml)
        assert judged(collect) == ([(None, tries)], 0, 1)


def in_python(_session: Session) -> None:
    raise ZeroDivisionError


def in_the_database(session: Session) -> None:
    session.execute(text("INSERT INTO region (code) VALUES (NULL)"))


@pytest.mark.parametrize("fault", [in_python, in_the_database])
def test_what_fails_once_is_tried_again_and_leaves_nothing_behind(
    collect: Collect, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Session], None]
) -> None:
    real, tried = rounds.judge, list[str]()

    def judge(session: Session, case: Case) -> Verdict:
        verdict = real(session, case)
        tried.append(case.row.op_id)
        if len(tried) == 1:
            fault(session)
        return verdict

    monkeypatch.setattr(rounds, "judge", judge)
    assert collect.send(collect.fill("31")).status_code == 201
    assert len(tried) == 2
    assert judged(collect) == ([("applied", 1)], 1, 2)


def test_it_is_stored_before_it_is_judged_and_one_that_may_have_killed_is_not_trusted(
    collect: Collect, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server dies while it judges; when the op comes again, the try before counts."""
    monkeypatch.setattr("server.sync.raw.LEASE", timedelta(0))
    xml = collect.fill("31")

    def die(_session: Session, _case: Case) -> Verdict:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(rounds, "judge", die)
        dies_three_times(collect, xml)
    assert collect.send(xml).status_code == 201
    assert judged(collect) == ([("quarantined", 4)], 0, 1)


@pytest.mark.parametrize("late", [False, True])
def test_one_that_kills_before_it_is_judged_is_set_aside_too(
    collect: Collect, monkeypatch: pytest.MonkeyPatch, late: bool
) -> None:
    """While what it needs is read ahead, or just after."""
    monkeypatch.setattr("server.sync.raw.LEASE", timedelta(0))
    xml, real = collect.fill("31"), rounds.read_ahead

    def die(session: Session, desk: Desk, cases: Sequence[Case]) -> None:
        if late:
            real(session, desk, cases)
        raise KeyboardInterrupt

    monkeypatch.setattr(rounds, "read_ahead", die)
    dies_three_times(collect, xml)
    assert collect.send(xml).status_code == 201
    assert judged(collect) == ([("quarantined", 4)], 0, 1)


def test_one_that_ends_its_connection_each_time_is_set_aside_too(
    collect: Collect, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no connections that others end")
    monkeypatch.setattr("server.sync.raw.LEASE", timedelta(0))
    xml = collect.fill("31")

    def die(session: Session, *_: object) -> None:
        session.execute(text("SELECT pg_terminate_backend(pg_backend_pid())"))

    monkeypatch.setattr(rounds, "read_ahead", die)
    assert [collect.send(xml).status_code for _ in range(5)] == [500, 500, 500, 201, 201]
    assert judged(collect) == ([("quarantined", 4)], 0, 1)


@pytest.mark.kill
@pytest.mark.parametrize("place", PLACES)
def test_killed_there_and_sent_again_it_counts_once(collect: Collect, place: str) -> None:
    xml, settings = collect.fill("31"), collect.world.app.config["RUHU"]

    def post(address: str) -> requests.Response:
        return requests.post(
            f"{address}/key/{collect.key}/submission", files={"xml_submission_file": ("visit.xml", xml, "text/xml")},
            headers={"X-OpenRosa-Version": "1.0"}, timeout=20,
        )  # fmt: skip

    with forked(settings, f"{place}=kill") as address, pytest.raises(requests.ConnectionError):
        post(address)
    (ops, *_) = judged(collect)
    assert len(ops) == (place != "push.before_raw")
    with forked(settings) as address:
        assert post(address).status_code == 201
    ops, submissions, versions = judged(collect)
    assert ([status for status, _ in ops], submissions, versions) == (["applied"], 1, 2)
