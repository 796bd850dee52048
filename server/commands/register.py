"""ruhu register import."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from flask import Flask
from sqlalchemy import select

from server import db
from server.accounts.actor import Actor, load_actor
from server.accounts.tables import Person
from server.commands.messages import say
from server.commands.progress import Progress
from server.commands.refusal import refuse, stop
from server.config import Settings
from server.errors import Fault, Problem
from server.imports import applying, asking, listing, looking
from server.imports.files import refused_csv, vanished_csv
from server.imports.job import silent, staging_path
from server.imports.staging import Staging
from server.imports.tables import RegisterImport
from server.sync.definitions import datasets

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OUT = click.Path(dir_okay=False, writable=True, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(group)


@click.group("register")
def group() -> None:
    """An office's register of households and members."""


@group.command("import")
@click.argument("file", type=_FILE)
@click.option("--mapping", type=_FILE, required=True, help="Which column is which fact (YAML, docs/IMPORT.md).")
@click.option("--members", type=_FILE, help="A second file that holds the members.")
@click.option("--region", help="A division code: nothing outside it is touched.")
@click.option("--as", "username", help="In whose name and with whose rights; without it: the whole database.")
@click.option("--apply", is_flag=True, help="Merge it; without it only what would happen is shown.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
@click.option("--refused", type=_OUT, help="Write the rows that are not taken, with reasons, to this CSV.")
@click.option("--vanished", type=_OUT, help="Write the records that the register no longer names to this CSV.")
@click.pass_obj
def import_(
    app: Callable[[], Flask], file: Path, mapping: Path, members: Path | None, region: str | None,
    username: str | None, apply: bool, as_json: bool, refused: Path | None, vanished: Path | None,
) -> None:  # fmt: skip
    """Show what importing FILE (CSV or .xlsx) would do; with --apply, merge it.

    An apply that was interrupted goes on when the same command is given again.
    """
    flask_app = app()
    settings: Settings = flask_app.config["RUHU"]
    progress = silent if as_json else Progress("register")
    with flask_app.app_context():
        try:
            actor = _actor(username) if username else None
            import_id = _looked_over(settings, actor, (file, mapping, members), region, progress)
            _lists(settings, import_id, refused, vanished)
            if apply:
                _apply(settings, actor, import_id, progress)
        except Problem as problem:
            refuse(problem)
        finally:
            if isinstance(progress, Progress):
                progress.finish()
        with db.read() as session:
            found = listing.on_wire(listing.find(session, None, import_id))
    click.echo(json.dumps(found, ensure_ascii=False, indent=2)) if as_json else _tell(found)
    if found["state"] not in ("previewed", "applied"):
        raise SystemExit(1)


def _looked_over(
    settings: Settings, actor: Actor | None, files: tuple[Path, Path, Path | None], region: str | None, progress: Any
) -> str:
    """The id of the import of these files: one that was begun goes on, else a new one."""
    file, mapping, members = files
    text = _text_of(mapping)
    hashes = asking.hash_of([path for path in (file, members) if path is not None])
    with db.read() as session:
        area = asking.area_of(session, actor, region)
        same = RegisterImport(file_hash=hashes, mapping=text, area=area, person_id=actor.id if actor else None)
        begun = listing.unfinished(session, same)
    if begun is not None:
        return begun
    second = members.open("rb") if members else None
    try:
        with file.open("rb") as first:
            asked = asking.Asked(file.name, first, text, second, region, mapping.name)
            import_id = asking.ask(settings, datasets(), actor, asked)
    finally:
        if second is not None:
            second.close()
    looking.look_over(settings, datasets(), import_id, progress)
    return import_id


def _text_of(mapping: Path) -> str:
    try:
        return mapping.read_text("utf-8-sig")
    except UnicodeDecodeError as error:
        faults = [Fault(mapping.name, "不是 UTF-8 / It is not UTF-8", "另存为 UTF-8 / Save it as UTF-8")]
        raise Problem("import.not_readable", faults=faults) from error


def _apply(settings: Settings, actor: Actor | None, import_id: str, progress: Any) -> None:
    with db.read() as session:
        if listing.find(session, None, import_id).state == "failed":
            return
    db.transact(lambda session: applying.start(session, actor, import_id))
    applying.go_on(settings, datasets(), import_id, progress)


def _lists(settings: Settings, import_id: str, refused: Path | None, vanished: Path | None) -> None:
    with db.read() as session:
        secret = listing.find(session, None, import_id).secret
    for path, lines in ((refused, refused_csv), (vanished, vanished_csv)):
        if path is None:
            continue
        staging = Staging(staging_path(settings, import_id), secret)
        try:
            path.write_text("".join(lines(staging)), "utf-8")
        finally:
            staging.close()


def _actor(username: str) -> Actor:
    with db.read() as session:
        person = session.scalar(select(Person).where(Person.username == username, Person.active))
        if person is None:
            stop(say("user.unknown", username=username))
        actor = load_actor(session, person)
    if not actor.has("admin"):
        raise Problem("auth.forbidden")
    return actor


def _tell(found: dict[str, Any]) -> None:
    for remark in found["notes"]:
        click.echo(f"· {remark}")
    for one in found["problems"]:
        _tell_problem(one)
    counts = found["applied"] if found["state"] == "applied" else found["counts"]
    for dataset, kinds in sorted(counts.items()):
        click.echo(say(f"register.{found['state']}", dataset=dataset, **kinds))
    if found["refused_rows"] or found["vanished"]:
        click.echo(say("register.lists", refused=found["refused_rows"], vanished=found["vanished"]))
    if found["state"] == "failed":
        click.echo(say("register.failed", cause=found["error"]), err=True)


def _tell_problem(one: dict[str, Any]) -> None:
    if "where" in one:
        click.echo(f"  {one['where']}: {one['why']}\n    → {one['fix']}", err=True)
        return
    rows = ", ".join(str(row) for row in one["rows"]) + (" …" if one["count"] > len(one["rows"]) else "")
    example = f" “{one['example']}”" if one.get("example") else ""
    mark = "✗" if one["refused"] else "?"
    place = f"{mark} {one['sheet']} {one['column']} ×{one['count']} ({rows}){example}"
    click.echo(f"{place}: {one['why']}\n    → {one['fix']}")
