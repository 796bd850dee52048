"""ruhu photo inspect, compare, rebuild: photos are opened in a process of their own. Only rebuild needs a database."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
from flask import Flask

from server.commands.messages import say
from server.commands.progress import Progress
from server.commands.refusal import stop
from server.config import settings_from
from server.evidence import rebuild as again
from server.evidence.darkroom import Darkroom
from server.evidence.file_report import likeness, limits_of_today, report
from server.evidence.findings import in_words

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
