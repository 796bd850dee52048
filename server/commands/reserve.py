"""ruhu backup, ruhu restore."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask

from server import db, schema
from server.commands.messages import say
from server.commands.progress import Progress
from server.commands.refusal import refuse
from server.errors import Problem
from server.reserve.backup import backup as make_backup
from server.reserve.restore import restore as load_backup
from server.sealing.vault import vault

_SHOWN = 10


def register(main: click.Group) -> None:
    main.add_command(backup)
    main.add_command(restore)


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def backup(app: Callable[[], Flask], folder: Path) -> None:
    """Write a backup of everything below FOLDER: tables and photos. Work goes on meanwhile; photos are copied once.

    What the database seals stays sealed in it; names, places and photos do not: keep it as safe as the server. The
    master key is not in it: keep a copy of that in another place.
    """
    flask, progress = app(), Progress("reserve")
    with flask.app_context():
        done = make_backup(flask.config["RUHU"], folder, progress)
        where = vault().masters.where
    progress.finish()
    click.echo(say("reserve.made", path=done.path, rows=done.rows, blobs=done.blobs, copied=done.copied))
    click.echo(say("reserve.master", ids=" ".join(done.masters), where=where))
    _name("reserve.missing", done.missing)


@click.command()
@click.argument("path", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.pass_obj
def restore(app: Callable[[], Flask], path: Path) -> None:
    """Load the backup PATH (FOLDER/<name>) into an empty database. Phones then fetch everything anew.

    On a new machine put the copy of the master key to its place first: RUHU_MASTER_KEY_FILE, or keys/master.keys in
    RUHU_VAR.
    """
    flask, progress = app(), Progress("reserve")
    with flask.app_context():
        schema.migrate(db.db.engine)
        try:
            done = load_backup(flask.config["RUHU"], path, progress)
        except Problem as problem:
            refuse(problem)
    progress.finish()
    click.echo(say("reserve.restored", rows=done.rows, blobs=done.blobs))
    _name("reserve.missing", done.missing)
    _name("reserve.spoilt", done.damaged)
    if done.missing or done.damaged:
        raise SystemExit(2)


def _name(text: str, hashes: tuple[str, ...]) -> None:
    if hashes:
        more = "" if len(hashes) <= _SHOWN else " …"
        click.echo(say(text, count=len(hashes), hashes=" ".join(hashes[:_SHOWN]) + more), err=True)
