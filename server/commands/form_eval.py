"""ruhu form eval --cases FILE.jsonl: single expressions of forms, one a line. Needs no database."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import click

from server.commands.forms import form
from server.forms.xpath import EvaluationError
from server.forms.xpath.cases import answers

# An expression takes microseconds, unless it looks at all nodes of a large instance for each of them.
SECONDS = 10


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
    now = _now()
    for line in cases:
        try:
            with _bounded():
                found = list(answers([line], now))
        except EvaluationError as late:
            found = [json.dumps({"error": late.why}, ensure_ascii=False)]
        for answer in found:
            click.echo(answer)


@contextmanager
def _bounded() -> Iterator[None]:
    """Stops what takes longer than SECONDS: raises EvaluationError there, and again each second."""
    before = signal.signal(signal.SIGALRM, _stop)
    signal.setitimer(signal.ITIMER_REAL, SECONDS, 1)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _stop(number: int, frame: object) -> NoReturn:
    raise EvaluationError("too_long", seconds=SECONDS)


def _now() -> datetime:
    """Now, in the zone of this machine with its summer times where it tells its name."""
    link = Path("/etc/localtime")
    name = os.environ.get("TZ") or ("/".join(link.resolve().parts[-2:]) if link.is_symlink() else "")
    try:
        return datetime.now(ZoneInfo(name)) if name else datetime.now().astimezone()
    except (ZoneInfoNotFoundError, ValueError):
        return datetime.now().astimezone()
