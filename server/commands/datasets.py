"""ruhu datasets migrate."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask

from server.commands.messages import say
from server.sync.migrate_records import migrate_all


def register(main: click.Group) -> None:
    main.add_command(datasets)


@click.group()
def datasets() -> None:
    """Datasets: carry stored records into today's words."""


@datasets.command()
@click.pass_obj
def migrate(app: Callable[[], Flask]) -> None:
    """After a new step in form_definitions/migrations. Doing it again is harmless; phones get the records anew."""
    with app().app_context():
        click.echo(say("datasets.migrated", count=migrate_all()))
