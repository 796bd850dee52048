"""Ops that touch nothing in common are judged side by side: as if each had come alone, and in a few statements.

The poison tests put a fault of ours at every stage of a round: only the op that it comes from is set aside.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import String, cast, event, func, select, text
from sqlalchemy.orm import Session

from server import db
from server.registry.tables import Conflict, Entity, EntityVersion, Head
from server.sync import desk, rounds
from server.sync.case import Case, Verdict
from server.sync.definitions import datasets
from server.sync.heads import keys_of
from server.sync.kinds import reading_ahead, submission
from server.sync.tables import Attachment, Blob, BlobHolder, Feed, Submission
from tests.sync.family import family, with_family
from tests.world import BAITA, QINGSHI, WANG, WANG_SON, Phone, World, add_household, named

MANY, POISONED = 6, 2


@pytest.fixture
def homes(world: World) -> list[str]:
    """Households of one village, each with a name of its own."""
    ids = [f"44444444-4444-4444-8444-{n:012}" for n in range(MANY)]

    def fill(session: Session) -> None:
        for n, household in enumerate(ids):
            values = {"head_name": f"户主{n}", "region": QINGSHI, "water_shortage_days": "20"}
            add_household(session, world.people["import"], household, values)

    world.run(fill)
    return ids


def visits(phone: Phone, homes: Sequence[str]) -> list[dict[str, Any]]:
    return [phone.visit(home, water_days=str(30 + n)) for n, home in enumerate(homes)]


def is_poison(case: Case) -> bool:
    return bool(case.submission and case.submission.visit.contact_mode == "video")


def in_reading_ahead(patch: pytest.MonkeyPatch) -> None:
    real = rounds.read_ahead

    def read(session: Session, place: desk.Desk, cases: Sequence[Case]) -> None:
        real(session, place, cases)
        assert not any(is_poison(case) for case in cases)

    patch.setattr(rounds, "read_ahead", read)


def in_judging(patch: pytest.MonkeyPatch) -> None:
    real = rounds.judge

    def judge(session: Session, case: Case) -> Verdict:
        verdict = real(session, case)
        return verdict if not is_poison(case) else 1 / 0  # type: ignore[return-value]

    patch.setattr(rounds, "judge", judge)


def _in_writing(patch: pytest.MonkeyPatch, fault: Callable[[Session, Case], object]) -> None:
    real = submission.write_records

    def write(session: Session, case: Case, said: Any) -> Any:
        written = real(session, case, said)
        if is_poison(case):
            fault(session, case)
        return written

    patch.setattr(submission, "write_records", write)


def in_a_statement(patch: pytest.MonkeyPatch) -> None:
    _in_writing(patch, lambda session, _: session.execute(text("INSERT INTO region (code) VALUES (NULL)")))


def in_carrying_off(patch: pytest.MonkeyPatch) -> None:
    """A row that the database does not take, among those that are written together."""
    _in_writing(patch, lambda session, case: desk.lay(session, Head, _row_without_record(case)))


def _row_without_record(case: Case) -> dict[str, Any]:
    named = ("value", "saw", "resolves", "corrects", "seq", "rank", "observed", "instance_id", "closed_by", "implied")
    row: dict[str, Any] = {name: None for name in named if name in Head.__table__.columns}
    fixed = {"value": {}, "version": 1, "base_version": 0, "rank": 0, "lineage": "x", "person_id": case.row.person_id}
    flags = {"implied": False} if "implied" in row else {}
    return {**row, **fixed, **flags, "entity_id": str(uuid.uuid4()), "key": "phone", "op_id": case.row.op_id}


def in_what_follows(patch: pytest.MonkeyPatch) -> None:
    """The files are bound after the rows lie in their tables."""
    _in_writing(patch, lambda session, _: desk.afterwards(session, lambda: [][0]))


STAGES = (in_reading_ahead, in_judging, in_a_statement, in_carrying_off, in_what_follows)


@pytest.mark.parametrize("poison", STAGES)
def test_a_poisoned_op_is_set_aside_and_its_neighbours_are_applied(
    world: World, homes: list[str], monkeypatch: pytest.MonkeyPatch, poison: Callable[[pytest.MonkeyPatch], None]
) -> None:
    poison(monkeypatch)
    phone = world.phone("li")
    ops = visits(phone, homes)
    ops[POISONED]["visit"]["contact_mode"] = "video"
    answer = phone.push(*ops)
    codes = [(result["status"], result.get("code")) for result in answer["results"]]
    expected = [("applied", None)] * MANY
    expected[POISONED] = ("quarantined", "op.unjudgeable")
    assert codes == expected
    assert answer["acked_seq"] == MANY
    others = [home for n, home in enumerate(homes) if n != POISONED]
    assert world.look(lambda s: shown(s, homes)) == {home: (2, str(30 + homes.index(home))) for home in others} | {
        homes[POISONED]: (1, "20")
    }
    assert world.look(lambda s: s.scalar(select(func.count()).select_from(Submission))) == MANY - 1


def shown(session: Session, homes: Sequence[str]) -> dict[str, tuple[int, str | None]]:
    rows = session.scalars(select(Entity).where(Entity.id.in_(homes)))
    return {row.id: (row.version, row.values["water_shortage_days"]) for row in rows}


def test_a_batch_is_judged_in_few_statements(world: World, homes: list[str]) -> None:
    """As many for six ops as for two: what each op asks for was read ahead, what it writes is written together."""
    phone = world.phone("li")
    phone.send(phone.visit(WANG))  # what is read once for a form and a village
    counts = []
    for some in (homes[:2], homes[2:]):
        ops = visits(phone, some)
        seen: list[str] = []
        with world.app.app_context():
            event.listen(db.db.engine, "before_cursor_execute", lambda *given, seen=seen: seen.append(given[2]))
        assert {result["status"] for result in phone.send(*ops)} == {"applied"}
        counts.append(len(seen))
    assert counts[0] == counts[1], counts


def test_a_batch_of_new_names_is_judged_in_few_statements(world: World, homes: list[str]) -> None:
    """What looks like one household registered twice is read ahead for the round, not asked for op by op."""
    phone = with_family(world).phone("li")
    phone.send(family(phone, head_name="王大山"))
    counts = []
    for some in (homes[:2], homes[2:]):
        ops = [family(phone, household=home, head_name=f"新名{home[-1]}", address="青石坡") for home in some]
        seen: list[str] = []
        with world.app.app_context():
            event.listen(db.db.engine, "before_cursor_execute", lambda *given, seen=seen: seen.append(given[2]))
        assert {result["status"] for result in phone.send(*ops)} == {"applied"}
        counts.append(len(seen))
    assert counts[1] <= counts[0], counts


def test_households_that_become_alike_in_one_round_are_asked_about(
    world: World, homes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """All pairs, each once, as if each op had come alone; and those that are mended in one round are closed."""

    def pairs(state: str) -> set[frozenset[str]]:
        rows = world.look(lambda s: s.execute(select(Conflict.entity_id, Conflict.key, Conflict.state)).all())
        return {frozenset({row.entity_id, row.key.removeprefix("@same:")}) for row in rows if row.state == state}

    def rename(some: Sequence[str], base: int, **values: str) -> set[str]:
        ops = [family(phone, household=home, **values, bases={}, base=base) for home in some]
        return {result["status"] for result in phone.send(*ops)}

    phone = with_family(world).phone("li")
    rename(homes[:3], 1, head_name="王大山", address="青石坡3号")
    assert pairs("open") == {frozenset(pair) for pair in itertools.combinations(homes[:3], 2)}
    monkeypatch.setattr("server.sync.judging.next_round", lambda queue: (list(queue[:1]), list(queue[1:])))
    rename(homes[3:], 1, head_name="王大山", address="青石坡3号")
    monkeypatch.undo()
    assert pairs("open") == {frozenset(pair) for pair in itertools.combinations(homes, 2)}
    marked = select(Entity.id).where(cast(Entity.contested, String).contains("@same"))
    assert set(world.look(lambda s: s.scalars(marked).all())) == set(homes)
    for n, home in enumerate(homes[2:]):
        rename([home], 2, head_name=f"新名{n}")
    assert pairs("open") == {frozenset(homes[:2])}
    assert set(world.look(lambda s: s.scalars(marked).all())) == set(homes[:2])
    rename(homes[:2], 2, address="白塔1号")
    assert pairs("open") == {frozenset(homes[:2])}


def test_side_by_side_ends_as_one_after_the_other(
    world: World, homes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edits of one record, a new member, a dependency and a foreign record: the same outcome either way."""

    def outcome(phone: Phone, at: Sequence[str]) -> list[Any]:
        first, second = phone.visit(at[0], water_days="31"), phone.visit(at[0], grade="C")
        member = str(uuid.uuid4())
        new = named(member, None, dataset="member")
        ops = [
            first,
            phone.visit(at[1], water_days="32", depends_on=[second["op_id"]]),
            second,
            phone.visit(at[2], members=[(member, "1", "小孩")], entities=[named(at[2], 1), new]),
            phone.visit(at[2], water_days="33"),
            phone.visit(str(uuid.uuid4()), water_days="34"),
        ]
        return [
            (result["status"], result.get("code"), [(one["dataset"], one["version"]) for one in result["entities"]])
            for result in phone.send(*ops)
        ]

    together = outcome(world.phone("li"), homes[:3])
    monkeypatch.setattr("server.sync.judging.next_round", lambda queue: (list(queue[:1]), list(queue[1:])))
    assert together == outcome(world.phone("li"), homes[3:])
    assert [status for status, *_ in together].count("applied") >= 3


