"""Push as protocol.md states it: each result stands for a committed transaction, nothing is refused for good."""

from __future__ import annotations

import json
import uuid

from sqlalchemy import delete, func, select

from server.accounts.tables import HelperOf
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync.tables import Attachment, OpLog, Quarantine, Submission
from tests.world import EAST, LIUSHU, QINGSHI, WANG, WANG_SON, ZHAO, World, named


def value(world: World, name: str, household: str = WANG) -> str | None:
    return world.look(lambda session: session.get_one(Entity, household).values.get(name))


def count(world: World, table: type) -> int:
    return world.look(lambda session: session.scalar(select(func.count()).select_from(table)))


def test_a_visit_changes_the_household_and_leaves_history(world: World) -> None:
    phone = world.phone("li")
    op = phone.visit(water_days="35", head_name="王大山")
    answer = phone.push(op)
    assert answer["acked_seq"] == 1
    assert answer["results"] == [
        {
            "op_id": op["op_id"],
            "status": "applied",
            "missing_attachments": [],
            "entities": [{"dataset": "household", "id": WANG, "version": 2, "conflicts": []}],
        }
    ]
    assert value(world, "water_shortage_days") == "35"
    history = world.look(lambda s: s.get_one(EntityVersion, (WANG, 2)))
    # The name was on the form but is what the author saw: it was not touched and writes nothing.
    assert history.changes == [{"property": "water_shortage_days", "from": "20", "to": "35", "shown": True}]
    assert history.instance_id == op["instance_id"]


def test_a_resend_is_a_duplicate_and_changes_nothing(world: World) -> None:
    phone = world.phone("li")
    op = phone.visit(water_days="35")
    phone.send(op)
    [again] = phone.send(op)
    assert (again["status"], again["first"]["status"]) == ("duplicate", "applied")
    assert again["entities"][0]["version"] == 2
    assert count(world, Submission) == 1


def test_the_same_op_twice_in_one_batch_is_applied_once(world: World) -> None:
    phone = world.phone("li")
    op = phone.visit(water_days="35")
    assert [r["status"] for r in phone.send(op, op)] == ["applied", "duplicate"]


def test_an_op_id_with_other_content_is_kept_aside(world: World) -> None:
    phone = world.phone("li")
    op = phone.visit(water_days="35")
    phone.send(op)
    [again] = phone.send({**op, "device_time": "2026-11-22T00:00:00Z"})
    assert (again["status"], again["code"]) == ("quarantined", "op.resent_with_other_content")
    assert count(world, Quarantine) == 1


def test_an_instance_id_with_other_content_is_kept_aside_and_the_first_stands(world: World) -> None:
    phone = world.phone("li")
    first = phone.visit(water_days="35")
    other = phone.visit(water_days="99", instance_id=first["instance_id"], base_version=2)
    assert [r["status"] for r in phone.send(first, other)] == ["applied", "quarantined"]
    assert value(world, "water_shortage_days") == "35"


def test_the_same_instance_under_another_op_is_a_duplicate_and_may_add_files(world: World) -> None:
    phone = world.phone("li")
    first = phone.visit(water_days="35", front="a.jpg")
    sha = "a" * 64
    again = {
        **first,
        "op_id": str(uuid.uuid4()),
        "seq": 2,
        "attachments": [{"name": "a.jpg", "sha256": sha, "size": 9}],
    }
    phone.send(first)
    [result] = phone.send(again)
    assert (result["status"], result["first"]["status"]) == ("duplicate", "applied")
    assert result["missing_attachments"] == [sha]
    assert count(world, Attachment) == 1


def test_two_people_who_write_differently_leave_a_conflict_and_the_first_stays(world: World) -> None:
    li, helper = world.phone("li"), world.phone("helper")
    li.send(li.visit(water_days="35"))
    [result] = helper.send(helper.visit(water_days="40"))
    assert result["status"] == "conflicted"
    assert len(result["entities"][0]["conflicts"]) == 1
    assert value(world, "water_shortage_days") == "35"
    heads = world.look(
        lambda s: s.scalars(
            select(Head).where(Head.key == "water_shortage_days", Head.entity_id == WANG, Head.closed_by.is_(None))
        ).all()
    )
    assert {head.value["water_shortage_days"] for head in heads} == {"35", "40"}
    assert world.look(lambda s: s.get_one(Entity, WANG)).contested == ["water_shortage_days"]


