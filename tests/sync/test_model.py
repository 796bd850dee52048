"""The model: several phones and a server, random work on the same few households, and the invariants of sync after it.

Every example has a hamlet of its own in one county. RUHU_EXAMPLES makes it look longer (`make soak`).
"""

from __future__ import annotations

import os
import uuid
from collections import defaultdict
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync.conflict_sides import kind_of
from server.sync.definitions import datasets
from server.sync.heads import keys_of
from server.sync.merge_state import STATE
from server.sync.tables import OpLog
from tests.phones import FieldPhone, status_of
from tests.sync.family import with_family
from tests.sync.hamlet import Hamlet, Work, make_hamlet
from tests.world import World

EXAMPLES = int(os.environ.get("RUHU_EXAMPLES", "8"))
STEPS = 25
WHO = st.integers(0, 4)
BOSS = 4
SEEDS = st.integers(0, 2**32 - 1)


class Model(RuleBasedStateMachine):
    """Up to five phones: two of cadres in one village, one of the next village, a helper's, a supervisor's."""

    world: World

    @initialize()
    def start(self) -> None:
        self.hamlet: Hamlet = make_hamlet(self.world)
        self.phones: list[FieldPhone] = [self.hamlet.phone(name) for name in ("a", "a", "b", "helper", "boss")]
        self.made: list[dict[str, Any]] = []
        for phone in self.phones:
            phone.pull()

    def work(self, who: int) -> Work:
        return Work(self.hamlet, self.phones[who])

    @rule(who=WHO, seed=SEEDS, count=st.integers(1, 3))
    def work_offline(self, who: int, seed: int, count: int) -> None:
        dice = Random(seed)
        for _ in range(count):
            self.work(who).anything(dice)

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

    @rule(given=st.booleans())
    def change_role(self, given: bool) -> None:
        self.hamlet.give_role("b", given)

    @invariant()
    def own_work_stays_on_the_own_screen(self) -> None:
        """I6: what a phone wrote is what it shows, from the moment it is saved until the server's row says so."""
        for phone in getattr(self, "phones", ()):
            for record, since in phone.since.items():
                last = [one.writes[record] for one in phone.sent[since:] if record in one.writes][-1]
                assert last.items() <= phone.shown(record).items()

    def teardown(self) -> None:
        if hasattr(self, "hamlet"):
            quiesce(self.phones)
            converged(self.hamlet, self.phones)
            self.world.look(lambda session: lawful(session, self.hamlet, self.phones))


def quiesce(phones: list[FieldPhone]) -> None:
    for _ in range(2):
        for phone in phones:
            phone.push()
            phone.pull()


def converged(hamlet: Hamlet, phones: list[FieldPhone]) -> None:
    """I1, I5, I10: each phone holds what its feeds hold, by digest and by content, and nothing else."""
    for phone in phones:
        fresh = FieldPhone(hamlet.world.phone(hamlet.name_of(phone)))
        fresh.pull()
        assert rows_of(phone) == rows_of(fresh)
        assert phone.memberships == fresh.memberships
        for scope in phone.cursors:
            told = phone.line.get(f"/sync/digest?scope={scope}").json
            assert phone.cursors[scope]["after"] == told["head"]
            assert phone.digest(scope) == (told["count"], told["buckets"])


def rows_of(phone: FieldPhone) -> dict[str, Any]:
    return {id: {name: part for name, part in row.items() if name != "n"} for id, row in phone.rows.items()}


def lawful(session: Any, hamlet: Hamlet, phones: list[FieldPhone]) -> None:
    entities = session.scalars(select(Entity).where(Entity.root_id.in_(hamlet.households))).all()
    heads = session.scalars(select(Head).where(Head.entity_id.in_([one.id for one in entities]))).all()
    nothing_lost(session, phones, heads)
    once(session, entities)
    conserved(session, entities)
    attributed(session, heads)


def nothing_lost(session: Any, phones: list[FieldPhone], heads: list[Head]) -> None:
    """I2, I4: what was acknowledged as applied is a head, was seen by a later write, or was taken back by a person."""
    by_op: dict[str, list[Head]] = defaultdict(list)
    for head in heads:
        by_op[head.op_id].append(head)
    ops = {head.op_id for head in heads}
    for one in (one for phone in phones for one in phone.sent):
        row = session.get(OpLog, one.id)
        assert row is not None and row.status is not None, "acknowledged, and not there"
        if one.answer is None or status_of(one.answer) not in ("applied", "merged", "conflicted"):
            continue
        for record, values in one.changed.items():
            for name, text in values.items():
                mine = [head for head in by_op[one.id] if head.entity_id == record and name in head.value]
                assert mine, f"{name} was changed and written nowhere"
                assert mine[0].value[name] == (text or None)
                assert mine[0].closed_by is None or mine[0].closed_by in ops


