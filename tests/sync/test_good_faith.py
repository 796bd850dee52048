"""A few new ops are judged in good faith: in few statements, and whoever is wrong there has done nothing."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session

from server import db
from server.registry.tables import Entity, EntityVersion
from server.sync import push as pushing
from server.sync import rounds
from server.sync.case import Case, Verdict
from server.sync.tables import OpLog, Quarantine, Submission
from tests.sync.racing import at_once
from tests.world import WANG, World

TURNS = 29  # of a phone: sign-in, the two transactions with what begins and ends them


def versions(world: World) -> list[int]:
    rows = select(EntityVersion.version).where(EntityVersion.entity_id == WANG).order_by(EntityVersion.version)
    return list(world.look(lambda session: session.scalars(rows).all()))


def statements(world: World, work: Callable[[], object]) -> list[str]:
    seen: list[str] = []
    with world.app.app_context():
        event.listen(db.db.engine, "before_cursor_execute", lambda *given: seen.append(given[2]))
    work()
    return seen


def test_one_visit_takes_few_statements_and_no_savepoint(world: World) -> None:
    phone = world.phone("li")
    phone.send(phone.visit(water_days="21"))  # what is read once for a form and a village
    seen = statements(world, lambda: phone.send(phone.visit(water_days="22")))
    assert not [one for one in seen if "SAVEPOINT" in one]
    assert len(seen) <= TURNS, "\n".join(one[:100] for one in seen)


def judged_meanwhile(patch: pytest.MonkeyPatch, _world: World) -> None:
    """Between the two transactions: by the worker, or by a resend in another process."""
    real = pushing.hit

    def hit(name: str) -> None:
        real(name)
        if name == "push.raw_stored":
            pushing.judge_left_over(timedelta(0))

    patch.setattr(pushing, "hit", hit)


def test_an_op_that_somebody_judged_meanwhile_is_judged_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = world.phone("li")
    op = phone.visit(water_days="35")
    judged_meanwhile(monkeypatch, world)
    answer = phone.push(op)
    [result] = answer["results"]
    assert (result["status"], result["first"]["status"]) == ("duplicate", "applied")
    assert answer["acked_seq"] == op["seq"]
    assert versions(world) == [1, 2]


def in_python(_session: Session) -> None:
    raise ZeroDivisionError


def in_the_database(session: Session) -> None:
    session.execute(text("INSERT INTO region (code) VALUES (NULL)"))


@pytest.mark.parametrize("fault", [in_python, in_the_database])
@pytest.mark.parametrize("often", [1, 2])
def test_what_fails_once_or_twice_is_tried_again_and_leaves_nothing_behind(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: Callable[[Session], None], often: int
) -> None:
    real, tried = rounds.judge, list[str]()

    def judge(session: Session, case: Case) -> Verdict:
        verdict = real(session, case)
        tried.append(case.row.op_id)
        if len(tried) <= often:
            fault(session)
        return verdict

    monkeypatch.setattr(rounds, "judge", judge)
    phone = world.phone("li")
    [result] = phone.send(phone.visit(water_days="35"))
    assert (result["status"], len(tried)) == ("applied", often + 1)
    assert versions(world) == [1, 2]
    rows: Any = world.look(lambda s: s.execute(select(OpLog.status, OpLog.attempts)).all())
    assert [tuple(row) for row in rows] == [("applied", 1)]


def test_what_fails_always_is_set_aside_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "judge", lambda *_: in_python(None))  # type: ignore[arg-type]
    phone = world.phone("li")
    [result] = phone.send(phone.visit(water_days="35"))
    assert (result["status"], result["code"]) == ("quarantined", "op.unjudgeable")
    counts = world.look(lambda s: [s.scalar(select(func.count()).select_from(t)) for t in (Submission, Quarantine)])
    assert counts == [0, 1]
    assert world.look(lambda s: s.get_one(Entity, WANG).version) == 1


def test_an_op_that_is_released_by_a_later_one_of_its_push_is_told_its_last_outcome(world: World) -> None:
    phone = world.phone("li")
    first, second = phone.visit(water_days="35"), phone.visit(grade="C")
    second["depends_on"] = [first["op_id"]]
    results = phone.send(second, first)
    assert [result["status"] for result in results] == ["applied", "applied"]


def test_one_push_in_good_faith_and_one_with_care_never_wait_in_a_circle(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both lock their install and their record: one of them in one statement, the other one after the other."""
    again: list[bool] = []
    real = db.try_again
    monkeypatch.setattr(db, "try_again", lambda error: (again.append(True), real(error))[1])
    phones = [world.phone("admin", "one-install") for _ in range(2)]
    before = phones[0].visit(WANG, phone="0")
    phones[0].send(before)
    for turn in range(10):
        new, resent = (phones[0].visit(WANG, phone=f"{turn}{n}") for n in range(2))
        at_once([partial(phones[0].push, new), partial(phones[1].push, before, resent)])
    assert not again
