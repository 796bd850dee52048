"""From answers to a rate: those of a village stand for its silent ones, and anybody can reckon it again."""

from __future__ import annotations

import json
import random
from math import sqrt
from pathlib import Path
from statistics import fmean, variance

import pytest
from click.testing import CliRunner

from server.cli import main
from server.inspection.answered import observations
from server.inspection.plan_file import plan_of
from server.inspection.sampling import Drawn, draw
from server.inspection.variance import ratio, total
from tests.inspection.sampling_ground import DICE, PLANS, frame_in, observed, population

PEOPLE = population()
FAILS = {one.id: (float(one.fails), 1.0) for one in PEOPLE}


def _drawn(name: str, seed: str = DICE) -> Drawn:
    return draw(frame_in(PEOPLE), plan_of(PLANS[name]), seed)


@pytest.mark.parametrize("name", list(PLANS))
def test_when_all_answer_the_weights_are_those_of_the_draw(name: str) -> None:
    drawn = _drawn(name)
    answers = {one.household_id: FAILS[one.household_id] for one in drawn.households}
    by_hand = total(observed(one, FAILS[one.household_id][0]) for one in drawn.households)
    found = total(observations(drawn, answers))
    assert found.estimate == pytest.approx(by_hand.estimate) and found.variance == pytest.approx(by_hand.variance)


@pytest.mark.parametrize("name", ["pps", "stratified", "simple"])
def test_a_reserve_that_stands_in_weighs_as_the_household_that_it_replaces(name: str) -> None:
    drawn = _drawn(name)
    spare = drawn.reserves[0]
    left = next(one for one in drawn.households if (one.stratum, one.psu) == (spare.stratum, spare.psu) or
                (one.stratum == spare.stratum and one.psu == one.household_id))  # fmt: skip
    ids = {one.household_id for one in drawn.households} - {left.household_id} | {spare.household_id}
    seen = observations(drawn, {id_: FAILS[id_] for id_ in ids})
    assert sum(one.weight for one in seen) == pytest.approx(float(sum(one.weight for one in drawn.households)))


@pytest.mark.parametrize("name", ["pps", "simple", "stratified", "always"])
def test_households_that_stay_silent_by_chance_do_not_bend_the_estimate(name: str) -> None:
    """400 draws in which a third does not answer: the mean of the totals is the truth within 4 standard errors."""
    found = []
    chance = random.Random(3)
    for number in range(400):
        drawn = _drawn(name, f"{number:020}")
        heard = {one.household_id: FAILS[one.household_id] for one in drawn.households if chance.random() < 0.67}
        rate = ratio(observations(drawn, heard))
        assert rate is not None
        found.append(rate.estimate)
    truth = sum(one.fails for one in PEOPLE) / len(PEOPLE)
    assert abs(fmean(found) - truth) <= 4 * sqrt(variance(found) / len(found)) + 0.003


def test_a_village_from_which_nobody_answered_is_stood_for_by_the_others_of_its_stratum() -> None:
    drawn = _drawn("pps")
    silent = drawn.villages[0].village
    heard = {one.household_id: (1.0, 1.0) for one in drawn.households if one.village != silent}
    whole = float(sum(one.weight for one in drawn.households if one.stratum == drawn.villages[0].stratum))
    seen = observations(drawn, heard)
    assert sum(one.weight for one in seen if one.stratum == drawn.villages[0].stratum) == pytest.approx(whole)


def test_anybody_reckons_the_rate_from_what_was_published(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUHU_VAR", str(tmp_path / "var"))
    frame_in(PEOPLE).write(tmp_path / "frame.csv")
    (tmp_path / "plan.yaml").write_text(json.dumps(PLANS["pps"]), "utf-8")
    files = ("--frame", str(tmp_path / "frame.csv"), "--plan", str(tmp_path / "plan.yaml"))
    out = str(tmp_path / "out")
    assert _ruhu("freeze", *files, "--out", out) == 0 and _ruhu("publish", out, "--seed", DICE) == 0
    drawn = _drawn("pps")
    answers = {one.household_id: FAILS[one.household_id] for one in drawn.households}
    results = tmp_path / "results.csv"
    lines = [f"{id_},{y:.0f},{x:.0f}" for id_, (y, x) in answers.items()]
    results.write_text("household_id,wrong,people\n" + "\n".join(lines), "utf-8")
    told = CliRunner().invoke(main, ["sample", "estimate", out, str(results), "--count", "wrong", "--json"])
    found, wanted = json.loads(told.stdout), ratio(observations(drawn, answers))
    assert wanted is not None and found["estimate"] == pytest.approx(wanted.estimate)
    assert found["exact"][0] < found["estimate"] < found["exact"][1] and found["answered"] == len(answers)
    assert _ruhu("estimate", out, str(results), "--count", "wrong", "--of", "people") == 0
    for bad in ("household_id,wrong\nnobody,1\n", "household_id,wrong\nH0000,nan\n", "id,wrong\nH0000,1\n"):
        results.write_text(bad, "utf-8")
        assert _ruhu("estimate", out, str(results), "--count", "wrong") == 1


def _ruhu(*arguments: str) -> int:
    return CliRunner().invoke(main, ["sample", *arguments]).exit_code
