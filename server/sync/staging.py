"""The bytes of an upload on its way: a file of the staging folder under the upload's id."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from server.failpoints import hit
from server.sync.blob_store import PIECE, make_folder, room, sync_folder


@dataclass(frozen=True)
class Chunk:
    """Bytes that came, in a file of their own, and where in the upload they belong."""

    offset: int
    file: IO[bytes]
    length: int


def staged(staging: Path, upload_id: str) -> int:
    """Bytes in the staging file."""
    try:
        return (staging / upload_id).stat().st_size
    except FileNotFoundError:
        return 0


def write(staging: Path, upload_id: str, chunk: Chunk) -> None:
    """Puts the bytes behind those that count, on stable storage; what a crash left there goes. Problem server.full.

    What a full disk leaves half written lies behind the offset, so that the next try cuts it.
    """
    with room():
        make_folder(staging)
        hit("upload.writing")
        handle = os.open(staging / upload_id, os.O_RDWR | os.O_CREAT, 0o600)
        with os.fdopen(handle, "r+b") as file:
            file.truncate(chunk.offset)
            file.seek(chunk.offset)
            chunk.file.seek(0)
            shutil.copyfileobj(chunk.file, file, PIECE)
            file.flush()
            hit("upload.syncing")
            os.fdatasync(file.fileno())
        if chunk.offset == 0:
            sync_folder(staging)


def make_empty(staging: Path, upload_id: str) -> None:
    """The file of an upload without bytes."""
    with room():
        make_folder(staging)
        (staging / upload_id).touch()
