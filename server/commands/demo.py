"""ruhu demo load, ruhu demo sign-ins."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask

from server import db
from server.commands.messages import say
from server.commands.progress import Progress
from server.commands.refusal import stop
from server.config import Settings
from server.demo.county import PASSWORD
from server.demo.load import COMPLETE, demo_state, has_people, load_demo
from server.demo.sign_ins import sign_ins


def register(main: click.Group) -> None:
    main.add_command(demo)


@click.group()
def demo() -> None:
    """The invented county that shows every screen."""


@demo.command()
@click.option("--if-empty", is_flag=True, help="Do nothing, and say so, when real people are in the database.")
@click.pass_obj
def load(app: Callable[[], Flask], if_empty: bool) -> None:
    """Fill an empty database with the demo county: 3 townships, 12 villages, 600 households, some weeks of work."""
    flask = app()
    with flask.app_context():
        load_into_empty(flask.config["RUHU"], must_be_empty=not if_empty)


def load_into_empty(settings: Settings, must_be_empty: bool) -> None:
    """Loads the county, or goes on with a load that was cut off; says so when there is nothing to do."""
    with db.read() as session:
        state, people = demo_state(session), has_people(session)
    if state == COMPLETE:
        click.echo(say("demo.there"))
    elif state is None and people:
        if must_be_empty:
            stop(say("demo.not_empty"))
        click.echo(say("demo.skipped"))
    else:
        progress = Progress("demo")
        county = load_demo(settings, progress)
        progress.finish()
        members = sum(len(household.members) for household in county.households)
        click.echo(say("demo.loaded", households=len(county.households), members=members))


@demo.command("sign-ins")
@click.pass_obj
def show(app: Callable[[], Flask]) -> None:
    """Print who can sign in to the demo."""
    with app().app_context():
        lines = sign_in_lines()
    click.echo("\n".join(lines) if lines else say("demo.none"))


def sign_in_lines() -> list[str]:
    """The demo's sign-ins for the screen; nothing when this is no demo. Needs an app context."""
    with db.read() as session:
        if demo_state(session) != COMPLETE:
            return []
    rows = [f"    {worker.username:<16}{worker.name}　{worker.task}" for worker in sign_ins()]
    return [say("demo.sign_ins", password=PASSWORD), *rows]
