"""How a command says no: what happened, every fault by place, what to do; exit code 1."""

from __future__ import annotations

from typing import NoReturn

import click

from server.errors import Problem


def refuse(problem: Problem) -> NoReturn:
    click.echo(f"{problem.entry.zh} / {problem.entry.en}", err=True)
    if problem.detail:
        click.echo(f"  {problem.detail}", err=True)
    for fault in problem.faults:
        click.echo(f"  {fault.where}: {fault.why}\n    → {fault.fix}", err=True)
    raise SystemExit(1)


def stop(sentence: str) -> NoReturn:
    """Ends the command with one plain sentence."""
    click.echo(sentence, err=True)
    raise SystemExit(1)