def test_two_people_who_write_the_same_agree(world: World) -> None:
    li, helper = world.phone("li"), world.phone("helper")
    li.send(li.visit(water_days="35"))
    [result] = helper.send(helper.visit(water_days=" 35.0 "))
    assert result["status"] == "applied"
    assert count(world, Conflict) == 0


def test_who_has_seen_the_conflict_s_shown_value_and_wrote_the_other_settles_it(world: World) -> None:
    li, helper = world.phone("li"), world.phone("helper")
    li.send(li.visit(water_days="35"))
    helper.send(helper.visit(water_days="40"))
    [result] = helper.send(helper.visit(water_days="38", base_version=3))
    assert result["status"] == "applied"
    assert value(world, "water_shortage_days") == "38"
    assert world.look(lambda s: s.get_one(Entity, WANG)).contested == []


def test_my_own_earlier_change_is_no_conflict_while_the_phone_is_offline(world: World) -> None:
    """Three visits offline on base 1: each has seen the ones before it, by the install's own order."""
    phone = world.phone("li")
    ops = [phone.visit(water_days=days) for days in ("35", "36", "20")]
    assert [r["status"] for r in phone.send(*ops)] == ["applied"] * 3
    assert value(world, "water_shortage_days") == "20"


def test_a_value_equal_to_the_sent_base_was_not_touched(world: World) -> None:
    """A phone whose row differs from our history re-sends it: no write, but a finding."""
    phone = world.phone("li")
    op = phone.visit(water_days="22", base={"water_shortage_days": "22"})
    [result] = phone.send(op)
    assert result["status"] == "applied"
    assert value(world, "water_shortage_days") == "20"
    findings = world.look(lambda s: s.get_one(Submission, op["instance_id"]).findings)
    assert [f["code"] for f in findings] == ["base.differs"]


def test_members_are_updated_and_added_under_their_household(world: World) -> None:
    phone = world.phone("helper")
    new = str(uuid.uuid4())
    op = phone.visit(
        members=[(WANG_SON, "0", "王小山改"), (new, "1", "王小花")],
        entities=[named(WANG, 1, {}), named(WANG_SON, 1, {}, "member"), named(new, None, {}, "member")],
    )
    [result] = phone.send(op)
    assert result["status"] == "applied"
    member = world.look(lambda s: s.get_one(Entity, new))
    assert (member.parent_id, member.root_id, member.region_code, member.label) == (WANG, WANG, QINGSHI, "王小花")
    assert world.look(lambda s: s.get_one(Entity, WANG_SON)).label == "王小山改"


def test_foreign_and_unknown_records_are_kept_with_the_same_reason(world: World) -> None:
    phone = world.phone("li")
    nobody = str(uuid.uuid4())
    results = phone.send(phone.visit(ZHAO, water_days="1"), phone.visit(nobody, water_days="1"))
    assert [(r["status"], r["code"], r["entities"]) for r in results] == [("quarantined", "scope.lost", [])] * 2
    assert value(world, "water_shortage_days", ZHAO) == "20"
    # Whoever answers for the record sees the op in quarantine; the submission itself, which its author may read back,
    # stays in the author's area, so that it says nothing about where a foreign record is.
    rows = world.look(lambda s: s.scalars(select(Quarantine)).all())
    assert {row.region_code for row in rows} == {LIUSHU, QINGSHI}
    assert set(world.look(lambda s: s.scalars(select(Submission.region_code)).all())) == {QINGSHI}


