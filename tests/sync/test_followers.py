"""Who follows a household by the own feed misses nothing, though the following begins or ends while somebody writes.

PostgreSQL: a writer that has asked who follows and has not committed is stopped there. (On SQLite writers come one
after the other.)
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import load_actor
from server.accounts.tables import Loan, Person
from server.sending import catch_up
from server.sync import feeds, handing_on, loans, rights
from tests.sync.racing import PATIENCE, Poller, slow_commit
from tests.sync.test_published_bugs_push import named
from tests.world import ZHAO, Phone, World

NUDGE = 0.4  # seconds that a thread gets to go where the guard must stop it


@pytest.fixture
def racing(world: World, database_url: str) -> World:
    if database_url.startswith("sqlite"):
        pytest.skip("one writer at a time")
    return world


def helping(world: World, change: Callable[..., Any], *more: str) -> threading.Thread:
    """Gives or takes the household in a thread of its own."""

    def work() -> None:
        world.run(lambda s: feeds.touch(s, change(s, world.people["helper"], ZHAO, *more)))

    thread = threading.Thread(target=work)
    thread.start()
    return thread


def poller(world: World) -> tuple[Phone, Poller]:
    phone = world.phone("helper")
    return phone, Poller(phone, f"user:{world.people['helper']}")


def test_a_helper_who_comes_while_a_visit_is_written_sees_what_it_wrote(
    racing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The visit makes a member and changes the household. Guard: who tells followers shares their name, who adds one
    takes it alone. Without it the visit told the helper nothing, whose first pull saw the record as it was before.
    """
    _, mine = poller(racing)
    mine.poll()
    cadre = racing.phone("admin")
    member = str(uuid.uuid4())
    made = {"members": [(member, "1", "新来的")], "entities": [named(ZHAO, 1), named(member, None, {}, "member")]}
    op = cadre.visit(ZHAO, water_days="77", **made)
    with slow_commit(monkeypatch, lambda: cadre.send(op)) as stopped:
        coming = helping(racing, rights.give_household, "deputy")
        coming.join(NUDGE)
        mine.poll()
        stopped.on.set()
        coming.join(PATIENCE)
    mine.poll()
    newest = {entry["id"]: entry["version"] for entry in mine.seen if entry["type"] == "entity"}
    assert (newest[ZHAO], newest[member]) == (2, 1)


def test_a_helper_who_goes_while_a_visit_is_written_is_told_of_it_no_more(
    racing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last word on the household in the feed of who left is that it left."""
    racing.run(lambda s: feeds.touch(s, rights.give_household(s, racing.people["helper"], ZHAO, "deputy")))
    _, mine = poller(racing)
    cadre = racing.phone("admin")
    op = cadre.visit(ZHAO, water_days="77")
    with slow_commit(monkeypatch, lambda: cadre.send(op), "push.judged") as stopped:
        going = helping(racing, rights.take_household)
        going.join(NUDGE)
        stopped.on.set()
        going.join(PATIENCE)
    mine.poll()
    assert [entry["type"] for entry in mine.seen if entry.get("id") == ZHAO][-1] == "eviction"


def test_a_loan_that_is_ended_while_it_runs_out_waits_for_nobody_who_waits_for_it(
    racing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who ends what is over takes the loans first, then the names of those who follow; so does who ends one now."""
    loan_id, bai, admin = str(uuid.uuid4()), racing.people["bai"], racing.people["admin"]
    over = Loan(
        id=loan_id, person_id=bai, household_id=ZHAO, form_id="household_visit", until=date(2020, 1, 1),
        lent_by=admin, lent_at=db.now(),
    )  # fmt: skip
    racing.run(lambda s: s.add(over))
    lock, tries, both = db.lock, list[str](), threading.Barrier(2)

    def meet() -> None:
        with suppress(threading.BrokenBarrierError):
            both.wait(NUDGE)

    def locked(session: Session, keys: set[str]) -> None:
        if threading.current_thread().name == "due":
            meet()
        lock(session, keys)
        if threading.current_thread().name == "now":
            catch_up(db.connection(session))
            meet()

    def due(session: Session) -> None:
        tries.append("due")
        loans.end_due(session, bai)

    def at_once(session: Session) -> None:
        tries.append("now")
        loans.end_loan(session, load_actor(session, session.get_one(Person, admin)), loan_id)

    monkeypatch.setattr("server.sync.followers.lock", locked)
    works = [
        threading.Thread(target=racing.run, args=(work,), name=name) for name, work in (("due", due), ("now", at_once))
    ]
    for work in works:
        work.start()
    for work in works:
        work.join(PATIENCE)
    assert sorted(tries) == ["due", "now"], "nobody had to try again"


def test_who_hands_on_and_who_gives_the_same_do_not_wait_for_each_other(
    racing: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both take the rights of the one who gets it first."""
    helper, zhang, tries, both = racing.people["helper"], racing.people["zhang"], list[str](), threading.Barrier(2)
    racing.run(lambda s: feeds.touch(s, rights.give_household(s, helper, ZHAO, "lead")))
    lock = db.lock

    def locked(session: Session, keys: set[str]) -> None:
        lock(session, keys)
        catch_up(db.connection(session))
        if len(tries) <= 2:
            with suppress(threading.BrokenBarrierError):
                both.wait(NUDGE)

    def give(session: Session) -> None:
        tries.append("give")
        feeds.touch(session, rights.give_household(session, zhang, ZHAO, "deputy"))

    def hand_on(session: Session) -> None:
        tries.append("hand on")
        actor = load_actor(session, session.get_one(Person, racing.people["admin"]))
        handing_on.hand_on(session, actor, helper, zhang, None)

    monkeypatch.setattr(db, "lock", locked)
    works = [threading.Thread(target=racing.run, args=(work,)) for work in (give, hand_on)]
    for work in works:
        work.start()
    for work in works:
        work.join(PATIENCE)
    assert sorted(tries) == ["give", "hand on"], "nobody had to try again"
