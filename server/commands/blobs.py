"""ruhu blobs sweep, ruhu uploads list."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import timedelta

import click
from flask import Flask

from server import db
from server.commands.messages import say
from server.commands.refusal import refuse
from server.errors import Problem
from server.evidence import tasks
from server.sync.open_uploads import OpenUpload, open_uploads


def register(main: click.Group) -> None:
    main.add_command(blobs)
    main.add_command(uploads)


@click.group()
def blobs() -> None:
    """The bytes of photos and other files."""


@click.group()
def uploads() -> None:
    """Files on their way from phones."""


@blobs.command()
@click.option("--dry-run", is_flag=True, help="Only say what would go.")
@click.option("--days", type=click.IntRange(min=0), help="Keep what was sent in these days; default RUHU_BLOB_DAYS.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_obj
def sweep(app: Callable[[], Flask], dry_run: bool, days: int | None, as_json: bool) -> None:
    """Remove bytes that nothing refers to: marked by one sweep, removed by one a day later. The worker sweeps daily."""
    flask = app()
    grace = timedelta(days=days) if days is not None else None
    with flask.app_context():
        try:
            done = tasks.sweep_blobs(flask.config["RUHU"], grace=grace, dry_run=dry_run)
        except Problem as problem:
            refuse(problem)
    if as_json:
        click.echo(json.dumps(asdict(done) | {"freed": len(done.freed)}))
        return
    click.echo(say(
        "blobs.would" if dry_run else "blobs.swept", freed=len(done.freed), bytes=done.freed_bytes, marked=done.marked,
        orphans=done.orphans, orphan_bytes=done.orphan_bytes, waiting=done.waiting, busy=done.busy,
    ))  # fmt: skip


@uploads.command("list")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.pass_obj
def list_uploads(app: Callable[[], Flask], as_json: bool) -> None:
    """List uploads that were begun and not finished, the oldest first."""
    flask = app()
    with flask.app_context(), db.read() as session:
        rows = open_uploads(session, flask.config["RUHU"].staging)
    for row in rows:
        click.echo(json.dumps(asdict(row), default=str) if as_json else _line(row))
    if not as_json:
        click.echo(say("uploads.counted", count=len(rows), bytes=sum(row.staged for row in rows)))


def _line(row: OpenUpload) -> str:
    until = say("uploads.awaited") if row.awaited else row.expires_at.isoformat(timespec="minutes")
    begun = row.created_at.isoformat(timespec="minutes")
    return f"{row.id}  {row.username}  {row.received}/{row.size}  {begun}  {until}"
