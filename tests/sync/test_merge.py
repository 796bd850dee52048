"""The merge's laws, on random histories (I2, I9, I11 of the invariants)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from server.sync.merge import (
    Key,
    Sent,
    Write,
    add,
    base_differs,
    seen_value,
    sees,
    touched,
    withdraw,
    written_value,
)
from server.sync.merge_policy import Value

VALUES = st.sampled_from(["1", "2", "3", None]).map(lambda text: {"days": text})


@st.composite
def histories(draw: st.DrawFn) -> list[Write]:
    """Writes of three installs; each knows some version and what was shown there, as the server would have said."""
    count = draw(st.integers(1, 8))
    seqs = {"a": 0, "b": 0, "c": 0}
    writes: list[Write] = []
    key = Key((), None)
    for version in range(1, count + 1):
        lineage = draw(st.sampled_from("abc"))
        base = draw(st.integers(0, version - 1))
        at_base = Key((), None)
        for earlier in writes[:base]:
            at_base = add(at_base, earlier)
        seqs[lineage] += 1
        saw = at_base.shown_value() if base else None
        write = Write(f"op{version}", draw(VALUES), version, base, saw, lineage, seqs[lineage])
        writes.append(write)
        key = add(key, write)
    return writes


def heads_of(writes: list[Write]) -> set[str]:
    key = Key((), None)
    for write in writes:
        key = add(key, write)
    return {head.op_id for head in key.heads()}


@settings(max_examples=300, deadline=None)
@given(histories(), st.randoms())
def test_heads_do_not_depend_on_the_order_of_arrival(writes: list[Write], random) -> None:
    shuffled = list(writes)
    random.shuffle(shuffled)
    assert heads_of(shuffled) == heads_of(writes)


@settings(max_examples=200, deadline=None)
@given(histories())
def test_a_head_is_exactly_what_nobody_has_seen(writes: list[Write]) -> None:
    unseen = {w.op_id for w in writes if not any(sees(other, w) for other in writes if other is not w)}
    assert heads_of(writes) == unseen


@settings(max_examples=200, deadline=None)
@given(histories())
def test_adding_again_changes_nothing(writes: list[Write]) -> None:
    key = Key((), None)
    for write in writes:
        key = add(key, write)
    again = key
    for write in writes:
        again = add(again, write)
    assert again == key


@settings(max_examples=200, deadline=None)
@given(histories())
def test_what_is_shown_was_written_by_someone_and_stays_while_it_is_a_head(writes: list[Write]) -> None:
    key = Key((), None)
    for write in writes:
        before = key
        key = add(key, write)
        assert key.shown in {head.op_id for head in key.heads()} or not key.heads()
        if before.heads() and before.shown_value() in [head.value for head in key.heads()]:
            assert key.shown_value() == before.shown_value()


@given(VALUES, VALUES, VALUES)
def test_touched_means_other_than_seen_and_other_than_the_sent_base(sent, seen, base) -> None:
    assert touched(Sent(sent, base), seen) == (sent != seen and sent != base)
    assert base_differs(Sent(sent, base), seen) == (base != seen)


def test_an_author_saw_the_latest_of_the_own_later_writes() -> None:
    own = [Write(f"op{seq}", {"days": str(seq)}, 10 + seq, 1, {}, "a", seq) for seq in (1, 2, 3)]
    assert seen_value({"days": "0"}, 1, "a", 3, own) == {"days": "2"}
    assert seen_value({"days": "0"}, 11, "a", 3, own) == {"days": "2"}
    assert seen_value({"days": "0"}, 12, "a", 3, own) == {"days": "0"}
    assert seen_value({"days": "0"}, 1, "b", 3, own) == {"days": "0"}


def test_a_group_is_written_whole_with_what_was_on_screen() -> None:
    sent = Sent({"lon": "108.2"}, {})
    seen = {"lon": "108.1", "lat": "26.2", "accuracy_m": "5"}
    assert written_value(sent, seen, ("lon", "lat", "accuracy_m")) == {"lon": "108.2", "lat": "26.2", "accuracy_m": "5"}


def test_a_correction_has_seen_what_it_corrects() -> None:
    first = Write("op1", {"days": "1"}, 2, 1, {}, "a", 1)
    other = Write("op2", {"days": "2"}, 3, 1, {}, "b", 1)
    fix = replace(first, op_id="op3", value={"days": "9"}, version=4, lineage="c", corrects="op1")
    key = add(add(add(Key((), None), first), other), fix)
    assert {head.op_id for head in key.heads()} == {"op2", "op3"}


def test_a_decision_answers_nobody_who_knew_of_it() -> None:
    """Also after its own value was replaced: else the rejected value, said anew, would leave nothing standing."""
    one, other = Write("op1", {"days": "1"}, 2, 1, {"days": "0"}, "a", 1), Write("op2", {"days": "2"}, 3, 1, {}, "b", 1)
    decided = Write("op3", {"days": "1"}, 4, 0, None, "op:op3", None, resolves=frozenset({"op1", "op2"}))
    later = Write("op4", {"days": "3"}, 5, 4, {"days": "1"}, "a", 2)
    anew = Write("op5", {"days": "2"}, 6, 5, {"days": "3"}, "b", 2)
    key = Key((), None)
    for write in (one, other, decided, later, anew):
        key = add(key, write)
    assert key.heads() == (anew,)
    late = add(key, replace(anew, op_id="op6", base_version=3, lineage="c"))
    assert {head.op_id for head in late.heads()} == {"op5"}


Step = tuple[str, int, str]
KINDS = st.sampled_from(["write", "write", "write", "decide", "withdraw"])
STEPS = st.tuples(KINDS, st.integers(0, 4), st.sampled_from("123"))


def keys_after(steps: Sequence[Step]) -> Iterator[Key]:
    """The key after each step: somebody writes, knowing of all or of all but the last, decides, or withdraws."""
    key, known = Key((), None), {"a": 0, "b": 0, "c": 0}
    shown: list[Value | None] = [None]
    for version, (what, number, text) in enumerate(steps, 1):
        if what == "withdraw" and key.writes:
            key = withdraw(key, {key.writes[number % len(key.writes)].op_id})
        elif what == "decide" and key.several:
            heads = key.heads()
            witnesses = (one.op_id for one in key.writes if one.value in key.values() and not one.resolves)
            seen = frozenset([*witnesses, *(head.op_id for head in heads)])
            chosen = heads[number % len(heads)].value
            key = add(key, Write(f"op{version}", chosen, version, 0, None, f"op:{version}", None, resolves=seen))
        else:
            who = "abc"[number % 3]
            known[who] = base = max(known[who], version - 1 - number // 3)
            saw = shown[base]
            key = add(key, Write(f"op{version}", {"days": text}, version, base, saw, who, version))
        shown.append(key.shown_value() or {"days": None})
        yield key


@settings(max_examples=1000, deadline=None)
@given(st.lists(STEPS, min_size=5, max_size=16))
def test_whoever_decides_or_withdraws_something_stands(steps: list[Step]) -> None:
    """Writes that answer each other in a circle would leave a property empty that nobody had emptied."""
    assert all(key.heads() or not key.writes for key in keys_after(steps))
