"""ruhu user role, ruhu user household: rights that begin or end, with what follows on the phones."""

from __future__ import annotations

from collections.abc import Callable

import click
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.audit import note
from server.accounts.tables import ROLES, Person
from server.commands.messages import say
from server.commands.refusal import refuse, stop
from server.errors import Problem
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sync import feeds, rights

_GIVE = click.option("--give/--take", required=True, help="Whether it begins or ends.")


def add_to(user: click.Group) -> None:
    user.add_command(role)
    user.add_command(household)


@click.command()
@click.argument("username")
@click.argument("role_at", metavar="ROLE[:REGION]")
@_GIVE
@click.pass_obj
def role(app: Callable[[], Flask], username: str, role_at: str, give: bool) -> None:
    """Give or take a role, such as cadre:990101100201. What a taken role showed is handed over and wiped."""
    name, _, region = role_at.partition(":")
    if name not in ROLES or (name == "inspector") == bool(region):
        stop(say("user.role_shape", role=role_at, known=", ".join(ROLES)))
    with app().app_context():
        _change(lambda session: _role(session, username, name, region or None, give))
    click.echo(say("user.role_given" if give else "user.role_taken", username=username, role=role_at))


def _role(session: Session, username: str, name: str, region: str | None, give: bool) -> None:
    person = _person(session, username)
    if region and session.get(Region, region) is None:
        stop(say("user.role_region", region=region))
    if give:
        rights.give_role(session, person.id, name, region)
    elif not rights.take_role(session, person.id, name, region):
        stop(say("user.no_role", username=username, role=f"{name}:{region}" if region else name))
    note(session, None, "user.role_given" if give else "user.role_taken", person.id, role=name, region=region)


@click.command()
@click.argument("username")
@click.argument("household_id")
@click.option("--position", type=click.Choice(rights.POSITIONS), default="lead", show_default=True)
@_GIVE
@click.pass_obj
def household(app: Callable[[], Flask], username: str, household_id: str, position: str, give: bool) -> None:
    """Make a person helper of a household, or end that. The household comes to the phone, or leaves it."""
    with app().app_context():
        _change(lambda session: _household(session, username, household_id, position, give))
    click.echo(say("user.household_given" if give else "user.household_taken", username=username))


def _household(session: Session, username: str, household_id: str, position: str, give: bool) -> None:
    person = _person(session, username)
    entity = session.get(Entity, household_id)
    if entity is None or entity.root_id != household_id:
        stop(say("user.no_household", household=household_id))
    if give:
        told = rights.give_household(session, person.id, household_id, position)
    else:
        told = rights.take_household(session, person.id, household_id)
    action = "user.household_given" if give else "user.household_taken"
    note(session, None, action, person.id, household=household_id)
    feeds.touch(session, told)


def _change(work: Callable[[Session], None]) -> None:
    try:
        db.transact(work)
    except Problem as problem:
        refuse(problem)


def _person(session: Session, username: str) -> Person:
    return session.scalar(select(Person).where(Person.username == username)) or stop(
        say("user.unknown", username=username)
    )
