"""Two records that look like one registered twice are a conflict: never merged by itself, closed by a person."""

from __future__ import annotations

import itertools
import uuid
from types import SimpleNamespace
from typing import Any

import pytest

from server.config import ROOT
from server.forms.datasets import load_datasets
from server.registry.tables import Conflict
from server.sync import feeds, news
from server.sync.apply import apply_write
from server.sync.conflict_reading import _sight
from server.sync.lookalikes import pair_key
from server.sync.record import Origin, RecordWrite
from tests.sync.family import family, person, with_family
from tests.sync.test_resolution import open_conflict, resolution
from tests.world import LIUSHU, QINGSHI, WANG, Phone, World


@pytest.fixture
def village(world: World) -> World:
    return with_family(world)


BABY = {"name": "王小梅", "birth": "2026-03-01", "sex": "female"}


def twice(village: World, **other: str) -> tuple[Phone, Phone, Phone, list[dict[str, str]]]:
    """The cadre and the helper each register the baby, offline."""
    li, helper, zhang = village.phone("li"), village.phone("helper"), village.phone("zhang")
    rows = [person(**BABY), person(**{**BABY, **other})]
    li.send(family(li, rows[0]))
    helper.send(family(helper, rows[1]))
    return li, helper, zhang, rows


def state(phone: Phone, id: str) -> Any:
    return phone.get(f"/entities/{id}").json["state"]


def side_of(conflict: Any, member_id: str) -> Any:
    return next(head for head in conflict["heads"] if head["entity_id"] == member_id)


def test_a_person_registered_twice_is_a_conflict_with_both_records_and_authors(village: World) -> None:
    *_, zhang, rows = twice(village, birth="2026-03-09")  # the same year
    conflict = open_conflict(zhang)
    assert conflict["kind"] == "duplicate"
    assert set(conflict["entities"]) == {row["id"] for row in rows}
    assert {head["author"]["username"] for head in conflict["heads"]} == {"li", "helper"}
    assert side_of(conflict, rows[0]["id"])["value"]["full_name"] == "王小梅"
    assert all(state(zhang, row["id"]) == "active" for row in rows)
    assert "full_name" in zhang.get(f"/entities/{rows[0]['id']}").json["contested"]


@pytest.mark.parametrize("other", [{"birth": "2024-03-01"}, {"sex": "male"}, {"name": "王小兰"}])
def test_who_differs_in_name_birth_year_or_sex_is_somebody_else(village: World, other: dict[str, str]) -> None:
    *_, zhang, _rows = twice(village, **other)
    assert zhang.get("/conflicts?state=open").json["items"] == []


def test_twins_of_one_submission_are_two_people(village: World) -> None:
    li = village.phone("li")
    li.send(family(li, person(**BABY), person(**BABY)))
    assert li.get("/conflicts").json["items"] == []


