"""Push under what no phone of ours sends: nothing is lost, nothing stops, nobody gets past a limit."""

from __future__ import annotations

import json

import pytest
from sqlalchemy import event

from server import db
from server.accounts.tables import Install
from server.db import now
from server.forms.instance import Instance, extract_writes
from server.registry.tables import Entity
from server.sync.kinds import submission
from server.sync.tables import Attachment, Quarantine, Submission
from tests.sync.test_push import count, value
from tests.world import BAITA, LIUSHU, QINGSHI, WANG, WANG_SON, ZHAO, World, named


def test_an_op_that_nests_too_deep_is_kept_and_its_neighbours_are_applied(world: World) -> None:
    """Walking it would exhaust the stack, and the phone would send the same batch for ever."""
    phone = world.phone("li")
    deep = phone.visit(water_days="1")
    for _ in range(200):
        deep["clock"] = {"in": deep["clock"]}
    kept, applied = phone.send(deep, phone.visit(water_days="35"))
    assert (kept["status"], kept["code"]) == ("unreadable", "op.unreadable")
    assert applied["status"] == "applied"
    assert count(world, Quarantine) == 1


@pytest.mark.parametrize("body", ['{"ops": [{"seq": NaN}', '{"ops": ' + "[" * 5000, "[[[["])
def test_what_is_no_json_is_refused_as_a_whole(world: World, body: str) -> None:
    phone = world.phone("li")
    answer = phone.client.post("/api/v1/sync/push", data=body, headers=phone.headers)
    assert (answer.status_code, answer.json["code"]) == (400, "request.not_json")
    assert count(world, Quarantine) == 0


def test_a_number_beyond_all_bounds_reaches_no_reader(world: World) -> None:
    """1e999 is JSON, but what Python makes of it is none: a list that held it could not be read by any browser."""
    phone = world.phone("li")
    op = phone.visit(water_days="35")
    op["visit"]["location"]["accuracy_m"] = op["clock"]["drift"] = "HUGE"
    body = json.dumps({"ops": [op]}).replace('"HUGE"', "1e999")
    answer = phone.client.post("/api/v1/sync/push", data=body, headers=phone.headers)
    assert answer.json["results"][0]["status"] == "applied"
    for path in ("/submissions", f"/submissions/{op['instance_id']}"):
        assert "Infinity" not in world.phone("zhang").get(path).text


def test_no_length_or_odd_type_makes_an_op_unjudgeable(world: World) -> None:
    """PostgreSQL keeps lengths and types that SQLite does not: both must give the same verdict."""
    phone = world.phone("li")
    named_long = phone.visit(head_name="王" * 301)
    odd_size = phone.visit(attachments=[{"name": "a.jpg", "sha256": "0" * 64, "size": True}])
    corrects = phone.visit(water_days="35")
    long_id = f"</instanceID><deprecatedID>uuid:{'a' * 200}</deprecatedID>"
    corrects["instance_xml"] = corrects["instance_xml"].replace("</instanceID>", long_id)
    results = phone.send(named_long, odd_size, corrects)
    assert [r["status"] for r in results] == ["applied", "applied", "quarantined"]
    assert results[2]["code"] == "instance.unreadable"
    assert value(world, "head_name") == "王" * 301


def test_a_revoked_phone_cannot_speak_for_another_or_for_none(world: World) -> None:
    lost, other = world.phone("li"), world.phone("li")
    world.run(lambda s: setattr(s.get_one(Install, lost.install_id), "revoked_at", now()))
    results = lost.send(
        lost.visit(water_days="31"),
        lost.visit(water_days="32", install_id=...),
        lost.visit(water_days="33", install_id=other.install_id),
    )
    assert [(r["status"], r["code"]) for r in results] == [
        ("quarantined", "device.revoked"),
        ("quarantined", "device.revoked"),
        ("quarantined", "op.foreign_install"),
    ]
    assert value(world, "water_shortage_days") == "20"


