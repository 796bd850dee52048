"""ruhu form publish, ruhu form diff, ruhu form workbook."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
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
from server.forms.compile import CompiledForm
from server.forms.diff import Change, form_changes
from server.forms.excel import excel_of
from server.forms.model import FormModel
from server.forms.source import WORKBOOKS, FormSource, read_source
from server.forms.tables import FormVersion
from server.registry.definitions import datasets
from server.sync.entity_lists import md5
from server.sync.feeds import touch
from server.sync.loans import retold
from server.sync.news import of_forms
from server.sync.vocabulary import sizes

_PATH = click.Path(exists=True, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(form)


@click.group()
def form() -> None:
    """Forms: check, publish."""


@form.command()
@click.argument("path", type=_PATH)
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
def workbook(path: Path, out: Path) -> None:
    """Write the form at PATH (a workbook, or a folder with one) as an Excel workbook OUT."""
    content, _ = excel_of(read_source(path))
    out.write_bytes(content)


@form.command()
@click.argument("path", type=_PATH)
@click.option("--starts-on", type=click.DateTime(["%Y-%m-%d"]), help="The day from which it is offered; else at once.")
@click.pass_obj
def publish(app: Callable[[], Flask], path: Path, starts_on: datetime | None) -> None:
    """Compile PATH (a workbook, or a folder with one and its media) and publish it. Doing it again is harmless."""
    flask = app()
    with flask.app_context():
        try:
            row = publish_path(flask.config["RUHU"], path, starts_on.date() if starts_on else None)
        except Problem as problem:
            refuse(problem)
    for warning in row.warnings:
        click.echo(f"· {warning}")
    click.echo(say("form.published", form=row.form_id, version=row.version, name=row.names["zh"]))


@form.command()
@click.argument("old", type=_PATH)
@click.argument("new", type=_PATH)
@click.pass_obj
def diff(app: Callable[[], Flask], old: Path, new: Path) -> None:
    """What NEW changes against OLD (workbooks, or folders with one). Exit code 2 when something breaks."""
    flask = app()
    with flask.app_context():
        try:
            before, after = (_compiled(flask.config["RUHU"], path) for path in (old, new))
        except Problem as problem:
            refuse(problem)
    hashes = ({name: md5(content) for name, content in form.media.items()} for form in (before, after))
    found = form_changes(FormModel.from_xform(before.xform), FormModel.from_xform(after.xform), *hashes)
    for change in found:
        click.echo(change_in_words(change))
    breaking = sum(change.breaks != "none" for change in found)
    click.echo(say("form.compared", count=len(found), breaking=breaking))
    raise SystemExit(2 if breaking else 0)


def change_in_words(change: Change) -> str:
    """One change as lines of a terminal: what it breaks, where, why, what to do."""
    label = change.labels.get("zh") or change.path
    lines = [f"{'!' if change.breaks != 'none' else '·'} {change.path} {label} [{change.breaks}]"]
    lines += [f"    {change.why['zh']} / {change.why['en']}"]
    return "\n".join(lines + ([f"    → {change.fix['zh']} / {change.fix['en']}"] if change.fix["zh"] else []))


def _compiled(settings: Settings, path: Path) -> CompiledForm:
    return versions.compile_source(_source(path), datasets(settings.forms))


def _source(path: Path) -> FormSource:
    try:
        return read_source(path)
    except FileNotFoundError:
        stop(say("form.no_workbook", path=path, kinds=", ".join(WORKBOOKS)))


def publish_path(settings: Settings, path: Path, starts_on: date | None = None) -> FormVersion:
    """Compile, store and publish a form from files, in one transaction of its own.

    Problems: form.invalid, form.policy_conflict (with every mistake by sheet and row), form.version_frozen.
    """
    source = _source(path)
    compiled = versions.compile_source(source, datasets(settings.forms))

    def store(session: Session) -> FormVersion:
        words = sizes(compiled.datasets)
        versions.add_draft(session, compiled, source, None, vocabulary=words)
        row = versions.publish(session, compiled.form_id, compiled.version, starts_on, words)
        note(session, None, "form.published", f"{row.form_id}/{row.version}", checksum=row.checksum)
        touch(session, [*of_forms(session, [row]), *retold(session, row)])
        return row

    return db.transact(store)
