"""Answer patterns: each look finds what was planted, and leaves an ordinary batch alone."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.forms.policies import load_policies
from server.forms.policy_rows import policy_list
from server.inspection.pattern_words import LOOKS, in_words, look_over
from server.inspection.patterns import Limits, Reason, Record, Spot

NOON = datetime(2026, 11, 2, 4, 0, tzinfo=UTC)  # 12:00 in China
POLICIES = Path(__file__).parents[2] / "form_definitions" / "policies"
LIMITS = Limits.of(policy_list(load_policies(POLICIES)["answer_patterns"])[0])
DEGREE = 111_320.0  # metres of one degree of latitude, near enough here


def spot(metres: float, accuracy: float = 8.0) -> Spot:
    return Spot(109.0, 30.0 + metres / DEGREE, accuracy)


def village(workers: int = 4, each: int = 30, questions: int = 30) -> list[Record]:
    """An honest batch: households an hour and 200 m apart, independent answers, incomes of all sizes."""
    dice, found = random.Random(7), []
    for worker in range(workers):
        for n in range(each):
            start = NOON + timedelta(days=n // 6, minutes=70 * (n % 6))
            minutes = dice.lognormvariate(3.4, 0.35)
            place = spot(20_000 * worker + 200 * n)
            found.append(Record(
                f"{worker}-{n}", f"w{worker}", "v", start, start + timedelta(minutes=min(minutes, 65)), place, place,
                {f"q{k}": dice.choice("abcd") for k in range(questions)},
                [round(10 ** dice.uniform(2, 5)) for _ in range(5)],
            ))  # fmt: skip
    return found


def codes(records: list[Record]) -> set[str]:
    return {reason.code for reason in look_over(records, LIMITS)}


def replaced(records: list[Record], at: int, **changes: object) -> list[Record]:
    return [Record(**{**vars(one), **changes}) if n == at else one for n, one in enumerate(records)]  # type: ignore[arg-type]


def only(code: str, records: list[Record]) -> list[tuple[str, ...]]:
    return [reason.records for reason in LOOKS[code](records, LIMITS)]


def test_an_honest_batch_gives_no_reason() -> None:
    """But for times: 2.5 deviations are passed by six in a thousand honest visits."""
    assert codes(village()) <= {"short"}
    assert len(only("short", village())) <= 2


def test_few_records_say_nothing() -> None:
    """Nineteen identical two-minute visits are too few to know what is usual."""
    same = {f"q{k}": "a" for k in range(30)}
    few = [Record(f"r{n}", "w", "v", NOON + timedelta(hours=n), NOON + timedelta(hours=n, minutes=2), answers=same)
           for n in range(9)]  # fmt: skip
    assert codes(few) <= {"night"}


def test_a_visit_far_quicker_than_the_batch_is_looked_at() -> None:
    records = village()
    quick = replaced(records, 3, ended=records[3].started + timedelta(minutes=3))  # type: ignore[operator]
    assert ("0-3",) in only("short", quick)


def test_a_visit_in_the_night_is_told_by_the_clock_of_china() -> None:
    at = datetime(2026, 11, 2, 15, 30, tzinfo=UTC)  # 23:30 in China
    assert only("night", [Record("r", "w", "v", at)]) == [("r",)]
    assert only("night", [Record("r", "w", "v", at - timedelta(hours=4))]) == []


def test_two_households_at_once_and_a_way_too_fast_are_told() -> None:
    """1,016 m after the errors of both fixes in one minute is 61 km/h; in ten minutes it is nothing."""
    first = Record("a", "w", "v", NOON, NOON + timedelta(minutes=30), spot(0))
    at_once = Record("b", "w", "v", NOON + timedelta(minutes=20), NOON + timedelta(minutes=50), spot(0))
    assert [r.value for r in LOOKS["overlap"]([first, at_once], LIMITS)] == [10.0]
    for minutes, told in ((1, [("a", "c")]), (10, [])):
        later = Record("c", "w", "v", first.ended + timedelta(minutes=minutes), None, spot(1032))  # type: ignore[operator]
        assert only("travel", [first, later]) == told
    assert only("overlap", [first, Record("b", "other", "v", NOON, NOON + timedelta(minutes=5))]) == []


def test_interviews_from_one_spot_are_told_only_where_the_houses_stand_apart() -> None:
    def records(apart: float) -> list[Record]:
        return [Record(f"r{n}", "w", "v", NOON + timedelta(hours=n), place=spot(3 * n), house=spot(apart * n))
                for n in range(4)]  # fmt: skip

    assert only("one_spot", records(60)) == [("r0", "r1", "r2", "r3")]
    assert only("one_spot", records(5)) == []


def test_a_copied_record_is_found_and_shuffled_data_is_not() -> None:
    records = village()
    copied = replaced(records, 9, answers={**records[4].answers, "q0": "z"})
    assert only("copies", copied) == [("0-4", "0-9")]
    foreign = replaced(records, 40, answers=dict(records[4].answers))
    assert only("copies", foreign) == [], "what two workers wrote is no copy"


def test_agreement_on_what_everybody_says_is_no_copy() -> None:
    """Forty questions that nine in ten answer alike: raw agreement often passes 85 %, weighted agreement does not."""
    dice = random.Random(3)
    answers = [{f"q{k}": "yes" if dice.random() < 0.9 else f"no{k % 3}" for k in range(40)} for _ in range(200)]
    records = [Record(f"r{n}", "w", "v", answers=one) for n, one in enumerate(answers)]
    raw = sum(
        max(sum(one[q] == other[q] for q in one) / 40 for other in answers if other is not one) >= 0.85
        for one in answers
    )
    assert raw > 150
    assert len(only("copies", records)) <= 2


def test_answers_without_variety_are_told_as_a_batch() -> None:
    records = village()
    dull = [Record(**{**vars(one), "answers": dict.fromkeys(one.answers, "a")}) if one.worker == "w2" else one
            for one in records]  # fmt: skip
    (found,) = only("variety", dull)
    assert len(found) == 30 and all(id.startswith("2-") for id in found)


def test_odd_first_digits_and_round_amounts_are_told() -> None:
    dice = random.Random(1)
    invented = [dice.choice([500, 5000, 6000, 50000, 60000]) for _ in range(5 * 30)]
    records = [Record(**{**vars(one), "amounts": invented[5 * n : 5 * n + 5]}) if one.worker == "w0" else one
               for n, one in enumerate(village())]  # fmt: skip
    assert len(only("digits", records)) == 1
    whole = [Record(**{**vars(one), "amounts": [1000.0 * (1 + n % 9)] * 5}) if one.worker == "w0" else one
             for n, one in enumerate(village())]  # fmt: skip
    assert len(only("round", whole)) == 1


def test_many_households_of_one_day_are_told() -> None:
    records = [Record(f"r{n}", "w", "v", NOON + timedelta(minutes=n)) for n in range(21)]
    assert only("many", records) == [tuple(f"r{n}" for n in range(21))]
    assert only("many", records[:20]) == []


@pytest.mark.parametrize("code", list(LOOKS))
def test_every_reason_is_told_in_both_languages_without_naming_anybody(code: str) -> None:
    facts = {"metres": 25.0, "minutes": 1.5, "apart": 50.0, "share": 20, "amounts": 150, "usual": 10, "until": 6.0}
    facts |= {"day": "2026-11-02"}
    said = in_words(Reason(code, ("uuid:1", "uuid:2"), 12.0, 20.0, facts))
    assert all(text and "{" not in text and "uuid" not in text and "12.0" not in text for text in said.values())