def test_two_ops_of_many_like_rows_ask_no_more_than_anybody_would_compare(
    village: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred rows of one name in each would be forty thousand questions, written while all others wait."""
    monkeypatch.setattr("server.sync.alike.MOST_ALIKE", 3)
    li, helper = village.phone("li"), village.phone("helper")
    for phone in (li, helper):
        phone.send(family(phone, *(person(**BABY) for _ in range(5))))
    assert len(li.get("/conflicts?state=open&limit=100").json["items"]) == 5 * 3


def test_the_second_push_is_told_and_so_is_the_first_authors_phone(village: World) -> None:
    li, helper = village.phone("li"), village.phone("helper")
    li.send(family(li, person(**BABY)))
    (result,) = helper.send(family(helper, person(**BABY)))
    assert result["status"] == "conflicted"
    (conflict_id,) = {id for entity in result["entities"] for id in entity["conflicts"]}
    told = [e for e in li.pull(f"user:{village.people['li']}")["entries"] if e["type"] == "conflict"]
    assert [(e["id"], e["state"]) for e in told] == [(conflict_id, "open")]


def test_a_feed_tells_two_records_that_look_alike_with_masks_since_its_reader_may_have_one_only() -> None:
    """A helper of one household is not told the number of its neighbour; of one record all values are told whole."""
    pair = Conflict(entity_id="a", key=pair_key("b"), properties=["@same"])
    own = Conflict(entity_id="a", key="contact_phone", properties=["contact_phone"])
    rows = [SimpleNamespace(Conflict=row, clear=clear) for row in (pair, own) for clear in (True, False)]
    sights = [_sight(row, feed=True) for row in rows]  # type: ignore[arg-type]
    assert sights == ["clear", "audit", "whole", "audit"]


def test_same_person_archives_one_record_which_points_to_the_other(village: World) -> None:
    *_, zhang, rows = twice(village)
    conflict = open_conflict(zhang)
    kept, gone = rows[0]["id"], rows[1]["id"]
    (result,) = zhang.send(resolution(zhang, conflict, side_of(conflict, kept)["op_id"]))
    assert result["status"] == "applied"
    assert (state(zhang, kept), state(zhang, gone)) == ("active", "archived")
    assert zhang.get(f"/entities/{gone}").json["data"]["@same_as"] == kept
    ended = zhang.get(f"/conflicts/{conflict['id']}").json
    assert (ended["state"], ended["resolution"]["how"]) == ("resolved", "chosen")
    assert zhang.get("/conflicts?state=open").json["items"] == []


def test_different_people_are_never_asked_about_again(village: World) -> None:
    li, _, zhang, rows = twice(village)
    conflict = open_conflict(zhang)
    (result,) = zhang.send(resolution(zhang, conflict, "value", value="different"))
    assert result["status"] == "applied"
    version = li.get(f"/entities/{rows[0]['id']}").json["version"]
    li.send(family(li, person(rows[0]["id"], **BABY | {"birth": "2026-03-02"}), bases={rows[0]["id"]: version}))
    assert zhang.get("/conflicts?state=open").json["items"] == []
    assert all(state(zhang, row["id"]) == "active" for row in rows)


def test_two_people_who_keep_different_records_lose_neither(village: World) -> None:
    *_, zhang, rows = twice(village)
    admin = village.phone("admin")
    conflict = open_conflict(zhang)
    zhang.send(resolution(zhang, conflict, side_of(conflict, rows[0]["id"])["op_id"]))
    (late,) = admin.send(resolution(admin, conflict, side_of(conflict, rows[1]["id"])["op_id"]))
    assert late["status"] == "conflicted"
    assert all(state(zhang, row["id"]) == "active" for row in rows)
    open_now = zhang.get("/conflicts?state=open").json["items"]
    assert {(one["entity_id"], one["kind"]) for one in open_now} == {(row["id"], "state") for row in rows}


def test_it_closes_when_a_name_is_mended_and_when_one_is_archived(village: World) -> None:
    li, _, zhang, rows = twice(village)
    li.send(family(li, person(rows[0]["id"], name="王小兰"), bases={rows[0]["id"]: 1}))
    (ended,) = zhang.get("/conflicts").json["items"]
    assert (ended["state"], ended["resolution"]["how"]) == ("resolved", "seen")
    li.send(family(li, person(rows[0]["id"], name="王小梅"), bases={rows[0]["id"]: 2}))
    assert open_conflict(zhang)["id"] == ended["id"]
    li.send(family(li, person(rows[0]["id"], name="王小梅", member_state="archived"), bases={rows[0]["id"]: 3}))
    assert zhang.get("/conflicts?state=open").json["items"] == []


def test_rejecting_one_registration_closes_it(village: World) -> None:
    li, helper, zhang = village.phone("li"), village.phone("helper"), village.phone("zhang")
    li.send(family(li, person(**BABY)))
    wrong = family(helper, person(**BABY))
    helper.send(wrong)
    body = {"state": "rejected", "comments": [{"text": "registered already"}]}
    assert zhang.post(f"/submissions/{wrong['instance_id']}/review", body).status_code == 200
    assert zhang.get("/conflicts?state=open").json["items"] == []


def test_households_of_one_name_and_address_in_one_village_are_asked_about(village: World) -> None:
    zhang, li = village.phone("zhang"), village.phone("li")
    other = "44444444-4444-4444-8444-444444444444"
    _write(village, other, {"head_name": "王大山", "address": "青石坡3号", "region": QINGSHI}, base=0)
    assert zhang.get("/conflicts?state=open").json["items"] == []
    (result,) = li.send(family(li, address="青石坡3号"))
    assert result["status"] == "conflicted"
    assert set(open_conflict(zhang)["entities"]) == {WANG, other}


def test_any_order_of_arrival_finds_the_same_pairs(village: World) -> None:
    """Three registrations by three phones, and a mended name: in each order the same pairs are open."""
    found = set()
    for number, order in enumerate(itertools.permutations(range(3))):
        phones = [village.phone(name) for name in ("li", "helper", "zhang")]
        baby = {**BABY, "name": f"王小{'一二三四五六'[number]}"}
        rows = [person(**baby), person(**baby), person(**{**baby, "birth": "2020-01-01"})]
        ops = [family(phone, row) for phone, row in zip(phones, rows, strict=True)]
        for place in order:
            phones[place].send(ops[place])
        mine = {row["id"]: place for place, row in enumerate(rows)}
        pairs = [one["entities"] for one in phones[2].get("/conflicts?state=open&limit=100").json["items"]]
        found.add(frozenset(frozenset(mine[id] for id in pair) for pair in pairs if set(pair) <= mine.keys()))
    assert found == {frozenset({frozenset({0, 1})})}


@pytest.mark.parametrize("decided", [True, False])
def test_a_record_that_moved_away_since_is_told_to_nobody_of_the_old_village(village: World, decided: bool) -> None:
    """Whoever had the pair could read its name and address for ever, as they are by now."""
    admin, li = village.phone("admin"), village.phone("li")
    there = {"head_name": "王大山", "address": "青石坡3号", "region": QINGSHI}
    _write(village, WANG, there, base=1)
    _write(village, FAR, there, base=0)
    conflict = open_conflict(admin)
    if decided:
        admin.send(resolution(admin, conflict, "value", value="different"))
    _write(village, FAR, {"region": LIUSHU, "head_name": "赵远"}, base=2 if decided else 1)
    told = [*li.pull(f"region:{QINGSHI}")["entries"], li.get(f"/conflicts/{conflict['id']}").json]
    for one in (one for one in told if one.get("id") == conflict["id"]):
        assert [head["entity_id"] for head in one["heads"]] == [WANG]
    assert {head["entity_id"] for head in admin.get(f"/conflicts/{conflict['id']}").json["heads"]} == {WANG, FAR}


FAR = "55555555-5555-4555-8555-555555555555"


def _write(village: World, id: str, values: dict[str, str], base: int) -> None:
    """A household as the import says it."""

    def work(session: Any) -> None:
        household = load_datasets(ROOT / "form_definitions" / "datasets")["household"]
        origin = Origin(f"op-{uuid.uuid4()}"[:36], village.people["import"], f"line {id}", None)
        outcome = apply_write(session, household, origin, RecordWrite("household", id, values, base, region=QINGSHI))
        feeds.touch(session, news.of_outcomes(session, [outcome]))

    village.run(work)
