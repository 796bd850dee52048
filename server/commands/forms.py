"""ruhu form publish."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.orm import Session

from server import db
from server.accounts.audit import note
from server.commands.messages import say
from server.commands.refusal import refuse, stop
from server.config import Settings
from server.errors import Problem
from server.forms import versions
from server.forms.source import WORKBOOKS, FormSource, read_source
from server.forms.tables import FormVersion
from server.registry.definitions import datasets
from server.sync.feeds import touch
from server.sync.news import of_forms

_PATH = click.Path(exists=True, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(form)


@click.group()
def form() -> None:
    """Forms: check, publish."""


@form.command()
@click.argument("path", type=_PATH)
@click.pass_obj
def publish(app: Callable[[], Flask], path: Path) -> None:
    """Compile PATH (a workbook, or a folder with one and its media) and publish it. Doing it again is harmless."""
    flask = app()
    with flask.app_context():
        try:
            row = publish_path(flask.config["RUHU"], path)
        except Problem as problem:
            refuse(problem)
    for warning in row.warnings:
        click.echo(f"· {warning}")
    click.echo(say("form.published", form=row.form_id, version=row.version, name=row.names["zh"]))


def _source(path: Path) -> FormSource:
    try:
        return read_source(path)
    except FileNotFoundError:
        stop(say("form.no_workbook", path=path, kinds=", ".join(WORKBOOKS)))


def publish_path(settings: Settings, path: Path) -> FormVersion:
    """Compile, store and publish a form from files, in one transaction of its own.

    Problems: form.invalid, form.policy_conflict (with every mistake by sheet and row), form.version_frozen.
    """
    source = _source(path)
    compiled = versions.compile_source(source, datasets(settings.forms))

    def store(session: Session) -> FormVersion:
        versions.add_draft(session, compiled, source, None)
        row = versions.publish(session, compiled.form_id, compiled.version)
        note(session, None, "form.published", f"{row.form_id}/{row.version}", checksum=row.checksum)
        touch(session, of_forms(session, [row]))
        return row

    return db.transact(store)
