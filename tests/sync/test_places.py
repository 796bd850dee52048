"""Where a house stands: pins and corrections by people, what phones measure beside them, and what is suggested."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from itertools import permutations
from typing import Any

import pytest

from server.accounts.tables import AuditEntry
from server.config import ROOT
from server.forms.datasets import load_datasets
from server.geo.datum import from_wgs84
from server.registry.tables import Entity
from server.sync.apply import apply_write
from server.sync.definitions import datasets
from server.sync.merge import Key, Write, add
from server.sync.merge_policy import Policy
from server.sync.record import Origin, RecordWrite, policy_of
from server.sync.tables import Submission
from tests.world import WANG, ZHAO, Phone, World, add_policies

HOUSE = (108.3700, 23.1200)


def measured(world: World, lon: float, lat: float, accuracy: str, base: int, entity: str = WANG) -> None:
    """A visit's form that writes the place of the house as a phone measured it."""
    values = {
        "lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "accuracy_m": accuracy, "datum": "wgs84", "source": "gps",
        "fix_time": "2026-11-20T01:00:00.000Z",
    }  # fmt: skip
    origin = Origin(str(uuid.uuid4()), world.people["li"], f"install-{uuid.uuid4()}", 1)
    world.run(
        lambda session: apply_write(
            session, datasets()["household"], origin, RecordWrite("household", entity, values, base)
        )
    )


def pin(phone: Phone, base: int, lon: float = HOUSE[0], lat: float = HOUSE[1], **more: Any) -> Any:
    place = {"lon": f"{lon:.7f}", "lat": f"{lat:.7f}", "datum": "wgs84", "source": "manual_pin"} | more.pop("place", {})
    body = {"place": place, "reason": "图上看得清这座房", "base_version": base, **more}
    return phone.post(f"/entities/{WANG}/places", body)


def places(phone: Phone) -> Any:
    """Without the place that the register gave at first."""
    answer = phone.get(f"/entities/{WANG}/places").json
    return answer | {"items": answer["items"][:-1]}


def stored(world: World) -> Entity:
    return world.look(lambda session: session.get(Entity, WANG))


def test_a_pin_is_the_place_with_reason_history_feed_and_audit(world: World) -> None:
    """What a fix left (time, accuracy) does not stay beside a pin that knows neither."""
    phone = world.phone("li")
    measured(world, 108.3710, 23.1210, "45", 1)
    answer = pin(phone, 2)
    assert (answer.status_code, answer.json["status"]) == (200, "applied")
    entity = stored(world)
    assert (entity.geom.x, entity.geom.y) == pytest.approx(HOUSE, abs=1e-9)
    assert [entity.values[name] for name in ("source", "fix_time", "accuracy_m")] == ["manual_pin", None, None]
    newest, before = places(phone)["items"]
    assert (newest["state"], newest["reason"], newest["place"]["source"]) == ("shown", "图上看得清这座房", "manual_pin")
    assert (before["state"], before["superseded_by"]) == ("superseded", newest["op_id"])
    assert before["place"]["accuracy_m"] == "45"
    assert before["metres_from_place"] == pytest.approx(151, abs=2)
    rows = [row for row in phone.pull("region:990101200000")["entries"] if row.get("id") == WANG]
    assert rows[-1]["location"]["lon"] == newest["place"]["lon"]
    assert places(world.phone("auditor"))["items"][0]["reason"] == "***", "who only checks reads no free words"
    notes = world.look(lambda session: session.query(AuditEntry).filter_by(subject=WANG).all())
    assert [(one.action, set(one.detail)) for one in notes] == [("place.manual_pin", {"op_id"})]


def test_a_coarse_fix_does_not_displace_a_pin_that_its_author_saw_and_a_sharp_one_does(world: World) -> None:
    phone = world.phone("li")
    pin(phone, 1)
    measured(world, 108.38, 23.13, "60", 2)
    assert stored(world).values["source"] == "manual_pin"
    states = [item["state"] for item in places(phone)["items"]]
    assert states == ["open", "shown"]
    measured(world, 108.3801, 23.1301, "55", 3)
    states = [item["state"] for item in places(phone)["items"]]
    assert states == ["open", "superseded", "shown"], "coarse fixes make no heap"
    measured(world, 108.3702, 23.1202, "6", 4)
    assert stored(world).values["source"] == "gps"
    assert [item["state"] for item in places(phone)["items"]].count("open") == 0


def test_a_wrong_pin_is_corrected_by_a_person_with_a_reason(world: World) -> None:
    phone = world.phone("li")
    pin(phone, 1)
    done = pin(phone, 2, 108.3750, 23.1250, place={"source": "corrected"}, reason="点错了院子")
    assert done.json["status"] == "applied"
    assert [item["state"] for item in places(phone)["items"]] == ["shown", "superseded"]
    assert stored(world).values["source"] == "corrected"
    assert pin(phone, 3, reason=" ").status_code == 400


