"""Each merge policy: what it shows of concurrent writes, and whether it decides (design: Merge)."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.sync.merge import Key, Write, add, withdraw
from server.sync.merge_policy import Policy, Value

GRADE = Policy("worst", "grade", ("A", "B", "C", "D"))
STATE = Policy("monotone", "state", ("found", "identified", "closed"))
PRECISE = Policy("most_precise", "accuracy_m")
BASE = "00"


def write(op_id: str, value: Value, **more: object) -> Write:
    """A write of an install of its own that saw what op 00 had left at version 1."""
    fields = {"version": 2, "base_version": 1, "saw": {}, "lineage": op_id, "seq": 1} | more
    return Write(op_id, value, **fields)  # type: ignore[arg-type]


def start(value: Value) -> Write:
    return Write(BASE, value, version=1, base_version=0, saw=None, lineage=BASE, seq=1)


def after(policy: Policy, *writes: Write) -> Key:
    """The key after these writes arrived in this order: the server numbers the versions."""
    key = Key((), None, policy)
    saw = writes[0].value if writes[0].op_id == BASE else None
    for version, one in enumerate(writes, 1):
        seen = one.saw if one.op_id == BASE or one.saw else saw
        key = add(key, Write(**(one.__dict__ | {"version": version, "saw": seen})))
    return key


def test_the_inspector_decides_over_the_cadre_and_equals_are_asked() -> None:
    policy = Policy("authority")
    key = after(policy, start({"v": "x"}), write("a", {"v": "cadre"}, rank=1), write("b", {"v": "inspector"}, rank=3))
    assert key.shown_value() == {"v": "inspector"}
    assert key.settled()
    equal = after(policy, start({"v": "x"}), write("a", {"v": "1"}, rank=1), write("b", {"v": "2"}, rank=1))
    assert equal.contested()
    assert equal.shown_value() == {"v": "1"}


def test_the_worst_grade_is_shown_and_still_waits_for_a_person() -> None:
    start_, mild, bad = start({"grade": "A"}), write("a", {"grade": "B"}), write("b", {"grade": "D"})
    for order in permutations((mild, bad)):
        key = after(GRADE, start_, *order)
        assert key.shown_value() == {"grade": "D"}
        assert key.contested()


def test_the_most_precise_place_wins_and_an_unknown_accuracy_asks_a_person() -> None:
    first = start({"lon": "1", "accuracy_m": "50"})
    sharp = write("a", {"lon": "2", "accuracy_m": "4.5"})
    blunt = write("b", {"lon": "3", "accuracy_m": "30"})
    key = after(PRECISE, first, blunt, sharp)
    assert key.settled()
    assert key.shown_value()["lon"] == "2"
    assert after(PRECISE, first, write("c", {"lon": "3", "accuracy_m": None}), sharp).contested()
    assert after(PRECISE, first, write("c", {"lon": "3", "accuracy_m": "-1"}), sharp).contested()


def test_a_state_only_moves_forward() -> None:
    key = after(STATE, start({"state": "found"}), write("a", {"state": "closed"}), write("b", {"state": "identified"}))
    assert key.settled()
    assert key.shown_value() == {"state": "closed"}


def test_the_last_visit_wins_only_when_every_clock_can_be_believed() -> None:
    policy = Policy("last_observed")
    late = write("a", {"v": "late"}, observed="2026-03-02T00:00:00+00:00")
    early = write("b", {"v": "early"}, observed="2026-03-01T00:00:00+00:00")
    assert after(policy, start({"v": "x"}), late, early).shown_value() == {"v": "late"}
    assert after(policy, start({"v": "x"}), late, write("b", {"v": "early"})).contested()


def test_the_first_value_stands_until_a_person_decides() -> None:
    """Also when the second author had seen the first value: a household number does not change by an ordinary edit."""
    policy = Policy("immutable")
    key = after(policy, start({"no": "7"}), write("a", {"no": "8"}))
    assert key.contested()
    assert key.shown_value() == {"no": "7"}
    decided = add(key, write("r", {"no": "8"}, version=3, base_version=2, resolves=frozenset({BASE, "a"})))
    assert not decided.contested()
    assert decided.shown_value() == {"no": "8"}
    assert not after(policy, start({"no": None}), write("a", {"no": "8"})).contested()


def test_a_union_keeps_what_was_added_and_drops_what_was_taken_away() -> None:
    key = after(
        Policy("union"), start({"v": "a b"}), write("x", {"v": "b"}), write("y", {"v": "a b c"})
    )
    assert key.shown_value() == {"v": "b c"}
    assert key.settled()


def test_notes_keep_every_line_once() -> None:
    first = start({"v": "roof leaks"})
    one, two = write("x", {"v": "roof leaks\nson is away"}), write("y", {"v": "roof leaks\npump broken"})
    for order in permutations((one, two)):
        assert after(Policy("append"), first, *order).shown_value() == {"v": "roof leaks\nson is away\npump broken"}


def test_who_saw_a_composed_value_has_seen_all_of_it() -> None:
    key = after(Policy("union"), start({"v": "a"}), write("x", {"v": "a b"}), write("y", {"v": "a c"}))
    later = write("z", {"v": "a"}, version=4, base_version=3, saw=key.shown_value())
    assert add(key, later).values() == ({"v": "a"},)


def test_who_saw_the_decision_of_a_rule_answers_what_it_decided_against() -> None:
    """Otherwise a cadre's next honest edit would open the old quarrel again."""
    policy = Policy("authority")
    key = after(policy, start({"v": "x"}), write("a", {"v": "1"}, rank=1), write("b", {"v": "2"}, rank=3))
    later = write("c", {"v": "3"}, version=4, base_version=3, saw={"v": "2"}, rank=1)
    assert add(key, later).values() == ({"v": "3"},)


