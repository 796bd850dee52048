"""The comparison of record and independent visit: each rule by hand-worked cases, and what holds for any values."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.inspection.comparison import OUTCOMES, Fact, Item, compare
from server.inspection.comparison_words import sentence
from server.inspection.tally import counted, tally, tally_by
from server.inspection.tolerance import Tolerance, tolerance_of

WAGE = Tolerance("r", within=Decimal(1000), percent=Decimal(15))


def fact(type: str = "integer", tolerance: Tolerance | None = None, **more: object) -> Fact:
    return Fact("/d/q", "household", "p", type, "stable", tolerance=tolerance or Tolerance("r"), **more)  # type: ignore[arg-type]


def one(asked: Fact, recorded: str | None, found: str | None, disposition: str | None = "complete") -> Item:
    return compare([asked], {("household", "p"): recorded}, {"/d/q": found}, disposition)[0]


@pytest.mark.parametrize(
    ("asked", "recorded", "found", "outcome", "why"),
    [
        (fact(), "4", "4", "agrees", "equal"),
        (fact(), "4", "5", "differs", "number_differs"),
        # 15 % of the larger, 1,000 at least: 12,000 against 14,000 may differ by 2,100.
        (fact("decimal", WAGE), "12000", "14000.0", "within", "number_within"),
        (fact("decimal", WAGE), "12000", "14118", "differs", "number_differs"),
        (fact("decimal", WAGE), "0", "1000", "within", "number_within"),
        (fact("decimal", WAGE), "0", "1200", "differs", "number_differs"),
        (fact("date", Tolerance("r", within=Decimal(3))), "2026-01-30", "2026-02-02", "within", "date_within"),
        (fact("date"), "2026-01-30", "2026-02-02", "differs", "date_differs"),
        (fact("select_one"), "yes", "no", "differs", "choice_differs"),
        (fact("select_one", Tolerance("r", alike=(frozenset("AB"),))), "A", "B", "within", "choice_within"),
        (fact("select_one", Tolerance("r", alike=(frozenset("AB"),))), "B", "C", "differs", "choice_differs"),
        (fact("select_one", Tolerance("r", steps=1), order="ABCD"), "B", "C", "within", "step_within"),
        (fact("select_one", Tolerance("r", steps=1), order="ABCD"), "A", "C", "differs", "step_differs"),
        (fact("select_one", codes=frozenset({"in_person"})), "in_person", "none", "not_comparable", "other_codes"),
        (fact("select_multiple"), "b a", "a b", "agrees", "equal"),
        (fact("select_multiple"), "none", "none", "agrees", "equal"),
        (fact("select_multiple", Tolerance("r", codes=1)), "a b", "a c", "within", "list_within"),
        (fact("select_multiple", Tolerance("r", codes=1)), "a b", "none", "differs", "list_differs"),
        (fact("text"), "张 三", "张三", "agrees", "equal"),
        (fact("text"), "ＡB-1", "ab1", "agrees", "equal"),
        (fact("text"), "张三", "李四", "differs", "text_differs"),
        (fact("select_one"), "yes", "unsure", "not_comparable", "cannot_say"),
        (fact(), None, "4", "not_comparable", "nothing_recorded"),
        (fact(), "many", "4", "not_comparable", "unreadable"),
        (fact(), "4", None, "not_asked", "not_asked"),
        (fact(), "4", "  ", "not_asked", "not_asked"),
    ],
)  # fmt: skip
def test_each_rule_gives_the_outcome_worked_by_hand(
    asked: Fact, recorded: str | None, found: str | None, outcome: str, why: str
) -> None:
    item = one(asked, recorded, found)
    assert (item.outcome, item.why) == (outcome, why)


def test_a_visit_that_met_nobody_compares_nothing() -> None:
    """Answers of a form that was left at the door are no answers of the household."""
    for disposition in ("refused", "nobody", "all_away", None):
        assert one(fact(), "4", "5", disposition).outcome == "not_asked"
    assert one(fact(), "4", "5", "partial").outcome == "differs"


def test_a_record_that_is_not_there_is_not_compared() -> None:
    assert compare([fact()], {}, {"/d/q": "4"}, "complete")[0].why == "no_record"


VALUES = st.one_of(st.none(), st.text(max_size=12), st.integers(-5, 10**6).map(str), st.sampled_from(["a b", "A", "x"]))
FACTS = st.builds(
    fact,
    st.sampled_from(["integer", "decimal", "date", "select_one", "select_multiple", "text"]),
    st.builds(
        Tolerance, st.just("r"), st.integers(0, 50).map(Decimal), st.integers(0, 60).map(Decimal), st.integers(0, 2),
        st.integers(0, 3),
    ),
    order=st.just("ABCD"),
)  # fmt: skip


@given(FACTS, VALUES, VALUES)
def test_neither_side_is_preferred_and_equal_values_never_differ(asked: Fact, left: str, right: str) -> None:
    """Which of the two was written first decides nothing between two values that can be compared."""
    there, back = one(asked, left, right), one(asked, right, left)
    assert there.outcome in OUTCOMES
    if there.is_checked and back.is_checked:
        assert there.outcome == back.outcome
    assert one(asked, left, left).outcome != "differs"
    assert all(text and "{" not in text for text in sentence(there, "CNY").values())


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(0, 99), st.integers(0, 99))
def test_a_wider_tolerance_never_makes_a_difference(left: int, right: int, narrow: int, more: int) -> None:
    close = one(fact("decimal", Tolerance("r", percent=Decimal(narrow))), str(left), str(right))
    wide = one(fact("decimal", Tolerance("r", percent=Decimal(narrow + more))), str(left), str(right))
    assert not (close.outcome != "differs" and wide.outcome == "differs")


def test_the_error_rate_is_wrong_items_of_checked_items() -> None:
    """25 wrong of 649 checked is 3.85 %; what was not asked or not comparable is in neither number."""
    wrong, right = one(fact(), "1", "2"), one(fact(), "1", "1")
    unasked, unsure = one(fact(), "1", None), one(fact(), None, "1")
    found = tally([wrong] * 25 + [right] * 624 + [unasked] * 90 + [unsure] * 10)
    assert (found.wrong, found.checked, round(found.rate or 0, 4)) == (25, 649, 0.0385)
    assert tally([unasked]).rate is None


def test_items_are_counted_by_any_key_and_changing_facts_apart() -> None:
    steady, moving = one(fact(), "1", "2"), one(Fact("/d/q", "household", "p", "integer", "changing"), "1", "2")
    by = tally_by((key, tally([one]).counts) for key, one in [("v1", steady), ("v2", moving), ("v1", moving)])
    assert {key: found.wrong for key, found in by.items()} == {"v1": 2, "v2": 1}
    assert counted([steady, moving], is_changing_counted=False) == [steady]
    assert counted([steady, moving], is_changing_counted=True) == [steady, moving]


def test_sentences_name_the_rule_and_no_value() -> None:
    """They stand where an auditor may not read the amounts."""
    apart = one(fact("decimal", WAGE), "12345", "98765")
    assert sentence(apart, "CNY") == {
        "zh": "两次相差超过允许的 15% 或 1000 元（取大的）。",
        "en": "Further apart than the 15 % or 1000 yuan, whichever is more, that is allowed.",
    }
    assert sentence(one(fact(), "4", "5"))["en"] == "The two differ."


def test_a_tolerance_is_read_from_a_row_of_the_policy() -> None:
    row = {"name": "v", "wage_within": "1000", "wage_percent": "12.5", "grade_alike": "A B|C D", "size_steps": "1"}
    assert tolerance_of(row, "wage") == Tolerance("v", Decimal(1000), Decimal("12.5"))
    assert tolerance_of(row, "grade").alike == (frozenset("AB"), frozenset("CD"))
    assert tolerance_of(None, "wage") == Tolerance()