def test_the_number_of_another_install_acknowledges_nothing(world: World) -> None:
    """Otherwise the phone would take an unsent op for stored."""
    phone = world.phone("li")
    assert phone.push({"install_id": "another-install", "seq": 1})["acked_seq"] == 0
    first = phone.visit(water_days="35")
    assert phone.push(first)["acked_seq"] == 1
    stranger = {**first, "install_id": "another-install", "seq": 2}
    assert phone.push(stranger)["acked_seq"] == 1


def test_two_ops_with_one_number_are_both_judged_and_the_second_says_so(world: World) -> None:
    phone = world.phone("li")
    first, second = phone.visit(water_days="35"), phone.visit(grade="C", seq=1)
    assert [r["status"] for r in phone.send(first, second)] == ["applied", "applied"]
    findings = {
        op["instance_id"]: world.look(lambda s, op=op: s.get_one(Submission, op["instance_id"]).findings)
        for op in (first, second)
    }
    assert "install.seq_reused" in [f["code"] for f in findings[second["instance_id"]]]


def test_a_member_of_no_household_is_set_aside(world: World) -> None:
    """A member who names himself, or another member, as his household."""
    phone = world.phone("li")
    new = "44444444-4444-4444-8444-444444444444"
    for above in (new, WANG_SON):
        op = phone.visit(members=[(new, "1", "李")], entities=[named(WANG, 1), named(new, None, dataset="member")])
        op["instance_xml"] = op["instance_xml"].replace(f"<of>{WANG}</of>", f"<of>{above}</of>")
        [result] = phone.send(op)
        assert (result["status"], result["code"]) == ("quarantined", "scope.lost")


