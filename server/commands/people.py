"""ruhu user add, ruhu user passwd."""

from __future__ import annotations

import sys
import uuid
from collections.abc import Callable, Sequence

import click
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from server import db
from server.accounts.audit import note
from server.accounts.people import (
    USERNAME,
    add_person,
    give_role,
    hash_password,
    is_reserved,
    may_combine,
    new_password,
)
from server.accounts.tables import ROLES, Person
from server.accounts.tokens import revoke_all
from server.commands import qualifications, rights
from server.commands.messages import say
from server.commands.refusal import refuse, stop
from server.errors import Problem
from server.geo.tables import Region

SHORTEST = 8

Grant = tuple[str, str | None]


def register(main: click.Group) -> None:
    main.add_command(user)
    qualifications.add_to(user)
    rights.add_to(user)


@click.group()
def user() -> None:
    """People who sign in."""


_STDIN = click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
_GENERATE = click.option("--generate", is_flag=True, help="Make a password and print it once.")


@user.command("add")
@click.argument("username")
@click.option("--name", required=True, help="The name that others see.")
@click.option("--role", "roles", multiple=True, help="role:region, such as cadre:990101100201; repeatable.")
@_STDIN
@_GENERATE
@click.pass_obj
def add(
    app: Callable[[], Flask],
    username: str,
    name: str,
    roles: Sequence[str],
    password_stdin: bool,
    generate: bool,
) -> None:
    """Add a person. A role holds for its region and everything below; inspector has no region."""
    if not USERNAME.fullmatch(username):
        stop(say("user.name_shape"))
    if is_reserved(username):
        refuse(Problem("user.reserved_name", detail=username))
    if not 1 <= len(name.strip()) <= 64:
        stop(say("user.display_name"))
    grants = [_grant(role) for role in dict.fromkeys(roles)] or stop(say("user.role_missing"))
    if not may_combine([role for role, _ in grants]):
        refuse(Problem("user.inspects_only"))
    password = _password(password_stdin, generate)
    password_hash = hash_password(password)
    with app().app_context():
        try:
            db.transact(lambda session: _add(session, username, name.strip(), password_hash, grants))
        except IntegrityError:
            stop(say("user.taken", username=username))
    click.echo(say("user.added", username=username, name=name.strip()))
    if generate:
        click.echo(say("user.password", password=password))


@user.command("passwd")
@click.argument("username")
@_STDIN
@_GENERATE
@click.pass_obj
def passwd(app: Callable[[], Flask], username: str, password_stdin: bool, generate: bool) -> None:
    """Give a person a new password and sign the person out everywhere."""
    password = _password(password_stdin, generate)
    password_hash = hash_password(password)
    with app().app_context():
        db.transact(lambda session: _change(session, username, password_hash))
    click.echo(say("user.password_set", username=username))
    if generate:
        click.echo(say("user.password", password=password))


def _grant(text: str) -> Grant:
    role, _, region = text.partition(":")
    needs_region = role != "inspector"
    if role not in ROLES or needs_region != bool(region):
        stop(say("user.role_shape", role=text, known=", ".join(ROLES)))
    return role, region or None


def _password(from_stdin: bool, generate: bool) -> str:
    if generate:
        return new_password()
    if from_stdin:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = click.prompt(say("user.ask_password"), hide_input=True, confirmation_prompt=True)
    return password if len(password) >= SHORTEST else stop(say("user.weak_password"))


def _add(session: Session, username: str, name: str, password_hash: str, grants: Sequence[Grant]) -> None:
    for _, region in grants:
        if region and session.get(Region, region) is None:
            stop(say("user.role_region", region=region))
    person = add_person(
        session, id=str(uuid.uuid4()), username=username, display_name=name, password_hash=password_hash
    )
    for role, region in grants:
        give_role(session, person.id, role, region)
    note(session, None, "user.add", username, roles=[list(grant) for grant in grants])


def _change(session: Session, username: str, password_hash: str) -> None:
    person = session.scalar(select(Person).where(Person.username == username))
    if person is None:
        stop(say("user.unknown", username=username))
    person.password_hash = password_hash
    revoke_all(session, person.id)
    note(session, None, "user.passwd", username)
