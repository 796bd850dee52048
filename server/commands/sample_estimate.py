"""ruhu sample estimate: from a published draw and what was found in its households to a rate, as the design has it."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from math import inf
from pathlib import Path
from typing import Any

import click

from server.commands import sample_folder as kept
from server.commands.refusal import stop
from server.commands.sample_size import SHARE
from server.commands.sample_words import say
from server.inspection import verify as verifier
from server.inspection.answered import Answer, observations
from server.inspection.intervals import by_trials, share, student
from server.inspection.variance import Rate, ratio

_PATH = click.Path(exists=True, path_type=Path)


@click.command()
@click.argument("path", metavar="FILE", type=_PATH)
@click.argument("results", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--count", "y", required=True, help="Column of RESULTS that is counted, such as wrong.")
@click.option("--of", "x", help="Column of what it is counted of, such as people; without it each household is one.")
@click.option("--confidence", type=SHARE, default="95%", show_default=True)
@click.option("--effect", type=click.FloatRange(1), default=1.0, help="Design effect where all answers are alike.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object in place of sentences.")
def estimate(path: Path, results: Path, y: str, x: str | None, confidence: float, effect: float, as_json: bool) -> None:
    """The rate that RESULTS (CSV: household_id and numbers) show of the whole frame of the draw FILE.

    FILE is the bundle, draw.json, or their folder; households that are missing in RESULTS did not answer.
    """
    files = verifier.read_files(path)
    if faults := list(verifier.check(files, None)):
        raise SystemExit(verifier.report(files, faults))
    drawn = kept.drawn_in(files)
    known = {one.household_id for one in (*drawn.households, *drawn.reserves)}
    answers = _answers(results, y, x)
    if strange := sorted(set(answers) - known):
        stop(say("estimate.strange", count=len(strange), example=strange[0]))
    found = ratio(observations(drawn, answers))
    if found is None:
        stop(say("estimate.none"))
    numbers = _numbers(found, _trials(answers), confidence, effect, len(drawn.households))
    click.echo(json.dumps(numbers, indent=1) if as_json else say("estimate", **_shown(numbers)))


def _answers(path: Path, y: str, x: str | None) -> dict[str, Answer]:
    answers: dict[str, Answer] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        missing = [name for name in ("household_id", y, x) if name and name not in (rows.fieldnames or ())]
        if missing:
            stop(say("estimate.column", name=missing[0], known=", ".join(rows.fieldnames or ())))
        for row in rows:
            if row["household_id"] in answers:
                stop(say("estimate.twice", household=row["household_id"]))
            answers[row["household_id"]] = _number(rows.line_num, row[y]), _number(rows.line_num, row[x]) if x else 1.0
    return answers


def _number(line: int, text: str | None) -> float:
    try:
        number = float(text or "")
    except ValueError:
        number = -1.0
    if not 0 <= number < inf:
        stop(say("estimate.number", line=line, value=text))
    return number


def _trials(answers: Mapping[str, Answer]) -> float | None:
    """How many stand or fall on their own: households where each counts whole or not at all, else what is counted of.

    None where more was counted than it was counted of: that is no share. The report of an inspection does the same.
    """
    based = [(y, x) for y, x in answers.values() if x > 0]
    if any(y > x for y, x in answers.values()):
        return None
    return float(len(based)) if all(y in (0, x) for y, x in based) else sum(x for _, x in based)


def _numbers(found: Rate, trials: float | None, confidence: float, effect: float, drawn: int) -> dict[str, Any]:
    """Exact and Wilson intervals are for shares (`trials` as _trials()); a ratio of other counts has Student's."""
    is_share = trials is not None
    numbers: dict[str, Any] = {
        "estimate": found.estimate,
        "drawn": drawn,
        "answered": found.households,
        "standard_error": None if found.variance is None else found.variance**0.5,
        "freedom": None if found.is_census else found.freedom,
        "design_effect": found.design_effect if is_share else None,
        "confidence": confidence,
    }
    if trials is not None:
        both = share(by_trials(found, trials), confidence, effect)
        return {**numbers, "exact": [both.low, both.high], "wilson": [both.shown_low, both.shown_high]}
    return {**numbers, "student": student(found, confidence)}


def _shown(numbers: dict[str, Any]) -> dict[str, str]:
    interval = numbers.get("exact", numbers.get("student"))
    low, high = (f"{one:.2%}" for one in interval) if interval else ("?", "?")
    whole = {name: str(numbers[name]) for name in ("drawn", "answered")}
    return {
        **whole,
        "rate": f"{numbers['estimate']:.2%}",
        "low": low,
        "high": high,
        "sure": f"{numbers['confidence']:.0%}",
    }