def test_two_different_pins_at_the_same_time_are_for_a_person(world: World) -> None:
    one, other = world.phone("li"), world.phone("zhang")
    pin(one, 1)
    assert pin(other, 1, 108.3790, 23.1290).json["status"] == "conflicted"
    assert set(stored(world).contested) >= {"lon", "lat"}


def test_a_place_in_gcj02_keeps_what_was_declared_and_stands_in_wgs84(world: World) -> None:
    phone = world.phone("li")
    lon, lat = (float(part) for part in from_wgs84(*HOUSE, "gcj02"))
    pin(phone, 1, lon, lat, place={"datum": "GCJ-02"})
    entity = stored(world)
    assert (entity.geom.x, entity.geom.y) == pytest.approx(HOUSE, abs=2e-7)
    item = places(phone)["items"][0]
    assert (item["place"]["lon"], item["place"]["datum"]) == (f"{lon:.7f}", "gcj02")
    assert float(item["wgs84"]["lon"]) == pytest.approx(HOUSE[0], abs=2e-7)
    row = [row for row in phone.pull("region:990101200000")["entries"] if row.get("id") == WANG][-1]
    assert float(row["location"]["lon"]) == pytest.approx(HOUSE[0], abs=2e-7), "feeds tell WGS-84"


@pytest.mark.parametrize(
    "place",
    [
        {"lon": "181"}, {"lat": "x"}, {"datum": "moon"}, {"datum": None}, {"source": "gps"}, {"source": "none"},
        {"lon": None}, {"lat": "NaN"}, {"lon": "180", "lat": "90", "datum": "gcj02"}, {"lat": "-90", "datum": "bd09"},
    ],
)  # fmt: skip
def test_what_is_no_place_is_refused_and_as_an_op_set_aside(world: World, place: dict[str, Any]) -> None:
    phone = world.phone("li")
    assert pin(phone, 1, place=place).status_code == 400
    body = {"lon": "108.37", "lat": "23.12", "datum": "wgs84", "source": "manual_pin", **place}
    result = phone.send(phone.op("place", entity_id=WANG, place=body, reason="图", base_version=1))[0]
    assert (result["status"], result["code"]) == ("quarantined", "op.incomplete")


def test_what_lies_outside_the_area_is_not_found_and_not_pinned(world: World) -> None:
    phone = world.phone("li")
    assert phone.get(f"/entities/{ZHAO}/places").status_code == 404
    assert phone.get(f"/entities/{uuid.uuid4()}/places").status_code == 404
    place = {"lon": "1", "lat": "1", "datum": "wgs84", "source": "manual_pin"}
    body = {"place": place, "reason": "x", "base_version": 1}
    assert phone.post(f"/entities/{ZHAO}/places", body).status_code == 404
    assert phone.post(f"/entities/{WANG}/places", body | {"base_version": 99}).status_code == 422


def test_a_pin_sent_again_after_a_lost_answer_is_one_pin(world: World) -> None:
    phone, op_id = world.phone("li"), str(uuid.uuid4())
    assert pin(phone, 1, op_id=op_id).json["status"] == "applied"
    assert pin(phone, 1, op_id=op_id).json["status"] == "duplicate"
    assert len(places(phone)["items"]) == 1


FIXES = [(0.0, 0.0), (0.00003, 0.0), (0.0, 0.00004), (-0.00002, 0.00002)]


def visits(phone: Phone, fixes: Sequence[tuple[float, float]], accuracy: str = "8", entity: str = WANG) -> None:
    for east, north in fixes:
        location = {
            "lon": f"{HOUSE[0] + east:.7f}", "lat": f"{HOUSE[1] + north:.7f}", "accuracy_m": accuracy,
            "datum": "WGS84", "source": "gps", "fix_time": "2026-11-21T01:00:00Z",
        }  # fmt: skip
        visit = {"started_at": "2026-11-21T08:00:00+08:00", "contact_mode": "in_person", "location": location}
        assert phone.send(phone.visit(entity, visit=visit))[0]["status"] in ("applied", "merged", "conflicted")


@pytest.mark.parametrize("datum", ["gcj02", "bd09"])
def test_a_visit_where_its_datum_means_nothing_has_no_point_and_can_be_read(world: World, datum: str) -> None:
    """At the poles the shift of Chinese maps is no number: what was declared is kept, and nothing stumbles over it."""
    phone, reader = world.phone("li"), world.phone("zhang")
    where = {"lon": "180", "lat": "-90", "datum": datum, "source": "gps", "accuracy_m": 5}
    op = phone.visit(visit={"started_at": "2026-11-21T08:00:00+08:00", "location": where})
    phone.send(op)
    answer = reader.get(f"/submissions/{op['instance_id']}")
    assert answer.status_code == 200 and answer.json["map"]["position"] is None
    assert world.look(lambda session: session.get_one(Submission, op["instance_id"]).location)["lat"] == "-90"
    assert reader.get("/ogc/collections/submissions/items").status_code == 200
    assert reader.get(f"/regions/at?lon=180&lat=90&datum={datum}").json["items"] == []


