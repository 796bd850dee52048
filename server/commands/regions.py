"""ruhu region import."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
from flask import Flask
from sqlalchemy.orm import Session

from server import db
from server.accounts.audit import note
from server.commands.messages import say
from server.commands.refusal import refuse
from server.db import today
from server.errors import Problem
from server.geo.boundaries import Declared
from server.geo.boundary_source import is_boundaries
from server.geo.regions import RegionImport, import_regions
from server.registry.place_limits import place_limits

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(region)


@click.group()
def region() -> None:
    """The division tree: province, county, township, village, group."""


@region.command("import")
@click.argument("file", type=_FILE)
@click.option("--boundaries", type=_FILE, help="GeoJSON or GeoPackage; property code names the region.")
@click.option("--check", "--preview", "check", is_flag=True, help="Only say what would happen.")
@click.option("--crs", default="", help="The boundaries' system (EPSG:4547), in place of their own word.")
@click.option("--datum", default="", type=click.Choice(["", "gcj02", "bd09", "wgs84", "cgcs2000"]), help="Of degrees.")
@click.option("--swap-axes", is_flag=True, help="The boundaries give the northern coordinate first.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def import_(
    app: Callable[[], Flask],
    file: Path,
    boundaries: Path | None,
    check: bool,
    crs: str,
    datum: str,
    swap_axes: bool,
    as_json: bool,
) -> None:
    """Import regions from FILE (CSV: code,parent,level,name_zh,name_en,valid_from,valid_to), or their boundaries alone.

    All mistakes are listed by line; with any of them nothing is imported. Boundaries in another system are converted
    by what is declared; repairs, overlaps and gaps are told. Importing again is harmless.
    """
    declared = Declared(crs, datum, swap_axes)
    with app().app_context():
        try:
            done = db.transact(lambda session: _import(session, file, boundaries, declared, check))
        except _OnlyChecked as checked:
            done = checked.done
        except Problem as problem:
            refuse(problem)
    if as_json:
        click.echo(json.dumps({**asdict(done), "imported": not check}, ensure_ascii=False, indent=1))
        return
    for remark in done.notes:
        click.echo(f"· {remark}")
    line = "region.checked" if check else "region.imported"
    click.echo(say(line, new=done.new, changed=done.changed, unchanged=done.unchanged, areas=done.boundaries))


class _OnlyChecked(Exception):
    """Leaves the transaction without committing it."""

    def __init__(self, done: RegionImport) -> None:
        super().__init__()
        self.done = done


def _import(
    session: Session, file: Path, boundaries: Path | None, declared: Declared, check: bool
) -> RegionImport:
    given, areas = file.read_bytes(), boundaries.read_bytes() if boundaries else None
    alone = areas is None and is_boundaries(given)
    table, areas = (None, given) if alone else (given, areas)
    limits = place_limits(session, None, today())
    done = import_regions(session, table, areas, declared, limits.sliver_m2 if limits else 0.0)
    if check:
        raise _OnlyChecked(done)
    if done.new or done.changed or done.boundaries:
        repairs = [asdict(repair) for repair in done.repairs]
        note(session, None, "region.import", file.name, new=done.new, changed=done.changed, repairs=repairs)
    return done
