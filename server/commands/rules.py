"""ruhu rules run."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import click
from flask import Flask

from server import db
from server.commands.messages import say
from server.commands.progress import Progress
from server.commands.refusal import refuse
from server.config import Settings
from server.errors import Problem
from server.geo.regions import code_of
from server.registry.definitions import rules as known_rules
from server.sync.rule_runs import RunOutcome, run_rules


def register(main: click.Group) -> None:
    main.add_command(rules)


@click.group()
def rules() -> None:
    """Cleaning rules over households."""


@rules.command()
@click.option("--region", required=True, help="Code of the region; everything below it is looked at.")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="Judge as of this day (default: today).")
@click.option("--dry-run", is_flag=True, help="Only count; keep nothing.")
@click.pass_obj
def run(app: Callable[[], Flask], region: str, day: datetime | None, dry_run: bool) -> None:
    """Run all rules over the households of a region and keep what they find.

    Doing it again is harmless; a run that was stopped goes on where it was.
    """
    flask = app()
    settings: Settings = flask.config["RUHU"]
    progress = Progress("rules")
    with flask.app_context():
        try:
            done = run_rules(
                settings.forms,
                _code_of(region),
                day.date() if day else db.today(),
                lambda count, total: progress("households", count, total),
                dry=dry_run,
            )
        except Problem as problem:
            refuse(problem)
    progress.finish()
    _tell(done, settings, dry_run)


def _code_of(region: str) -> str:
    with db.read() as session:
        return code_of(session, region) or region


def _tell(done: RunOutcome, settings: Settings, dry: bool) -> None:
    found = known_rules(settings.forms).by_id
    for rule, count in sorted(done.by_rule.items(), key=lambda item: (-item[1], item[0])):
        click.echo(f"{count:7}  {rule}  {found[rule].message['zh']} / {found[rule].message['en']}")
    if done.resumed_after:
        click.echo(say("rules.resumed", households=done.resumed_after))
    name = "rules.counted" if dry else "rules.done"
    click.echo(say(name, households=done.households, findings=done.findings, new=done.new, closed=done.closed))
