"""A phone at a feed's head can prove that it holds what the server would give it, and nothing else (I1)."""

from __future__ import annotations

import hashlib

from tests.world import BAITA, LIUSHU, QINGSHI, Phone, World


def held(phone: Phone, scope: str) -> dict[str, int]:
    """The records of a phone that follows the feed from the start."""
    records: dict[str, int] = {}
    after, more = 0, True
    while more:
        page = phone.pull(scope, after, limit=2)
        for entry in page["entries"]:
            if entry["type"] == "entity":
                records[entry["id"]] = entry["version"]
            elif entry["type"] == "eviction":
                records.pop(entry["id"], None)
        after, more = page["next"], page["more"]
    return records


def buckets(records: dict[str, int]) -> list[str]:
    """Written down a second time, as another client would from the wire contract."""
    sums = [bytes(32)] * 256
    for record_id, version in records.items():
        bucket = hashlib.sha256(record_id.encode()).digest()[0]
        value = hashlib.sha256(f"{record_id}:{version}".encode()).digest()
        sums[bucket] = bytes(a ^ b for a, b in zip(sums[bucket], value, strict=True))
    return [value.hex() for value in sums]


def test_a_phone_that_followed_the_feed_has_the_servers_digest(world: World) -> None:
    li = world.phone("li")
    for days in ("1", "2", "3"):
        li.send(li.visit(water_days=days))
    scope = f"region:{QINGSHI}"
    answer = li.get(f"/sync/digest?scope={scope}").json
    records = held(li, scope)
    assert (answer["count"], answer["buckets"]) == (len(records), buckets(records))
    assert answer["head"] == li.pull(scope)["head"]


def test_a_household_that_moved_counts_in_its_new_feed_only(world: World) -> None:
    zhang, bai, li = world.phone("zhang"), world.phone("bai"), world.phone("li")
    zhang.send(zhang.visit(village=BAITA))
    for phone, scope in ((li, f"region:{QINGSHI}"), (bai, f"region:{BAITA}")):
        records = held(phone, scope)
        answer = phone.get(f"/sync/digest?scope={scope}").json
        assert (answer["count"], answer["buckets"]) == (len(records), buckets(records))
    assert held(li, f"region:{QINGSHI}") == {}


def test_a_change_changes_exactly_its_bucket(world: World) -> None:
    li = world.phone("li")
    scope = f"region:{QINGSHI}"
    before = li.get(f"/sync/digest?scope={scope}").json["buckets"]
    li.send(li.visit(water_days="9"))
    after = li.get(f"/sync/digest?scope={scope}").json["buckets"]
    assert sum(one != other for one, other in zip(before, after, strict=True)) == 1


def test_a_feed_of_others_is_unknown(world: World) -> None:
    li = world.phone("li")
    assert li.get(f"/sync/digest?scope=region:{LIUSHU}").status_code == 404
    assert li.get("/sync/digest?scope=region:none").status_code == 404
    assert li.get("/sync/digest").status_code == 400
