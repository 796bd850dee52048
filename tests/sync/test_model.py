"""The model: several phones and a server, random work on the same few households, and the invariants of sync after it.

Every example has a hamlet of its own in one county. RUHU_EXAMPLES makes it look longer (`make soak`).
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from server.sync.blobs import store_of
from server.sync.sweep import sweep
from tests.phones import FieldPhone
from tests.sync.family import with_family
from tests.sync.hamlet import Hamlet, Work, make_hamlet
from tests.sync.later_words import county_later
from tests.sync.model_laws import converged, lawful, no_empty_frames, quiesce
from tests.world import World

EXAMPLES = int(os.environ.get("RUHU_EXAMPLES", "8"))
STEPS = 40
WHO = st.integers(0, 4)
BOSS = 4
SEEDS = st.integers(0, 2**32 - 1)


class Model(RuleBasedStateMachine):
    """Up to five phones: two of cadres in one village, one of the next village, a helper's, a supervisor's."""

    world: World
    later: World

    @initialize()
    def start(self) -> None:
        self.hamlet: Hamlet = make_hamlet(self.world)
        self.phones: list[FieldPhone] = [self.hamlet.phone(name) for name in ("a", "a", "b", "helper", "boss")]
        self.gone: list[FieldPhone] = []
        for phone in self.phones:
            phone.pull()

    def work(self, who: int) -> Work:
        return Work(self.hamlet, self.phones[who])

    @rule(who=WHO, seed=SEEDS, count=st.integers(1, 3))
    def work_offline(self, who: int, seed: int, count: int) -> None:
        dice = Random(seed)
        for _ in range(count):
            self.work(who).anything(dice)

    @rule(seed=SEEDS)
    def a_day(self, seed: int) -> None:
        """Everybody is out; in the evening the supervisor decides a little."""
        dice = Random(seed)
        for who in dice.choices(range(5), k=8):
            self.work(who).some_of_a_day(dice)
        self.phones[BOSS].pull()
        self.work(BOSS).decide(dice.randrange(4), dice.randrange(3))
        self.phones[BOSS].push()
        self.look_at_what_waits(dice.randrange(6), dice.random() < 0.7)

    @rule(seed=SEEDS)
    def another_day(self, seed: int) -> None:
        """Days are to be as frequent as all that happens to them."""
        self.a_day(seed)

    @rule(first=WHO, second=WHO, seed=SEEDS)
    def meet(self, first: int, second: int, seed: int) -> None:
        """Two people at one household on the same day."""
        dice = Random(seed)
        for who in (first, second):
            self.phones[who].pull()
            self.work(who).anything(dice)
        for who in (second, first):
            self.phones[who].push()

    @rule(household=st.integers(0, 1), away=st.booleans())
    def move(self, household: int, away: bool) -> None:
        self.phones[BOSS].pull()
        self.work(BOSS).visit(household, {"village": self.hamlet.villages[away]})
        self.phones[BOSS].push()

    @rule(who=WHO)
    def sync(self, who: int) -> None:
        self.phones[who].push()
        self.phones[who].pull()

    @rule(who=WHO, count=st.integers(1, 3), lost=st.booleans())
    def push(self, who: int, count: int, lost: bool) -> None:
        self.phones[who].push(count, lose_answer=lost)

    @rule(who=WHO)
    def pull(self, who: int) -> None:
        self.phones[who].pull(limit=3)

    @rule(who=WHO)
    def send_again(self, who: int) -> None:
        """I3: a whole outbox once more, answered or not, in another order."""
        ops = [one.op for one in self.phones[who].sent if one.answer is not None]
        if ops:
            self.phones[who].line.send(*reversed(ops))

    @rule(number=st.integers(0, 3), choice=st.integers(0, 3))
    def decide(self, number: int, choice: int) -> None:
        self.work(BOSS).decide(number, choice)
        if number % 2:
            self.phones[BOSS].push()

    @rule(number=st.integers(0, 5), state=st.sampled_from(["rejected", "approved"]))
    def review(self, number: int, state: str) -> None:
        self.work(BOSS).review([one for phone in self.phones for one in phone.sent], number, state)

    @rule(who=WHO, seed=SEEDS)
    def work_that_waits(self, who: int, seed: int) -> None:
        self.work(who).waiting(Random(seed))

    @rule(who=WHO, seed=SEEDS)
    def work_that_is_wrong(self, who: int, seed: int) -> None:
        """Among good ops; the next push takes them all."""
        dice = Random(seed)
        self.work(who).anything(dice)
        self.work(who).wrong(dice)
        self.work(who).anything(dice)

    @rule(who=WHO, household=st.integers(0, 1))
    def take_a_photo(self, who: int, household: int) -> None:
        self.work(who).with_photo(household)

    @rule(who=WHO)
    def upload(self, who: int) -> None:
        self.phones[who].upload()

    @rule()
    def sweep(self) -> None:
        """Without any grace: what nothing names goes at once."""
        at_once = timedelta(0)
        with self.hamlet.world.app.app_context():
            sweep(store_of(self.hamlet.world.app.config["RUHU"]), at_once, look_again=at_once, settling=at_once)
        self.hamlet.world.look(lambda session: no_empty_frames(session, self.hamlet, self.everyone))

    @rule(number=st.integers(0, 5), let=st.booleans())
    def look_at_what_waits(self, number: int, let: bool) -> None:
        self.work(BOSS).look_through({one.id for phone in self.everyone for one in phone.sent}, number, let)

    @rule(who=WHO, count=st.integers(1, 3))
    def push_the_newest(self, who: int, count: int) -> None:
        self.phones[who].push(count, newest_first=True)

    @rule(who=WHO)
    def send_with_other_content(self, who: int) -> None:
        """I3: an id that is used again for something else is set aside, and changes nothing of the first."""
        known = [one for one in self.phones[who].sent if one.answer is not None and one.op["kind"] == "submission"]
        if known:
            (told,) = self.phones[who].line.send({**known[-1].op, "device_time": "2026-11-22T09:00:00+08:00"})
            assert (told["status"], told["code"]) == ("quarantined", "op.resent_with_other_content")

    @rule(name=st.sampled_from(["a", "b", "b", "helper"]), given=st.sampled_from([True, True, False]))
    def change_right(self, name: str, given: bool) -> None:
        self.hamlet.give_right(name, given)

    @rule(who=st.integers(0, 3))
    def revoke(self, who: int) -> None:
        """The phone hears of it when it speaks next; once it has wiped itself its owner gets another one."""
        if not self.phones[who].revoked:
            self.hamlet.revoke(self.phones[who])
            return
        self.gone.append(self.phones[who])
        self.phones[who] = self.hamlet.phone("aab"[who] if who < 3 else "helper")

    @rule()
    def change_words(self) -> None:
        """First the program, then the records: between the two both kinds of words lie in the database."""
        if not self.hamlet.renewed:
            self.hamlet.renew(self.later, self.everyone)
        else:
            self.hamlet.carry()

    @rule(who=WHO)
    def take_the_new_form(self, who: int) -> None:
        """A phone that nothing waits on; the others stay with the first version for weeks."""
        phone = self.phones[who]
        if not self.hamlet.renewed:
            self.change_words()
        self.hamlet.carry()
        phone.push()
        phone.pull()
        phone.form = "1" if phone.since else "2"

    @property
    def everyone(self) -> list[FieldPhone]:
        return [*self.phones, *self.gone]

    @invariant()
    def own_work_stays_on_the_own_screen(self) -> None:
        """I6: what a phone wrote is what it shows, from the moment it is saved until the server's row says so."""
        for phone in getattr(self, "phones", ()):
            for record, since in phone.since.items():
                last = [one.writes[record] for one in phone.sent[since:] if record in one.writes][-1]
                assert last.items() <= phone.shown(record).items()

    def teardown(self) -> None:
        if hasattr(self, "hamlet"):
            if self.hamlet.renewed:
                self.hamlet.carry()
            quiesce(self.everyone)
            converged(self.hamlet, self.everyone)
            self.hamlet.world.look(lambda session: lawful(session, self.hamlet, self.everyone))


LONG = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    phases=(Phase.generate, Phase.shrink) if EXAMPLES > 100 else (Phase.generate,),
)


@pytest.fixture
def later(world: World, tmp_path: Path) -> Iterator[World]:
    with county_later(with_family(world), tmp_path) as found:
        yield found


def test_phones_and_server_agree_whatever_happens(world: World, later: World) -> None:
    Model.world, Model.later = world, later
    run_state_machine_as_test(Model, settings=LONG)
