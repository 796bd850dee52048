"""ruhu export answers, map, photos, codebook."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

import click
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.audit import note
from server.accounts.tables import Person
from server.commands.messages import say
from server.commands.refusal import refuse, stop
from server.db import CHINA
from server.errors import Problem
from server.geo.regions import code_of
from server.reports import exports, map_export
from server.reports.answer_export import FORMATS, NoForm, write_answers
from server.reports.answer_files import WORDS
from server.reports.codebook_of import codebook_of
from server.reports.kinds import KINDS, Job, Written
from server.reports.selection import Selection, may_see_region
from server.sync.definitions import datasets

_DAY = click.DateTime(["%Y-%m-%d"])
_OUT = click.Path(dir_okay=False, writable=True, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(export)


@click.group()
def export() -> None:
    """Write answers, maps, photos and codebooks to files."""


@export.command()
@click.argument("form_id")
@click.argument("out", type=_OUT)
@click.option("--as", "username", required=True, help="In whose name: decides what is in it and what is masked.")
@click.option("--region", help="A division code; with everything below it.")
@click.option("--from", "since", type=_DAY, help="First day of receipt, in China.")
@click.option("--to", "until", type=_DAY, help="First day that is out again.")
@click.option("--format", type=click.Choice(tuple(FORMATS)), default="csv", show_default=True)
@click.option("--words", type=click.Choice(tuple(WORDS)), default="codes", show_default=True, help="Codes or labels.")
@click.pass_obj
def answers(
    app: Callable[[], Flask], form_id: str, out: Path, username: str, region: str | None,
    since: datetime | None, until: datetime | None, format: str, words: str,
) -> None:  # fmt: skip
    """The answers of FORM_ID to the file OUT: CSV tables in a zip, a workbook, or one JSON object a line."""
    with app().app_context():
        try:
            with db.read() as session:
                actor = _actor(session, username)
                code = _region_of(session, actor, region) if region else None
                wanted = Selection(form_id, code, _start_of(since), _start_of(until))
                count = write_answers(session, actor, datasets(), wanted, out, format=format, words=words)
        except NoForm:
            stop(say("export.no_form", form=form_id))
        db.transact(lambda session: note(session, actor.id, "export.written", form_id, region=region, rows=count))
    click.echo(say("export.written", count=count, path=out))


@export.command("map")
@click.argument("out", type=_OUT)
@click.option("--as", "username", required=True, help="In whose name: decides what is in it and what is masked.")
@click.option("--region", help="A division code; with everything below it.")
@click.option("--from", "since", type=_DAY, help="First day, in China: of change, of receipt, of the shutter.")
@click.option("--to", "until", type=_DAY, help="First day that is out again.")
@click.option("--form", "form_id", help="Submissions and photos of this form only.")
@click.option("--format", type=click.Choice(tuple(map_export.FORMATS)), default="gpkg", show_default=True)
@click.option("--layer", "layers", multiple=True, type=click.Choice(map_export.LAYERS), help="Only these; all.")
@click.option("--server", default="", help="Address of the server, for the links to photos: https://…")
@click.pass_obj
def places(
    app: Callable[[], Flask], out: Path, username: str, region: str | None, since: datetime | None,
    until: datetime | None, form_id: str | None, format: str, layers: tuple[str, ...], server: str,
) -> None:  # fmt: skip
    """Households, submissions and photos with their places to the file OUT: a GeoPackage, or GeoJSON in a zip."""
    asked = _asked(since, until) | {"form_id": form_id, "format": format}
    asked |= {"layers": list(layers or map_export.LAYERS), "base": server.rstrip("/")}
    written = _write(app(), "map", username, region, asked, out)
    click.echo(say("export.map", count=written.rows, path=out))


@export.command()
@click.argument("out", type=_OUT)
@click.option("--as", "username", required=True, help="In whose name: decides what is in it.")
@click.option("--reason", required=True, help="What the originals are wanted for; kept in the audit.")
@click.option("--region", help="A division code; with everything below it.")
@click.option("--from", "since", type=_DAY, help="First day of receipt, in China.")
@click.option("--to", "until", type=_DAY, help="First day that is out again.")
@click.option("--visits", type=click.File(), help="A file with ids of visits, one a line; - is standard input.")
@click.pass_obj
def photos(
    app: Callable[[], Flask], out: Path, username: str, reason: str, region: str | None,
    since: datetime | None, until: datetime | None, visits: TextIO | None,
) -> None:  # fmt: skip
    """Originals, capture records and seals to the zip OUT, with verify.py, which checks it anywhere."""
    asked = _asked(since, until) | {"instances": [line.strip() for line in visits if line.strip()] if visits else None}
    written = _write(app(), "photos", username, region, asked, out, reason=reason)
    made = written.made or {}
    click.echo(say("export.photos", count=written.rows, path=out, **made))


def _asked(since: datetime | None, until: datetime | None) -> dict[str, Any]:
    days = {"since": _start_of(since), "until": _start_of(until)}
    return {name: day.isoformat() if day else None for name, day in days.items()}


def _write(
    app: Flask, kind: str, username: str, region: str | None, asked: dict[str, Any], out: Path, **noted: str
) -> Written:
    """Writes at once what a request would have put on the list, with the same rights, and notes it in the audit."""
    with app.app_context():
        with db.read() as session:
            actor = _actor(session, username)
            if not actor.has(*exports.READERS):
                refuse(Problem("auth.forbidden"))
            asked["region"] = _region_of(session, actor, region) if region else None
            try:
                KINDS[kind].check(session, actor, asked)
                written = KINDS[kind].write(session, Job(app.config["RUHU"], actor, datasets(), out.name, asked, out))
            except Problem as problem:
                refuse(problem)
            except OSError as error:
                stop(f"{out}: {error.strerror}")
        told = {**asked, **(written.made or {}), **noted}
        db.transact(lambda session: note(session, actor.id, "export.written", kind, rows=written.rows, **told))
    return written


@export.command()
@click.argument("form_id")
@click.argument("out", type=_OUT)
@click.pass_obj
def codebook(app: Callable[[], Flask], form_id: str, out: Path) -> None:
    """Every question, code and rule of every version of FORM_ID, as a workbook."""
    with app().app_context(), db.read() as session:
        content = codebook_of(session, datasets(), form_id)
    if content is None:
        stop(say("export.no_form", form=form_id))
    out.write_bytes(content)
    click.echo(say("export.codebook", path=out))


def _start_of(day: datetime | None) -> datetime | None:
    return day.replace(tzinfo=CHINA).astimezone(UTC) if day else None


def _region_of(session: Session, actor: Actor, given: str) -> str:
    code = code_of(session, given)
    if code is None or not may_see_region(session, actor, code):
        stop(say("export.no_region", region=given))
    return code


def _actor(session: Session, username: str) -> Actor:
    person = session.scalar(select(Person).where(Person.username == username, Person.active))
    if person is None:
        stop(say("user.unknown", username=username))
    return load_actor(session, person)
