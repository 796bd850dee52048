"""ruhu user qualify, ruhu user qualifications, ruhu user disqualify."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import date, datetime

import click
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.qualifications import Certificate, end, qualifications_of, qualify
from server.accounts.tables import Person, Qualification
from server.commands.messages import say
from server.commands.refusal import refuse, stop
from server.errors import Problem

_DAY = click.DateTime(["%Y-%m-%d"])
_KIND = re.compile(r"[a-z][a-z0-9_]{1,39}", re.ASCII)


def add_to(user: click.Group) -> None:
    for command in (qualify_, list_, disqualify):
        user.add_command(command)


@click.command("qualify")
@click.argument("username")
@click.option("--kind", required=True, help="Such as house_appraiser.")
@click.option("--number", required=True, help="Number of the certificate.")
@click.option("--issued-by", required=True)
@click.option("--from", "start", type=_DAY, required=True, help="First day, YYYY-MM-DD.")
@click.option("--until", type=_DAY, help="Last day; open when left out.")
@click.pass_obj
def qualify_(
    app: Callable[[], Flask],
    username: str,
    kind: str,
    number: str,
    issued_by: str,
    start: datetime,
    until: datetime | None,
) -> None:
    """Enter a certificate of a person: forms that ask for it are offered to its holders only."""
    if not _KIND.fullmatch(kind):
        stop(say("user.bad_kind", kind=kind))
    if until and until < start:
        stop(say("user.bad_days"))
    last = until.date() if until else None
    # The same certificate entered again is the same row.
    name = "|".join((username, kind, number, start.date().isoformat()))
    given = Certificate(str(uuid.uuid5(uuid.NAMESPACE_OID, name)), kind, number, issued_by, start.date(), last)
    with app().app_context():
        try:
            db.transact(lambda session: qualify(session, _person(session, username).id, given, None))
        except Problem as problem:
            refuse(problem)
    click.echo(say("user.qualified", username=username, kind=kind, start=given.valid_from, until=last or "…"))


@click.command("qualifications")
@click.argument("username")
@click.pass_obj
def list_(app: Callable[[], Flask], username: str) -> None:
    """List the certificates of a person."""
    with app().app_context(), db.read() as session:
        rows = qualifications_of(session, _person(session, username).id)
    for row in rows:
        click.echo(_line(row))


@click.command("disqualify")
@click.argument("username")
@click.argument("qualification_id")
@click.option("--last-day", type=_DAY, help="End it with this day; left out: it was never right.")
@click.pass_obj
def disqualify(app: Callable[[], Flask], username: str, qualification_id: str, last_day: datetime | None) -> None:
    """End a certificate, or withdraw it altogether."""
    last = last_day.date() if last_day else None
    with app().app_context():
        try:
            db.transact(lambda session: end(session, _person(session, username).id, qualification_id, last, None))
        except Problem as problem:
            refuse(problem)
    click.echo(say("user.disqualified", username=username))


def _person(session: Session, username: str) -> Person:
    found = session.scalar(select(Person).where(Person.username == username))
    return found or stop(say("user.unknown", username=username))


def _line(row: Qualification) -> str:
    until: date | str = row.valid_until or "…"
    return f"{row.id}  {row.kind}  {row.number}  {row.issued_by}  {row.valid_from} – {until}"