def test_an_op_that_our_reading_fails_on_does_not_stop_its_batch(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    phone = world.phone("li")
    bad, good = phone.visit(water_days="31"), phone.visit(water_days="35")

    def crash(model: object, instance: Instance, datasets: object) -> object:
        if instance.instance_id == bad["instance_id"]:
            raise KeyError("a fault of ours")
        return extract_writes(model, instance, datasets)

    monkeypatch.setattr(submission, "extract_writes", crash)
    results = phone.send(bad, good)
    assert [(r["status"], r.get("code")) for r in results] == [("quarantined", "op.unjudgeable"), ("applied", None)]


def test_a_long_list_of_what_must_come_before_is_looked_up_at_once(world: World) -> None:
    """One query for each name would hold the writer's lock for seconds."""
    phone = world.phone("li")
    before = phone.visit(water_days="31")
    phone.send(before)
    statements: list[str] = []
    with world.app.app_context():
        engine = db.db.engine
    event.listen(engine, "before_cursor_execute", lambda *given: statements.append(given[2]))
    [result] = phone.send(phone.visit(water_days="35", base_version=2, depends_on=[before["op_id"]] * 5000))
    assert result["status"] == "applied"
    assert len(statements) < 100


def test_a_member_moves_to_another_household_only_for_who_may_write_both(world: World) -> None:
    """The record goes with all that hangs on it: its household, its region, its readers. Else it is set aside."""
    admin, li, zhao = world.phone("admin"), world.phone("li"), world.phone("zhao")
    for phone, code in ((li, "scope.lost"), (admin, None)):
        entities = [named(WANG, 1), named(WANG_SON, 1, dataset="member")]
        op = phone.visit(members=[(WANG_SON, "0", "王小山")], entities=entities)
        op["instance_xml"] = op["instance_xml"].replace(f"<of>{WANG}</of>", f"<of>{ZHAO}</of>")
        assert phone.send(op)[0].get("code") == code
    son = world.look(lambda s: s.get_one(Entity, WANG_SON))
    assert (son.values["household"], son.parent_id, son.root_id, son.region_code) == (ZHAO, ZHAO, ZHAO, LIUSHU)
    gone = [e for e in li.pull(f"region:{QINGSHI}")["entries"] if e["id"] == WANG_SON]
    assert [e["type"] for e in gone] == ["eviction"]
    assert [e["type"] for e in zhao.pull(f"region:{LIUSHU}")["entries"] if e["id"] == WANG_SON] == ["entity"]
    helper = world.phone("helper").pull(f"user:{world.people['helper']}")["entries"]
    assert [e["type"] for e in helper if e["id"] == WANG_SON] == ["eviction"]


def test_a_household_is_not_sent_into_a_village_where_its_author_may_not_write(world: World) -> None:
    """It would leave the author's sight for people who never asked for it: a person decides that."""
    li, zhang = world.phone("li"), world.phone("zhang")
    [away] = li.send(li.visit(village=BAITA, water_days="31"))
    assert (away["status"], away["code"]) == ("quarantined", "region.unknown")
    entity = world.look(lambda session: session.get_one(Entity, WANG))
    assert (entity.region_code, entity.values["water_shortage_days"]) == (QINGSHI, "20")
    assert li.send(li.visit(village=QINGSHI, water_days="32"))[0]["status"] == "applied"
    [moved] = zhang.send(zhang.visit(village=BAITA, base_version=2))
    assert moved["status"] == "applied"
    assert world.look(lambda session: session.get_one(Entity, WANG)).region_code == BAITA


@pytest.mark.parametrize("code", ["", "nowhere", f"{QINGSHI}-99", "9" * 60])
def test_a_household_is_not_sent_into_a_village_that_nobody_knows(world: World, code: str) -> None:
    """It would say that it lies where it does not: what was sent waits for a person, the record stays as it is."""
    for name in ("li", "zhang", "admin", "helper"):
        phone = world.phone(name)
        [result] = phone.send(phone.visit(village=code, water_days="31"))
        assert (result["status"], result["code"]) == ("quarantined", "region.unknown")
    entity = world.look(lambda session: session.get_one(Entity, WANG))
    assert (entity.version, entity.region_code, entity.values["region"]) == (1, QINGSHI, QINGSHI)


def test_a_village_sent_back_as_it_was_on_screen_costs_nothing(world: World) -> None:
    """The record moved meanwhile: the helper's form still carries the old village, which is not his word."""
    zhang, helper = world.phone("zhang"), world.phone("helper")
    assert zhang.send(zhang.visit(village=BAITA))[0]["status"] == "applied"
    [result] = helper.send(helper.visit(village=QINGSHI, water_days="31", base={"region": QINGSHI}))
    assert result["status"] == "applied"
    entity = world.look(lambda session: session.get_one(Entity, WANG))
    assert (entity.region_code, entity.values["region"], entity.values["water_shortage_days"]) == (BAITA, BAITA, "31")
    [claimed] = helper.send(helper.visit(village=QINGSHI, base={"region": BAITA}))
    assert (claimed["status"], claimed["code"]) == ("quarantined", "region.unknown")


def test_more_files_than_any_visit_has_are_kept_with_the_op_and_cost_nothing_else(world: World) -> None:
    phone = world.phone("li")
    files = [{"name": f"{place}.jpg", "sha256": f"{place:064x}", "size": 1} for place in range(501)]
    [result] = phone.send(phone.visit(water_days="31", attachments=files))
    assert (result["status"], result["code"]) == ("quarantined", "op.incomplete")
    assert count(world, Attachment) == 0


def test_two_phones_that_send_the_same_unreadable_bytes_are_both_recorded_and_acknowledged(world: World) -> None:
    li, zhao = world.phone("li"), world.phone("zhao")
    for phone in (li, zhao):
        for _ in range(2):
            answer = phone.push({"kind": "submission", "seq": 1})
            assert (answer["results"][0]["status"], answer["acked_seq"]) == ("unreadable", 1)
    assert count(world, Quarantine) == 2
