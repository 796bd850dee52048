"""What every store of bytes promises: the same tests on a folder and on a real S3 server (OpenStack Swift)."""

from __future__ import annotations

import io
import os
import shutil
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from server.config import S3
from server.errors import Problem
from server.sync import blob_s3
from server.sync.blob_folder import FolderStore
from server.sync.blob_s3 import S3Store
from server.sync.blob_store import BlobStore
from tests.object_store import ObjectStore
from tests.sync.uploading import sha256

PHOTO = os.urandom(3_000_000)


@pytest.fixture(scope="module")
def swift(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ObjectStore]:
    with ObjectStore(tmp_path_factory.mktemp("swift")) as running:
        yield running


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> BlobStore:
    if request.param == "folder":
        return FolderStore(tmp_path / "staging", tmp_path / "blobs")
    swift: ObjectStore = request.getfixturevalue("swift")
    swift.empty()
    return S3Store(tmp_path / "staging", swift.at)


def staged(store: BlobStore) -> list[Path]:
    return list(store.staging.iterdir()) if store.staging.is_dir() else []


def test_bytes_come_back_under_their_hash(store: BlobStore) -> None:
    stored = store.put_bytes(PHOTO)
    assert (stored.sha256, stored.size) == (sha256(PHOTO), len(PHOTO))
    assert store.exists(stored.sha256) and store.size(stored.sha256) == len(PHOTO)
    with store.open(stored.sha256) as stream:
        assert stream.read() == PHOTO
    with store.local(stored.sha256) as path:
        assert path.read_bytes() == PHOTO
    assert staged(store) == []


@pytest.mark.parametrize("size", [0, 1])
def test_very_small_files_are_files(store: BlobStore, size: int) -> None:
    """pouchdb#3961, #3942: zero bytes are a file too."""
    content = PHOTO[:size]
    store.put_bytes(content)
    assert store.size(sha256(content)) == size
    with store.open(sha256(content)) as stream:
        assert stream.read() == content


def test_a_part_can_be_read(store: BlobStore) -> None:
    store.put_bytes(PHOTO)
    with store.open(sha256(PHOTO)) as stream:
        for start, length in ((0, 10), (2_999_990, 10), (1_000_000, 70_000), (2_999_990, 50)):
            stream.seek(start)
            assert stream.read(length) == PHOTO[start : start + length]
        stream.seek(0, io.SEEK_END)
        assert (stream.tell(), stream.read(1)) == (len(PHOTO), b"")


def test_what_is_not_there_says_so(store: BlobStore) -> None:
    unknown = sha256(b"unknown")
    assert not store.exists(unknown)
    for ask in (store.size, store.open):
        with pytest.raises(FileNotFoundError):
            ask(unknown)
    with pytest.raises(FileNotFoundError), store.local(unknown):
        pass
    store.remove(unknown)


@pytest.mark.parametrize("name", ["", "ab", "../../etc/passwd", "A" * 64, "0" * 63 + "\n"])
def test_a_name_that_is_no_hash_reaches_no_path_and_no_key(store: BlobStore, name: str) -> None:
    for ask in (store.exists, store.size, store.open, store.remove):
        with pytest.raises(ValueError, match="SHA-256"):
            ask(name)


def test_equal_bytes_twice_are_one_file(store: BlobStore) -> None:
    assert store.put_bytes(PHOTO) == store.put_stream(io.BytesIO(PHOTO))
    assert [(entry.sha256, entry.size) for entry in store.entries()] == [(sha256(PHOTO), len(PHOTO))]


def test_everything_is_listed_with_size_and_time(store: BlobStore) -> None:
    begun = datetime.now(UTC) - timedelta(seconds=2)
    contents = [bytes([n]) * n for n in range(1, 6)]
    for content in contents:
        store.put_bytes(content)
    found = {entry.sha256: entry for entry in store.entries()}
    assert {key: entry.size for key, entry in found.items()} == {sha256(one): len(one) for one in contents}
    assert all(begun <= entry.put_at <= datetime.now(UTC) + timedelta(seconds=2) for entry in found.values())


