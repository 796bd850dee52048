"""Seeded work of a hamlet, and its ops in another order, words, clocks and company: what must make no difference.

RUHU_EXAMPLES makes it look longer (`make soak`).
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from random import Random
from typing import Any

import pytest
from sqlalchemy import select

from server.registry.tables import Conflict, Entity, Head
from server.sync.conflict_sides import kind_of
from server.sync.definitions import datasets
from tests.phones import FieldPhone, Sent
from tests.sync.family import with_family
from tests.sync.hamlet import Hamlet, Work, make_hamlet
from tests.sync.later_words import county_later
from tests.sync.model_laws import quiesce
from tests.world import World

EXAMPLES = int(os.environ.get("RUHU_EXAMPLES", "8"))
SEEDS = range(max(4, EXAMPLES // 3))
YEARS = timedelta(days=3653)
Ops = list[tuple[FieldPhone, Sent]]


def scene(world: World, seed: int, contacts: bool = False) -> tuple[Hamlet, list[FieldPhone], Ops]:
    """Some work that all saw; then all are offline: their ops since. The same for the same seed, but for ids.

    Among the ops are corrections, archives, duplicates, steps of branches and decisions on what was open before.
    """
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
        if contacts and dice.random() < 0.3:
            Work(hamlet, phones[who]).try_to_reach(dice)
        if who >= 3:
            Work(hamlet, phones[who]).decide(dice.randrange(4), dice.randrange(3))
    return hamlet, phones, [(phone, one) for phone in phones for one in phone.sent if one.id not in known]


@pytest.fixture
def county(world: World) -> World:
    return with_family(world)


@pytest.fixture
def later(county: World, tmp_path: Path) -> Iterator[World]:
    with county_later(county, tmp_path) as found:
        yield found


@pytest.mark.parametrize("seed", SEEDS)
def test_any_order_of_arrival_leaves_the_same_open_conflicts(county: World, seed: int) -> None:
    """I9: the ops in two orders."""
    shuffle = Random(seed if EXAMPLES < 100 else uuid.uuid4().int)
    found = []
    for turn in range(2):
        hamlet, _, ops = scene(county, seed)
        if turn:
            shuffle.shuffle(ops)
        for phone, one in ops:
            phone.line.send(one.op)
        found.append(county.look(partial(open_now, hamlet=hamlet)))
    assert found[0] == found[1]


@pytest.mark.parametrize("seed", SEEDS)
def test_it_does_not_matter_when_the_words_change(county: World, later: World, seed: int) -> None:
    """I12: all ops come before the words change, or half of them, or none; phones stay with the form that they have."""
    found = []
    for part in (1.0, 0.5, 0.0):
        hamlet, phones, ops = scene(county, seed)
        moment = int(len(ops) * part)
        for place in range(len(ops) + 1):
            if place == moment:
                hamlet.renew(later, phones)
                hamlet.carry()
            for phone, one in ops[place : place + 1]:
                phone.line.send(one.op)
        found.append(later.look(partial(open_now, hamlet=hamlet)))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("seed", SEEDS)
def test_clocks_that_are_ten_years_off_change_no_value(county: World, seed: int) -> None:
    """I13: every second phone's clock is ahead or behind. But under last_observed, where a person is asked."""
    found, asked = [], []
    for shift in (timedelta(0), YEARS, -YEARS):
        hamlet, phones, ops = scene(county, seed, contacts=True)
        for phone, one in ops:
            phone.line.send(shifted(one.op, shift if phones.index(phone) % 2 else timedelta(0)))
        found.append(county.look(partial(values_now, hamlet=hamlet)))
        asked.append(county.look(partial(open_now, hamlet=hamlet)))
    assert found[0] == found[1] == found[2]
    assert asked[0][0] == asked[1][0] == asked[2][0], "who cannot be believed is no reason to believe another"


def shifted(op: dict[str, Any], shift: timedelta) -> dict[str, Any]:
    """The op as a phone with such a clock makes it; it does not know when it last heard from the server."""
    told = {"device_time": _later("2026-11-21T09:00:00+08:00", shift), "clock": {}}
    if "visit" not in op:
        return {**op, **told}
    visit = {name: _later(text, shift) if name.endswith("_at") else text for name, text in op["visit"].items()}
    if "location" in visit:
        visit["location"] = {**visit["location"], "fix_time": _later(visit["location"]["fix_time"], shift)}
    return {**op, **told, "visit": visit}


def _later(text: str, shift: timedelta) -> str:
    return (datetime.fromisoformat(text) + shift).isoformat()


@pytest.mark.parametrize("seed", SEEDS)
def test_poison_between_good_ops_changes_nothing_for_them(county: World, seed: int) -> None:
    """I8: in one batch a phone, good ops alone and with poison at random places: the same outcomes, the same values."""
    found = []
    for turn in range(2):
        hamlet, phones, _ = scene(county, seed)
        dice, told = Random(seed), []
        for phone in phones:
            batch: list[Any] = [one.op for one in phone.sent if one.answer is None]
            good = {op["op_id"] for op in batch}
            for op in Work(hamlet, phone).poisons() if turn else ():
                batch.insert(dice.randrange(len(batch) + 1), op)
            results = phone.line.send(*batch) if batch else []
            told.append([(one["status"], one.get("code")) for one in results if one["op_id"] in good])
            wrong = {one["status"] for one in results if one["op_id"] not in good}
            assert wrong <= {"quarantined", "unreadable"}
        found.append((told, county.look(partial(open_now, hamlet=hamlet))))
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


def values_now(session: Any, hamlet: Hamlet) -> Any:
    """What is shown of each record, but for what is merged by the time of observation."""
    entities = session.scalars(select(Entity).where(Entity.root_id.in_(hamlet.households))).all()
    names = {one.id: str(hamlet.place_of(one.id) or ("made", hamlet.made.get(one.id))) for one in entities}
    known = {**names, **{code: f"village {place}" for place, code in enumerate(hamlet.villages)}}
    found = []
    for one in entities:
        properties = datasets()[one.dataset].properties
        timely = {name for name, prop in properties.items() if prop.merge == "last_observed"}
        shown = {name: text for name, text in one.values.items() if name not in timely}
        found.append((names[one.id], one.version, one.state, sorted(one.contested), _named(known, shown)))
    return sorted(found, key=str)
