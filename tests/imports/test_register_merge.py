"""Whatever order registers and cadres write in, an import never takes away a value that it has not seen."""

from __future__ import annotations

import itertools
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from server.registry.tables import Conflict, Entity, Head
from tests.imports.registers import bring, csv_bytes, household, person
from tests.world import World

NAMES = st.sampled_from(["甲", "乙", "丙"])
STEPS = st.lists(st.tuples(st.sampled_from(["import", "cadre"]), NAMES), min_size=1, max_size=6)
numbers = itertools.count(1)


def heads(world: World, entity_id: str) -> dict[str, set[str]]:
    """The open values of the name, each with who wrote it: import or a cadre."""

    def work(session: Any) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {}
        rows = select(Head).where(Head.entity_id == entity_id, Head.key == "head_name", Head.closed_by.is_(None))
        for row in session.scalars(rows):
            writer = "import" if row.lineage == "import:register" else "cadre"
            found.setdefault(row.value["head_name"], set()).add(writer)
        return found

    found: dict[str, set[str]] = world.look(work)
    return found


def is_contested(world: World, entity_id: str) -> bool:
    open_one = select(Conflict.id).where(
        Conflict.entity_id == entity_id, Conflict.key == "head_name", Conflict.state == "open"
    )
    return world.look(lambda session: session.scalar(open_one)) is not None


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(first=NAMES, steps=STEPS)
def test_imports_and_cadres_in_any_order_lose_nothing(world: World, first: str, steps: list[tuple[str, str]]) -> None:
    number = next(numbers)

    def register(name: str) -> dict[str, Any]:
        return bring(world, csv_bytes([person(number, household=number, 户主=name)]))["applied"]["household"]

    register(first)
    house: Entity = household(world, f"H{number}")
    phone = world.phone("li")
    said = first  # what the register said last
    for who, name in steps:
        before, entity = heads(world, house.id), world.look(lambda session: session.get_one(Entity, house.id))
        if who == "cadre":
            phone.send(phone.visit(house.id, entity.version, head_name=name))
            continue
        counts = register(name)
        after = heads(world, house.id)
        shown = world.look(lambda session: session.get_one(Entity, house.id)).values["head_name"]
        unseen = {value for value, writers in before.items() if "cadre" in writers}
        assert unseen <= after.keys(), "a cadre's value went away"
        if name == said:
            assert counts["unchanged"] == 1 and after == before and shown == entity.values["head_name"]
        else:
            assert name in after
            assert is_contested(world, house.id) == (len(after) > 1)
        said = name
