"""Feeds of groups below a village, and households and members that move between feeds."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest

from server.geo.tables import Region
from server.sync import feeds, news, rights
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.record import Origin, RecordWrite
from tests.sync.office import add_person, own, scopes
from tests.sync.quarrel import begin_quarrel, open_conflict
from tests.sync.racing import PATIENCE, slow_commit
from tests.world import BAITA, LIUSHU, QINGSHI, WANG, WANG_SON, ZHAO, Phone, World, add_household, named

FIRST, SECOND = f"{QINGSHI}-01", f"{QINGSHI}-02"


@pytest.fixture
def village(world: World) -> World:
    """Qingshi with two groups, each with a cadre."""

    def add(session: Any) -> None:
        path = session.get_one(Region, QINGSHI).path
        for code in (FIRST, SECOND):
            session.add(
                Region(code=code, parent_code=QINGSHI, level="group", path=f"{path}{code}/", name_zh=code[-2:])
            )

    world.run(add)
    add_person(world, "first", "cadre", FIRST)
    add_person(world, "second", "cadre", SECOND)
    return world


def write(world: World, dataset: str, record: str, values: dict[str, str]) -> None:
    def work(session: Any) -> None:
        origin = Origin(str(uuid.uuid4()), world.people["zhang"], f"desk {uuid.uuid4()}", None)
        from server.registry.tables import Entity

        base = session.get_one(Entity, record).version
        parent = values.get("household")
        given = RecordWrite(dataset, record, values, base, parent=parent)
        outcome = apply_write(session, datasets()[dataset], origin, given)
        feeds.touch(session, news.of_outcomes(session, [outcome]))

    world.run(work)


def move(world: World, household: str, region: str) -> None:
    write(world, "household", household, {"region": region})


def holds(phone: Phone, scope: str) -> set[str]:
    """What a phone that fetches this feed from the start holds in the end."""
    held: set[str] = set()
    for entry in phone.pull(scope)["entries"]:
        if entry["type"] == "entity":
            held.add(entry["id"])
        elif entry["type"] == "eviction":
            held.discard(entry["id"])
    return held


def follow(phone: Phone, scope: str, after: int, held: Sequence[str]) -> tuple[int, set[str]]:
    """What a phone that held these holds after going on from its cursor."""
    page, still = phone.pull(scope, after), set(held)
    for entry in page["entries"]:
        (still.add if entry["type"] == "entity" else still.discard)(entry["id"])
    return page["next"], still


def test_a_group_cadre_gets_the_group_and_the_village_cadre_the_whole_village(village: World) -> None:
    move(village, WANG, FIRST)
    first, second, li = (village.phone(name) for name in ("first", "second", "li"))
    assert [name for name in scopes(first) if name.startswith("region:")] == [f"region:{FIRST}"]
    assert [name for name in scopes(li) if name.startswith("region:")] == [f"region:{QINGSHI}"]
    assert holds(first, f"region:{FIRST}") == {WANG, WANG_SON} == holds(li, f"region:{QINGSHI}")
    assert holds(second, f"region:{SECOND}") == set()
    assert first.pull(f"region:{QINGSHI}") == {"status": "gone"} == first.pull(f"region:{SECOND}")


def test_a_household_that_changes_groups_stays_in_the_village(village: World) -> None:
    move(village, WANG, FIRST)
    first, li = village.phone("first"), village.phone("li")
    at = first.pull(f"region:{FIRST}")["next"]
    in_village = li.pull(f"region:{QINGSHI}")["next"]
    move(village, WANG, SECOND)
    assert follow(first, f"region:{FIRST}", at, [WANG, WANG_SON])[1] == set()
    assert follow(li, f"region:{QINGSHI}", in_village, [WANG, WANG_SON])[1] == {WANG, WANG_SON}
    assert holds(village.phone("second"), f"region:{SECOND}") == {WANG, WANG_SON}


def test_who_has_a_village_and_a_group_of_it_gets_the_village_once(village: World) -> None:
    from server.accounts.people import give_role

    village.run(lambda session: give_role(session, village.people["li"], "cadre", FIRST))
    regions = [name for name in scopes(village.phone("li")) if name.startswith("region:")]
    assert regions == [f"region:{QINGSHI}"]


def test_a_household_that_moves_away_and_back_is_where_it_was(world: World) -> None:
    li, bai = world.phone("li"), world.phone("bai")
    home, away = f"region:{QINGSHI}", f"region:{BAITA}"
    at_home, held = li.pull(home)["next"], {WANG, WANG_SON}
    at_away, borrowed = bai.pull(away)["next"], set[str]()
    move(world, WANG, BAITA)
    at_home, held = follow(li, home, at_home, held)
    assert held == set()
    at_away, borrowed = follow(bai, away, at_away, borrowed)
    assert borrowed == {WANG, WANG_SON}
    move(world, WANG, QINGSHI)
    assert follow(li, home, at_home, held)[1] == {WANG, WANG_SON} == holds(li, home)
    assert follow(bai, away, at_away, borrowed)[1] == set() == holds(bai, away)


def test_a_phone_that_slept_through_both_moves_holds_what_it_held(world: World) -> None:
    li = world.phone("li")
    at = li.pull(f"region:{QINGSHI}")["next"]
    move(world, WANG, BAITA)
    move(world, WANG, QINGSHI)
    assert follow(li, f"region:{QINGSHI}", at, [WANG, WANG_SON])[1] == {WANG, WANG_SON}


def test_a_member_who_joins_a_household_in_another_village_leaves_one_feed_and_enters_the_other(world: World) -> None:
    li, zhao = world.phone("li"), world.phone("zhao")
    at = li.pull(f"region:{QINGSHI}")["next"]
    helper_at = world.phone("helper").pull(own(world, "helper"))["next"]
    write(world, "member", WANG_SON, {"household": ZHAO})
    assert follow(li, f"region:{QINGSHI}", at, [WANG, WANG_SON])[1] == {WANG}
    assert holds(zhao, f"region:{LIUSHU}") == {ZHAO, WANG_SON}
    helper = world.phone("helper")
    assert follow(helper, own(world, "helper"), helper_at, [WANG, WANG_SON])[1] == {WANG}


def test_the_helper_keeps_what_the_village_loses(world: World) -> None:
    helper = world.phone("helper")
    at = helper.pull(own(world, "helper"))["next"]
    move(world, WANG, BAITA)
    assert follow(helper, own(world, "helper"), at, [WANG, WANG_SON])[1] == {WANG, WANG_SON}
    [row] = [e for e in helper.pull(own(world, "helper"))["entries"] if e["id"] == WANG]
    assert row["region"] == BAITA


def told(phone: Phone, scope: str, after: int = 0) -> list[tuple[str, Any]]:
    """What a feed says of conflicts: (type, state)."""
    found = [entry for entry in phone.pull(scope, after)["entries"] if "conflict" in (entry["type"], entry["dataset"])]
    return [(entry["type"], entry.get("state")) for entry in found]


def test_a_conflict_goes_where_its_household_goes(world: World) -> None:
    """Who lost the household loses what was said of it, who has it now is told; its author keeps no value of others."""
    add_person(world, "also", "cadre", QINGSHI)
    li, helper, _zhang = begin_quarrel(world)
    also, bai, home, away = world.phone("also"), world.phone("bai"), f"region:{QINGSHI}", f"region:{BAITA}"
    assert told(also, home) == [("conflict", "open")]
    at, at_away, at_own = also.pull(home)["next"], bai.pull(away)["next"], li.pull(own(world, "li"))["next"]
    move(world, WANG, BAITA)
    assert told(also, home, at) == [("eviction", None)]
    assert told(bai, away, at_away) == [("conflict", "open")] == told(helper, own(world, "helper"))
    [entry] = li.pull(own(world, "li"), at_own)["entries"]
    assert (entry["type"], entry["state"], entry["heads"]) == ("conflict", "open", [])
    move(world, WANG, QINGSHI)
    assert told(also, home, at) == [("conflict", "open")]
    assert told(bai, away, at_away) == [("eviction", None)]


def test_a_conflict_about_who_joins_another_household_leaves_the_first_one_s_helper(world: World) -> None:
    li, helper = world.phone("li"), world.phone("helper")
    for phone, name in ((li, "王小一"), (helper, "王小二")):
        members = {"members": [(WANG_SON, "0", name)]}
        phone.send(phone.visit(**members, entities=[named(WANG, 1), named(WANG_SON, 1, {}, "member")]))
    at, here = helper.pull(own(world, "helper"))["next"], own(world, "helper")
    assert told(helper, here) == [("conflict", "open")]
    add_person(world, "other", None, None)
    give = rights.give_household
    world.run(lambda session: feeds.touch(session, give(session, world.people["other"], ZHAO, "lead")))
    write(world, "member", WANG_SON, {"household": ZHAO})
    [entry] = [entry for entry in helper.pull(here, at)["entries"] if entry["type"] == "conflict"]
    assert entry["heads"] == []
    assert told(world.phone("other"), own(world, "other")) == [("conflict", "open")]


def test_who_stays_behind_when_the_household_moves_is_not_told_where_it_went(world: World) -> None:
    """One visit says both: the household goes to another village, the son to another household of the first one."""
    home = "44444444-4444-4444-8444-444444444444"
    world.run(lambda session: add_household(session, world.people["import"], home, {"region": QINGSHI}))
    world.run(lambda session: rights.give_role(session, world.people["li"], "cadre", BAITA))
    li, bai = world.phone("li"), world.phone("bai")
    both = [named(WANG, 1), named(WANG_SON, 1, {}, "member")]
    op = li.visit(village=BAITA, members=[(WANG_SON, "0", "王小山")], entities=both)
    op["instance_xml"] = op["instance_xml"].replace(f"<of>{WANG}</of>", f"<of>{home}</of>")
    assert li.send(op)[0]["status"] == "applied"
    assert holds(bai, f"region:{BAITA}") == {WANG}
    assert WANG_SON in holds(li, f"region:{QINGSHI}")
    assert bai.get(f"/sync/digest?scope=region:{BAITA}").json["count"] == 1


def test_who_decides_about_a_member_while_its_household_moves_does_not_bring_it_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The decision knows the member alone: it would tell the old village of it after the household has left."""
    world.run(lambda session: rights.give_role(session, world.people["li"], "cadre", BAITA))
    li, helper, zhang = world.phone("li"), world.phone("helper"), world.phone("zhang")
    for phone, name in ((li, "王小一"), (helper, "王小二")):
        both = [named(WANG, 1), named(WANG_SON, 1, {}, "member")]
        phone.send(phone.visit(members=[(WANG_SON, "0", name)], entities=both))
    conflict = open_conflict(zhang)
    seen = [head["op_id"] for head in conflict["heads"]]
    decision = zhang.op("resolution", conflict_id=conflict["id"], choose=seen[0], reason="asked", seen=seen)
    leaves = li.visit(village=BAITA)
    with slow_commit(monkeypatch, lambda: li.send(leaves), "push.judged") as stopped, ThreadPoolExecutor(1) as pool:
        decided = pool.submit(zhang.send, decision)
        wait([decided], 1)
        stopped.on.set()
        assert decided.result(PATIENCE)[0]["status"] == "applied"
    assert holds(li, f"region:{QINGSHI}") == set()
    rows = {entry["id"]: entry for entry in li.pull(f"region:{BAITA}")["entries"] if entry["type"] == "entity"}
    assert set(rows) == {WANG, WANG_SON} and rows[WANG_SON]["version"] == 4
