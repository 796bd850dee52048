"""Asking for an import: the files come in, are opened, and what their headers lack is said at once."""

from __future__ import annotations

import hashlib
import os
import shutil
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server import db
from server.accounts.actor import Actor
from server.accounts.audit import note
from server.config import Settings
from server.db import upsert
from server.errors import Problem
from server.geo.regions import code_of
from server.geo.tables import Region
from server.imports.files import copies_of, forget, open_files
from server.imports.job import Datasets, mapping_of, plain_name
from server.imports.tables import ImportSource, RegisterImport

MOST_WAITING = 5  # of one person


@dataclass(frozen=True)
class Asked:
    """What somebody wants imported: the register, its mapping's text, a second file with members, and the area."""

    filename: str
    file: BinaryIO
    mapping: str
    members: BinaryIO | None = None
    region: str | None = None
    mapping_name: str = "mapping.yaml"


def ask(settings: Settings, datasets: Datasets, actor: Actor | None, asked: Asked) -> str:
    """Takes the files in; answers the import's id. `actor` None: the command line.

    Problems: import.not_readable (mapping, encoding, sheets, columns), record.not_found (the region),
    request.too_many.
    """
    import_id = str(uuid.uuid4())
    mapping = mapping_of(settings, asked.mapping, asked.mapping_name, datasets)
    paths = copies_of(settings, import_id)
    try:
        for path, stream in zip(paths, (asked.file, asked.members), strict=True):
            if stream is not None:
                _copy(settings, stream, path)
        opened = open_files(paths, asked.filename, mapping)
        row = RegisterImport(
            id=import_id, source=mapping.source, person_id=actor.id if actor else None,
            filename=plain_name(asked.filename), file_hash=hash_of(paths), mapping=asked.mapping,
            secret=os.urandom(32), notes=list(opened.notes),
        )  # fmt: skip
        db.transact(lambda session: _add(session, actor, row, asked.region))
    except BaseException:
        forget(paths)
        raise
    return import_id


def _copy(settings: Settings, stream: BinaryIO, path: Path) -> None:
    with path.open("xb") as file:
        os.fchmod(file.fileno(), 0o600)
        shutil.copyfileobj(stream, file, 1024 * 1024)
        if file.tell() > settings.import_bytes:
            raise Problem("request.too_large", detail=f"{settings.import_bytes} bytes")


def hash_of(paths: Sequence[Path]) -> str:
    """SHA-256 of the hashes of these files, those that are there."""
    digest = hashlib.sha256()
    for path in paths:
        if path.exists():
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()


def _add(session: Session, actor: Actor | None, row: RegisterImport, region: str | None) -> None:
    row.area, row.scope = area_of(session, actor, region), list(actor.paths(("admin",))) if actor else None
    if actor is not None and _waiting(session, actor) >= MOST_WAITING:
        raise Problem("request.too_many", retry_after=60)
    source = upsert(session, ImportSource).values(source=row.source, number=0, secret=os.urandom(32))
    session.execute(source.on_conflict_do_nothing(index_elements=["source"]))
    session.add(row)
    note(
        session, row.person_id, "register.asked", row.id, source=row.source, filename=row.filename,
        file_hash=row.file_hash, area=row.area,
    )  # fmt: skip


def _waiting(session: Session, actor: Actor) -> int:
    wanted = (RegisterImport.person_id == actor.id, RegisterImport.state.in_(("waiting", "reading")))
    return session.scalar(select(func.count()).select_from(RegisterImport).where(*wanted)) or 0


def area_of(session: Session, actor: Actor | None, region: str | None) -> str:
    """Path of the region that the import is limited to; unknown and foreign answer alike."""
    if region is None:
        return ""
    code = code_of(session, region)
    path = session.scalar(select(Region.path).where(Region.code == code)) if code else None
    if path is None or (actor is not None and not actor.covers(path, ("admin",))):
        raise Problem("record.not_found", detail=region)
    return path
