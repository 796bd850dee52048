"""One truth: the report of an inspection and `ruhu sample estimate` say the same of the same answers."""

from __future__ import annotations

import json
import random
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from server.cli import main
from server.forms.policies import load_policies
from server.forms.policy_rows import policy_list
from server.inspection.answered import Answer, observations
from server.inspection.indicators import Indicator, Limits, Visited, indicators
from server.inspection.intervals import share
from server.inspection.outcome import _drawn
from server.inspection.plan import exact
from server.inspection.plan_file import plan_of
from server.inspection.sampling import Drawn, draw
from server.inspection.standing import Standing
from server.inspection.tables import SampledHousehold
from server.inspection.variance import ratio
from tests.inspection.sampling_ground import DICE, PLANS, frame_in, population

PEOPLE = population()
POLICIES = Path(__file__).parents[2] / "form_definitions" / "policies"
LIMITS = Limits.of(policy_list(load_policies(POLICIES)["indicators"])[0])


def _answers(drawn: Drawn, share_of: float = 1.0) -> dict[str, Answer]:
    """Each household's people, all of them below the standard or none; some households are silent."""
    chance = random.Random(8)
    below = {one.id: one for one in PEOPLE}
    heard = [one.household_id for one in drawn.households if chance.random() < share_of]
    return {id_: (float(below[id_].fails * below[id_].people), float(below[id_].people)) for id_ in heard}


def _reported(drawn: Drawn, answers: dict[str, Answer], released: frozenset[str]) -> dict[str, Indicator]:
    """What the report says; `released` households alone are the base of 错退率."""
    first_stage = {one.village: float(one.pi) for one in drawn.villages}
    visited = []
    for one in drawn.households:
        row = SampledHousehold(household_id=one.household_id, village_code=one.village, stratum=one.stratum,
                               pi=exact(one.pi), weight=exact(one.weight))  # fmt: skip
        said = answers.get(one.household_id)
        asked = SimpleNamespace(is_answered=said is not None, disposition="complete" if said else "nobody")
        standing = Standing(int(said[1]), ("income",) if said[0] else ()) if said else None
        category = "exited" if one.household_id in released else "ordinary"
        visited.append(Visited(_drawn(row, [asked], first_stage), standing, category))  # type: ignore[list-item]
    return {one.code: one for one in indicators(visited, LIMITS)}


@pytest.mark.parametrize("name", list(PLANS))
@pytest.mark.parametrize("heard", [1.0, 0.6])
def test_report_and_estimate_agree_in_rate_variance_and_interval(name: str, heard: float) -> None:
    """For every design, with and without silent households, and for a rate that is about some of them only."""
    drawn = draw(frame_in(PEOPLE), plan_of(PLANS[name]), DICE)
    answers = _answers(drawn, heard)
    released = frozenset(sorted(answers)[::3])
    report = _reported(drawn, answers, released)
    only = {id_: said if id_ in released else (0.0, 0.0) for id_, said in answers.items()}
    for code, given in (("incidence", answers), ("wrong_exit", only)):
        wanted, found = ratio(observations(drawn, given)), report[code]
        assert wanted is not None and found.rate is not None and found.share is not None
        assert found.rate.estimate == pytest.approx(wanted.estimate)
        assert found.rate.variance == pytest.approx(wanted.variance, rel=1e-9)
        assert (found.rate.freedom, found.rate.households) == (wanted.freedom, wanted.households)
        if wanted.variance and 0 < wanted.estimate < 1:
            plain = share(wanted, LIMITS.confidence)
            assert (found.share.low, found.share.high) == pytest.approx((plain.low, plain.high))


def test_a_whole_census_has_no_interval_and_half_a_census_has_one() -> None:
    """Who was not met could have been below the standard: then nothing is certain."""
    drawn = draw(frame_in(PEOPLE), plan_of(PLANS["census"]), DICE)
    whole = _reported(drawn, _answers(drawn), frozenset())["incidence"].share
    half = _reported(drawn, _answers(drawn, 0.5), frozenset())["incidence"].share
    assert whole is not None and half is not None
    assert whole.low == whole.estimate == whole.high and half.low < half.estimate < half.high


def test_households_without_a_base_prove_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """None wrong of 4 households with people, 20 without: up to 60 %, as of 4; not 14 %, as of 24, and not 0 to 0."""
    monkeypatch.setenv("RUHU_VAR", str(tmp_path / "var"))
    frame_in(PEOPLE).write(tmp_path / "frame.csv")
    (tmp_path / "plan.yaml").write_text(json.dumps(PLANS["simple"]), "utf-8")
    files = ["--frame", str(tmp_path / "frame.csv"), "--plan", str(tmp_path / "plan.yaml")]
    out = str(tmp_path / "out")
    for arguments in (["freeze", *files, "--out", out], ["publish", out, "--seed", DICE]):
        assert CliRunner().invoke(main, ["sample", *arguments]).exit_code == 0
    drawn = draw(frame_in(PEOPLE), plan_of(PLANS["simple"]), DICE)
    lines = [f"{one.household_id},0,{3 if n < 4 else 0}" for n, one in enumerate(drawn.households)]
    (tmp_path / "results.csv").write_text("household_id,wrong,people\n" + "\n".join(lines), "utf-8")
    asked = ["sample", "estimate", out, str(tmp_path / "results.csv"), "--count", "wrong", "--of", "people", "--json"]
    found = json.loads(CliRunner().invoke(main, asked).stdout)
    assert found["answered"] == 4 and found["exact"] == pytest.approx([0, 1 - 0.025 ** (1 / 4)])
