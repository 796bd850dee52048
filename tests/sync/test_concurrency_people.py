"""People who act at the same moment: what each is told is true, nothing is done twice, nothing is lost.

Every guard that these tests prove is in the mutation list (tests/mutations): without it one of them fails.
"""

from __future__ import annotations

import threading
import uuid
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from server import db
from server.accounts.tables import AuditEntry, RoleGrant
from server.registry.tables import Conflict, Entity
from server.sync.tables import Feed, OpLog
from tests.sync.racing import at_once
from tests.sync.test_published_bugs_merge import heads
from tests.sync.test_published_bugs_push import count, new_member, values, versions
from tests.sync.test_resolution import open_conflict, resolution
from tests.world import BAITA, QINGSHI, WANG, WANG_SON, ZHAO, Phone, World, named


@pytest.fixture
def asked_again(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What made a transaction run again (deadlock, serialisation failure, busy)."""
    reasons: list[str] = []
    real = db.try_again

    def note(error: Any) -> bool:
        reasons.append(str(error.orig))
        return real(error)

    monkeypatch.setattr(db, "try_again", note)
    return reasons


def unique() -> str:
    """A name that nobody else has: two members of one name could be one person."""
    return uuid.uuid4().hex


def test_phones_that_write_records_of_their_own_never_disturb_each_other(world: World, asked_again: list[str]) -> None:
    """Independent work is never answered with a conflict, an error or "try again" (Kinto answered 409 to 4–7 % of
    such writes), whoever else writes at that moment.
    """
    phones = [world.phone(name) for name in ("li", "helper", "li", "zhang", "admin", "helper")]

    def work(phone: Phone) -> list[Any]:
        return [phone.send(new_member(phone, unique()), new_member(phone, unique())) for _ in range(6)]

    results = [one for part in at_once([lambda p=phone: work(p) for phone in phones]) for pair in part for one in pair]
    assert {result["status"] for result in results} == {"applied"}
    assert world.look(lambda s: s.scalar(select(func.count()).where(Entity.parent_id == WANG))) == 1 + 72
    assert asked_again == []


def test_batches_that_name_records_in_opposite_order_wait_for_each_other(world: World, asked_again: list[str]) -> None:
    """No deadlock: a batch locks all that it touches at its beginning, in one order for everybody."""
    one, other = world.phone("admin"), world.phone("admin")
    three = [WANG, ZHAO, WANG_SON]

    def visit(phone: Phone, record: str, n: int) -> dict[str, Any]:
        if record == WANG_SON:
            seen = [named(WANG, 1), named(WANG_SON, 1, {}, "member")]
            return phone.visit(members=[(WANG_SON, "0", f"小山{n}")], entities=seen)
        return phone.visit(record, water_days=str(n))

    def work(phone: Phone, order: list[str], start: int) -> list[Any]:
        return [phone.send(*(visit(phone, record, start + n) for record in order)) for n in range(8)]

    answers = at_once([lambda: work(one, three, 100), lambda: work(other, three[::-1], 200)])
    statuses = {result["status"] for part in answers for batch in part for result in batch}
    assert statuses <= {"applied", "conflicted"}
    assert versions(world, ZHAO) == list(range(1, 18))
    assert (made := versions(world)) == list(range(1, len(made) + 1))
    assert len(made) >= 17  # and one more, where the size of the household is reckoned anew
    assert asked_again == []


def test_an_install_that_sends_in_many_threads_is_acknowledged_without_gap(world: World) -> None:
    """`acked_seq` never names an op that is not stored, and ends at the last one, whatever the order of arrival."""
    phones = [world.phone("li", "one-install") for _ in range(5)]
    ops = [phones[0].visit(phone=str(n)) for n in range(30)]
    parts = [ops[place::5] for place in range(5)]
    claims: list[tuple[int, set[int]]] = []

    def stored() -> set[int]:
        return world.look(lambda s: set(s.scalars(select(OpLog.seq))))

    def work(phone: Phone, part: list[dict[str, Any]]) -> None:
        for op in part[::-1]:
            acked = phone.push(op)["acked_seq"]
            claims.append((acked, stored()))

    at_once([lambda p=phone, o=part: work(p, o) for phone, part in zip(phones, parts, strict=True)])
    assert all(set(range(1, acked + 1)) <= there for acked, there in claims)
    assert phones[0].push()["acked_seq"] == 30 == max(acked for acked, _ in claims)


def test_two_phones_that_make_the_same_record_make_one(world: World) -> None:
    """Both names are kept: the first as the record, the second as a conflict on it; never two records, never an
    error of the database.
    """
    phones = [world.phone(name) for name in ("li", "helper", "zhang", "admin")]
    for _ in range(4):
        member = str(uuid.uuid4())
        ops = [new_member(phone, unique(), member) for phone in phones]
        results = at_once([lambda p=phone, o=op: p.send(o)[0] for phone, op in zip(phones, ops, strict=True)])
        assert {result["status"] for result in results} <= {"applied", "conflicted", "merged"}
        assert [result["status"] for result in results].count("applied") >= 1
        assert versions(world, member) == [1, 2, 3, 4]


def test_visits_during_a_move_are_either_applied_or_kept_and_the_feeds_agree(world: World) -> None:
    """A household goes to and fro between two villages while its cadre and its helper write. Each visit is applied
    or set aside as `scope.lost`; at the end exactly one village has the household with all members, the other one has
    evictions, and nobody holds a row of a place where it is not.
    """
    zhang, li, helper = world.phone("zhang"), world.phone("li"), world.phone("helper")

    def move() -> list[str]:
        base, told = 1, []
        for n in range(7):
            [result] = zhang.send(zhang.visit(village=BAITA if n % 2 == 0 else QINGSHI, base_version=base))
            told.append(result["status"])
            base = result["entities"][0]["version"]
        return told

    def edit(phone: Phone) -> list[str]:
        results = [phone.send(phone.visit(phone=f"{phone.token[:3]}{n}"))[0] for n in range(8)]
        return [result.get("code") or result["status"] for result in results]

    moved, edited, helped = at_once([move, lambda: edit(li), lambda: edit(helper)])
    assert set(moved) <= {"applied", "conflicted"}
    assert set(edited) <= {"applied", "conflicted", "scope.lost"}
    assert set(helped) <= {"applied", "conflicted"}
    regions = world.look(lambda s: {row.id: row.region_code for row in s.scalars(select(Entity))})
    assert regions[WANG] == regions[WANG_SON]
    types = world.look(
        lambda s: {(r.scope, r.ref): r.type for r in s.scalars(select(Feed).where(Feed.space == "record"))}
    )
    for village in (QINGSHI, BAITA):
        for record in (WANG, WANG_SON):
            held = types.get((f"region:{village}", record))
            assert held == "entity" if regions[record] == village else held in ("eviction", None)


def test_decisions_at_one_moment_each_count_and_none_hides_another(world: World) -> None:
    """Four people decide one conflict at the same moment, two for each side: all four decisions are kept, what was
    chosen on both sides is open again, and nothing else is.
    """
    li, helper = world.phone("li"), world.phone("helper")
    li.send(li.visit(water_days="5"))
    helper.send(helper.visit(water_days="9"))
    desks = [world.phone(name) for name in ("zhang", "admin", "zhang", "admin")]
    conflict = open_conflict(desks[0])
    chosen = [head["op_id"] for head in conflict["heads"]] * 2
    ops = [resolution(desk, conflict, choose) for desk, choose in zip(desks, chosen, strict=True)]
    results = at_once([lambda d=desk, o=op: d.send(o)[0] for desk, op in zip(desks, ops, strict=True)])
    assert {result["status"] for result in results} <= {"applied", "conflicted"}
    assert heads(world) == {"5", "9"}
    assert versions(world) == list(range(1, 8))
    assert world.look(lambda s: s.get_one(Entity, WANG)).contested == ["water_shortage_days"]
    assert [row["state"] for row in desks[0].get("/conflicts?state=open").json["items"]] == ["open"]


@pytest.fixture
def set_aside(world: World) -> tuple[Phone, str, dict[str, Any]]:
    """A supervisor, the quarantine row of a visit whose household was moved meanwhile, and the visit."""
    li, zhang = world.phone("li"), world.phone("zhang")
    zhang.send(zhang.visit(village=BAITA))
    op = li.visit(water_days="4")
    li.send(op)
    (row,) = zhang.get("/quarantine?state=open").json["items"]
    return zhang, row["id"], op


def audited(world: World, action: str) -> int:
    return world.look(lambda s: len(s.scalars(select(AuditEntry).where(AuditEntry.action == action)).all()))


def test_an_op_that_several_let_through_at_once_is_applied_once(
    world: World, set_aside: tuple[Phone, str, dict[str, Any]]
) -> None:
    """Quarantine: one supervisor's word counts, the others are told that nothing waits any more."""
    _, row, op = set_aside
    desks = [world.phone(name) for name in ("zhang", "admin", "zhang", "admin")]
    before = versions(world)
    answers = at_once([lambda d=desk: d.post(f"/quarantine/{row}/apply", {}) for desk in desks])
    assert sorted(answer.status_code for answer in answers) == [200, 404, 404, 404]
    assert versions(world) == [*before, before[-1] + 1]
    assert (values(world)["water_shortage_days"], audited(world, "quarantine.applied")) == ("4", 1)
    assert world.look(lambda s: s.get_one(OpLog, op["op_id"]).status) == "applied"


def test_an_op_is_either_let_through_or_dismissed(
    world: World, set_aside: tuple[Phone, str, dict[str, Any]]
) -> None:
    """Two supervisors who decide differently at one moment: one of them decided, and what is stored says the same."""
    zhang, row, _ = set_aside
    desks = [world.phone(name) for name in ("zhang", "admin")]
    applied, dismissed = at_once(
        [
            lambda: desks[0].post(f"/quarantine/{row}/apply", {}),
            lambda: desks[1].post(f"/quarantine/{row}/dismiss", {"reason": "visited twice"}),
        ]
    )
    assert sorted((applied.status_code, dismissed.status_code)) == [200, 404]
    state = zhang.get(f"/quarantine/{row}").json["state"]
    assert state == ("applied" if applied.status_code == 200 else "dismissed")
    assert values(world)["water_shortage_days"] == ("4" if state == "applied" else "20")


def test_a_waiting_op_that_is_let_through_while_its_predecessor_arrives_is_applied_once(world: World) -> None:
    """Held: released by what it waited for, or by a person, and once in either case."""
    li, zhang = world.phone("li"), world.phone("zhang")
    for round in range(4):
        first = li.visit(grade="C" if round % 2 else "A")
        second = li.visit(water_days=str(50 + round), depends_on=[first["op_id"]])
        before = len(versions(world))
        assert li.send(second)[0]["status"] == "held"
        at_once(
            [
                lambda f=first: li.send(f),
                lambda s=second: zhang.post(f"/held/{s['op_id']}/apply", {}),
            ]
        )
        assert world.look(lambda s, o=second: s.get_one(OpLog, o["op_id"]).status) == "applied"
        assert len(versions(world)) == before + 2


def test_an_op_that_arrives_with_what_it_waits_for_is_never_left_waiting(world: World) -> None:
    """Predecessor and successor come at one moment from two phones of one person, about two households: whichever is
    judged first, the successor is applied in the end. (Without a lock on the op that is waited for, the successor does
    not see the predecessor, the predecessor does not see who waits, and it waits for ever.)
    """
    one, other = world.phone("admin"), world.phone("admin")
    for n in range(12):
        first = one.visit(WANG, water_days=str(100 + n))
        second = other.visit(ZHAO, water_days=str(100 + n), depends_on=[first["op_id"]])
        at_once([lambda f=first: one.send(f), lambda s=second: other.send(s)])
        statuses = world.look(lambda s: set(s.scalars(select(OpLog.status))))
        assert statuses == {"applied"}


def test_a_submission_rejected_by_several_at_once_is_withdrawn_once(world: World) -> None:
    """Reviews: the record goes back one version, not several, while another phone goes on writing to it."""
    li, helper = world.phone("li"), world.phone("helper")
    op = li.visit(water_days="31")
    li.send(op)
    said = {"state": "rejected", "comments": [{"text": "not asked at the door"}]}
    path = f"/submissions/{op['instance_id']}/review"
    desks = [world.phone(name) for name in ("zhang", "zhang", "zhang")]
    answers = at_once(
        [*(lambda d=desk: d.post(path, said).status_code for desk in desks),
         lambda: [helper.send(helper.visit(phone=str(n)))[0]["status"] for n in range(4)]]
    )
    assert answers[:3] == [200] * 3
    assert (heads(world), count(world, Conflict)) == ({"20"}, 0)
    assert versions(world) == list(range(1, 8))  # made, written, withdrawn once, four more visits


def test_no_push_that_begins_after_a_role_was_lost_changes_anything(world: World) -> None:
    """The cadre's role ends while the phone is sending: what was judged before stands, every later op is set aside,
    all of them are stored.
    """
    phone = world.phone("li")
    ops = [phone.visit(water_days=str(100 + n)) for n in range(12)]
    lost = threading.Event()
    told: list[tuple[bool, str]] = []

    def send() -> None:
        for op in ops:
            before = lost.is_set()
            told.append((before, phone.send(op)[0]["status"]))

    def end() -> None:
        world.run(lambda s: s.execute(delete(RoleGrant).where(RoleGrant.person_id == world.people["li"])))
        lost.set()

    at_once([send, end])
    assert {status for before, status in told if before} <= {"quarantined"}
    applied = [status for _, status in told].count("applied")
    assert (len(versions(world)), count(world, OpLog)) == (1 + applied, 12)