def test_a_helper_who_lost_the_household_is_still_seen_by_the_supervisor_there(world: World) -> None:
    helper = world.phone("helper")
    helper.send(helper.visit(water_days="31"))
    world.run(lambda s: s.execute(delete(HelperOf)))
    [result] = helper.send(helper.visit(water_days="32", base_version=2))
    assert result["code"] == "scope.lost"
    assert world.look(lambda s: s.scalars(select(Submission.region_code)).all()) == [QINGSHI, QINGSHI]


def test_someone_who_only_reads_writes_nothing(world: World) -> None:
    phone = world.phone("auditor")
    [result] = phone.send(phone.visit(water_days="1"))
    assert result["code"] == "scope.lost"


def test_a_difference_between_envelope_and_instance_sets_the_op_aside(world: World) -> None:
    phone = world.phone("li")
    [result] = phone.send(phone.visit(water_days="1", entities=[named(ZHAO, 1, {})]))
    assert (result["status"], result["code"]) == ("quarantined", "entities.mismatch")


def test_poison_is_kept_and_its_neighbours_go_on(world: World) -> None:
    phone = world.phone("li")
    good = [phone.visit(water_days="21"), phone.visit(head_name="王大山二")]
    nul = phone.visit(water_days="22")
    nul["visit"]["location"]["reason"] = "a\x00b"
    deep: list = []
    for _ in range(300):
        deep = [deep]
    poison = [
        {**phone.visit(), "instance_xml": "<data"},
        {
            **phone.visit(),
            "instance_xml": "<!DOCTYPE d [<!ENTITY a 'b'>]><data id='small_visit' version='1'>&a;</data>",
        },
        {**phone.visit(), "instance_xml": "<data>\x00</data>"},
        phone.visit(form_id="nothing"),
        phone.visit(form_version="77"),
        {**phone.visit(), "kind": "dance"},
        {**phone.visit(), "visit": {"started_at": "0001-01-01T00:00:00Z", "ended_at": 7, "location": []}},
        {**phone.visit(), "attachments": [deep]},
        {**phone.visit(), "op_id": "no uuid"},
        "not an object",
        17,
        None,
        [],
    ]
    results = phone.send(good[0], *poison, nul, good[1])
    assert [r["status"] for r in (results[0], results[-2], results[-1])] == ["applied"] * 3
    codes = [r.get("code") for r in results[1:-2]]
    assert codes[:6] == ["instance.unreadable"] * 3 + ["instance.mismatch"] * 2 + ["op.unknown_kind"]
    assert all(r["status"] in ("quarantined", "unreadable", "applied") for r in results)
    assert [r["status"] for r in results[9:14]] == ["unreadable"] * 5
    assert value(world, "head_name") == "王大山二"


def test_a_form_version_that_is_not_known_is_kept_with_its_photos(world: World) -> None:
    phone = world.phone("li")
    op = phone.visit(form_version="77", attachments=[{"name": "a.jpg", "sha256": "b" * 64, "size": 3}])
    op["instance_xml"] = op["instance_xml"].replace('version="1"', 'version="77"')
    [result] = phone.send(op)
    assert (result["code"], result["missing_attachments"]) == ("form.unknown_version", ["b" * 64])


def test_an_op_waits_for_what_it_depends_on(world: World) -> None:
    phone = world.phone("li")
    first = phone.visit(water_days="35")
    second = phone.visit(water_days="36", depends_on=[first["op_id"]])
    [held] = phone.send(second)
    assert (held["status"], held["detail"]) == ("held", first["op_id"])
    assert phone.send(second)[0]["status"] == "held"
    answer = phone.push(first)
    assert (answer["results"][0]["status"], answer["acked_seq"]) == ("applied", 2)
    assert value(world, "water_shortage_days") == "36"
    entry = next(e for e in phone.pull(f"user:{world.people['li']}")["entries"] if e["type"] == "op")
    assert (entry["op_id"], entry["status"]) == (second["op_id"], "applied")


def test_a_gap_in_the_numbers_holds_only_the_acknowledgement(world: World) -> None:
    phone = world.phone("li")
    first, second = phone.visit(water_days="35"), phone.visit(head_name="王大山二")
    answer = phone.push(second)
    assert (answer["results"][0]["status"], answer["acked_seq"]) == ("applied", 0)
    assert phone.push(first)["acked_seq"] == 2


