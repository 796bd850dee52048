"""Bugs that others published, about taking in: acknowledged and lost, stuck, doubled, blocked.

Each test names the issue (owner/repo#number), what went wrong there, and what holds here. The whole list with the
places of all tests is in test_published_bugs.py.
"""

from __future__ import annotations

import itertools
import json
import uuid
from typing import Any

import pytest
from sqlalchemy import func, select, text

from server.registry.tables import Conflict, Entity, EntityVersion
from server.sync import feeds
from server.sync.kinds import submission as judging
from server.sync.tables import Attachment, OpLog, Quarantine, Submission
from tests.sync.racing import at_once
from tests.world import WANG, WANG_SON, ZHAO, Phone, World, named


def count(world: World, table: type) -> int:
    return world.look(lambda session: session.scalar(select(func.count()).select_from(table)))


def values(world: World, household: str = WANG) -> dict[str, Any]:
    return world.look(lambda session: dict(session.get_one(Entity, household).values))


def versions(world: World, household: str = WANG) -> list[int]:
    of_household = select(EntityVersion.version).where(EntityVersion.entity_id == household)
    return world.look(lambda session: list(session.scalars(of_household.order_by(EntityVersion.version))))


def stored(world: World, ops: list[dict[str, Any]]) -> list[bool]:
    found = world.look(lambda session: set(session.scalars(select(Submission.instance_id))))
    return [op["instance_id"] in found for op in ops]


