"""Bytes by their SHA-256: a folder `sha256/ab/cd/<hash>`, and the rows that say who may name them.

A file appears under its hash complete or not at all: it is written under a name of its own in the staging
folder, brought to stable storage, linked into its place (one atomic step, on one file system), and the folder
is brought to stable storage too. A file in the store is never written to again.
"""

from __future__ import annotations

import hashlib
import os
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from sqlalchemy.orm import Session

from server.config import Settings
from server.sync.feeds import upsert
from server.sync.tables import Blob, BlobHolder

SHA256 = re.compile(r"[0-9a-f]{64}")
PIECE = 1024 * 1024
NEW = "new-"  # staging names of files that no upload row knows


@dataclass(frozen=True)
class Stored:
    """What was put: lower-case hex hash and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class BlobStore:
    """A folder of bytes; `staging` must lie on the same file system as `root`."""

    root: Path
    staging: Path

    def path(self, sha256: str) -> Path:
        if not SHA256.fullmatch(sha256):
            raise ValueError("not a SHA-256 in lower-case hex")
        return self.root / "sha256" / sha256[:2] / sha256[2:4] / sha256

    def exists(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        """Bytes; FileNotFoundError when the store has none of this name."""
        return self.path(sha256).stat().st_size

    def open(self, sha256: str) -> BinaryIO:
        return self.path(sha256).open("rb")

    def put_bytes(self, content: bytes) -> Stored:
        return self.put_stream(BytesIO(content))

    def put_stream(self, stream: BinaryIO) -> Stored:
        """Reads to the end, in pieces; safe to repeat."""
        with self._new_file() as (path, file):
            digest = hashlib.sha256()
            while piece := stream.read(PIECE):
                digest.update(piece)
                file.write(piece)
            file.flush()
            os.fdatasync(file.fileno())
            self.put_file(path, digest.hexdigest())
            return Stored(digest.hexdigest(), file.tell())

    def put_file(self, path: Path, sha256: str) -> None:
        """Gives a complete, synced file of the staging folder its place. Bytes that are there already stay.

        The caller has checked the hash and removes the staging name afterwards.
        """
        target = self.path(sha256)
        make_folder(target.parent)
        try:
            os.link(path, target)
        except FileExistsError:
            return
        sync_folder(target.parent)

    @contextmanager
    def _new_file(self) -> Iterator[tuple[Path, BinaryIO]]:
        self.staging.mkdir(parents=True, exist_ok=True)
        path = self.staging / f"{NEW}{uuid.uuid4().hex}"
        try:
            with path.open("xb") as file:
                yield path, file
        finally:
            path.unlink(missing_ok=True)


def store_of(settings: Settings) -> BlobStore:
    return BlobStore(settings.blobs, settings.staging)


def make_folder(folder: Path) -> None:
    """The folder with its missing parents, each on stable storage before anything is put into it."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(exist_ok=True)
    sync_folder(folder.parent)


def sync_folder(folder: Path) -> None:
    """Brings the names in a folder to stable storage."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sha256_of(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record_blob(session: Session, sha256: str, size: int, person_id: str) -> None:
    """Notes that the store has these bytes and that this person uploaded them; safe to repeat."""
    blob = upsert(session, Blob).values(sha256=sha256, size=size).on_conflict_do_nothing()
    holder = upsert(session, BlobHolder).values(sha256=sha256, person_id=person_id).on_conflict_do_nothing()
    session.execute(blob)
    session.execute(holder)
