"""ruhu policies load."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask

from server import db
from server.commands.messages import say
from server.commands.refusal import refuse
from server.config import Settings
from server.errors import Problem
from server.sync.policies import LoadedPolicies, load, read_policies

_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(policies)


@click.group()
def policies() -> None:
    """Dated policies by area: thresholds that forms and rules read."""


@policies.command("load")
@click.argument("folder", type=_FOLDER, required=False)
@click.pass_obj
def load_(app: Callable[[], Flask], folder: Path | None) -> None:
    """Load the policies of FOLDER (default: those of this installation). Phones get them with their next sync.

    All mistakes are listed by file and line; with any of them nothing is loaded. Doing it again is harmless. A version
    that was loaded never changes: write a new one, or give the old one an `until`.
    """
    flask = app()
    with flask.app_context():
        try:
            done = load_folder(folder or flask.config["RUHU"].forms / "policies")
        except Problem as problem:
            refuse(problem)
    for version in done.new:
        click.echo(f"+ {version}")
    for version in done.ended:
        click.echo(say("policies.ended", version=version))
    click.echo(say("policies.loaded", policies=done.policies, versions=done.versions, forms=done.forms))


def load_folder(folder: Path) -> LoadedPolicies:
    """Reads and loads a folder in one transaction of its own. Problem policy.invalid."""
    found = read_policies(folder)
    return db.transact(lambda session: load(session, found))


def load_own(settings: Settings) -> None:
    """The policies of this installation, as a start does it."""
    try:
        load_folder(settings.forms / "policies")
    except Problem as problem:
        refuse(problem)