def test_a_head_that_was_not_on_screen_stays_open() -> None:
    policy = Policy("review")
    key = after(policy, start({"v": "x"}), write("a", {"v": "1"}), write("b", {"v": "2"}), write("c", {"v": "3"}))
    decided = add(key, write("r", {"v": "2"}, version=5, base_version=3, resolves=frozenset({"a", "b"})))
    assert decided.contested()
    assert {value["v"] for value in decided.values()} == {"2", "3"}


def test_two_resolutions_of_one_conflict_are_a_conflict_themselves() -> None:
    key = after(Policy("review"), start({"v": "x"}), write("a", {"v": "1"}), write("b", {"v": "2"}))
    both = frozenset({"a", "b"})
    one = write("r", {"v": "1"}, version=4, base_version=3, resolves=both)
    two = write("s", {"v": "2"}, version=5, base_version=3, resolves=both)
    assert add(add(key, one), two).contested()


def test_a_withdrawn_write_gives_back_what_it_had_replaced() -> None:
    key = after(Policy("review"), start({"v": "x"}), write("a", {"v": "wrong"}))
    back = withdraw(key, {"a"})
    assert back.shown_value() == {"v": "x"}
    assert not back.contested()


def test_later_work_on_a_withdrawn_value_is_for_a_person() -> None:
    key = after(Policy("review"), start({"v": "x"}), write("a", {"v": "wrong"}))
    key = add(key, write("b", {"v": "built on it"}, version=3, base_version=2, saw={"v": "wrong"}))
    assert withdraw(key, {"a"}).contested()


POLICIES = {
    "review": ["1", "2", "3", None],
    "authority": ["1", "2", "3"],
    "worst": ["A", "B", "C", "D", None],
    "union": ["a", "a b", "b c", None],
    "append": ["p", "p\nq", "r", None],
    "last_observed": ["1", "2"],
    "most_precise": ["3", "5", None, "x"],
    "monotone": ["found", "identified", "closed"],
    "immutable": ["1", "2"],
}
ORDERS = {"worst": ("A", "B", "C", "D"), "monotone": ("found", "identified", "closed")}


