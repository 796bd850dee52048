"""Bugs that others published, about giving out: gaps, checkpoints before data, moved and denied records.

Each test names the issue (owner/repo#number), what went wrong there, and what holds here. The whole list with the
places of all tests is in test_published_bugs.py.
"""

from __future__ import annotations

import threading
import uuid

import pytest
from sqlalchemy import delete, select

from server.accounts.tables import Person, RoleGrant
from server.sync.tables import Feed, FeedCounter, OpLog, Quarantine
from tests.sync.racing import Poller, slow_commit
from tests.sync.test_published_bugs_push import new_member, values
from tests.world import BAITA, QINGSHI, WANG, WANG_SON, ZHAO, World

VILLAGE = f"region:{QINGSHI}"


def test_a_reader_never_passes_a_write_that_commits_late(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bug 1, Kinto/kinto (last_modified), opensrp/opensrp-server-web#980, electric-sql/electric#1469, #2311 and
    Mimetis/Dotmim.Sync#117: numbers were taken before the commit, so a reader passed the number of a slow writer and
    never saw its rows (33–57 % of a busy server's). Here a second writer of the scope waits until the first has
    committed: whatever a reader has passed, it has seen.
    """
    slow_phone, quick_phone = world.phone("li"), world.phone("admin")
    poller = Poller(world.phone("li"), VILLAGE)
    poller.poll()
    slow = slow_phone.visit(water_days="31")
    quick = quick_phone.visit(ZHAO, village=QINGSHI)  # another record, which comes into the same feed
    with slow_commit(monkeypatch, lambda: slow_phone.send(slow)) as stopped:
        second = threading.Thread(target=quick_phone.send, args=(quick,))
        second.start()
        for _ in range(5):
            second.join(0.1)
            poller.poll()
        stopped.on.set()
        second.join(30)
    poller.poll()
    rows = {entry["id"]: entry for entry in poller.seen}
    assert rows[WANG]["data"]["water_shortage_days"] == "31"
    assert ZHAO in rows


def test_a_page_stops_before_what_it_did_not_give(world: World) -> None:
    """Bug 12 (the server's half), apache/pouchdb#1240, pubkey/rxdb#5571, #6684: a checkpoint went past documents that
    the reader had not got. Here `next` is the number of the last entry given, however small the page, and asking
    again after a lost answer gives the same entries.
    """
    phone = world.phone("li")
    for days in range(4):
        phone.send(phone.visit(water_days=str(days)), new_member(phone, f"户{days}"))
    after, seen = 0, []
    for _ in range(20):
        page = phone.pull(VILLAGE, after, limit=1)
        assert page["entries"] == phone.pull(VILLAGE, after, limit=1)["entries"]  # the answer was lost: asked again
        assert page["next"] == (page["entries"][-1]["n"] if page["entries"] else after)
        seen += [entry["id"] for entry in page["entries"]]
        after = page["next"]
        if not page["more"]:
            break
    assert after == page["head"]
    whole = [entry["id"] for entry in phone.pull(VILLAGE)["entries"]]
    assert seen == whole and len(seen) == len(set(seen)) == 6


def test_the_first_page_of_many_says_that_there_is_more(world: World) -> None:
    """Bug 18, opensrp/opensrp-client-core#817: sync was called complete after the first batch. Here every page but
    the last says `more` and shows how far the head is; the last one ends exactly at it.
    """
    phone = world.phone("li")
    phone.send(*(new_member(phone, f"户{n}") for n in range(7)))
    after, pages = 0, []
    while not pages or pages[-1]["more"]:
        pages.append(phone.pull(VILLAGE, after, limit=3))
        after = pages[-1]["next"]
    assert [page["more"] for page in pages] == [True, True, False]
    assert all(page["next"] < page["head"] for page in pages[:-1])
    assert (pages[-1]["next"], len({e["id"] for p in pages for e in p["entries"]})) == (pages[-1]["head"], 9)


def test_ones_own_writes_come_back_as_what_they_are(world: World) -> None:
    """Bug 14 (the server's half), Nozbe/WatermelonDB#649: rows that a phone had pushed came back as "created", and
    one it had deleted appeared again. Here a feed says states, not events: the own row comes once, with the version
    that the push was told, and pulling again brings nothing.
    """
    phone = world.phone("li")
    after = phone.pull(VILLAGE)["next"]
    op = new_member(phone, "新户")
    [result] = phone.send(op)
    page = phone.pull(VILLAGE, after)
    told = {(item["id"], item["version"]) for item in result["entities"]}
    rows = [(entry["id"], entry["version"]) for entry in page["entries"]]
    assert rows and set(rows) <= told and len(rows) == len(set(rows))
    phone.send(op)
    assert phone.pull(VILLAGE, page["next"])["entries"] == []


def test_what_a_reader_sees_never_goes_back_in_time(world: World) -> None:
    """Bug 15, powersync-ja/powersync.dart#253: a record showed a newer state, then an older one, then the newer one
    again. Here versions only grow along a feed, while two others write without pause.
    """
    li, helper = world.phone("li"), world.phone("helper")
    poller = Poller(world.phone("li"), VILLAGE, limit=1)

    def write() -> None:
        for days in range(15):
            li.send(li.visit(water_days=str(days)))
            helper.send(helper.visit(phone=str(days)))

    poller.while_(write)
    versions = poller.versions(WANG)
    assert versions == sorted(set(versions))
    assert versions[-1] == 31


def test_a_moved_household_leaves_the_old_village_and_late_work_on_it_is_kept(world: World) -> None:
    """Bug 16, medic/cht-core#5701: a contact moved out of scope stayed on the phone, and updates to it "silently fail
    to sync". Here the old village gets evictions and the new one the whole household, children too, at one moment; a
    late visit is stored, named `scope.lost`, listed to the supervisor, and applied when the supervisor says so.
    """
    li, bai, zhang = world.phone("li"), world.phone("bai"), world.phone("zhang")
    before = li.pull(VILLAGE)["next"]
    late = li.visit(water_days="7")
    zhang.send(zhang.visit(village=BAITA))
    gone = {e["id"]: e["type"] for e in li.pull(VILLAGE, before)["entries"]}
    come = {e["id"]: e["type"] for e in bai.pull(f"region:{BAITA}")["entries"]}
    assert gone == dict.fromkeys((WANG, WANG_SON), "eviction")
    assert come == dict.fromkeys((WANG, WANG_SON), "entity")
    assert (result := li.send(late)[0])["code"] == "scope.lost" and result["status"] == "quarantined"
    (row,) = zhang.get("/quarantine?state=open").json["items"]
    assert zhang.post(f"/quarantine/{row['id']}/apply", {}).json["status"] == "applied"
    assert values(world)["water_shortage_days"] == "7"


def test_what_is_denied_is_stored_byte_by_byte(world: World) -> None:
    """Bug 16, medic/cht-core#8186: documents that the author was no longer allowed to write were "never stored on the
    server", and the phone believed that they were. Here the author has lost every role: the op is acknowledged as set
    aside, its bytes are kept, and a person of the area sees it.
    """
    li, zhang = world.phone("li"), world.phone("zhang")
    li.send(li.visit(phone="1"))
    world.run(lambda s: s.execute(delete(RoleGrant).where(RoleGrant.person_id == world.people["li"])))
    op = li.visit(water_days="7")
    answer = li.push(op)
    assert (answer["results"][0]["status"], answer["acked_seq"]) == ("quarantined", 2)
    assert li.pull(VILLAGE)["status"] == "gone"
    (row,) = world.look(lambda s: s.scalars(select(Quarantine)).all())
    kept = world.look(lambda s: s.get_one(OpLog, op["op_id"]).raw)
    assert row.raw == kept and op["instance_id"].encode() in kept
    assert [item["op_id"] for item in zhang.get("/quarantine").json["items"]] == [op["op_id"]]
    assert world.look(lambda s: s.get_one(Person, world.people["li"])).username == "li"


def test_a_feed_that_was_emptied_is_fetched_anew_and_never_taken_for_silence(world: World) -> None:
    """Bug 20, electric-sql/electric#4773: after TRUNCATE or a change of the table readers went on at their old place
    and never heard that everything was different. Here a cursor past what the feed has means `must_refetch`.
    """
    phone = world.phone("li")
    phone.send(*(new_member(phone, f"户{n}") for n in range(5)))
    after = phone.pull(VILLAGE)["next"]

    def empty(session) -> None:
        session.execute(delete(Feed).where(Feed.scope == VILLAGE))
        session.execute(delete(FeedCounter).where(FeedCounter.scope == VILLAGE))

    world.run(empty)
    assert phone.pull(VILLAGE, after)["status"] == "must_refetch"
    phone.send(phone.visit(water_days="7"))
    assert phone.pull(VILLAGE, after)["status"] == "must_refetch"


def test_a_scope_that_is_not_granted_harms_no_other(world: World) -> None:
    """Bug 16, medic/cht-core#8303: one part of a sync failed and the whole was shown as done. Here each scope has an
    answer of its own: what is gone is named, the others are served.
    """
    phone = world.phone("li")
    feeds = {VILLAGE: {"after": 0}, f"region:{BAITA}": {"after": 0}, f"user:{uuid.uuid4()}": {"after": 3}}
    answer = phone.post("/sync/pull", {"install_id": phone.install_id, "feeds": feeds}).json["feeds"]
    assert [answer[scope]["status"] for scope in feeds] == ["ok", "gone", "gone"]
    assert {entry["id"] for entry in answer[VILLAGE]["entries"]} == {WANG, WANG_SON}
