"""PostgreSQL goes away while ops are judged: nothing is answered, nothing lost, and no op can do it for ever."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import create_engine, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server import db
from server.sync import push as pushing
from server.sync import rounds
from server.sync.case import Case, Verdict
from server.sync.rounds import TRIES
from server.sync.tables import OpLog, Quarantine
from tests.world import WANG, ZHAO, World


@pytest.fixture
def on_postgres(world: World, database_url: str) -> World:
    if database_url.startswith("sqlite"):
        pytest.skip("SQLite has no connections that others end")
    return world


def lose_connections(patch: pytest.MonkeyPatch, often: int) -> list[str]:
    """The first judgings lose theirs after they have written; answers whom that happened to."""
    real, lost = rounds.judge, list[str]()

    def judge(session: Session, case: Case) -> Verdict:
        verdict = real(session, case)
        if len(lost) < often:
            lost.append(case.row.op_id)
            other = create_engine(db.db.engine.url)
            with other.connect() as connection:
                pid = session.scalar(text("SELECT pg_backend_pid()"))
                connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
            other.dispose()
        return verdict

    patch.setattr(rounds, "judge", judge)
    return lost


def stored(world: World) -> tuple[list[Any], int]:
    """Status and tries of the ops, and how many were set aside."""
    ops = world.look(lambda session: [tuple(row) for row in session.execute(select(OpLog.status, OpLog.attempts))])
    return ops, world.look(lambda session: session.query(Quarantine).count())


def test_a_batch_is_refused_whole_and_comes_again(on_postgres: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is tried by itself on a connection that is gone."""
    phone = on_postgres.phone("admin")
    ops = [phone.visit((WANG, ZHAO)[n % 2], phone=str(n)) for n in range(pushing.FEW + 2)]
    lose_connections(monkeypatch, 1)
    crashed: list[str] = []
    monkeypatch.setattr(rounds, "log_crash", lambda case, _: crashed.append(case.row.op_id))
    assert phone.post("/sync/push", {"ops": ops}).status_code == 500
    assert not crashed
    assert {result["status"] for result in phone.send(*ops)} == {"applied"}


def test_an_op_that_ends_its_connection_each_time_is_set_aside_at_last(
    on_postgres: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the op that the database dies of: no input can kill for ever."""
    phone = on_postgres.phone("admin")
    op = phone.visit(WANG, phone="1")
    monkeypatch.setattr("server.sync.raw.LEASE", timedelta(0))
    lose_connections(monkeypatch, TRIES)
    assert phone.post("/sync/push", {"ops": [op]}).status_code == 500
    for tries in range(2, TRIES + 1):
        with on_postgres.app.app_context(), pytest.raises(DBAPIError):
            pushing.judge_left_over(timedelta(0))
        assert stored(on_postgres) == ([(None, tries)], 0)
    with on_postgres.app.app_context():
        pushing.judge_left_over(timedelta(0))
    assert stored(on_postgres) == ([("quarantined", TRIES + 1)], 1)
