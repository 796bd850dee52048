"""The draw itself: the same everywhere, by any order of the frame, as another implementation has it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from server.cli import main
from server.config import ROOT
from server.errors import Problem
from server.inspection import tickets
from server.inspection.choosing import evenly, share_out
from server.inspection.frame import Frame
from server.inspection.frame_file import frame_of
from server.inspection.plan import exact
from server.inspection.plan_file import plan_of
from server.inspection.sampling import draw
from server.inspection.verify import Frame as FrameAgain
from server.inspection.verify import draw as draw_again
from tests.inspection.sampling_ground import COLUMNS, DICE, PLANS, drawn_by_hand, frame_in, population, ticket

_ROWS = st.lists(
    st.tuples(st.sampled_from(("A", "B", "C,", 'D"')), st.sampled_from("1234")), min_size=1, max_size=40
).map(lambda places: [(f"户{n}", f"{t}{v}", t, "no") for n, (t, v) in enumerate(places)])
_PLANS = st.fixed_dictionaries(
    {
        "design": st.sampled_from(("census", "simple", "systematic", "stratified", "two_stage")),
        "stratum": st.just("township"),
        "allocation": st.sampled_from(("proportional", "equal")),
        "villages": st.fixed_dictionaries({"count": st.integers(1, 6), "method": st.sampled_from(("pps", "equal"))}),
        "households": st.one_of(st.integers(4, 50), st.sampled_from(("20%", "1/3", "all"))),
        "reserves": st.integers(0, 5),
    }
)  # fmt: skip


def _frame(rows: list[tuple[str, str, str, str]]) -> Frame:
    return frame_of(COLUMNS, rows)


def _draw(rows: list[tuple[str, str, str, str]], plan: dict[str, Any], seed: str = DICE) -> dict[str, Any] | None:
    """None where strata are more than households."""
    try:
        return draw(_frame(rows), plan_of(plan), seed).as_json()
    except Problem as problem:
        assert problem.code == "plan.invalid"
        return None


@settings(max_examples=120, deadline=None)
@given(rows=_ROWS, plan=_PLANS, chance=st.randoms())
def test_the_order_of_the_frame_does_not_matter_and_another_program_draws_the_same(
    rows: list[tuple[str, str, str, str]], plan: dict[str, Any], chance: Any
) -> None:
    """Any order gives the same bytes; reserves are others; weights are 1/pi; the verifier, written apart, agrees."""
    drawn = _draw(rows, plan)
    shuffled = list(rows)
    chance.shuffle(shuffled)
    assert _draw(shuffled, plan) == drawn
    if drawn is None:
        return
    main_ids = [one["household_id"] for one in drawn["households"]]
    spare_ids = [one["household_id"] for one in drawn["reserves"]]
    assert len({*main_ids, *spare_ids}) == len(main_ids) + len(spare_ids)
    both = drawn["households"] + drawn["reserves"]
    assert [one["order"] for one in both] == list(range(1, len(both) + 1))
    assert all(Fraction(one["pi"]) * Fraction(one["weight"]) == 1 and 0 < Fraction(one["pi"]) <= 1 for one in both)
    if plan["design"] != "two_stage":
        assert sum(Fraction(one["weight"]) for one in drawn["households"]) == len(rows)
    again = draw_again(FrameAgain(b"".join(_frame(rows).lines()).decode()), plan_of(plan).canonical(), DICE)
    assert again == {name: drawn[name] for name in again}


@pytest.mark.parametrize("seed", [DICE, "1", "00000000000000000000", "31" * 50])
def test_two_stages_by_size_are_drawn_as_a_ruler_of_households_would_draw_them(seed: str) -> None:
    """Known vectors: a second implementation in the tests, which lays villages out household by household."""
    people = population()
    drawn = draw(frame_in(people), plan_of(PLANS["pps"]), seed)
    rows = [(one.id, one.village, one.township) for one in people]
    assert {one.household_id: one.pi for one in drawn.households} == drawn_by_hand(rows, 3, 4, seed)


def test_tickets_are_what_the_page_says() -> None:
    people = population()
    drawn = draw(frame_in(people), plan_of(PLANS["simple"]), DICE)
    wanted = sorted(one.id for one in people)
    wanted.sort(key=lambda id_: ticket(DICE, "household", "", id_))
    assert [one.household_id for one in (*drawn.households, *drawn.reserves)] == wanted[:28]
    assert drawn.households[0].ticket == ticket(DICE, "household", "", wanted[0])
    # One value written down, of sha256sum: no change of both sides goes unseen.
    assert tickets.ticket("1", "household", "North", "A1").hex() == (
        "ca1a9443ba3f59757bac85a09c2d7f8bbb6680b8ded7b4b3f292e7dcea5ca28d"
    )


def test_a_fixed_number_in_villages_by_size_weighs_all_households_of_a_township_the_same() -> None:
    people = population()
    drawn = draw(frame_in(people), plan_of(PLANS["pps"]), DICE)
    for township in ("T0", "T1", "T2"):
        there = sum(one.township == township for one in people)
        assert {one.weight for one in drawn.households if one.township == township} == {Fraction(there, 12)}


def test_a_village_larger_than_its_step_is_certain_and_the_others_share_the_rest() -> None:
    rows = [(f"L{n}", "Large", "T", "no") for n in range(60)]
    rows += [(f"{name}{n}", name, "T", "no") for name in "ABCD" for n in range(10)]
    plan = {"design": "two_stage", "villages": 3, "households": 5}
    drawn = draw(_frame(rows), plan_of(plan), DICE)
    assert (drawn.villages[0].village, drawn.villages[0].pi) == ("Large", 1)
    assert {one.pi for one in drawn.villages[1:]} == {Fraction(2 * 10, 40)}
    assert any("Large" in note for note in drawn.notes)


def test_what_is_always_in_has_probability_1_and_leaves_the_rest_of_the_frame() -> None:
    people = population()
    drawn = draw(frame_in(people), plan_of(PLANS["always"]), DICE)
    kin = {one.id for one in people if one.kin == "yes"}
    assert kin and {one.household_id for one in drawn.households if one.stratum == "(always)"} == kin
    assert all(one.pi == 1 for one in drawn.households if one.household_id in kin)
    assert not kin & {one.household_id for one in drawn.reserves}


def test_where_fewer_are_there_than_asked_all_are_taken_and_it_is_said() -> None:
    rows = [("1", "A", "T", "no"), ("2", "A", "T", "no"), ("3", "B", "T", "no")]
    drawn = draw(_frame(rows), plan_of({"design": "two_stage", "villages": 3, "households": 10, "reserves": 2}), DICE)
    assert {one.pi for one in drawn.households} == {Fraction(1)} and len(drawn.households) == 3
    assert any("3 villages asked, 2 there" in note for note in drawn.notes)
    assert any("10 households asked, 1 there" in note for note in drawn.notes)
    everybody = draw(_frame(rows), plan_of({"design": "simple", "households": 50}), DICE)
    assert len(everybody.households) == 3 and any("50 households asked" in note for note in everybody.notes)


@settings(deadline=None)
@given(total=st.integers(1, 60), data=st.data())
def test_a_systematic_pass_takes_each_unit_from_exactly_n_of_the_starts(total: int, data: Any) -> None:
    count = data.draw(st.integers(1, total))
    hits = [0] * total
    for first in range(total):
        for place in evenly(total, count, first):
            hits[place] += 1
    assert hits == [count] * total


@settings(deadline=None)
@given(sizes=st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 90), min_size=1), data=st.data())
def test_a_sample_is_shared_out_whole_within_what_there_is(sizes: dict[str, int], data: Any) -> None:
    marks = {name: Fraction(data.draw(st.integers(0, 50))) for name in sizes}
    count = data.draw(st.integers(len(sizes), sum(sizes.values())))
    given_ = share_out(count, sizes, marks)
    assert sum(given_.values()) == count
    assert all(1 <= given_[name] <= size for name, size in sizes.items())
    in_proportion = share_out(count, sizes, {name: Fraction(size) for name, size in sizes.items()})
    total = sum(sizes.values())
    if all(count * size >= 2 * total for size in sizes.values()):
        assert all(abs(in_proportion[name] - Fraction(count * size, total)) < 1 for name, size in sizes.items())


@settings(deadline=None)
@given(st.fractions(min_value=0, max_value=10**6))
def test_numbers_in_the_record_are_exact(value: Fraction) -> None:
    assert Fraction(exact(value)) == value


def test_another_hash_seed_of_python_gives_the_same_bytes(tmp_path: Path) -> None:
    """Nothing hangs on the order of sets: two interpreters that hash texts differently print the same."""
    _write(tmp_path)
    outputs = {_run(tmp_path, hash_seed) for hash_seed in ("0", "4242")}
    assert len(outputs) == 1 and b"households" in outputs.pop()


def _write(folder: Path) -> None:
    frame_in(population()).write(folder / "frame.csv")
    (folder / "plan.yaml").write_text(
        "design: two_stage\nstratum: township\nvillages: {count: 3, method: pps}\n"
        "households: {count: 4}\nreserves: 2\n",
        "utf-8",
    )


_SCRIPT = """
import json, pathlib, sys
from server.inspection.frame_file import read_frame
from server.inspection.plan_file import read_plan
from server.inspection.sampling import draw
folder = pathlib.Path(sys.argv[1])
drawn = draw(read_frame(folder / "frame.csv"), read_plan(folder / "plan.yaml"), sys.argv[2])
print(json.dumps(drawn.as_json()))
"""


def _run(folder: Path, hash_seed: str) -> bytes:
    env = {**os.environ, "PYTHONHASHSEED": hash_seed}
    command = [sys.executable, "-c", _SCRIPT, str(folder), DICE]
    return subprocess.run(command, check=True, capture_output=True, env=env, cwd=ROOT).stdout


def _arguments(folder: Path, *more: str) -> list[str]:
    files = ["--frame", str(folder / "frame.csv"), "--plan", str(folder / "plan.yaml")]
    return ["sample", "draw", *files, "--seed", DICE, *more]


def test_the_command_prints_exactly_what_is_promised_and_a_table_without_json(tmp_path: Path) -> None:
    _write(tmp_path)
    result = CliRunner().invoke(main, _arguments(tmp_path, "--json"))
    found = json.loads(result.stdout)
    assert list(found) == ["frame_sha256", "plan_sha256", "seed", "algorithm", "villages", "households", "reserves"]
    assert list(found["villages"][0]) == ["village", "pi"]
    keys = ["household_id", "village", "township", "pi", "weight", "ticket", "order"]
    assert list(found["households"][0]) == keys == list(found["reserves"][0])
    assert all(one["pi"] * one["weight"] == pytest.approx(1) for one in (*found["households"], *found["reserves"]))
    assert len(found["households"]) == 36 and len(found["villages"]) == 9 and len(found["reserves"]) == 18
    table = CliRunner().invoke(main, _arguments(tmp_path)).stdout
    assert found["frame_sha256"] in table and "抽中的户（36）" in table and "reserves" in table


@pytest.mark.parametrize(
    ("seed", "told"),
    [
        ("12ab", "“ab”"), ("ab-cd", "“ab-cd”"), (DICE[:10] + "O" + DICE[11:], "“O”"), (DICE, None),
        (" ".join(DICE), None), ("a1b2c3d4e5f6a7b8-0011223344556677", None), ("42", "20"),
    ],
)  # fmt: skip
def test_a_seed_that_dice_cannot_give_is_said_to_be_none(seed: str, told: str | None) -> None:
    """Digits, or two whole secrets, may be published; whatever else draws for a trial, and a note says which signs."""
    rows = [(f"h{n}", "v", "t", "") for n in range(4)]
    notes = draw(_frame(rows), plan_of({"design": "simple", "households": 2}), seed).notes
    assert (not notes) if told is None else (len(notes) == 1 and told in notes[0])