def test_what_a_batch_acknowledged_is_stored_although_a_neighbour_broke_the_database(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bug 2, Kinto/kinto#1620: one failing request of a batch rolled the whole transaction back, yet the batch
    answered 200 and its neighbours 201; 198 of 198 such writes were lost. Here an op that fails inside the database
    itself takes only its own savepoint with it, and every answer stands for a committed row.
    """
    real = judging.write_records

    def fail(session: Any, case: Any, submission: Any) -> Any:
        if submission.visit.contact_mode == "video":
            session.execute(text("INSERT INTO region (code) VALUES (NULL)"))
        return real(session, case, submission)

    monkeypatch.setattr(judging, "write_records", fail)
    phone = world.phone("li")
    ops = [phone.visit(water_days=str(days)) for days in range(30, 39)]
    ops[4]["visit"]["contact_mode"] = "video"
    answer = phone.push(*ops)
    results = answer["results"]
    assert [result["status"] for result in results] == ["applied"] * 4 + ["quarantined"] + ["applied"] * 4
    assert stored(world, ops) == [result["status"] == "applied" for result in results]
    assert versions(world) == list(range(1, 10))
    assert answer["acked_seq"] == 9


def test_a_batch_whose_judging_cannot_commit_acknowledges_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bug 2, the other half: results may leave only after the commit. When the last statements fail, the answer is an
    error without results; the raw ops are kept, and the same batch sent again ends as if nothing had happened.
    """
    phone = world.phone("li")
    ops = [phone.visit(water_days="31"), phone.visit(water_days="32")]
    with monkeypatch.context() as patch:
        patch.setattr(feeds, "touch", lambda *_: 1 // 0)
        answer = phone.post("/sync/push", {"ops": ops})
    assert answer.status_code == 500
    assert "results" not in answer.json
    assert (count(world, OpLog), count(world, Submission)) == (2, 0)
    again = phone.push(*ops)
    assert [(r.get("first") or r)["status"] for r in again["results"]] == ["applied"] * 2
    assert (again["acked_seq"], versions(world)) == (2, [1, 2, 3])


def new_member(phone: Phone, name: str, member: str | None = None, **given: Any) -> dict[str, Any]:
    """A visit that adds a member to the Wang household and changes nothing else."""
    member = member or str(uuid.uuid4())
    entities = [named(WANG, 1), named(member, None, {}, "member")]
    return phone.visit(members=[(member, "1", name)], entities=entities, **given)


def branch_step(phone: Phone, branch: str, base: int, days: str) -> dict[str, Any]:
    """An update as ODK Collect sends it: bases in the instance, a branch begun at server version 1."""
    op = phone.visit(water_days=days, entities=...)
    attributes = f'update="1" baseVersion="{base}" trunkVersion="1" branchId="{branch}"'
    return {**op, "instance_xml": op["instance_xml"].replace('update="1"', attributes)}


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_steps_of_an_offline_branch_end_alike_in_any_order(world: World, order: tuple[int, ...]) -> None:
    """Bug 3, getodk/central#669, #808, #832 and getodk/collect#6164: updates made offline that arrived in another
    order were held and stayed stuck, or were applied on a wrong base. Here each is held until its predecessor came;
    then all are released at once, and the last step is what stands, without any conflict.
    """
    phone = world.phone("li")
    branch = str(uuid.uuid4())
    steps = [branch_step(phone, branch, base, days) for base, days in ((1, "31"), (2, "32"), (3, "33"))]
    for place in order:
        assert phone.send(steps[place])[0]["status"] in ("applied", "held")
    assert world.look(lambda s: set(s.scalars(select(OpLog.status)))) == {"applied"}
    assert values(world)["water_shortage_days"] == "33"
    assert (versions(world), count(world, Conflict)) == ([1, 2, 3, 4], 0)


def test_steps_of_a_branch_that_arrive_at_one_moment_release_each_other(world: World) -> None:
    """Bug 3, getodk/central#705: predecessor and successor, judged at the same moment, did not see each other, and
    the held one was never looked at again. Here the records' locks put one after the other: none stays held.
    """
    phones = [world.phone("li") for _ in range(4)]
    for round in range(3):
        branch = str(uuid.uuid4())
        days = [str(40 + 4 * round + place) for place in range(4)]
        ops = [branch_step(phone, branch, 1 + place, days[place]) for place, phone in enumerate(phones)]
        at_once([lambda p=phone, o=op: p.send(o) for phone, op in zip(phones, ops, strict=True)])
        assert world.look(lambda s: set(s.scalars(select(OpLog.status)))) <= {"applied", "conflicted"}
    assert versions(world) == list(range(1, 14))


def test_one_visit_sent_eight_times_at_one_moment_is_one_visit(world: World) -> None:
    """Bug 4, kobotoolbox/kpi#5047: a form posted twice at the same moment was stored twice, because the look for a
    duplicate and the insert were two steps. Here the ids are unique in the database and the insert itself decides.
    """
    phones = [world.phone("li", "install-of-li")] * 8
    member = str(uuid.uuid4())
    op = new_member(phones[0], "王小花", member, water_days="35")
    same_op = at_once([lambda p=phone: p.send(op)[0] for phone in phones[:4]])
    other_ops = at_once(
        [lambda p=phone, n=n: p.send({**op, "op_id": str(uuid.uuid4()), "seq": 2 + n})[0] for n, phone in
         enumerate(phones)]
    )
    assert [result["status"] for result in same_op].count("applied") == 1
    assert {result["status"] for result in (*same_op, *other_ops)} == {"applied", "duplicate"}
    assert {result["first"]["status"] for result in other_ops} == {"applied"}
    assert (count(world, Submission), versions(world), versions(world, member)) == (1, [1, 2], [1])


def test_a_visit_edited_after_half_of_it_arrived_loses_neither_text(world: World) -> None:
    """Bug 5, getodk/collect#5317 and enketo/enketo#1405: the record arrived, its photos did not, the worker opened
    and changed it, and sent it under the same id: refused for ever, or the photos went to the wrong text. Here the
    first text stands with its photos, the second is kept aside for a person, and the phone's next visit goes on.
    """
    phone = world.phone("li")
    photo = {"name": "a.jpg", "sha256": "a" * 64, "size": 9}
    first = phone.visit(water_days="35", front="a.jpg", attachments=[photo])
    assert phone.send(first)[0]["missing_attachments"] == [photo["sha256"]]
    other = {"name": "b.jpg", "sha256": "b" * 64, "size": 9}
    edited = phone.visit(water_days="36", front="b.jpg", attachments=[other], instance_id=first["instance_id"])
    [kept], [next_one] = phone.send(edited), phone.send(phone.visit(head_name="王大山二"))
    assert (kept["status"], kept["code"], next_one["status"]) == ("quarantined", "instance.other_content", "applied")
    files = world.look(lambda s: [(a.name, a.sha256) for a in s.scalars(select(Attachment))])
    assert files == [("a.jpg", photo["sha256"])]
    assert (values(world)["water_shortage_days"], count(world, Quarantine)) == ("35", 1)
    [again] = phone.send(first)
    assert (again["status"], again["missing_attachments"]) == ("duplicate", [photo["sha256"]])


@pytest.mark.parametrize("foreign", [False, True])
def test_a_record_made_under_an_id_that_is_taken_blocks_nobody(world: World, foreign: bool) -> None:
    """Bug 7, opengisch/QFieldCloud#154 (mended by #228): a feature whose id existed already failed at each attempt,
    and everything behind it waited for ever. Here a create of a known record is an update without base (both values
    are kept), of a foreign one it is set aside as unknown; what comes after it is applied at once.
    """
    phone, zhao = world.phone("li"), world.phone("zhao")
    taken = WANG_SON
    if foreign:
        taken = str(uuid.uuid4())
        seen = [named(ZHAO, 1), named(taken, None, {}, "member")]
        theirs = zhao.visit(ZHAO, members=[(taken, "1", "赵小")], entities=seen)
        assert zhao.send(theirs)[0]["status"] == "applied"
    create = new_member(phone, "王小花", taken)
    answer = phone.push(create, phone.visit(phone="13900000000"), phone.visit(grade="C"))
    statuses = [result["status"] for result in answer["results"]]
    assert statuses == ["quarantined" if foreign else "conflicted", "applied", "applied"]
    assert (answer["acked_seq"], phone.send(create)[0]["status"]) == (3, "duplicate")
    assert values(world, taken)["full_name"] == ("赵小" if foreign else "王小山")


@pytest.mark.parametrize("place", ["instance", "file name", "place", "kind", "form", "depends_on"])
def test_a_nul_character_anywhere_stops_nothing(world: World, place: str) -> None:
    """Bug 8, opengisch/QFieldCloud#327: a NUL in one text made the database refuse the batch with 500 at every
    attempt. Here it is 200 on both databases: the op itself is stored or set aside, its neighbours are applied.
    """
    phone = world.phone("li")
    poison = phone.visit(water_days="7")
    match place:
        case "instance":
            poison["instance_xml"] = poison["instance_xml"].replace("<water_days>", "<water_days>\x00")
        case "file name":
            poison["attachments"] = [{"name": "a\x00.jpg", "sha256": "a" * 64, "size": 1}]
        case "place":
            poison["visit"]["location"]["reason"] = "\x00"
        case "kind" | "form":
            poison |= {"kind": "sub\x00mission"} if place == "kind" else {"form_id": "small\x00visit"}
        case _:
            poison["depends_on"] = ["\x00"]
    answer = phone.push(phone.visit(grade="C"), poison, phone.visit(head_name="王大山二"))
    statuses = [result["status"] for result in answer["results"]]
    assert (statuses[0], statuses[2], answer["acked_seq"]) == ("applied", "applied", 3)
    assert statuses[1] in ("applied", "quarantined")
    assert count(world, OpLog) == 3
    assert phone.send(poison)[0]["status"] == "duplicate"


def test_an_op_that_fails_only_later_is_kept_whole_and_its_author_hears_of_it(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Bug 10, opengisch/QFieldCloud#551 and opengisch/QField#4033: a change was taken, applied later, failed there,
    and was gone, from the phone and from the server. Here the op waits, its end is told in the author's own feed, and
    the bytes that came can be read by whoever decides.
    """
    li, zhang = world.phone("li"), world.phone("zhang")
    before = li.visit(grade="C")
    late = li.visit(water_days="7", depends_on=[before["op_id"]])
    assert li.send(late)[0]["status"] == "held"
    real = judging.write_records

    def crash(session: Any, case: Any, submission: Any) -> Any:
        return 1 // 0 if case.row.op_id == late["op_id"] else real(session, case, submission)

    monkeypatch.setattr(judging, "write_records", crash)
    assert li.send(before)[0]["status"] == "applied"
    told = [e for e in li.pull(f"user:{world.people['li']}")["entries"] if e["type"] == "op"]
    assert [(e["op_id"], e["status"], e["code"]) for e in told] == [(late["op_id"], "quarantined", "op.unjudgeable")]
    (row,) = zhang.get("/quarantine?state=open").json["items"]
    assert json.loads(zhang.get(f"/quarantine/{row['id']}").json["raw"]) == late
    assert li.send(late)[0]["first"]["code"] == "op.unjudgeable"


def test_a_batch_sent_again_and_again_is_applied_once(world: World) -> None:
    """Bug 15, powersync-ja/powersync-service#201, powersync-js#1055, #1058 and powersync.dart#307, #308: after an
    error the same queue was uploaded again and again, doubled its writes or got stuck. Here every repetition says
    what stands, moves nothing, and acknowledges the same number.
    """
    phone = world.phone("li")
    ops = [phone.visit(water_days=str(days)) for days in range(31, 36)]
    answers = [phone.push(*ops[:sent]) for sent in (2, 5, 1, 5, 5)]
    assert {answer["acked_seq"] for answer in answers[1:]} == {5}
    assert versions(world) == [1, 2, 3, 4, 5, 6]
    assert [r["status"] for r in answers[-1]["results"]] == ["duplicate"] * 5
    # The last word on the record is that of the last visit, however often an earlier one came again.
    assert values(world)["water_shortage_days"] == "35"


def test_two_uploads_of_one_phone_at_one_moment_both_succeed(world: World) -> None:
    """Bug 22, MerginMaps/server#464 (reverted by #480, redone in #610): a second upload beside a running one was
    refused as "another upload in progress", or both wrote a version. Here the same twenty ops sent three times at one
    moment, and those of another phone between them, are all answered 200 and counted once.
    """
    li, helper = world.phone("li"), world.phone("helper")
    mine = [li.visit(water_days=str(days)) for days in range(20)]
    theirs = [helper.visit(phone=f"1390000{n:04}") for n in range(20)]
    answers = at_once([lambda: li.push(*mine)] * 3 + [lambda: helper.push(*theirs)])
    for answer in answers:
        assert answer["acked_seq"] == 20
        assert {result["status"] for result in answer["results"]} <= {"applied", "duplicate"}
    changed = sum(r["status"] == "applied" for answer in answers for r in answer["results"])
    assert changed == 40
    assert versions(world) == list(range(1, 42))
