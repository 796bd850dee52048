"""What a decision may write: only values of the property, and only regions where the person who decides may write."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from server.forms.dataset import Choice, Property
from server.forms.fitting import LONGEST, fits
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.record import Origin, RecordWrite
from tests.sync.test_resolution import head_with, open_conflict, resolution
from tests.world import BAITA, QINGSHI, WANG, ZHAO, Phone, World

FIRST, SECOND = f"{QINGSHI}-01", f"{QINGSHI}-02"


@pytest.fixture
def village(world: World) -> World:
    """Qingshi with two groups."""

    def add(session: Any) -> None:
        path = session.get_one(Region, QINGSHI).path
        for code in (FIRST, SECOND):
            session.add(
                Region(code=code, parent_code=QINGSHI, level="group", path=f"{path}{code}/", name_zh=code[-2:])
            )

    world.run(add)
    return world


def dispute(world: World, name: str, one: dict[str, str], other: dict[str, str]) -> Any:
    """The conflict that two phones of a person make who both saw version 1, as the supervisor reads it."""
    for values, status in ((one, "applied"), (other, "conflicted")):
        phone = world.phone(name)
        assert phone.send(phone.visit(**values))[0]["status"] == status
    return open_conflict(world.phone("zhang"))


def decide(phone: Phone, conflict: Any, value: Any) -> tuple[str, str | None]:
    (result,) = phone.send(resolution(phone, conflict, "value", value=value))
    return result["status"], result.get("code")


def household(world: World) -> Any:
    return world.look(lambda session: session.get_one(Entity, WANG))


@pytest.mark.parametrize("value", ["many", "7.5", True])
def test_a_number_is_decided_by_a_number(world: World, value: object) -> None:
    """Anything else is kept with its reason and decides nothing; the conflict waits on."""
    zhang, conflict = world.phone("zhang"), dispute(world, "li", {"water_days": "5"}, {"water_days": "9"})
    assert decide(zhang, conflict, value) == ("quarantined", "resolution.value_invalid")
    assert household(world).values["water_shortage_days"] == "5"
    assert open_conflict(zhang)["id"] == conflict["id"]


@pytest.mark.parametrize(("value", "kept"), [("７", "7"), ("", None)])
def test_a_number_in_any_spelling_and_an_empty_one_decide(world: World, value: object, kept: str | None) -> None:
    zhang, conflict = world.phone("zhang"), dispute(world, "li", {"water_days": "5"}, {"water_days": "9"})
    assert decide(zhang, conflict, value) == ("applied", None)
    assert household(world).values["water_shortage_days"] == kept


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"house_grade": "E"}, "resolution.value_invalid"),
        ({"house_graded_on": "2026-02-30"}, "resolution.value_invalid"),
        ({"house_policy": "x" * 5000}, "resolution.value_invalid"),
        ({"house_grade": "D", "house_graded_on": "2026-02-28"}, None),
    ],
)
def test_of_a_group_every_value_must_be_one_of_its_property(
    world: World, change: dict[str, str], code: str | None
) -> None:
    zhang, conflict = world.phone("zhang"), dispute(world, "li", {"grade": "A"}, {"grade": "C"})
    given = {"house_grade": "B", "assessment_level": None, "house_graded_on": None, "house_policy": None} | change
    assert decide(zhang, conflict, given)[1] == code
    assert household(world).values["house_grade"] == ("C" if code else "D")


def test_over_http_such_a_value_is_422(world: World) -> None:
    zhang, conflict = world.phone("zhang"), dispute(world, "li", {"water_days": "5"}, {"water_days": "9"})
    body = {"choose": "value", "value": "many", "reason": "asked", "seen": [h["op_id"] for h in conflict["heads"]]}
    answer = zhang.post(f"/conflicts/{conflict['id']}/resolve", body)
    assert (answer.status_code, answer.json["code"]) == (422, "conflict.not_decided")
    assert "resolution.value_invalid" in answer.text


@pytest.mark.parametrize("code", ["", "nowhere", BAITA])
def test_nobody_decides_a_household_into_nowhere_or_out_of_the_own_area(village: World, code: str | None) -> None:
    """The cadre may settle conflicts of the village; a region that he may not write in is not his to give."""
    conflict = dispute(village, "li", {"village": FIRST}, {"village": SECOND})
    before = household(village)
    assert decide(village.phone("li"), conflict, code) == ("quarantined", "region.unknown")
    after = household(village)
    assert (after.region_code, after.values) == (before.region_code, before.values)


def test_a_group_of_the_village_or_for_the_supervisor_another_village_may_be_decided(village: World) -> None:
    conflict = dispute(village, "li", {"village": FIRST}, {"village": SECOND})
    li, zhang = village.phone("li"), village.phone("zhang")
    assert decide(li, conflict, QINGSHI) == ("applied", None)
    assert household(village).region_code == QINGSHI
    assert decide(zhang, conflict, BAITA)[0] in ("applied", "conflicted", "merged")
    assert household(village).values["region"] == household(village).region_code


def test_the_head_that_another_wrote_is_not_chosen_where_one_may_not_write(village: World) -> None:
    """The supervisor may move it to Baita; the cadre of Qingshi may not, not even by agreeing."""
    conflict = dispute(village, "zhang", {"village": FIRST}, {"village": BAITA})
    assert household(village).region_code == FIRST
    li, zhang = village.phone("li"), village.phone("zhang")
    head = head_with(conflict, BAITA)["op_id"]
    (result,) = li.send(resolution(li, conflict, head))
    assert (result["status"], result["code"]) == ("quarantined", "region.unknown")
    assert household(village).region_code == FIRST
    assert zhang.send(resolution(zhang, conflict, head))[0]["status"] == "applied"
    assert household(village).region_code == BAITA


def prop(type: str, *codes: str) -> Property:
    choices = tuple(Choice(code, {}) for code in codes) or None
    return Property("name", type, {}, "internal", "review", None, None, choices, None, ())


@pytest.mark.parametrize(
    ("declared", "good", "bad"),
    [
        (prop("decimal"), ["1.50", 1.5, "-3", "1e3", "１２"], ["1e999", "x", "9" * 41, float("nan"), float("inf"), {}]),
        (prop("integer"), ["0", 12, "2.0"], ["1.5", "4294967296", False]),
        (prop("date"), ["2026-2-8", "2026-02-28T10:00:00"], ["2026-02-30", "0001-01-01", "soon", 20260228]),
        (prop("datetime"), ["2026-02-28T10:00:00+08:00"], ["2026-02-30T10:00:00", "yesterday"]),
        (prop("select_one", "a", "b"), ["a", ""], ["c", "a b", ["a"]]),
        (prop("select_multiple", "a", "b"), ["b a", ["a", "b"], []], ["a c", ["a", {}]]),
        (prop("geopoint"), ["26.2 108.1 0 5"], ["108.1 126.2", "here"]),
        (prop("reference"), [WANG, f"uuid:{WANG.upper()}", None], ["Wang"]),
        (prop("text"), ["any", "x" * LONGEST], ["x" * (LONGEST + 1), {"a": 1}, ["a"]]),
    ],
)
def test_a_value_fits_its_property_or_not(declared: Property, good: list[object], bad: list[object]) -> None:
    assert [value for value in good if not fits(declared, value)] == []
    assert [value for value in bad if fits(declared, value)] == []


SON, NEXT_DOOR = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"


@pytest.fixture
def disputed_son(world: World) -> World:
    """A member of WANG, whom one takes next door while another leaves the field empty."""

    def write(session: Any, line: str, dataset: str, id: str, values: dict[str, Any], base: int, parent: Any) -> None:
        origin = Origin(str(uuid.uuid4()), world.people["import"], line, None)
        record = RecordWrite(dataset, id, values, base, parent=parent, region=QINGSHI)
        apply_write(session, datasets()[dataset], origin, record)

    def work(session: Any) -> None:
        write(session, "a", "household", NEXT_DOOR, {"head_name": "李四", "region": QINGSHI}, 0, None)
        write(session, "a", "member", SON, {"full_name": "张小", "household": WANG}, 0, WANG)
        write(session, "b", "member", SON, {"household": NEXT_DOOR}, 1, NEXT_DOOR)
        write(session, "c", "member", SON, {"household": ZHAO}, 1, ZHAO)

    world.run(work)
    return world


@pytest.mark.parametrize("household_id", [ZHAO, "cccccccc-0000-4000-8000-000000000003", None])
def test_nobody_decides_a_member_into_a_household_out_of_sight_or_into_none(
    disputed_son: World, household_id: str | None
) -> None:
    zhang = disputed_son.phone("zhang")
    conflict = next(
        item for item in zhang.get("/conflicts?state=open").json["items"] if item["properties"] == ["household"]
    )
    status, code = decide(zhang, conflict, household_id)
    assert (status, code) == ("quarantined", "scope.lost")
    assert decide(disputed_son.phone("zhang"), conflict, NEXT_DOOR)[0] == "applied"
    son = disputed_son.look(lambda session: session.get_one(Entity, SON))
    assert (son.parent_id, son.values["household"]) == (NEXT_DOOR, NEXT_DOOR)


@pytest.mark.parametrize("value", [19912341111, {"contact_phone": 19912341111}, " 19912341111 "])
def test_a_value_in_any_spelling_is_kept_as_it_is_written_and_masked(world: World, value: object) -> None:
    """A number that was kept as it was sent could not be masked: no list of conflicts was shown to anybody any more."""
    zhang, conflict = world.phone("zhang"), dispute(world, "li", {"phone": "19900019858"}, {"phone": "19912349858"})
    assert decide(zhang, conflict, value) == ("applied", None)
    assert zhang.get("/conflicts").json["items"][0]["resolution"]["value"] == "199****1111"
    assert world.phone("auditor").get("/conflicts").json["items"][0]["resolution"]["value"] is None


@pytest.mark.parametrize("numbers", [("19900019858", "19912349858"), ("13号机", "无")])
def test_a_value_that_the_decider_saw_in_part_only_is_not_written_back(world: World, numbers: tuple[str, str]) -> None:
    """A page that offers what it was shown would put stars in the place of both numbers."""
    zhang, conflict = world.phone("zhang"), dispute(world, "li", *({"phone": number} for number in numbers))
    assert "**" in conflict["shown"]
    assert decide(zhang, conflict, conflict["shown"]) == ("quarantined", "resolution.value_invalid")
    assert household(world).values["contact_phone"] == numbers[0]
    assert open_conflict(zhang)["id"] == conflict["id"]


@pytest.mark.parametrize("value", [5, {"no_such": "x"}, {"contact_phone": ["x"]}, "19912341111"])
def test_what_stands_beside_a_chosen_head_is_nobodys_value(world: World, value: object) -> None:
    zhang, conflict = world.phone("zhang"), dispute(world, "li", {"phone": "19900019858"}, {"phone": "19912349858"})
    assert zhang.send(resolution(zhang, conflict, conflict["heads"][0]["op_id"], value=value))[0]["status"] == "applied"
    (ended,) = zhang.get("/conflicts").json["items"]
    assert (ended["state"], "value" in ended["resolution"]) == ("resolved", False)
