"""What a store of bytes promises, whatever lies behind it, and the staging folder that all of them share.

Bytes appear under their SHA-256 complete or not at all and are never written again. They are first written under a
name of their own in the staging folder of this machine and brought to stable storage there; `put_file` then gives them
their place. Two implementations: blob_folder.FolderStore, blob_s3.S3Store.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
import uuid
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO

from server.errors import Problem

SHA256 = re.compile(r"[0-9a-f]{64}")
PIECE = 1024 * 1024
NEW = "new-"  # staging names of files that no upload row knows
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@dataclass(frozen=True)
class Stored:
    """What was put: lower-case hex hash and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Entry:
    """One file of a store as its listing shows it; `put_at` with zone."""

    sha256: str
    size: int
    put_at: datetime


@dataclass(frozen=True)
class BlobStore(ABC):
    """Bytes by their hash. Problems of every method: server.full, server.store_away."""

    staging: Path

    @abstractmethod
    def exists(self, sha256: str) -> bool: ...

    @abstractmethod
    def size(self, sha256: str) -> int:
        """Bytes; FileNotFoundError when the store has none of this name."""

    @abstractmethod
    def open(self, sha256: str) -> BinaryIO:
        """A stream that can seek; FileNotFoundError."""

    @abstractmethod
    def local(self, sha256: str) -> AbstractContextManager[Path]:
        """The bytes as a file of this machine while the block runs, only to be read; FileNotFoundError."""

    @abstractmethod
    def put_file(self, path: Path, sha256: str) -> None:
        """Gives a complete, synced file of the staging folder its place. Bytes that are there already stay.

        The caller has checked the hash and removes the staging name afterwards.
        """

    @abstractmethod
    def remove(self, sha256: str) -> None:
        """Takes the bytes away; nothing happens when they are gone."""

    @abstractmethod
    def entries(self) -> Iterator[Entry]:
        """Everything that lies here, in no order."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Whether bytes can be put now, as far as one look tells."""

    def put_bytes(self, content: bytes) -> Stored:
        return self.put_stream(BytesIO(content))

    def put_stream(self, stream: BinaryIO) -> Stored:
        """Reads to the end, in pieces; safe to repeat."""
        with new_file(self.staging) as (path, file):
            digest = hashlib.sha256()
            while piece := stream.read(PIECE):
                digest.update(piece)
                with room():
                    file.write(piece)
            with room():
                file.flush()
                os.fdatasync(file.fileno())
            self.put_file(path, digest.hexdigest())
            return Stored(digest.hexdigest(), file.tell())


def parts_of(sha256: str) -> tuple[str, ...]:
    """Folders and name of these bytes; no text from outside can become a path."""
    if not SHA256.fullmatch(sha256):
        raise ValueError("not a SHA-256 in lower-case hex")
    return ("sha256", sha256[:2], sha256[2:4], sha256)


@contextmanager
def room() -> Iterator[None]:
    """Where bytes are written: a full disk is a Problem with what to do, not a failure without words."""
    try:
        yield
    except OSError as error:
        if error.errno in _NO_ROOM:
            raise Problem("server.full", retry_after=300) from error
        raise


@contextmanager
def new_file(staging: Path) -> Iterator[tuple[Path, BinaryIO]]:
    """A new file of the staging folder that is gone when the block ends."""
    with room():
        make_folder(staging)
    path = staging / f"{NEW}{uuid.uuid4().hex}"
    try:
        with path.open("xb+") as file:
            yield path, file
    finally:
        path.unlink(missing_ok=True)


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
