"""ruhu form eval --cases FILE.jsonl: single expressions of forms, one a line. Needs no database."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from server.commands.forms import form
from server.forms.xpath.cases import answers


def register(main: click.Group) -> None:
    """The command stands in the group `form`."""


@form.command("eval")
@click.option(
    "--cases", required=True, type=click.File(encoding="utf-8-sig", errors="replace", lazy=False), metavar="FILE.jsonl"
)
def evaluate_cases(cases: Iterable[str]) -> None:
    """Evaluate the expression on each line of FILE.jsonl ("-": standard input); print a line for each.

    In: {"expr": …, "instance": XML or null, "context": PATH or null, "secondary": {id: XML}}.
    Out: {"type": string|number|boolean|nodeset|date, "value": …} or {"error": …}.
    """
    for answer in answers(cases, _now()):
        click.echo(answer)


def _now() -> datetime:
    """Now, in the zone of this machine with its summer times where it tells its name."""
    link = Path("/etc/localtime")
    name = os.environ.get("TZ") or ("/".join(link.resolve().parts[-2:]) if link.is_symlink() else "")
    try:
        return datetime.now(ZoneInfo(name)) if name else datetime.now().astimezone()
    except (ZoneInfoNotFoundError, ValueError):
        return datetime.now().astimezone()