def test_a_judging_that_crashes_sets_the_op_aside_and_spares_the_rest(world: World, monkeypatch) -> None:
    from server.sync.kinds import submission as judging

    real = judging.write_records

    def crash(session, case, submission):
        if submission.visit.contact_mode == "video":
            raise ZeroDivisionError
        return real(session, case, submission)

    monkeypatch.setattr(judging, "write_records", crash)
    phone = world.phone("li")
    bad = phone.visit(water_days="77")
    bad["visit"]["contact_mode"] = "video"
    results = phone.send(bad, phone.visit(water_days="35"))
    assert [(r["status"], r.get("code")) for r in results] == [("quarantined", "op.unjudgeable"), ("applied", None)]
    assert count(world, Submission) == 1


def test_another_person_s_op_id_discloses_nothing(world: World) -> None:
    li, zhao = world.phone("li"), world.phone("zhao")
    op = li.visit(water_days="35")
    li.send(op)
    [result] = zhao.send(op)
    assert result == {
        "op_id": op["op_id"],
        "status": "quarantined",
        "code": "op.resent_with_other_content",
        "entities": [],
        "missing_attachments": [],
    }


def test_an_install_of_another_person_is_not_believed(world: World) -> None:
    li, zhao = world.phone("li"), world.phone("zhao")
    op = {**zhao.visit(ZHAO, water_days="3"), "install_id": li.install_id, "seq": 1}
    [result] = zhao.send(op)
    assert result["code"] == "op.foreign_install"
    assert li.push()["acked_seq"] == 0


def test_a_revoked_phone_hands_over_into_quarantine(world: World) -> None:
    from server.accounts.tables import Install
    from server.db import now

    phone = world.phone("li")
    world.run(lambda s: setattr(s.get_one(Install, phone.install_id), "revoked_at", now()))
    [result] = phone.send(phone.visit(water_days="35"))
    assert (result["status"], result["code"]) == ("quarantined", "device.revoked")
    assert phone.post("/sync/pull", {"feeds": {}}).json["code"] == "device.revoked"
    assert phone.post("/sync/hello", {}).json["feeds"] == []


def test_the_envelope_is_refused_whole_or_not_at_all(world: World) -> None:
    phone = world.phone("li")
    too_many = [{} for _ in range(201)]
    big = phone.visit(water_days="1", note="x" * 1_100_000)
    assert phone.post("/sync/push", {"ops": too_many}).status_code == 413
    assert phone.post("/sync/push", {"ops": [big, big]}).status_code == 413
    for body in (b"{", b"\xff\xfe", b"[" * 100_000):
        answer = phone.client.post("/api/v1/sync/push", data=body, headers=phone.headers)
        assert (answer.status_code, answer.json["code"]) == (400, "request.not_json")
    assert phone.post("/sync/push", {"nothing": 1}).json["code"] == "request.invalid"
    assert count(world, OpLog) == 0
    assert phone.send(big)[0]["status"] == "applied"


def test_what_is_stored_is_what_was_sent(world: World) -> None:
    phone = world.phone("li")
    op = phone.visit(water_days="35", unknown_field={"kept": [1, "二"]})
    phone.send(op)
    assert json.loads(world.look(lambda s: s.get_one(OpLog, op["op_id"]).raw)) == op


def test_only_signed_in_people_push(world: World) -> None:
    client = world.app.test_client()
    assert client.post("/api/v1/sync/push", json={"ops": []}).json["code"] == "auth.required"
    bad = {"Authorization": "Bearer nothing"}
    assert client.post("/api/v1/sync/push", json={"ops": []}, headers=bad).status_code == 401


def test_a_supervisor_of_the_township_may_write(world: World) -> None:
    phone = world.phone("zhang")
    assert phone.send(phone.visit(water_days="35"))[0]["status"] == "applied"
    assert world.look(lambda s: s.scalars(select(Submission)).one()).region_code == QINGSHI
    assert EAST.startswith("9901")