def test_what_is_removed_is_gone_and_can_come_again(store: BlobStore) -> None:
    store.put_bytes(PHOTO)
    store.remove(sha256(PHOTO))
    assert not store.exists(sha256(PHOTO)) and list(store.entries()) == []
    store.put_bytes(PHOTO)
    assert store.size(sha256(PHOTO)) == len(PHOTO)


def test_a_stream_that_breaks_leaves_nothing(store: BlobStore) -> None:
    class Broken(io.BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            if self.tell() > 0:
                raise ConnectionResetError
            return super().read(5)

    with pytest.raises(ConnectionResetError):
        store.put_stream(Broken(PHOTO))
    assert staged(store) == list(store.entries()) == []


def test_a_store_says_whether_it_can_be_used(store: BlobStore, tmp_path: Path) -> None:
    assert store.is_ready()


def test_the_server_refuses_bytes_that_are_not_what_their_name_says(swift: ObjectStore, tmp_path: Path) -> None:
    """A disk that flips a bit between hashing and sending: the checksum of the request keeps it out."""
    swift.empty()
    store, wrong = S3Store(tmp_path / "staging", swift.at), tmp_path / "wrong"
    wrong.write_bytes(b"others")
    with pytest.raises(Problem, match="store_away"):
        store.put_file(wrong, sha256(PHOTO))
    assert swift.keys() == []


def test_other_bytes_than_were_put_are_never_handed_out(swift: ObjectStore, tmp_path: Path) -> None:
    store = S3Store(tmp_path / "staging", swift.at)
    swift.client().put_object(Bucket=swift.at.bucket, Key=store.key(sha256(PHOTO)), Body=b"others")
    with pytest.raises(OSError, match="other bytes"), store.local(sha256(PHOTO)):
        pass
    swift.empty()


@pytest.mark.parametrize("wrong", ["secret", "bucket", "address"])
def test_wrong_settings_are_a_problem_and_no_crash(swift: ObjectStore, tmp_path: Path, wrong: str) -> None:
    at = {
        "secret": S3("photos", swift.at.endpoint, swift.at.key, "another"),
        "bucket": S3("nobodys", swift.at.endpoint, swift.at.key, swift.at.secret),
        "address": S3("photos", "http://127.0.0.1:9", swift.at.key, swift.at.secret),
    }[wrong]
    store = S3Store(tmp_path / "staging", at)
    assert not store.is_ready()
    with pytest.raises(Problem, match="store_away") as failure:
        store.put_bytes(b"a photo")
    assert swift.at.secret not in f"{failure.value} {failure.value.detail} {at!r}"
    assert staged(store) == []


@pytest.mark.kill
def test_a_server_killed_in_the_middle_of_puts_has_what_it_confirmed(tmp_path: Path, monkeypatch) -> None:
    """kill -9 of the S3 server again and again while files go in: what was answered is there, the rest goes again."""
    monkeypatch.setattr(blob_s3, "_TRIES", 1)
    blob_s3._client.cache_clear()
    contents = [os.urandom(400_000) for _ in range(30)]
    confirmed: list[str] = []
    with ObjectStore(tmp_path / "node") as node:
        store = S3Store(tmp_path / "staging", node.at)
        done = threading.Event()

        def put() -> None:
            waiting = list(contents)
            while waiting:
                try:
                    confirmed.append(store.put_bytes(waiting[0]).sha256)
                    waiting.pop(0)
                except Problem:
                    time.sleep(0.05)
            done.set()

        thread = threading.Thread(target=put)
        thread.start()
        kills = 0
        while not done.wait(0.15) and kills < 3:
            node.kill()
            kills += 1
            seen = list(confirmed)
            node.start()
            assert all(store.exists(one) for one in seen)
        thread.join(120)
        assert kills and confirmed == [sha256(one) for one in contents]
        for content in contents:
            with store.local(sha256(content)) as path:
                assert path.read_bytes() == content
        # Its listing may lag behind (Swift notes it later), so only the sweep of orphans goes by it.
        assert len(node.keys()) <= len(contents)
    blob_s3._client.cache_clear()
    shutil.rmtree(tmp_path / "node")
