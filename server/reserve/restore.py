"""Puts a backup into an empty database and store. The database gets a new epoch, so that phones fetch anew.

The rows come in one transaction, with the word which backup they are of; that word goes when all bytes have come too.
So a restore that was interrupted, or lacked bytes that turn up later, goes on when it is started again.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Delete, Table, delete, func, insert, select, text, update
from sqlalchemy.orm import Session

from server import db
from server.accounts.tables import Person
from server.columns import Base
from server.config import Settings
from server.db import is_sqlite
from server.errors import Problem
from server.reserve.backup import BATCH, FORMAT, MANIFEST, SEALED, Report, revision, tables
from server.reserve.cells import reader_of
from server.sealing.reseal import bare
from server.sealing.vault import unwrapped, vault
from server.sync.blob_folder import FolderStore
from server.sync.blob_store import BlobStore, sha256_of
from server.sync.blobs import store_of
from server.sync.tables import ServerFact

RESTORING = "restoring"  # the fact that says which backup is not wholly in yet


@dataclass(frozen=True)
class Restored:
    """`missing`: bytes that the tables name and the backup does not have; `damaged`: bytes that are others by now."""

    rows: int
    blobs: int
    missing: tuple[str, ...]
    damaged: tuple[str, ...]


def restore(settings: Settings, path: Path, report: Report) -> Restored:
    """Loads the backup at `path`, or goes on with it. Problems reserve.not_empty, reserve.revision, reserve.damaged."""
    manifest = _manifest(path)
    for table in tables():
        _check(path, table, manifest)
    _check_keys(path)
    rows = db.transact(lambda session: _begun(session, manifest) or _load(session, path, manifest, report))
    vault().load()
    _put_keys(path / "keys", settings.keys)
    with db.read() as session:
        wanted = session.scalars(select(Base.metadata.tables["blob"].c.sha256)).all()
    found, missing, damaged = _put_blobs(store_of(settings), path.parent / "blobs", wanted, report)
    if not missing and not damaged:
        db.transact(lambda session: session.execute(_is_whole()))
    return Restored(rows, found, tuple(missing), tuple(damaged))


def _manifest(path: Path) -> dict[str, Any]:
    try:
        manifest: dict[str, Any] = json.loads((path / MANIFEST).read_bytes())
    except (OSError, ValueError) as error:
        raise Problem("reserve.none", detail=str(path)) from error
    if manifest.get("format") != FORMAT:
        raise Problem("reserve.none", detail=f"{path}: format {manifest.get('format')}")
    return manifest


def _lines(path: Path, table: Table) -> Iterator[bytes]:
    with gzip.open(path / "tables" / f"{table.name}.jsonl.gz", "rb") as file:
        yield from file


def _check(path: Path, table: Table, manifest: Mapping[str, Any]) -> None:
    """Before anything is written: every file is there, whole, and as it was made."""
    digest = hashlib.sha256()
    try:
        for line in _lines(path, table):
            digest.update(line)
        is_whole = digest.hexdigest() == manifest["tables"][table.name]["sha256"]
    except (OSError, EOFError, KeyError) as error:
        raise Problem("reserve.damaged", detail=f"{table.name}: {error}") from error
    if not is_whole:
        raise Problem("reserve.damaged", detail=table.name)


def _check_keys(path: Path) -> None:
    """Before anything is written: the master key that opens the backup is here. Problems keys.missing, keys.wrong."""
    masters = {key.id.hex(): key for key in vault().masters.read()}
    table = bare(Base.metadata.tables["seal_key"])
    read = reader_of(table)
    for line in _lines(path, table):
        row = SimpleNamespace(**read(json.loads(line)))
        unwrapped(row, masters, vault().masters.where)


def _begun(session: Session, manifest: Mapping[str, Any]) -> int:
    """How many rows of this very backup lie in the database, whose keys or bytes did not all come; else 0."""
    fact = session.get(ServerFact, RESTORING)
    if fact is None or fact.value != _name_of(manifest):
        return 0
    return sum(count["rows"] for count in manifest["tables"].values())


def _is_whole() -> Delete:
    return delete(ServerFact).where(ServerFact.name == RESTORING)


def _name_of(manifest: Mapping[str, Any]) -> str:
    return f"{manifest['epoch']} {manifest['made_at']}"


def _load(session: Session, path: Path, manifest: Mapping[str, Any], report: Report) -> int:
    if session.scalar(select(func.count()).select_from(Person)):
        raise Problem("reserve.not_empty")
    if revision(session) != manifest["revision"]:
        raise Problem("reserve.revision", detail=f"{manifest['revision']} ≠ {revision(session)}")
    for name in ("server_fact", "seal_key", "resealing"):  # an empty database has its own
        session.execute(Base.metadata.tables[name].delete())
    rows = sum(_load_table(session, path, table, report) for table in tables())
    session.execute(update(ServerFact).where(ServerFact.name == "epoch").values(value=str(uuid.uuid4())))
    session.execute(_is_whole())  # what the backed up machine says of itself
    session.execute(insert(ServerFact).values(name=RESTORING, value=_name_of(manifest)))
    return rows


def _load_table(session: Session, path: Path, table: Table, report: Report) -> int:
    """All rows of one table; of a table that refers to itself, those first that others refer to."""
    stored = bare(table)
    read = reader_of(stored)
    rows = (read(json.loads(line)) for line in _lines(path, table))
    ordered = _parents_first(table, list(rows)) if _own_reference(table) else rows
    count = 0
    while batch := list(islice(ordered, BATCH)):
        session.execute(insert(stored), batch)
        count += len(batch)
        report("tables", count, 0)
    _continue_numbers(session, table)
    return count


def _own_reference(table: Table) -> tuple[str, str] | None:
    """(column, key) of a table whose rows name others of their kind."""
    for key in table.foreign_keys:
        if key.column.table is table:
            return key.parent.key, key.column.key
    return None


def _parents_first(table: Table, rows: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    column, key = _own_reference(table) or ("", "")
    below: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        below.setdefault(row[column], []).append(row)
    waiting = list(below.pop(None, []))
    while waiting:
        row = waiting.pop()
        yield row
        waiting += below.pop(row[key], [])


def _continue_numbers(session: Session, table: Table) -> None:
    """PostgreSQL counts on from the last number that was loaded."""
    column = table.autoincrement_column
    if is_sqlite(session) or column is None or column.foreign_keys:
        return
    sequence = session.scalar(select(func.pg_get_serial_sequence(table.name, column.name)))
    if sequence:
        last = session.scalar(select(func.max(column)))
        session.execute(text("SELECT setval(:sequence, :last, :used)"), {
            "sequence": sequence, "last": last or 1, "used": last is not None,
        })  # fmt: skip


def _put_keys(keys: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True, mode=0o700)
    for path in sorted(keys.glob(f"*{SEALED}")):
        name = path.name.removesuffix(SEALED)
        found = target / name
        found.touch(mode=0o600)
        found.write_bytes(vault().unpack(path.read_bytes(), name.encode()))


def _put_blobs(
    store: BlobStore, folder: Path, wanted: Sequence[str], report: Report
) -> tuple[int, list[str], list[str]]:
    """Copies what the store does not have and looks at it: what is not what its name says is left out and named."""
    source = FolderStore(folder / ".staging", folder)
    missing, damaged = [], []
    for number, sha256 in enumerate(sorted(wanted), 1):
        if store.exists(sha256):
            continue
        if not source.exists(sha256):
            missing.append(sha256)
            continue
        if sha256_of(source.path(sha256)) != sha256:
            damaged.append(sha256)
            continue
        with source.open(sha256) as stream:
            store.put_stream(stream)
        report("blobs", number, len(wanted))
    return len(wanted) - len(missing) - len(damaged), missing, damaged