def test_a_household_that_moves_leaves_the_old_village_after_all_that_was_told_before(
    world: World, homes: list[str]
) -> None:
    """Its members move too, though nobody named them: an edit of one, told after it, would leave him there."""
    zhang = world.phone("zhang")
    edit = zhang.visit(WANG, members=[(WANG_SON, "0", "王小川")], entities=[named(WANG_SON, 1, dataset="member")])
    own = f"<of>{WANG}</of>"
    household = f'<entity dataset="household" id="{WANG}" update="1">'
    edit["instance_xml"] = edit["instance_xml"].replace(own, "").replace(household, "<entity>")
    results = zhang.send(edit, zhang.visit(WANG, village=BAITA), *visits(zhang, homes[:2]))
    assert [result["status"] for result in results] == ["applied"] * 4, results
    assert world.look(lambda s: s.get_one(Entity, WANG_SON).region_code) == BAITA
    gone = select(Feed.ref).where(Feed.scope == f"region:{QINGSHI}", Feed.type == "eviction")
    assert set(world.look(lambda s: s.scalars(gone).all())) == {WANG, WANG_SON}


def test_a_record_is_made_and_changed_in_one_batch(world: World, homes: list[str]) -> None:
    """The change waits for a later round: read ahead together, its record would be unknown and the op set aside."""
    phone, member = world.phone("li"), str(uuid.uuid4())
    here = named(homes[0], 1)
    new, known = (named(member, base, dataset="member") for base in (None, 1))
    made = phone.visit(homes[0], members=[(member, "1", "小孩")], entities=[here, new])
    changed = phone.visit(homes[0], members=[(member, "0", "大孩")], entities=[here, known])
    results = phone.send(made, *visits(phone, homes[1:]), changed)
    assert [result["status"] for result in results] == ["applied"] * (MANY + 1), results
    assert world.look(lambda s: s.get_one(Entity, member).values["full_name"]) == "大孩"


