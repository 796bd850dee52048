"""ruhu migrate."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask

from server import db, schema
from server.commands.keys import seal_all
from server.sync.migrate_records import migrate_all


def register(main: click.Group) -> None:
    main.add_command(migrate)


@click.command()
@click.pass_obj
def migrate(app: Callable[[], Flask]) -> None:
    """Bring the database to the newest schema, its records into today's words, and secrets under the newest keys."""
    with app().app_context():
        schema.migrate(db.db.engine)
        migrate_all()
        seal_all()
        click.echo(f"{db.db.engine.url.render_as_string(hide_password=True)}: up to date")
