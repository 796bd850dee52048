"""ruhu keys: what seals the database, changing it, and looking for what does not open."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import click
from flask import Flask

from server import db
from server.commands.messages import say
from server.commands.progress import Progress
from server.commands.refusal import refuse
from server.errors import Problem
from server.sealing import compact, master, reseal, rotate, verify
from server.sealing.tokens import new_key
from server.sealing.vault import vault


def register(main: click.Group) -> None:
    main.add_command(keys)


@click.group()
def keys() -> None:
    """The keys under which values lie in the database."""


@keys.command()
@click.pass_obj
def status(app: Callable[[], Flask]) -> None:
    """Say which keys there are, where the master key is, and how far the tables are under the newest keys."""
    with app().app_context():
        vault().ready()
        click.echo(say("keys.masters", where=vault().masters.where))
        for key in rotate.key_states():
            what = say("keys.seals") if key.seals else say("keys.opens")
            made = f"{key.created_at:%Y-%m-%d %H:%M}"
            click.echo(f"  {key.purpose} {key.number}  {key.id}  {made}  [{key.master}]  {what}")
        for one in rotate.progress():
            mark = "✓" if one.finished else "…"
            click.echo(f"  {mark} {one.table}: {one.looked_at} ({one.resealed})")


@keys.command(name="rotate")
@click.option("--master", "also_master", is_flag=True, help="Change the master key too.")
@click.option("--later", is_flag=True, help="Leave the tables to the worker.")
@click.pass_obj
def rotate_(app: Callable[[], Flask], also_master: bool, later: bool) -> None:
    """Make new keys and bring every table under them. Work goes on meanwhile; run again after a stop.

    What the old keys sealed stays readable. They are removed once nothing uses them.
    """
    with app().app_context():
        try:
            if also_master:
                click.echo(say("keys.new_master", id=rotate.new_master(), where=vault().masters.where))
            else:
                rotate.rewrap()
        except Problem as problem:
            refuse(problem)
        rotate.new_seal_keys()
        if later:
            click.echo(say("keys.later"))
        else:
            _reseal(rotate.SETTLED)


@keys.command(name="reseal")
@click.option(
    "--settled", type=click.IntRange(0), default=int(rotate.SETTLED.total_seconds() // 60), show_default=True,
    help="Remove keys that were replaced so many minutes ago, if nothing uses them. 0: no server runs.",
)  # fmt: skip
@click.pass_obj
def reseal_(app: Callable[[], Flask], settled: int) -> None:
    """Go on where `rotate` or an update stopped: seal what lies there plain or under an old key."""
    with app().app_context():
        _reseal(timedelta(minutes=settled))


def _reseal(settled: timedelta) -> None:
    seal_all()
    dropped, later = rotate.drop_unused(settled)
    if later and settled == timedelta(0):
        seal_all()
        dropped, later = rotate.drop_unused(settled)
    if dropped:
        click.echo(say("keys.dropped", count=dropped))
    if later:
        click.echo(say("keys.settling", minutes=int(settled.total_seconds() // 60)))


def seal_all() -> None:
    """Brings every table under the current keys, showing how far it is."""
    if not reseal.is_due():
        return
    progress = Progress("keys")
    done = reseal.go_on(progress)
    progress.finish()
    click.echo(say("keys.resealed", looked_at=done.looked_at, resealed=done.resealed))
    if done.bare and db.db.engine.dialect.name == "sqlite":
        click.echo(say("keys.compacted" if compact.forget_old_bytes(db.db.engine) else "keys.in_use"))


@keys.command(name="compact")
@click.pass_obj
def compact_(app: Callable[[], Flask]) -> None:
    """Write an SQLite file anew, so that nothing that was overwritten is left in it. No server may run."""
    with app().app_context():
        click.echo(say("keys.compacted" if compact.forget_old_bytes(db.db.engine) else "keys.in_use"))


@keys.command(name="verify")
@click.pass_obj
def verify_(app: Callable[[], Flask]) -> None:
    """Open every sealed value; name the rows whose values do not open. Exit code 2 when there are any."""
    with app().app_context():
        damaged = list(verify.damaged())
    for one in damaged:
        click.echo(f"{one.place} {one.row}", err=True)
    click.echo(say("keys.damaged", count=len(damaged)) if damaged else say("keys.sound"))
    if damaged:
        raise SystemExit(2)


@keys.command()
def new() -> None:
    """Print a new master key, for a file or setting that this program does not write."""
    click.echo(master.line_of(new_key()))