def once(session: Any, entities: list[Entity]) -> None:
    """I3: an op makes one version of a record, and versions have no gaps."""
    for entity in entities:
        rows = session.execute(
            select(EntityVersion.version, EntityVersion.op_id)
            .where(EntityVersion.entity_id == entity.id)
            .order_by(EntityVersion.version)
        ).all()
        assert [row.version for row in rows] == list(range(1, entity.version + 1))
        by_ops = [row.op_id for row in rows if session.get(OpLog, row.op_id)]
        assert len(by_ops) == len(set(by_ops))


def conserved(session: Any, entities: list[Entity]) -> None:
    """I11: every divergence is one open conflict (or was settled by a rule), and no other is open."""
    for entity in entities:
        keys = keys_of(session, datasets()[entity.dataset], entity)
        split = {name for name, key in keys.items() if key.contested()}
        mine = (Conflict.entity_id == entity.id, Conflict.state == "open")
        rows = session.scalars(select(Conflict.key).where(*mine))
        assert sorted(key for key in rows if not key.startswith(("@same", "@rule"))) == sorted(split)
        for name, key in keys.items():
            shown = key.shown_value()
            if key.heads() and key.policy.name != "derived" and name != STATE:
                assert {prop: entity.values.get(prop) for prop in shown} == dict(shown)  # nothing is invented
        assert entity.state == ("archived" if entity.values.get(STATE) == "archived" or not keys else "active")


def attributed(session: Any, heads: list[Head]) -> None:
    """I15: every value traces to an op of its author."""
    for head in heads:
        row = session.get(OpLog, head.op_id)
        assert row is None or row.person_id == head.person_id


LONG = settings(
    max_examples=EXAMPLES,
    stateful_step_count=STEPS,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
    phases=(Phase.generate, Phase.shrink) if EXAMPLES > 100 else (Phase.generate,),
)


def test_phones_and_server_agree_whatever_happens(world: World) -> None:
    Model.world = with_family(world)
    run_state_machine_as_test(Model, settings=LONG)


@pytest.mark.parametrize("seed", range(max(4, EXAMPLES // 3)))
def test_any_order_of_arrival_leaves_the_same_open_conflicts(world: World, seed: int) -> None:
    """I9, I13: some work that all saw; then all are offline. Their ops in two orders, and with clocks ten years off.

    Among the ops are corrections, archives, duplicates and decisions on what was open before.
    """
    with_family(world)
    shuffle = Random(seed if EXAMPLES < 100 else uuid.uuid4().int)
    found = []
    for turn in range(2):
        dice, hamlet = Random(seed), make_hamlet(world)
        phones = [hamlet.phone(name) for name in ("a", "a", "helper", "boss", "boss")]
        for phone in phones:
            phone.pull()
        for who in dice.choices(range(4), k=dice.randrange(3, 8)):
            Work(hamlet, phones[who]).anything(dice)
        quiesce(phones)
        known = {one.id for phone in phones for one in phone.sent}
        for who in dice.choices(range(5), k=dice.randrange(8, 16)):
            Work(hamlet, phones[who]).anything(dice)
            if who >= 3:
                Work(hamlet, phones[who]).decide(dice.randrange(4), dice.randrange(3))
        ops = [(phone, one.op) for phone in phones for one in phone.sent if one.id not in known]
        if turn:
            shuffle.shuffle(ops)
        for phone, op in ops:
            clock = {"device_time": "2036-11-21T09:00:00+08:00"} if turn else {}
            phone.line.send({**op, **clock})
        found.append(world.look(partial(open_now, hamlet=hamlet)))
    assert found[0] == found[1]


def open_now(session: Any, hamlet: Hamlet) -> Any:
    """The open conflicts of a hamlet and the values that stand open, in names that do not depend on ids."""
    entities = session.scalars(select(Entity).where(Entity.root_id.in_(hamlet.households))).all()
    names = {one.id: hamlet.place_of(one.id) or ("made", hamlet.made.get(one.id)) for one in entities}
    known = {**names, **{code: f"village {place}" for place, code in enumerate(hamlet.villages)}}
    plain = partial(_named, known)
    ids = list(names)
    conflicts = session.scalars(select(Conflict).where(Conflict.entity_id.in_(ids), Conflict.state == "open"))
    heads = session.execute(
        select(Head.entity_id, Head.key, Head.value).where(
            Head.entity_id.in_(ids), Head.withdrawn_at.is_(None), Head.closed_by.is_(None)
        )
    )
    return (
        sorted(str((sorted(map(str, pair_names(one, names))), kind_of(one), one.properties)) for one in conflicts),
        sorted({str((names[head.entity_id], head.key, plain(head.value))) for head in heads}),
    )


def _named(known: dict[str, Any], value: dict[str, str | None]) -> list[tuple[str, str]]:
    return sorted((name, str(known.get(text, text))) for name, text in value.items())


def pair_names(conflict: Conflict, names: dict[str, Any]) -> list[Any]:
    other = conflict.key.partition(":")[2] if conflict.key.startswith("@same") else None
    return [names[conflict.entity_id], *([names[other]] if other else [])]


