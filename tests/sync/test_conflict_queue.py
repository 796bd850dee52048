"""The queue of households with something to decide: by age or by weight, page by page, in the own area alone."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from server.config import ROOT
from server.registry.definitions import datasets
from server.registry.tables import Conflict
from server.sync.conflict_queue import read_place
from tests.world import BAITA, EAST, LIUSHU, QINGSHI, Phone, World, add_household

BEGUN = datetime(2026, 11, 1, tzinfo=UTC)
GROUP = next(name for name in datasets(ROOT / "form_definitions")["household"].groups)
# Household: (village, [(key, opened on which day)]).
STANDS: dict[str, tuple[str, list[tuple[str, int]]]] = {
    "oldest": (QINGSHI, [("contact_phone", 1)]),
    "grouped": (QINGSHI, [(GROUP, 5), ("contact_phone", 6)]),
    "closing": (BAITA, [("@state", 4)]),
    "broken": (BAITA, [("@rule:some", 3)]),
    "twins": (QINGSHI, [("@same:other", 2), ("contact_phone", 9)]),
    "equal": (BAITA, [("contact_phone", 1)]),
    "foreign": (LIUSHU, [("@state", 1)]),
    "settled": (QINGSHI, []),
}
IDS = {name: f"{n:08d}-0000-4000-8000-000000000000" for n, name in enumerate(STANDS, 1)}
NAMES = {id: name for name, id in IDS.items()}
ORDERED = {
    "oldest": ["oldest", "equal", "twins", "broken", "closing", "grouped"],
    "weight": ["twins", "closing", "broken", "grouped", "oldest", "equal"],
}


def dispute(session: Session, household: str, key: str, day: int) -> None:
    opened = BEGUN + timedelta(days=day)
    session.add(
        Conflict(id=str(uuid.uuid4()), entity_id=household, key=key, properties=[key], op_ids=[], opened_at=opened)
    )


@pytest.fixture
def desk(world: World) -> Phone:
    """The township's supervisor."""

    def stand(session: Session) -> None:
        for name, (village, disputes) in STANDS.items():
            add_household(session, world.people["import"], IDS[name], {"head_name": name, "region": village})
            session.flush()
            for key, day in disputes:
                dispute(session, IDS[name], key, day)

    world.run(stand)
    return world.phone("zhang")


def queue(phone: Phone, **asked: Any) -> Any:
    return phone.get("/conflicts/households?" + "&".join(f"{name}={value}" for name, value in asked.items()))


def named(items: list[dict[str, Any]]) -> list[str]:
    return [NAMES[one["id"]] for one in items]


@pytest.mark.parametrize("order", ORDERED)
def test_households_wait_in_this_order_whatever_the_page_s_size(desk: Phone, order: str) -> None:
    whole = queue(desk, order=order).json
    assert named(whole["items"]) == ORDERED[order] and whole["next"] is None
    paged: list[str] = []
    after: dict[str, str] = {}
    while after is not None:
        page = queue(desk, order=order, limit=2, **after).json
        paged += named(page["items"])
        after = {"after": page["next"].replace("+", "%2B")} if page["next"] else None  # type: ignore[assignment]
    assert paged == ORDERED[order]


@pytest.mark.parametrize("order", ORDERED)
def test_nothing_is_passed_over_while_others_are_decided_or_come(world: World, desk: Phone, order: str) -> None:
    """The last household of a page is decided before the next page is asked for, and another one begins to wait."""
    first = queue(desk, order=order, limit=3).json

    def meanwhile(session: Session) -> None:
        session.query(Conflict).filter_by(entity_id=first["items"][-1]["id"]).update({"state": "resolved"})
        dispute(session, IDS["settled"], "contact_phone", 0)

    world.run(meanwhile)
    rest = queue(desk, order=order, after=first["next"].replace("+", "%2B")).json
    assert [name for name in named(rest["items"]) if name != "settled"] == ORDERED[order][3:]


def test_a_row_tells_how_much_waits_and_since_when(desk: Phone) -> None:
    (twins,) = [one for one in queue(desk).json["items"] if one["id"] == IDS["twins"]]
    opened = (BEGUN + timedelta(days=2)).isoformat()
    assert twins == {
        "id": IDS["twins"], "label": "twins", "region": QINGSHI, "count": 2, "weight": 5, "oldest": opened,
    }  # fmt: skip


def test_the_area_narrows_and_nobody_sees_beyond_the_own(world: World, desk: Phone) -> None:
    assert set(named(queue(desk, region=BAITA).json["items"])) == {"closing", "broken", "equal"}
    assert set(named(queue(desk, region=EAST).json["items"])) == set(ORDERED["oldest"])
    assert queue(desk, region=LIUSHU).json["items"] == []
    assert named(queue(world.phone("zhao")).json["items"]) == ["foreign"]
    start = f"9|{BEGUN.isoformat().replace('+', '%2B')}|0"
    assert named(queue(world.phone("zhao"), order="weight", after=start).json["items"]) == ["foreign"]


@pytest.mark.parametrize("after", ["", "x", "1|2", "1|2026-11-01|a", "1|never|a", "-1|2026-11-01T00:00:00+00:00|a"])
def test_what_is_no_place_in_the_list_is_none(after: str) -> None:
    assert read_place(after) is None


def test_a_place_that_cannot_be_read_and_an_order_that_is_none_are_mistakes_of_the_asker(desk: Phone) -> None:
    assert queue(desk, after="x").json["code"] == "request.invalid"
    assert queue(desk, order="newest").status_code == 400
