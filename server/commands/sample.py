"""ruhu sample draw, freeze, commit, publish, verify, estimate, size. Needs no database."""

from __future__ import annotations

import json
import secrets
from fractions import Fraction
from pathlib import Path
from typing import Any

import click

from server.commands import sample_folder as kept
from server.commands.refusal import refuse, stop
from server.commands.sample_estimate import estimate
from server.commands.sample_size import size
from server.commands.sample_words import say
from server.config import settings_from
from server.errors import Problem
from server.inspection import verify as verifier
from server.inspection.draw_record import DICE, REVEAL, Commitment, commitment_of, public_key
from server.inspection.frame_file import read_frame
from server.inspection.plan_file import read_plan
from server.inspection.sampling import Drawn, draw
from server.inspection.signing import draw_key

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(file_okay=False, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(sample)


@click.group()
def sample() -> None:
    """Draw households that anybody can draw again."""


sample.add_command(size)
sample.add_command(estimate)


@sample.command("draw")
@click.option("--frame", "frame_file", type=_FILE, required=True, help="CSV: household_id, village, township, …")
@click.option("--plan", "plan_file", type=_FILE, required=True, help="YAML; docs/INSPECTION.md tells the keys.")
@click.option("--seed", required=True, help="Digits, as the dice fell; blanks between them are for the eye.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object in place of a table.")
def draw_(frame_file: Path, plan_file: Path, seed: str, as_json: bool) -> None:
    """Draw from FRAME by PLAN with SEED; nothing is kept, and doing it again gives the same."""
    try:
        frame, plan = read_frame(frame_file), read_plan(plan_file)
        drawn = draw(frame, plan, seed)
    except Problem as problem:
        refuse(problem)
    for one in (*frame.notes, *plan.notes, *drawn.notes):
        click.echo(f"- {one}", err=True)
    if as_json:
        click.echo(json.dumps(_rounded(drawn.as_json()), ensure_ascii=False, indent=1))
    else:
        _show(drawn, len(frame))


def _rounded(told: dict[str, Any]) -> dict[str, Any]:
    """For programs that know no fractions: pi and weight as the nearest double. A published draw keeps them exact."""

    def unit(one: dict[str, Any]) -> dict[str, Any]:
        return {key: float(Fraction(value)) if key in ("pi", "weight") else value for key, value in one.items()}

    return {name: [*map(unit, part)] if isinstance(part, list) else part for name, part in told.items()}


def _show(drawn: Drawn, households: int) -> None:
    click.echo(say("frame", sha256=drawn.frame_sha256, households=households))
    click.echo(say("plan", sha256=drawn.plan_sha256))
    click.echo(say("seed", seed=drawn.seed))
    told = drawn.as_json()
    if told["villages"]:
        click.echo("\n" + say("villages"))
        for one in told["villages"]:
            click.echo(say("head.village", **one))
    for name in ("households", "reserves"):
        if told[name]:
            click.echo("\n" + say(name, count=len(told[name])) + "\n" + say("head"))
        for one in told[name]:
            click.echo(say("row", **{**one, "ticket": one["ticket"][:12]}))


@sample.command()
@click.option("--frame", "frame_file", type=_FILE, required=True, help="CSV: household_id, village, township, …")
@click.option("--plan", "plan_file", type=_FILE, required=True, help="YAML.")
@click.option("--out", "folder", type=_FOLDER, required=True, help="Folder of everything that will be published.")
@click.option("--exclusions", type=_FILE, help="CSV with household_id: who was left out of the frame, and why.")
@click.option("--party", "parties", multiple=True, metavar="NAME:COMMITMENT", help="Twice: no dice, but two secrets.")
@click.option("--by", default="", help="Who freezes it.")
def freeze(
    frame_file: Path, plan_file: Path, folder: Path, exclusions: Path | None, parties: tuple[str, ...], by: str
) -> None:
    """Fix frame and plan before there is a seed, signed: freeze.json and frame.csv are to be published at once."""
    if kept.has_freeze(folder):
        stop(say("frozen.before", folder=folder))
    key = draw_key(settings_from().keys)
    try:
        frame, plan = read_frame(frame_file), read_plan(plan_file)
        commitments = tuple(Commitment(name, hash_.lower()) for name, hash_ in map(_pair, parties))
        kept.freeze(folder, frame, plan, exclusions, commitments, by, key)
    except Problem as problem:
        refuse(problem)
    click.echo(say("frame", sha256=frame.sha256, households=len(frame)))
    click.echo(say("plan", sha256=plan.sha256))
    click.echo(say("key", key=public_key(key)))
    click.echo(say("frozen", folder=folder))


@sample.command()
@click.option("--secret", prompt=say("secret.ask"), default="", hide_input=True, show_default=False)
def commit(secret: str) -> None:
    """One party's commitment to its secret, to be published before the other party's secret is known."""
    secret = secret.strip() or secrets.token_hex(16)
    click.echo(say("secret", secret=secret))
    click.echo(say("commitment", sha256=commitment_of(secret)))


@sample.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--seed", help="At least 20 digits, as the dice fell.")
@click.option("--secret", "revealed", multiple=True, metavar="NAME:SECRET", help="Twice: what both parties reveal.")
@click.option("--by", default="", help="Who draws.")
def publish(folder: Path, seed: str | None, revealed: tuple[str, ...], by: str) -> None:
    """Draw once from what was frozen in FOLDER: draw.json, signed, and the verifier beside it."""
    if not kept.has_freeze(folder):
        stop(say("not_frozen", folder=folder))
    if kept.has_draw(folder):
        stop(say("drawn.before", folder=folder))
    if (seed is None) == (not revealed):
        stop(say("one_way"))
    way = DICE if seed is not None else REVEAL
    try:
        drawn = kept.publish(folder, way, seed or "", dict(map(_pair, revealed)), by, draw_key(settings_from().keys))
    except Problem as problem:
        refuse(problem)
    for one in drawn.notes:
        click.echo(f"- {one}", err=True)
    _show(drawn, kept.households(folder))
    click.echo("\n" + say("drawn", folder=folder, bundle=folder / kept.BUNDLE))


@sample.command()
@click.argument("path", metavar="FILE", type=click.Path(exists=True, path_type=Path))
@click.option("--key", help="The public key that the office made known, 64 hexadecimal digits.")
def verify(path: Path, key: str | None) -> None:
    """Draw again what was published: FILE is the bundle, draw.json, or their folder.

    Twice: by the verifier that travels with each bundle, and by this program. Exit code 0 when everything stands.
    """
    arguments = [str(path), *(["--key", key] if key else [])]
    code = verifier.main(arguments)
    if code == 0:
        same = kept.is_same(verifier.read_files(path))
        click.echo(say("again" if same else "not_again"))
        code = 0 if same else 1
    raise SystemExit(code)


def _pair(given: str) -> tuple[str, str]:
    name, colon, content = given.partition(":")
    if not (name.strip() and colon and content.strip()):
        stop(say("pair", given=given))
    return name.strip(), content.strip()
