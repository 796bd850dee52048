"""Hello and pull: who gets which feed, pages without gaps, and nothing beyond one's area."""

from __future__ import annotations

import uuid

from server.registry.tables import Entity
from server.sync import feeds, news
from server.sync.tables import FeedCounter
from tests.world import BAITA, COUNTY, EAST, LIUSHU, QINGSHI, WANG, WANG_SON, World, named


def ids(feed: dict) -> list[str]:
    return [entry["id"] for entry in feed["entries"] if entry["type"] == "entity"]


def test_a_village_cadre_gets_the_village_and_a_helper_the_named_household(world: World) -> None:
    li, helper = world.phone("li"), world.phone("helper")
    scopes = [feed["scope"] for feed in li.post("/sync/hello", {}).json["feeds"]]
    assert scopes == ["forms", f"user:{world.people['li']}", f"region:{QINGSHI}"]
    assert ids(li.pull(f"region:{QINGSHI}")) == [WANG, WANG_SON]
    assert set(ids(helper.pull(f"user:{world.people['helper']}"))) == {WANG, WANG_SON}
    assert [feed["scope"] for feed in helper.post("/sync/hello", {}).json["feeds"]][1:] == [
        f"user:{world.people['helper']}"
    ]


def test_a_row_has_what_the_phone_needs(world: World) -> None:
    entry = next(e for e in world.phone("li").pull(f"region:{QINGSHI}")["entries"] if e["id"] == WANG)
    assert entry["data"]["head_name"] == "王大山"
    assert entry["location"] == {"lon": "108.1", "lat": "26.2", "accuracy_m": "5"}
    assert (entry["version"], entry["state"], entry["region"], entry["label"]) == (1, "active", QINGSHI, "王大山")
    assert entry["updated_by"]["username"] == "import"


def test_foreign_and_unknown_scopes_are_gone_alike_and_the_others_are_served(world: World) -> None:
    phone = world.phone("li")
    asked = {
        name: {"after": 0}
        for name in (f"region:{LIUSHU}", "region:nothing", f"user:{world.people['zhao']}", f"region:{QINGSHI}", "forms")
    }
    answer = phone.post("/sync/pull", {"feeds": asked}).json["feeds"]
    assert [answer[name] for name in list(asked)[:3]] == [{"status": "gone"}] * 3
    assert [answer[name]["status"] for name in list(asked)[3:]] == ["ok", "ok"]


def test_who_inspects_or_supervises_has_no_region_feed(world: World) -> None:
    assert [f["scope"] for f in world.phone("zhang").post("/sync/hello", {}).json["feeds"]] == [
        "forms",
        f"user:{world.people['zhang']}",
    ]


def test_pages_join_without_gap_or_repetition_and_an_empty_page_stays(world: World) -> None:
    phone = world.phone("li")
    new = [str(uuid.uuid4()) for _ in range(7)]
    rows = [(member, "1", f"成员{place}") for place, member in enumerate(new)]
    entities = [named(WANG, 1), *(named(member, None, {}, "member") for member in new)]
    phone.send(phone.visit(members=rows, entities=entities))
    seen, after, pages = [], 0, 0
    while True:
        page = phone.pull(f"region:{QINGSHI}", after, limit=2)
        seen += page["entries"]
        pages += 1
        assert page["next"] == (page["entries"][-1]["n"] if page["entries"] else after)
        after = page["next"]
        if not page["more"]:
            break
    assert {e["id"] for e in seen} == {WANG, WANG_SON, *new}
    assert len(seen) == 9 and after == page["head"]
    empty = phone.pull(f"region:{QINGSHI}", after)
    assert (empty["entries"], empty["next"], empty["more"]) == ([], after, False)


def test_a_record_s_newest_state_only(world: World) -> None:
    phone = world.phone("li")
    for version, days in enumerate(("31", "32", "33"), 1):
        phone.send(phone.visit(water_days=days, base_version=version))
    entries = [e for e in phone.pull(f"region:{QINGSHI}")["entries"] if e["id"] == WANG]
    assert [(e["version"], e["data"]["water_shortage_days"]) for e in entries] == [(4, "33")]


def test_a_household_that_moves_leaves_one_feed_and_enters_the_other_with_its_children(world: World) -> None:
    from server.config import ROOT
    from server.forms.datasets import load_datasets
    from server.sync.apply import apply_write
    from server.sync.record import Origin, RecordWrite

    dataset = load_datasets(ROOT / "form_definitions" / "datasets")["household"]
    origin = Origin(str(uuid.uuid4()), world.people["zhang"], "desk", None)

    def move(session) -> None:
        outcome = apply_write(session, dataset, origin, RecordWrite("household", WANG, {"region": BAITA}, 1))
        feeds.touch(session, news.of_outcomes(session, [outcome]))

    world.run(move)
    left = world.phone("li").pull(f"region:{QINGSHI}")["entries"]
    assert {(e["type"], e["id"]) for e in left} == {("eviction", WANG), ("eviction", WANG_SON)}
    assert set(ids(world.phone("bai").pull(f"region:{BAITA}"))) == {WANG, WANG_SON}
    assert world.look(lambda s: s.get_one(Entity, WANG_SON)).region_code == BAITA
    assert set(ids(world.phone("helper").pull(f"user:{world.people['helper']}"))) == {WANG, WANG_SON}


def test_a_cursor_of_another_view_or_beyond_the_head_must_refetch(world: World) -> None:
    phone = world.phone("li")
    assert phone.pull(f"region:{QINGSHI}", 10_000)["status"] == "must_refetch"
    asked = {"feeds": {f"region:{QINGSHI}": {"after": 1, "view": "old"}}}
    assert phone.post("/sync/pull", asked).json["feeds"][f"region:{QINGSHI}"]["status"] == "must_refetch"


def test_values_that_a_role_may_not_see_are_absent(world: World) -> None:
    from server.accounts.actor import load_actor
    from server.accounts.tables import Person
    from server.sync.rows import entity_row

    phone = world.phone("li")
    phone.send(phone.visit(phone="19900001111"))

    def row(name: str) -> dict:
        def work(session) -> dict:
            actor = load_actor(session, session.get_one(Person, world.people[name]))
            return entity_row(session.get_one(Entity, WANG), actor, {})

        return world.look(work)["data"]

    assert row("li")["contact_phone"] == "19900001111"
    assert "contact_phone" not in row("auditor")


def test_every_number_is_given_once_and_the_counter_is_the_head(world: World) -> None:
    phone = world.phone("li")
    phone.send(*[phone.visit(water_days=str(days)) for days in range(21, 60)])
    page = phone.pull(f"region:{QINGSHI}")
    numbers = [entry["n"] for entry in page["entries"]]
    assert numbers == sorted(set(numbers))
    assert world.look(lambda s: s.get_one(FeedCounter, f"region:{QINGSHI}")).n == page["head"]


def test_a_group_belongs_to_its_village_s_feed_and_has_its_own() -> None:
    from server.sync.scope import feed_scopes_of

    village = f"/99/{COUNTY}/{EAST}/{QINGSHI}/"
    assert feed_scopes_of(village) == (f"region:{QINGSHI}",)
    assert feed_scopes_of(f"{village}{QINGSHI}-01/") == (f"region:{QINGSHI}", f"region:{QINGSHI}-01")
    assert feed_scopes_of(f"/99/{COUNTY}/{EAST}/") == (f"region:{EAST}",)
