"""ruhu region import."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.orm import Session

from server import db
from server.accounts.audit import note
from server.commands.messages import say
from server.commands.refusal import refuse
from server.errors import Problem
from server.geo.regions import RegionImport, import_regions

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(region)


@click.group()
def region() -> None:
    """The division tree: province, county, township, village, group."""


@region.command("import")
@click.argument("table", type=_FILE)
@click.option("--boundaries", type=_FILE, help="GeoJSON in WGS-84; property code names the region.")
@click.option("--check", is_flag=True, help="Only say what would happen.")
@click.pass_obj
def import_(app: Callable[[], Flask], table: Path, boundaries: Path | None, check: bool) -> None:
    """Import regions from TABLE (CSV): code,parent,level,name_zh,name_en,valid_from,valid_to.

    All mistakes are listed by line; with any of them nothing is imported. Importing again is harmless.
    """
    with app().app_context():
        try:
            done = db.transact(lambda session: _import(session, table, boundaries, check))
        except _OnlyChecked as checked:
            done = checked.done
        except Problem as problem:
            refuse(problem)
    for remark in done.notes:
        click.echo(f"· {remark}")
    line = "region.checked" if check else "region.imported"
    click.echo(say(line, new=done.new, changed=done.changed, unchanged=done.unchanged, areas=done.boundaries))


class _OnlyChecked(Exception):
    """Leaves the transaction without committing it."""

    def __init__(self, done: RegionImport) -> None:
        super().__init__()
        self.done = done


def _import(session: Session, table: Path, boundaries: Path | None, check: bool) -> RegionImport:
    done = import_regions(session, table.read_bytes(), boundaries.read_bytes() if boundaries else None)
    if check:
        raise _OnlyChecked(done)
    if done.new or done.changed or done.boundaries:
        note(session, None, "region.import", table.name, new=done.new, changed=done.changed)
    return done
