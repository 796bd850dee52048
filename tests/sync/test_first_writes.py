"""Many new records at once make exactly the rows that one by one make."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from server.registry.tables import Entity, EntityVersion, Head
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.first_writes import FirstWrite, lookalikes, write_first
from server.sync.record import Origin, RecordWrite
from tests.world import BAITA, QINGSHI, World

HOUSE, CHILD = "44444444-4444-4444-8444-444444444444", "55555555-5555-4555-8555-555555555555"
TIMES = ("created_at", "updated_at", "at")
houses = st.fixed_dictionaries(
    {"region": st.just(BAITA), "head_name": st.sampled_from(["甲", None, "长" * 400])},
    optional={
        "wage_income": st.sampled_from(["1", None]),
        "operating_income": st.sampled_from(["2.5", None]),
        "measures": st.sampled_from(["a b", None]),
        "lon": st.just("108.1"),
        "lat": st.just("26.2"),
        "datum": st.sampled_from(["wgs84", "gcj02"]),
        "contact_phone": st.just("19900001234"),
        "house_grade": st.sampled_from(["A", "D"]),
    },
)
children = st.fixed_dictionaries(
    {"household": st.just(HOUSE), "full_name": st.just("乙")},
    optional={"id_number": st.just("990101197001020015"), "member_state": st.just("at_home"), "sex": st.none()},
)


def rows(session: Any) -> dict[str, list[Any]]:
    """All rows about the two records, without their times."""
    found = {}
    for table, of in ((Entity, Entity.id), (EntityVersion, EntityVersion.entity_id), (Head, Head.entity_id)):
        columns = [column for column in table.__table__.columns if column.name not in TIMES]
        wanted = select(*columns).where(of.in_([HOUSE, CHILD])).order_by(*table.__table__.primary_key)
        found[table.__name__] = [tuple(_plain(part) for part in row) for row in session.execute(wanted)]
    return found


def _plain(part: Any) -> Any:
    if isinstance(part, list):
        return sorted(map(repr, part))
    return repr(sorted(part.items())) if isinstance(part, dict) else str(part)


def clear(session: Any) -> None:
    for table, of in ((Head, Head.entity_id), (EntityVersion, EntityVersion.entity_id), (Entity, Entity.id)):
        session.execute(delete(table).where(of.in_([CHILD])))
        session.execute(delete(table).where(of.in_([HOUSE])))


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(house=houses, child=children)
def test_the_rows_are_those_of_the_usual_way(world: World, house: dict[str, Any], child: dict[str, Any]) -> None:
    origin = Origin("66666666-6666-4666-8666-666666666666", world.people["import"], "import:register", 3)
    writes = (
        RecordWrite("household", HOUSE, house, region=BAITA),
        RecordWrite("member", CHILD, child, parent=HOUSE),
    )

    def one_by_one(session: Any) -> Any:
        clear(session)
        for write in writes:
            apply_write(session, datasets()[write.dataset], origin, write)
        session.flush()
        return rows(session)

    def at_once(session: Any) -> Any:
        clear(session)
        firsts = [FirstWrite(datasets()[write.dataset], origin, write, BAITA, HOUSE) for write in writes]
        write_first(session, firsts)
        return rows(session)

    assert world.run(at_once) == world.run(one_by_one)


def test_a_household_like_another_one_of_its_place_is_named(world: World) -> None:
    """It must go the usual way, which asks a person whether the two are one."""

    def first(id_end: str, name: str, region: str) -> FirstWrite:
        id = f"77777777-7777-4777-8777-77777777777{id_end}"
        write = RecordWrite("household", id, {"head_name": name, "region": region})
        origin = Origin(f"op-{id_end}", world.people["import"], "import:register", 1)
        with world.app.app_context():
            return FirstWrite(datasets()["household"], origin, write, region, id)

    firsts = [
        first("1", "王大山", QINGSHI),  # there already
        first("2", "王大山", BAITA),  # there, but elsewhere
        first("3", "新来的", BAITA),
        first("4", "新来的", BAITA),  # twice in the same register
    ]
    found = world.look(lambda session: lookalikes(session, firsts))
    assert {id[-1] for id in found} == {"1", "4"}
