"""ruhu photo inspect, compare, intake, rebuild: photos are opened in a process of their own.

Only intake and rebuild need a database.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask import Flask

from server import db
from server.commands.messages import say
from server.commands.progress import Progress
from server.commands.refusal import stop
from server.config import settings_from
from server.evidence import rebuild as again
from server.evidence import tasks
from server.evidence.darkroom import Darkroom
from server.evidence.file_report import likeness, limits_of_today, report
from server.evidence.findings import in_words
from server.evidence.intake import STAGES, Wanted, count_intake, list_intake, try_again

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(photo)


@click.group()
def photo() -> None:
    """Look at photo files."""


@photo.command()
@click.argument("files", metavar="FILE…", nargs=-1, required=True, type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each file.")
def inspect(files: tuple[Path, ...], as_json: bool) -> None:
    """Say what each FILE is: type, size, hashes, its own shooting record, and what is strange about it."""
    limits = limits_of_today(settings_from().forms / "policies")
    with Darkroom() as room:
        for path in files:
            found = report(room, path, limits)
            if as_json:
                click.echo(json.dumps(found, ensure_ascii=False))
                continue
            size = f"{found['width']}×{found['height']}" if found["width"] else "-"
            click.echo(f"{path}: {found['type'] or '-'} {size} {json.dumps(found['exif'], ensure_ascii=False)}")
            for finding in found["findings"]:
                told = in_words(finding)["message"]
                click.echo(f"  {told['zh']} / {told['en']}")


@photo.command()
@click.argument("one", metavar="A", type=_FILE)
@click.argument("other", metavar="B", type=_FILE)
@click.option("--json", "as_json", is_flag=True, help="{verdict, distance, variant}")
def compare(one: Path, other: Path, as_json: bool) -> None:
    """Say whether A and B are the same picture: recompressed, stamped or cropped a little.

    Same: 40 of 256 bits at most differ; near: 41 to 56. Pictures too flat or too dark to tell are different.
    """
    with Darkroom() as room:
        found = likeness(room, one, other)
    if found is None:
        stop(say("photo.no_picture"))
    click.echo(
        json.dumps(asdict(found))
        if as_json
        else say(f"photo.{found.verdict}", distance=found.distance, variant=found.variant)
    )


@photo.command()
@click.option("--stage", type=click.Choice(STAGES), help="Only photos at this stage.")
@click.option("--region", help="Only photos of visits in this region: its code, or the beginning of it.")
@click.option("--retry", metavar="ID", help="Have the photo with this id tried again.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line for each photo.")
@click.pass_obj
def intake(
    app: Callable[[], Flask], stage: str | None, region: str | None, retry: str | None, limit: int, as_json: bool
) -> None:
    """List photos that came and are not through: what waits, what was tried how often and why it failed."""
    with app().app_context():
        if retry is not None:
            told = db.transact(lambda session: try_again(session, None, retry))
            tasks.enqueue([retry] if told else [])
            items = [told] if told else stop(say("photo.unknown", id=retry))
        else:
            with db.read() as session:
                page = list_intake(session, None, Wanted(stage, region), limit, None)
                counts = count_intake(session, None, region)
            items = page.items if page else []
    for item in items:
        click.echo(json.dumps(item, ensure_ascii=False) if as_json else _line(item))
    if not as_json and retry is None:
        click.echo(say("photo.intake", **counts))


def _line(item: Mapping[str, Any]) -> str:
    """One photo of the list: what is wrong with it, and how often it was tried."""
    told = item["error"] or "; ".join(finding["message"]["en"] for finding in item["findings"]) or "-"
    tried = f"{item['attempts']}/{item['most_attempts']}"
    return f"{item['bound_at']}  {item['stage']:<10} {tried}  {item['id']}  {item['name']}  {told}"


@photo.command()
@click.option("--region", help="Only photos of visits in this region: its code, or the beginning of it.")
@click.option("--hashes-only", is_flag=True, help="Make the picture hashes alone, neither copies nor findings.")
@click.pass_obj
def rebuild(app: Callable[[], Flask], region: str | None, hashes_only: bool) -> None:
    """Derive all photos again: copies, shooting records, hashes, checks. Goes on where it was interrupted."""
    flask, progress = app(), Progress("photo.rebuild")
    with flask.app_context():
        made = again.rebuild(flask.config["RUHU"], again.Wanted(region, hashes_only), progress)
    progress.finish()
    click.echo(say("photo.rebuilt", done=made.done, failed=made.failed))