def test_a_place_is_suggested_from_good_fixes_and_a_person_accepts_it(world: World) -> None:
    world.run(add_policies)
    phone = world.phone("li")
    visits(phone, FIXES[:2])
    visits(phone, [(0.01, 0.01)], accuracy="150")
    assert places(phone)["suggestion"]["why"] == "too_few"
    before = stored(world).geom
    visits(phone, FIXES[2:])
    answer = places(phone)
    suggestion = answer["suggestion"]
    assert (suggestion["n"], suggestion["why"]) == (4, None)
    assert float(suggestion["place"]["lon"]) == pytest.approx(HOUSE[0], abs=5e-5)
    assert stored(world).geom == before, "never applied by itself"
    stale = {**suggestion["place"], "lon": "108.0000000"}
    body = {"accept": True, "reason": "四次定位一致", "base_version": answer["version"]}
    assert phone.post(f"/entities/{WANG}/places", body | {"place": stale}).status_code == 409
    done = phone.post(f"/entities/{WANG}/places", body | {"place": suggestion["place"]})
    assert done.json["status"] == "applied", done.json
    item = places(phone)["items"][0]
    assert (item["place"]["source"], item["suggested"]["n"]) == ("corrected", 4)
    assert item["suggested"]["rule"] == "national-2026"


def test_fixes_that_disagree_suggest_nothing(world: World) -> None:
    world.run(add_policies)
    phone = world.phone("li")
    visits(phone, [(0, 0), (0.002, 0), (0, 0.003), (-0.004, 0)])
    suggestion = places(phone)["suggestion"]
    assert (suggestion["why"], suggestion["place"]) == ("too_wide", None)
    assert float(suggestion["spread_m"]) > 100


def test_any_order_of_pins_and_fixes_leaves_the_same_heads() -> None:
    """Writes of phones that all saw the same pin, and one pin beside it that nobody saw."""
    policy = policy_of(load_datasets(ROOT / "form_definitions" / "datasets")["household"], "location")
    assert policy.source == "source" and policy.sharp > 0

    def place(name: str, source: str, metres: str | None) -> dict[str, str | None]:
        return {"lon": name, "source": source, "accuracy_m": metres}

    base = Write("00", place("0", "manual_pin", None), 1, 0, None, "desk", None)
    given = [
        ("a", place("1", "gps", "80")), ("b", place("2", "gps", "50")), ("c", place("3", "manual_pin", None)),
        ("d", place("4", "gps", None)),
    ]  # fmt: skip
    heads = set()
    for order in permutations(given):
        key = add(Key((), None, policy), base)
        for version, (op_id, value) in enumerate(order, 2):
            key = add(key, Write(op_id, value, version, 1, base.value, op_id, 1))
        heads.add(tuple(sorted(head.op_id for head in key.heads())))
        assert key.shown_value()["lon"] == "3" and key.settled()
    assert heads == {("a", "b", "c", "d")}
    assert not Policy("most_precise", "accuracy_m").stands(base.value, given[0][1])


def test_a_phone_pins_offline_and_the_next_pull_of_others_tells_it(world: World) -> None:
    """The op goes its way like every other: held until what it builds on is there, and set aside when out of sight."""
    phone, neighbour = world.phone("li"), world.phone("li")
    place = {"lon": "108.3700000", "lat": "23.1200000", "datum": "wgs84", "source": "manual_pin", "accuracy_m": "4"}
    first = phone.visit(WANG, head_name="王五")
    pinned = phone.op("place", entity_id=WANG, place=place, reason="图上点的", base_version=1)
    pinned["depends_on"] = [first["op_id"]]
    assert phone.send(pinned)[0]["status"] == "held"
    assert phone.send(first)[0]["status"] == "applied"
    assert phone.send(pinned)[0]["first"]["status"] == "applied"
    rows = [row for row in neighbour.pull("region:990101200000")["entries"] if row.get("id") == WANG]
    assert (rows[-1]["data"]["source"], rows[-1]["location"]["accuracy_m"]) == ("manual_pin", "4")
    foreign = phone.op("place", entity_id=ZHAO, place=place, reason="图上点的", base_version=1)
    result = phone.send(foreign)[0]
    assert (result["status"], result["code"], result["entities"]) == ("quarantined", "scope.lost", [])


def test_what_is_suggested_only_for_show_is_kept_as_a_persons_own_word(world: World) -> None:
    """Nobody can claim a suggestion that there is not."""
    phone = world.phone("li")
    place = {"lon": "108.3700000", "lat": "23.1200000", "datum": "wgs84", "source": "corrected"}
    op = phone.op("place", entity_id=WANG, place=place, reason="图", base_version=1, suggested=True)
    assert phone.send(op)[0]["status"] == "applied"
    assert places(phone)["items"][0]["suggested"] is None
