"""ruhu courier take, ruhu courier list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask
from sqlalchemy import select

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.tables import Person
from server.commands.messages import say
from server.commands.refusal import refuse, stop
from server.errors import Problem
from server.sync.courier import Carried, kept_files, take

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(courier)


@click.group()
def courier() -> None:
    """Files with work that a phone could not send itself."""


@courier.command("take")
@click.argument("file", type=_FILE)
@click.option("--as", "username", required=True, help="Who carries it.")
@click.option("--vouch", is_flag=True, help="Take it though the phone's key does not vouch for it; you answer for it.")
@click.pass_obj
def take_(app: Callable[[], Flask], file: Path, username: str, vouch: bool) -> None:
    """Take in a courier FILE as if it had been carried to POST /sync/courier."""
    flask_app = app()
    with flask_app.app_context(), file.open("rb") as stream:
        try:
            carried = take(flask_app.config["RUHU"], _carrier(username), stream, vouched=vouch)
        except Problem as problem:
            refuse(problem)
    _tell(carried)


@courier.command("list")
@click.pass_obj
def list_(app: Callable[[], Flask]) -> None:
    """Damaged and unverified files that were kept, oldest first."""
    for path, size in kept_files(app().config["RUHU"]):
        click.echo(f"{path} {size}")


def _carrier(username: str) -> Actor:
    with db.read() as session:
        person = session.scalar(select(Person).where(Person.username == username, Person.active))
        if person is None:
            stop(say("user.unknown", username=username))
        return load_actor(session, person)


def _tell(carried: Carried) -> None:
    ops = ", ".join(f"{status} {count}" for status, count in sorted(carried.ops.items())) or "0"
    click.echo(say("courier.taken", ops=ops, files=carried.kept_files))
    if not carried.verified:
        click.echo(say("courier.unverified"), err=True)
    if carried.damaged_at:
        click.echo(say("courier.cut", where=carried.damaged_at), err=True)
    if not (carried.complete and carried.verified):
        raise SystemExit(1)
