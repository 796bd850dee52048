"""The store in a folder: `sha256/ab/cd/<hash>`. A file is linked into its place, which is one atomic step."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

from server.sync.blob_store import BlobStore, Entry, make_folder, parts_of, room, sync_folder


@dataclass(frozen=True)
class FolderStore(BlobStore):
    """A folder of bytes; `staging` must lie on the same file system as `root`."""

    root: Path

    def path(self, sha256: str) -> Path:
        return self.root.joinpath(*parts_of(sha256))

    def exists(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int:
        return self.path(sha256).stat().st_size

    def open(self, sha256: str) -> BinaryIO:
        return self.path(sha256).open("rb")

    @contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        path = self.path(sha256)
        path.stat()
        yield path

    def put_file(self, path: Path, sha256: str) -> None:
        target = self.path(sha256)
        with room():
            make_folder(target.parent)
            try:
                os.link(path, target)
            except FileExistsError:
                return
            sync_folder(target.parent)

    def remove(self, sha256: str) -> None:
        path = self.path(sha256)
        if path.is_file():
            path.unlink(missing_ok=True)
            sync_folder(path.parent)

    def entries(self) -> Iterator[Entry]:
        for path in (self.root / "sha256").glob("??/??/*"):
            try:
                found = path.stat()
            except FileNotFoundError:
                continue
            yield Entry(path.name, found.st_size, datetime.fromtimestamp(found.st_mtime, UTC))

    def is_ready(self) -> bool:
        above = next(folder for folder in (self.root, *self.root.parents) if folder.is_dir())
        return os.access(above, os.W_OK)
