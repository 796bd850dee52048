"""The content-addressed store: whole or absent, never overwritten, one file for equal bytes."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import func, select

from server import db
from server.sync.blob_folder import FolderStore
from server.sync.blobs import record_blob
from server.sync.tables import Blob, BlobHolder
from tests.sync.uploading import make_people, sha256


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "staging", tmp_path / "blobs")


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_bytes_come_back_under_their_hash(store: FolderStore) -> None:
    stored = store.put_bytes(b"a photo")
    assert (stored.sha256, stored.size) == (sha256(b"a photo"), 7)
    assert store.exists(stored.sha256) and store.size(stored.sha256) == 7
    with store.open(stored.sha256) as file:
        assert file.read() == b"a photo"
    assert files(store.root) == [store.root / "sha256" / stored.sha256[:2] / stored.sha256[2:4] / stored.sha256]


def test_equal_bytes_are_one_file_and_the_first_stays(store: FolderStore) -> None:
    first = store.put_bytes(b"same")
    inode = store.path(first.sha256).stat().st_ino
    assert store.put_stream(io.BytesIO(b"same")) == first
    assert store.path(first.sha256).stat().st_ino == inode
    assert files(store.staging) == []


def test_a_stream_that_breaks_leaves_nothing(store: FolderStore) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store.put_stream(Broken())
    assert files(store.root) == files(store.staging) == []


@pytest.mark.parametrize("name", ["", "ab", "../../etc/passwd", "A" * 64, "0" * 63 + "\n"])
def test_a_name_that_is_no_hash_is_refused(store: FolderStore, name: str) -> None:
    """No text from outside can become a path."""
    with pytest.raises(ValueError):
        store.exists(name)


def test_recording_again_changes_nothing(app: Flask) -> None:
    ana, bo = make_people(app, ana=None, bo=None)
    with app.app_context():
        for person in (ana, ana, bo):
            db.transact(lambda session, person=person: record_blob(session, sha256(b"x"), 1, person.id))
        with db.read() as session:
            assert session.scalar(select(func.count()).select_from(Blob)) == 1
            assert session.scalar(select(func.count()).select_from(BlobHolder)) == 2