def test_what_shares_a_record_waits_for_a_later_round(world: World, homes: list[str]) -> None:
    """Without that the second edit would not see the first, and both would be heads."""
    phone = world.phone("li")
    ops = [phone.visit(homes[0], water_days="31"), *visits(phone, homes[1:]), phone.visit(homes[0], water_days="32")]
    assert {result["status"] for result in phone.send(*ops)} == {"applied"}
    versions = select(EntityVersion.version).where(EntityVersion.entity_id == homes[0]).order_by(EntityVersion.version)
    assert world.look(lambda s: s.scalars(versions).all()) == [1, 2, 3]
    standing = select(Head.value).where(
        Head.entity_id == homes[0], Head.key == "water_shortage_days", Head.closed_by.is_(None)
    )
    assert world.look(lambda s: s.scalars(standing).all()) == [{"water_shortage_days": "32"}]


def test_what_is_not_on_the_desk_is_asked_for_after_what_lies_there_was_written(world: World) -> None:
    """Nobody reads what is out of date: a fallback to the database carries everything off first."""

    def work(session: Session) -> tuple[int, int]:
        with desk.open_desk(session) as place:
            before = len(desk.written_values(session, WANG))
            row = dict(session.execute(select(Head.__table__).where(Head.entity_id == WANG)).mappings().first() or {})
            desk.lay(session, Head, {**row, "op_id": str(uuid.uuid4())})
            assert place.rows[Head.__table__]
            return before, len(desk.written_values(session, WANG))

    before, after = world.run(work)
    assert after == before + 1


