"""ruhu audit verify, ruhu audit export."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from flask import Flask

from server import db
from server.accounts.chain import START, link_hash
from server.commands.messages import say
from server.commands.refusal import stop
from server.sync import audit_chain
from server.sync.audit_chain import Broken, Checked

_FILE = click.Path(dir_okay=False, path_type=Path)


def register(main: click.Group) -> None:
    main.add_command(audit)


@click.group()
def audit() -> None:
    """Who saw, decided and exported what, as a chain of hashes."""


@audit.command()
@click.option("--file", "file", type=_FILE, help="An export of the audit, in place of the database.")
@click.option("--hash", "noted", help="The hash of an entry that was noted elsewhere, such as in a printed protocol.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
@click.pass_obj
def verify(app: Callable[[], Flask], file: Path | None, noted: str | None, as_json: bool) -> None:
    """Reckon the chain anew and name the first entry that does not fit. Exit code 1 when one does not.

    With `--hash` also says whether the chain still holds the entry with that hash: a chain that was written anew from
    some entry on, by somebody who has all keys, does not.
    """
    if file is not None:
        checked, held = _check_lines(_lines(file), noted)
    else:
        with app().app_context():
            audit_chain.seal()
            with db.read() as session:
                checked, held = audit_chain.verify(session), _holds(session, noted)
    if as_json:
        click.echo(json.dumps({**asdict(checked), "held": held}, ensure_ascii=False))
    else:
        _tell(checked, held, noted)
    if checked.broken or held is False:
        raise SystemExit(1)


@audit.command("export")
@click.argument("file", type=_FILE)
@click.option("--after", type=click.IntRange(min=0), default=0, show_default=True, help="Only entries after this one.")
@click.pass_obj
def export_(app: Callable[[], Flask], file: Path, after: int) -> None:
    """Write the chain as JSON lines: {entry, hash}. It holds reasons in clear: keep it on an encrypted disk.

    From the first entry on it can be checked by itself: `ruhu audit verify --file`.
    """
    count = 0
    with app().app_context():
        audit_chain.seal()
        with db.read() as session, file.open("w", encoding="utf-8") as target:
            for entry, hash in audit_chain.sealed(session, after):
                target.write(json.dumps({"entry": entry, "hash": hash}, ensure_ascii=False) + "\n")
                count += 1
    click.echo(say("audit.exported", count=count, file=file))


def _holds(session: Any, noted: str | None) -> bool | None:
    return None if noted is None else audit_chain.has_hash(session, noted)


def _lines(file: Path) -> Iterator[tuple[dict[str, Any], str]]:
    try:
        for line in file.open(encoding="utf-8"):
            row = json.loads(line)
            yield row["entry"], row["hash"]
    except (OSError, ValueError, KeyError, TypeError):
        stop(say("audit.unreadable", file=file))


def _check_lines(lines: Iterator[tuple[dict[str, Any], str]], noted: str | None) -> tuple[Checked, bool | None]:
    number, hash, held = 0, START, None if noted is None else False
    for entry, said in lines:
        if entry.get("number") != number + 1:
            return Checked(number, hash, 0, Broken(number + 1, "missing")), held
        number, hash = number + 1, link_hash(hash, entry)
        if hash != said:
            return Checked(number - 1, hash, 0, Broken(number, "changed")), held
        held = held or (hash == noted if noted else None)
    return Checked(number, hash, 0, None), held


def _tell(checked: Checked, held: bool | None, noted: str | None) -> None:
    if checked.broken:
        number = checked.broken.number
        click.echo(say(f"audit.{checked.broken.why}", number=number, entries=checked.entries))
    else:
        click.echo(say("audit.whole", entries=checked.entries, hash=checked.head))
    if held is not None:
        click.echo(say("audit.held" if held else "audit.not_held", hash=noted))
