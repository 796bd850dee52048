"""What a push asks is put together once and sent past the session: never older than the rights and rows of now."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from server import db
from server.accounts import people
from server.accounts.actor import Actor, load_actor
from server.accounts.tables import HelperOf, Loan, Person
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sync import loans, news, rights
from server.sync.definitions import datasets
from server.sync.place import region_by_code
from server.sync.record import key_of, policy_of
from server.sync.write import known_records
from tests.world import BAITA, COUNTY, EAST, LIUSHU, QINGSHI, WANG, ZHAO, World


def may(session: Session, actor: Actor) -> dict[str, bool]:
    """Which of the two households this person may write."""
    return {id: may for id, (_, may) in known_records(session, actor, [WANG, ZHAO, str(uuid.uuid4())]).items()}


def actor(session: Session, id: str) -> Actor:
    return load_actor(session, session.get_one(Person, id))


def test_other_rights_make_another_answer_in_the_same_process(world: World) -> None:
    li = world.people["li"]

    def now() -> dict[str, bool]:
        return world.look(lambda session: may(session, actor(session, li)))  # type: ignore[no-any-return]

    assert now() == {WANG: True, ZHAO: False}
    world.run(lambda session: people.give_role(session, li, "cadre", LIUSHU))
    assert now() == {WANG: True, ZHAO: True}
    world.run(lambda session: rights.take_role(session, li, "cadre", QINGSHI))
    assert now() == {WANG: False, ZHAO: True}
    world.run(lambda session: rights.take_role(session, li, "cadre", LIUSHU))
    assert now() == {WANG: False, ZHAO: False}
    world.run(lambda session: rights.give_household(session, li, WANG, "deputy"))
    assert now() == {WANG: True, ZHAO: False}
    world.run(lambda session: rights.take_household(session, li, WANG))
    assert now() == {WANG: False, ZHAO: False}


def test_a_record_that_moves_is_judged_where_it_is_for_the_same_person(world: World) -> None:
    """The statement is kept by the person as loaded; what it asks of is not."""
    li = world.look(lambda session: actor(session, world.people["li"]))
    assert world.look(lambda session: may(session, li)) == {WANG: True, ZHAO: False}

    def move(household: str, region: str) -> None:
        world.run(
            lambda session: session.execute(update(Entity).where(Entity.id == household).values(region_code=region))
        )

    move(WANG, LIUSHU)
    move(ZHAO, QINGSHI)
    assert world.look(lambda session: may(session, li)) == {WANG: False, ZHAO: True}
    path = f"/99/{COUNTY}/{EAST}/{BAITA}/{QINGSHI}/"
    world.run(lambda session: session.execute(update(Region).where(Region.code == QINGSHI).values(path=path)))
    assert world.look(lambda session: may(session, li)) == {WANG: False, ZHAO: False}


def test_a_phone_that_pushes_on_after_its_village_was_taken_away_writes_no_more(world: World) -> None:
    phone, li = world.phone("li"), world.people["li"]
    assert [one["status"] for one in phone.send(phone.visit(phone="13800000001"))] == ["applied"]
    world.run(lambda session: rights.take_role(session, li, "cadre", QINGSHI))
    assert [one["status"] for one in phone.send(phone.visit(phone="13800000002"))] == ["quarantined"]
    world.run(lambda session: people.give_role(session, li, "cadre", QINGSHI))
    (again,) = phone.send(phone.visit(phone="13800000003", base_version=2))
    assert again["status"] in ("applied", "merged")


def feeds_of(session: Session) -> set[str]:
    return {item.scope for item in news.of_households(session, [WANG])}


def test_who_helps_and_who_borrows_is_told_in_the_transaction_that_says_so(world: World) -> None:
    bai, helper, zhao = (f"user:{world.people[name]}" for name in ("bai", "helper", "zhao"))

    def work(session: Session) -> None:
        assert feeds_of(session) == {f"region:{QINGSHI}", helper}
        rights.give_household(session, world.people["bai"], WANG, "deputy")
        assert bai in feeds_of(session)
        rights.take_household(session, world.people["helper"], WANG)
        assert helper not in feeds_of(session)
        till = db.today() + timedelta(days=3)
        lent = {"household_id": WANG, "form_id": "small_visit", "until": till, "lent_by": world.people["zhang"]}
        loan = Loan(id=str(uuid.uuid4()), person_id=world.people["zhao"], lent_at=db.now(), **lent)
        session.add(loan)
        session.flush()
        assert zhao in feeds_of(session)
        loans.end(session, [loan])
        assert zhao not in feeds_of(session)

    world.run(work)


def test_a_savepoint_takes_back_what_went_past_the_session(world: World) -> None:
    """Both what the session wrote and what went past it, and what the session holds is as it was before."""

    def work(session: Session) -> None:
        wang = session.get_one(Entity, WANG)
        known_records(session, actor(session, world.people["li"]), [WANG, ZHAO])
        label = wang.label
        with pytest.raises(KeyError), db.savepoint(session):
            wang.label = "another"
            db.ask(session, update(Entity).where(Entity.id == ZHAO).values(label="another"))
            session.add(HelperOf(person_id=world.people["bai"], household_id=WANG, position="deputy"))
            session.flush()
            assert f"user:{world.people['bai']}" in feeds_of(session)
            raise KeyError
        assert wang.label == label
        labels = select(Entity.label).where(Entity.id.in_([WANG, ZHAO]))
        assert "another" not in db.ask(session, labels).scalars().all()
        assert f"user:{world.people['bai']}" not in feeds_of(session)
        region = region_by_code(session, QINGSHI)
        assert region is not None
        assert region.name_zh == "青石村"
        assert region in session

    world.run(work)


def test_nothing_of_a_transaction_is_known_in_the_next(world: World) -> None:
    """Neither the region that was read with a record nor the connection."""
    li = world.look(lambda session: actor(session, world.people["li"]))

    def name(session: Session) -> str:
        known_records(session, li, [WANG])
        region = region_by_code(session, QINGSHI)
        assert region is not None
        return region.name_zh

    with world.app.app_context():
        assert db.transact(name) == "青石村"
        db.transact(
            lambda session: session.execute(update(Region).where(Region.code == QINGSHI).values(name_zh="青石"))
        )
        assert db.transact(name) == "青石"
        with db.read() as session:
            assert name(session) == "青石"
        assert not session.info


def test_names_that_a_dataset_does_not_know_are_not_kept(world: World) -> None:
    with world.app.app_context():
        household = datasets()["household"]
        policy_of(household, "contact_phone")
        before = len(household.kept["policies"])
        for _ in range(20):
            odd = str(uuid.uuid4())
            assert key_of(household, odd) == odd
            policy_of(household, odd)
        assert len(household.kept["policies"]) == before
