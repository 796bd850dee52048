"""Records on the desk are plain rows: one of each, changed in one way, seen by whoever asks, gone with what failed."""

from __future__ import annotations

import random
import uuid
from collections.abc import Mapping
from dataclasses import FrozenInstanceError
from typing import Any

import pytest
from shapely import Point
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, Role
from server.geo.tables import Region
from server.registry.number_hash import number_hash
from server.registry.tables import Conflict, Entity
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.desk import open_desk
from server.sync.record import Origin, RecordWrite
from server.sync.record_rows import change, find_records, make_record, one_record, record_of, records_by_id
from server.sync.scope import sight_of, visible_entities
from server.sync.write import known_records
from tests.statements import statements
from tests.world import BAITA, COUNTY, EAST, LIUSHU, QINGSHI, WANG, WANG_SON, ZHAO, World


def label_of(session: Session, id: str) -> str | None:
    return session.scalar(select(Entity.label).where(Entity.id == id))


def copied(session: Session, id: str, **other: Any) -> Any:
    """A row that nobody has stored, like this record's."""
    row = one_record(session, id)
    cells = {name: getattr(row, name) for name in row.__dataclass_fields__}
    return type(row)(**{**cells, "id": str(uuid.uuid4()), "geom": None, **other})


def test_there_is_one_row_of_a_record_whoever_reads_it(world: World) -> None:
    def work(session: Session) -> None:
        li = Actor(world.people["li"], "li", "", (Role("cadre", QINGSHI, f"/99/{COUNTY}/{EAST}/{QINGSHI}/"),))
        with open_desk(session):
            first = one_record(session, WANG)
            change(session, first, label="another")
            assert known_records(session, li, [WANG])[WANG][0] is first
            assert records_by_id(session, [ZHAO, WANG, str(uuid.uuid4())])[WANG] is first
            assert next(one for one in find_records(session, Entity.root_id == WANG) if one.id == WANG) is first
            assert record_of(session, str(uuid.uuid4())) is None

    world.run(work)


def test_who_asks_the_session_sees_what_lies_on_the_desk(world: World) -> None:
    """A statement, an object that somebody holds, and a row that names a record which is not stored yet."""

    def work(session: Session) -> None:
        held = session.get_one(Entity, ZHAO)
        with open_desk(session):
            change(session, one_record(session, WANG), label="one", geom=Point(100, 20))
            assert label_of(session, WANG) == "one"
            change(session, one_record(session, ZHAO), label="two", values={"head_name": "two"})
            new = make_record(session, copied(session, ZHAO, label="three"))
            open_with_new = {"id": str(uuid.uuid4()), "entity_id": new.id, "key": "@same:x", "properties": []}
            session.add(Conflict(**open_with_new))
            change(session, new, label="four")
            session.flush()
            assert (held.label, held.values) == ("two", {"head_name": "two"})
            assert label_of(session, new.id) == "four"
            change(session, one_record(session, WANG), state="archived")
        assert session.get_one(Entity, WANG).state == "archived"
        assert session.get_one(Entity, WANG).geom == Point(100, 20)

    world.run(work)


def test_a_record_is_changed_on_its_own_desk_alone(world: World) -> None:
    def work(session: Session) -> None:
        beside = one_record(session, WANG)
        with pytest.raises(LookupError):
            change(session, beside, label="no desk")
        with open_desk(session):
            mine = one_record(session, WANG)
            with pytest.raises(LookupError):
                change(session, beside, label="another row")
            with pytest.raises(FrozenInstanceError):
                mine.label = "by hand"  # type: ignore[misc]
        with open_desk(session), pytest.raises(LookupError):
            change(session, mine, label="a row of an earlier desk")
        assert label_of(session, WANG) == beside.label

    world.run(work)


def test_what_fails_leaves_nothing_and_the_next_desk_reads_anew(world: World) -> None:
    def work(session: Session) -> None:
        before = label_of(session, WANG)
        for is_written in (False, True):
            with pytest.raises(KeyError), db.savepoint(session), open_desk(session):
                change(session, one_record(session, WANG), label="gone")
                new = make_record(session, copied(session, ZHAO))
                if is_written:
                    assert label_of(session, WANG) == "gone"
                raise KeyError
            assert label_of(session, WANG) == before
            with open_desk(session):
                assert one_record(session, WANG).label == before
                assert record_of(session, new.id) is None

    world.run(work)


def test_only_what_changed_is_written_and_alike_at_once(world: World) -> None:
    def work(session: Session) -> None:
        with open_desk(session):
            rows = records_by_id(session, [WANG, ZHAO, WANG_SON])
            for row in rows.values():
                change(session, row, label=row.label, state="active", version=row.version)
            with statements(world.app) as sent:
                session.flush()
            assert sent == []
            for row in rows.values():
                change(session, row, version=row.version + 1, label=row.label)
            change(session, rows[WANG_SON], state="archived")
            with statements(world.app) as sent:
                session.flush()
            assert sorted(one.partition(" WHERE")[0].count("=") for one in sent) == [1, 2]

    world.run(work)


def test_the_hash_of_an_id_number_follows_the_values(world: World) -> None:
    numbers: list[dict[str, str | None]] = [{"id_number": "110101194912310029"}, {"id_number": None}, {}]

    def work(session: Session) -> None:
        for values in numbers:
            with open_desk(session):
                change(session, one_record(session, WANG_SON), values={"full_name": "山", **values})
                new = make_record(session, copied(session, WANG_SON, values=values))
            for id in (WANG_SON, new.id):
                assert session.scalar(select(Entity.number_hash).where(Entity.id == id)) == number_hash(values)

    world.run(work)


def test_a_write_without_a_desk_has_one_of_its_own(world: World) -> None:
    def work(session: Session) -> None:
        origin = Origin(str(uuid.uuid4()), world.people["zhang"], "desk", None)
        values = {"water_shortage_days": "7"}
        write = RecordWrite("household", WANG, values, 1)
        assert apply_write(session, datasets()["household"], origin, write).written
        assert not session.info.keys() & {"desk", "records of the desk"}
        assert session.get_one(Entity, WANG).values["water_shortage_days"] == "7"

    world.run(work)


def test_a_record_at_hand_is_judged_as_the_clause_judges_it(world: World) -> None:
    """Random roles and helped households: `sight_of` and `visible_entities` are one answer in two languages."""
    chance = random.Random(5)
    paths: Mapping[str, str] = world.look(lambda session: dict(session.execute(select(Region.code, Region.path)).all()))
    ids = [WANG, ZHAO, WANG_SON]

    def asked(session: Session, actor: Actor) -> dict[str, bool]:
        clause = func.coalesce(visible_entities(actor, ("cadre", "supervisor", "admin")), False)
        return {id: bool(session.scalar(select(clause).select_from(Entity).where(Entity.id == id))) for id in ids}

    def work(session: Session) -> None:
        for _ in range(150):
            codes = chance.choices([QINGSHI, LIUSHU, BAITA, EAST, COUNTY, None], k=chance.randrange(3))
            roles = [
                Role(chance.choice(["cadre", "auditor", "supervisor"]), one, paths.get(one or "", "")) for one in codes
            ]
            person = world.people[chance.choice(["li", "helper", "zhao", "bai"])]
            actor = Actor(person, "", "", tuple(roles))
            known = known_records(session, actor, ids)
            assert {id: may for id, (_, may) in known.items()} == asked(session, actor)
        assert sight_of(actor, ())("/99/", False) is False

    world.run(work)
