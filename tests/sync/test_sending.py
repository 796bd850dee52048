"""Statements that go straight to the driver say and find the same as those that SQLAlchemy sends."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from shapely import Point
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from server import db
from server.registry.tables import Entity, EntityVersion
from server.sending import Ready, among
from server.sync.tables import FeedCounter, OpLog, Submission
from tests.statements import statements
from tests.world import QINGSHI, WANG, World

SUBMISSION: sa.Table = Submission.__table__  # type: ignore[assignment]
COUNTER: sa.Table = FeedCounter.__table__  # type: ignore[assignment]
NOW = datetime(2026, 5, 4, 3, 2, 1, 5, tzinfo=UTC)
WRITE = Ready(sa.insert(SUBMISSION))
READ = sa.select(SUBMISSION).where(SUBMISSION.c.person_id == sa.bindparam("by")).order_by(SUBMISSION.c.received_at)


def row(world: World, n: int) -> dict[str, Any]:
    """A submission with every kind of cell: sealed text, JSON, a shape, times, nothing at all, and odd characters."""
    return {
        "instance_id": f"uuid:{uuid.uuid4()}", "op_id": str(uuid.uuid4()), "form_id": "visit", "form_version": "1",
        "instance_xml": f"<a>\\N 张\t{n}\n</a>", "xml_hash": f"{n:064d}", "person_id": world.people["li"],
        "install_id": None, "region_code": QINGSHI, "root_id": None, "received_at": NOW + timedelta(seconds=n),
        "started_at": NOW if n % 2 else None, "ended_at": None, "contact_mode": "in_person",
        "location": {"lon": "104.1", "note": 'a "quoted" \\ back\tslash 张'} if n % 3 else None,
        "geom": Point(104.1, 30.5) if n % 2 else None, "clock": {"device_time": None}, "deprecated_id": "\\.",
        "findings": [{"path": "x", "code": "y"}] if n % 2 else [],
    }  # fmt: skip


def ops_of(session: Session, rows: list[dict[str, Any]]) -> None:
    """The ops that these submissions came in by."""
    for one in rows:
        kept = {"person_id": one["person_id"], "kind": "submission", "raw": b"{}", "content_hash": one["xml_hash"]}
        session.execute(sa.insert(OpLog), {"op_id": one["op_id"], "received_at": NOW, **kept})


def as_read(rows: Any) -> list[dict[str, Any]]:
    return [{name: getattr(one, name) for name in SUBMISSION.c.keys()} for one in rows]  # noqa: SIM118


@pytest.mark.parametrize("count", [1, 3, 11])
def test_rows_of_every_kind_lie_as_sqlalchemy_would_have_laid_them(world: World, count: int) -> None:
    """One row, and several, which PostgreSQL gets by COPY."""
    ready = [row(world, n) for n in range(count)]
    beside = [{**one, "instance_id": f"uuid:{uuid.uuid4()}", "op_id": str(uuid.uuid4())} for one in ready]

    def work(session: Session) -> list[dict[str, Any]]:
        ops_of(session, [*ready, *beside])
        db.send_rows(session, WRITE, ready)
        session.execute(sa.insert(SUBMISSION), beside)
        return as_read(session.execute(READ, {"by": world.people["li"]}).all())

    found = {one["instance_id"]: one for one in world.run(work)}
    for mine, other in zip(ready, beside, strict=True):
        left, right = found[mine["instance_id"]], found[other["instance_id"]]
        assert left == {**right, "instance_id": left["instance_id"], "op_id": left["op_id"]}
        assert {name: left[name] for name in mine} == mine
        assert (left["review"], left["independent"]) == ("received", False), "what the table gives by itself"


def test_what_is_found_is_what_sqlalchemy_finds(world: World) -> None:
    rows = [row(world, n) for n in range(5)]

    def work(session: Session) -> tuple[Any, Any]:
        ops_of(session, rows)
        db.send_rows(session, WRITE, rows)
        values = {"by": world.people["li"]}
        return db.ask(session, Ready(READ), values).all(), session.execute(READ, values).all()

    ready, usual = world.run(work)
    assert as_read(ready) == as_read(usual)
    assert ready[0].received_at == NOW, "with its zone"


def test_a_list_may_have_any_length_and_the_statement_stays_one(world: World) -> None:
    wanted = Ready(sa.select(Entity.id, Entity.version).where(among(Entity.id, "ids")).order_by(Entity.id))
    homes = sorted([WANG, str(uuid.uuid4())])

    def work(session: Session) -> list[list[str]]:
        return [db.ask(session, wanted, {"ids": ids}).scalars() for ids in ([], homes, homes * 40)]

    with statements(world.app) as sent:
        assert world.run(work) == [[], [WANG], [WANG]]
    assert len({text for text in sent if "entity" in text}) == 1


def test_a_value_that_is_too_long_for_its_column_is_not_cut_to_somebody_elses(world: World) -> None:
    """PostgreSQL cuts what is cast to a length, without a word."""
    wanted = Ready(sa.select(Entity.id).where(among(Entity.id, "ids")))
    assert world.run(lambda session: db.ask(session, wanted, {"ids": [f"{WANG}-and-more"]}).all()) == []


def test_a_list_of_numbers_and_values_of_the_statement_itself(world: World) -> None:
    one = Ready(
        sa.select(EntityVersion.version, sa.literal("here").label("where"))
        .where(EntityVersion.entity_id == sa.bindparam("id"), among(EntityVersion.version, "versions"))
        .where(EntityVersion.version != 77)
    )
    given = {"id": WANG, "versions": [1, 77, 2**31 - 1]}
    (found,) = world.run(lambda session: db.ask(session, one, given).all())
    assert (found.version, found.where) == (1, "here")


def test_each_row_answers(world: World) -> None:
    """Of rows that are there already nothing is answered."""
    rows = [{"scope": f"user:{n}", "n": n} for n in (1, 2, 3)]

    def work(session: Session) -> list[list[Any]]:
        keep = Ready(db.upsert(session, FeedCounter).on_conflict_do_nothing().returning(COUNTER.c.scope))
        first = db.ask_each(session, keep, rows[:1]).scalars()
        return [first, db.ask_each(session, keep, rows).scalars(), db.ask_each(session, keep, rows).scalars()]

    assert world.run(work) == [["user:1"], ["user:2", "user:3"], []]


@pytest.mark.parametrize("count", [1, 2, 8])
def test_a_refusal_is_sqlalchemys_and_tells_no_values(world: World, count: int) -> None:
    """A savepoint undoes it, and the transaction goes on."""
    rows = [row(world, n) for n in range(count)]

    def work(session: Session) -> int:
        ops_of(session, rows)
        db.send_rows(session, WRITE, rows)
        with pytest.raises(IntegrityError) as caught, db.savepoint(session):
            db.send_rows(session, WRITE, rows)
        assert "张" not in str(caught.value)
        return len(db.ask(session, Ready(READ), {"by": world.people["li"]}).all())

    assert world.run(work) == count


def test_a_failure_to_read_is_a_database_error(world: World) -> None:
    wrong = Ready(sa.text("SELECT 1 / n FROM nowhere WHERE 1 = :one"))
    with pytest.raises(DBAPIError), world.app.app_context(), db.read() as session:
        db.ask(session, wrong, {"one": 1})


def test_what_is_worked_out_for_each_row_must_be_named(world: World) -> None:
    """OpLog.received_at is the moment of writing: it is not to be frozen in a plan."""
    lacking = Ready(sa.insert(OpLog.__table__))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="received_at"), world.app.app_context(), db.write() as session:
        db.send_rows(session, lacking, [{"op_id": "x"}])
