"""Writes a backup: one snapshot of all tables, the server's keys, and the bytes that the tables name.

    FOLDER/<name>/manifest.json         what it holds: schema revision, rows and SHA-256 of each table
    FOLDER/<name>/tables/<table>.jsonl.gz
    FOLDER/<name>/keys/…                 sealed; without them no forgotten PIN can be recovered
    FOLDER/blobs/sha256/ab/cd/<hash>     shared by all backups of the folder: only new bytes are copied

Sealed values stay sealed, and the master key is not in it: without a copy of that one a backup cannot be used.
A backup is complete when it has its name; while it is made its name begins with a dot.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select, text
from sqlalchemy.orm import Session

from server import db
from server.columns import Base
from server.config import Settings
from server.reserve.cells import writer_of
from server.sealing.reseal import bare
from server.sealing.tables import SealKey
from server.sealing.vault import vault
from server.sync.blob_folder import FolderStore
from server.sync.blob_store import BlobStore, make_folder, sync_folder
from server.sync.blobs import store_of
from server.sync.epoch import epoch
from server.sync.tables import Blob

FORMAT = 1
BATCH = 1000
MANIFEST = "manifest.json"
MASTERS = "master.keys"
SEALED = ".sealed"
Report = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Done:
    """`missing`: bytes that the tables name and the store does not have, or gives as others. `masters`: ids of the keys
    that open it.
    """

    path: Path
    rows: int
    blobs: int
    copied: int
    missing: tuple[str, ...]
    masters: tuple[str, ...] = ()


def tables() -> list[Table]:
    """All tables, those that others refer to first."""
    return list(Base.metadata.sorted_tables)


def backup(settings: Settings, folder: Path, report: Report) -> Done:
    """Everything of this server into a new backup below `folder`; work goes on meanwhile."""
    name = db.now().strftime("%Y%m%dT%H%M%S%fZ")
    making = folder / f".{name}"
    try:
        done = _make(settings, folder, making, report)
    except BaseException:
        shutil.rmtree(making, ignore_errors=True)  # a full disk would stay full
        raise
    making.rename(folder / name)
    sync_folder(folder)
    return replace(done, path=folder / name)


def _make(settings: Settings, folder: Path, making: Path, report: Report) -> Done:
    """All of a backup in a folder whose name is not its own yet."""
    make_folder(making / "tables")
    # Before the snapshot, which then holds the key that seals them, whatever keys are made while bytes are copied.
    _copy_keys(settings, making / "keys")
    with db.read() as session:
        facts = _facts(session)
        masters = sorted(set(session.scalars(select(SealKey.master))))
        counts = {table.name: _dump(session, table, making, report) for table in tables()}
        wanted = session.scalars(select(Blob.sha256).order_by(Blob.sha256)).all()
    copied, missing = _copy_blobs(store_of(settings), folder, wanted, report)
    manifest = {**facts, "masters": masters, "tables": counts, "blobs": len(wanted), "missing": missing}
    _write(making / MANIFEST, json.dumps(manifest, indent=1).encode())
    rows = sum(count["rows"] for count in counts.values())
    return Done(making, rows, len(wanted), copied, tuple(missing), tuple(masters))


def revision(session: Session) -> str:
    """The schema's revision, as Alembic keeps it."""
    return str(session.scalar(text("SELECT version_num FROM alembic_version")))


def _facts(session: Session) -> dict[str, Any]:
    made_at = db.now().isoformat()
    return {"format": FORMAT, "revision": revision(session), "epoch": epoch(session), "made_at": made_at}


def _dump(session: Session, table: Table, making: Path, report: Report) -> dict[str, Any]:
    """One table in a file, sealed values as they lie there; rows by their key: equal tables make equal files."""
    digest, count = hashlib.sha256(), 0
    with gzip.GzipFile(making / "tables" / f"{table.name}.jsonl.gz", "wb", mtime=0) as file:
        for line in _lines(session, table):
            file.write(line)
            digest.update(line)
            count += 1
            if count % BATCH == 0:
                report("tables", count, 0)
    _sync(making / "tables" / f"{table.name}.jsonl.gz")
    return {"rows": count, "sha256": digest.hexdigest()}


def _lines(session: Session, table: Table) -> Iterator[bytes]:
    table = bare(table)
    written = writer_of(table)
    query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=BATCH)
    for row in session.execute(query):
        named = dict(zip(table.columns.keys(), row, strict=True))
        values = {table.columns[key].name: value for key, value in named.items()}
        yield json.dumps(written(values), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _copy_blobs(store: BlobStore, folder: Path, wanted: Sequence[str], report: Report) -> tuple[int, list[str]]:
    """Copies what the folder does not have; the store's own way of putting files keeps half files out."""
    target = FolderStore(folder / "blobs" / ".staging", folder / "blobs")
    copied, missing = 0, []
    for number, sha256 in enumerate(wanted, 1):
        if not target.exists(sha256):
            if not _copy(store, target, sha256):
                missing.append(sha256)
                continue
            copied += 1
        report("blobs", number, len(wanted))
    return copied, missing


def _copy(store: BlobStore, target: BlobStore, sha256: str) -> bool:
    """Whether the bytes are in the target now: a disk may have lost them, or give others than it was given."""
    try:
        with store.open(sha256) as stream:
            return target.put_stream(stream).sha256 == sha256
    except FileNotFoundError:
        return False


def _copy_keys(settings: Settings, target: Path) -> None:
    """The server's own keys, sealed; never the master keys: whoever finds the backup must not find what opens it."""
    vault().load()
    target.mkdir(mode=0o700)
    masters = settings.master_key_file or settings.keys / MASTERS
    for path in sorted(settings.keys.glob("*")) if settings.keys.is_dir() else []:
        if path.is_file() and path != masters and not path.name.startswith((MASTERS, ".")):
            _write(target / f"{path.name}{SEALED}", vault().pack(path.read_bytes(), path.name.encode()))


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    _sync(path)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
