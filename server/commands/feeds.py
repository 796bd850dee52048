"""ruhu feeds compact, ruhu feeds handovers, ruhu feeds revoke."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import click
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.audit import note
from server.accounts.tables import Install, Person
from server.commands.messages import say
from server.commands.refusal import stop
from server.sync import holdings
from server.sync.compaction import KEPT, compact
from server.sync.office_tables import InstallScope


def register(main: click.Group) -> None:
    main.add_command(feeds)


@click.group()
def feeds() -> None:
    """What phones fetch, and what they are to hand over."""


@feeds.command("compact")
@click.option("--days", type=click.IntRange(min=1), default=KEPT.days, show_default=True, help="Keep what is newer.")
@click.pass_obj
def compact_(app: Callable[[], Flask], days: int) -> None:
    """Drop old evictions, outcomes and settled news (the worker does it daily). Phones away longer fetch anew."""
    with app().app_context():
        done = compact(timedelta(days=days))
    click.echo(say("feeds.compacted", feeds=done.feeds, entries=done.entries))


@feeds.command("handovers")
@click.pass_obj
def handovers(app: Callable[[], Flask]) -> None:
    """List phones that hold what their person may no longer see and have not said that they wiped it."""
    with app().app_context():
        holdings.notice_all()
        with db.read() as session:
            rows = session.execute(
                select(InstallScope, Install, Person)
                .join(Install, Install.id == InstallScope.install_id)
                .join(Person, Person.id == Install.person_id)
                .where(InstallScope.state == "revoking")
                .order_by(InstallScope.revoking_since, InstallScope.install_id, InstallScope.scope)
            ).all()
    for scope, install, person in rows:
        since = scope.revoking_since.date() if scope.revoking_since else ""
        click.echo(f"{since}  {person.username}  {install.name or install.id}  {scope.scope}")
    click.echo(say("feeds.handovers", count=len(rows)))


@feeds.command("revoke")
@click.argument("install_id")
@click.pass_obj
def revoke(app: Callable[[], Flask], install_id: str) -> None:
    """Take a phone's rights: it may still hand over what it holds, then it wipes itself."""
    with app().app_context():
        db.transact(lambda session: _revoke(session, install_id))
    click.echo(say("feeds.revoked", install=install_id))


def _revoke(session: Session, install_id: str) -> None:
    install = session.get(Install, install_id)
    if install is None:
        stop(say("feeds.no_install", install=install_id))
    holdings.revoke_install(session, install)
    note(session, None, "device.revoked", install_id, of=install.person_id)