def test_files_follow_the_rows_that_they_hang_on(world: World, homes: list[str]) -> None:
    """Six visits with a photo each in one round: all submissions are written first, then all files are named."""
    phone = world.phone("li")
    ops = visits(phone, homes)
    for n, op in enumerate(ops):
        op["attachments"] = [{"name": f"{n}.jpg", "sha256": f"{n}" * 64, "size": 9, "media_type": "image/jpeg"}]
    assert [result["missing_attachments"] for result in phone.send(*ops)] == [[f"{n}" * 64] for n in range(MANY)]


def test_files_of_a_batch_are_named_in_few_statements(world: World, homes: list[str]) -> None:
    """As many for four visits with two photos each as for two; bytes that are here are bound to each of them."""
    phone, sha256 = world.phone("li"), "ab" * 32
    world.run(lambda session: session.add(Blob(sha256=sha256, size=9)))
    world.run(lambda session: session.add(BlobHolder(sha256=sha256, person_id=world.people["li"])))
    phone.send(phone.visit(WANG))
    counts = []
    for some in (homes[:2], homes[2:]):
        ops = visits(phone, some)
        for op in ops:
            here = {"name": "here.jpg", "sha256": sha256, "size": 9, "media_type": "image/jpeg"}
            op["attachments"] = [here, {**here, "name": "later.jpg", "sha256": "cd" * 32}]
        seen: list[str] = []
        with world.app.app_context():
            event.listen(db.db.engine, "before_cursor_execute", lambda *given, seen=seen: seen.append(given[2]))
        assert [result["missing_attachments"] for result in phone.send(*ops)] == [["cd" * 32]] * len(some)
        counts.append(len(seen))
    assert counts[0] == counts[1], counts
    bound = select(Attachment.name, func.count()).where(Attachment.blob == sha256).group_by(Attachment.name)
    assert world.look(lambda s: [tuple(row) for row in s.execute(bound)]) == [("here.jpg", MANY)]


def test_of_a_record_that_its_author_saw_as_it_is_only_the_keys_that_change_are_read(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asks which others there are is told that they were not read, not that there are none."""
    asked: list[dict[str, Any]] = []
    read = desk.read_heads_at
    monkeypatch.setattr(
        reading_ahead, "read_heads_at", lambda session, here, few: (asked.append(dict(few)), read(session, here, few))
    )
    li, helper = world.phone("li"), world.phone("helper")
    (first,) = li.send(li.visit(water_days="5", phone="19900000001"))
    version = first["entities"][0]["version"]
    (second,) = li.send(li.visit(base_version=version, water_days="6", phone="19900000001"))
    (late,) = helper.send(helper.visit(base_version=version, water_days="7"))
    assert (second["status"], late["status"]) == ("applied", "conflicted")
    assert [set(few.get(WANG, ())) for few in asked] == [
        {"@state", "water_shortage_days", "contact_phone"},
        {"@state", "water_shortage_days"},
        set(),
    ]

    def look(session: Any) -> set[str]:
        entity = session.get_one(Entity, WANG)
        few = keys_of(session, datasets()["household"], entity, {"water_shortage_days"})
        assert len(few["water_shortage_days"].heads()) == 2
        with pytest.raises(LookupError):
            list(few)
        return set(keys_of(session, datasets()["household"], entity))

    assert {"water_shortage_days", "contact_phone"} < world.look(look)