@st.composite
def concurrent_writes(draw: st.DrawFn) -> tuple[Policy, list[Write]]:
    """Phones that all pulled version 1, were offline, and send one to three ops each."""
    name = draw(st.sampled_from(sorted(POLICIES)))
    texts = st.sampled_from(POLICIES[name])
    writes = [start({"v": draw(texts)})]
    for phone in range(draw(st.integers(1, 3))):
        rank, observed = draw(st.integers(1, 3)), draw(st.sampled_from([None, "2026-01-01", "2026-01-02"]))
        writes += [
            write(f"{phone}{seq}", {"v": draw(texts)}, lineage=f"p{phone}", seq=seq, rank=rank, observed=observed)
            for seq in range(1, draw(st.integers(1, 3)) + 1)
        ]
    return Policy(name, "v", ORDERS.get(name, ())), writes


PLACE = Policy("most_precise", "v", source="by", sharp=Decimal(20))


@st.composite
def places_and_pins(draw: st.DrawFn) -> tuple[Policy, list[Write]]:
    """The same of a place, which people pin and phones measure."""
    value = st.fixed_dictionaries(
        {"v": st.sampled_from(["5", "20", "60", "0", None]), "by": st.sampled_from(["gps", "manual_pin", "corrected"])}
    )
    writes = [start(draw(value))]
    for phone in range(draw(st.integers(1, 3))):
        writes += [
            write(f"{phone}{seq}", draw(value), lineage=f"p{phone}", seq=seq)
            for seq in range(1, draw(st.integers(1, 3)) + 1)
        ]
    return PLACE, writes


@settings(max_examples=400, deadline=None)
@given(concurrent_writes() | places_and_pins(), st.randoms())
def test_any_order_of_arrival_leaves_the_same_conflict(drawn: tuple[Policy, list[Write]], random) -> None:
    """I9: the heads and whether a person is asked do not depend on arrival; what a rule decides does not either."""
    policy, writes = drawn
    shuffled = writes[1:]
    random.shuffle(shuffled)
    one, other = after(policy, *writes), after(policy, writes[0], *shuffled)
    assert {head.op_id for head in one.heads()} == {head.op_id for head in other.heads()}
    assert one.contested() == other.contested()
    if one.settled() or policy.name in ("union", "append"):
        assert one.shown_value() == other.shown_value()


@settings(max_examples=200, deadline=None)
@given(concurrent_writes() | places_and_pins(), st.randoms())
def test_withdrawing_is_as_if_it_had_never_been_written(drawn: tuple[Policy, list[Write]], random) -> None:
    policy, writes = drawn
    gone = random.choice(writes[1:])
    with_it = withdraw(after(policy, *writes), {gone.op_id})
    without = after(policy, *(one for one in writes if one is not gone))
    assert {head.op_id for head in with_it.heads()} == {head.op_id for head in without.heads()}


@settings(max_examples=200, deadline=None)
@given(concurrent_writes())
def test_what_is_shown_was_written_by_somebody(drawn: tuple[Policy, list[Write]]) -> None:
    policy, writes = drawn
    key = after(policy, *writes)
    shown = key.shown_value()["v"]
    if policy.name in ("union", "append"):
        parts = {part for one in writes for part in (one.value["v"] or "").split()}
        assert set((shown or "").split()) <= parts
    else:
        assert shown in {one.value["v"] for one in key.heads()}


@pytest.mark.parametrize("policy", sorted(POLICIES))
def test_equal_values_are_no_conflict(policy: str) -> None:
    text = POLICIES[policy][0]
    rule = Policy(policy, "v", ORDERS.get(policy, ()))
    key = after(rule, start({"v": "zero"}), write("a", {"v": text}), write("b", {"v": text}))
    alone = after(rule, start({"v": "zero"}), write("a", {"v": text}))
    assert key.shown_value() == alone.shown_value()
    assert key.contested() == alone.contested()
