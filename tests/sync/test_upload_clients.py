"""Real clients against a real server, and several of them at one upload."""

from __future__ import annotations

import io
import random
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from flask import Flask
from sqlalchemy import func, select
from tusclient.client import TusClient
from tusclient.exceptions import TusUploadFailed
from tusclient.uploader import Uploader

from server import db
from server.sync.blobs import store_of
from server.sync.tables import BlobHolder
from tests.serving import serving
from tests.sync.uploading import OCTETS, TUS, Someone, create, head, make_people, metadata, patch, sha256

PHOTO = random.Random(1).randbytes(1_200_000)


@pytest.fixture
def ana(app: Flask) -> Someone:
    return make_people(app, ana=None)[0]


@pytest.fixture
def address(app: Flask, database_url: str, ana: Someone) -> Iterator[str]:
    with serving(database_url, app.config["RUHU"].var) as running:
        yield running


def uploader(address: str, person: Someone, content: bytes, url: str | None = None) -> Uploader:
    client = TusClient(f"{address}/api/v1/uploads", headers=person.headers)
    return client.uploader(
        file_stream=io.BytesIO(content), chunk_size=256 * 1024, url=url, upload_checksum=True,
        metadata={"sha256": sha256(content), "filename": "门前 1.jpg", "filetype": "image/jpeg"},
    )


def test_tuspy_uploads_stops_and_goes_on(app: Flask, address: str, ana: Someone) -> None:
    first = uploader(address, ana, PHOTO)
    first.upload(stop_at=512 * 1024)
    second = uploader(address, ana, PHOTO, first.url)
    assert second.offset == 512 * 1024
    second.upload()
    assert store_of(app.config["RUHU"]).open(sha256(PHOTO)).read() == PHOTO
    assert uploader(address, ana, PHOTO, first.url).get_offset() == len(PHOTO)


def test_tuspy_uploads_an_empty_file_and_the_same_file_twice(app: Flask, address: str, ana: Someone) -> None:
    for content in (b"", PHOTO, PHOTO):
        uploader(address, ana, content).upload()
        assert store_of(app.config["RUHU"]).size(sha256(content)) == len(content)


def test_tuspy_is_told_when_the_file_is_not_the_announced_one(address: str, ana: Someone) -> None:
    wrong = uploader(address, ana, PHOTO)
    wrong.metadata["sha256"] = sha256(b"another")
    with pytest.raises(TusUploadFailed) as failure:
        wrong.upload()
    assert failure.value.status_code == 460


def test_a_refusal_before_the_body_is_read_reaches_the_client(address: str, ana: Someone) -> None:
    """A server that closes on unread bytes resets the connection, and the phone never learns the reason."""
    announced = {**TUS, **ana.headers, "Upload-Length": str(len(PHOTO)), "Upload-Metadata": metadata(PHOTO)}
    where = requests.post(f"{address}/api/v1/uploads", headers=announced, timeout=20).headers["Location"]
    for offset, headers in (("7", ana.headers), ("0", {"Authorization": "Bearer nobody"})):
        given = {**TUS, **OCTETS, **headers, "Upload-Offset": offset}
        answer = requests.patch(f"{address}{where}", headers=given, data=PHOTO[: 900 * 1024], timeout=20)
        assert answer.status_code == (409 if offset == "7" else 401)


def test_a_body_of_unknown_length_is_taken_and_bounded(app: Flask, address: str, ana: Someone) -> None:
    """Chunked transfer names no length: it counts as it comes, and an endless one ends with 413."""
    announced = {**TUS, **ana.headers, "Upload-Length": str(len(PHOTO)), "Upload-Metadata": metadata(PHOTO)}
    where = requests.post(f"{address}/api/v1/uploads", headers=announced, timeout=20).headers["Location"]
    given = {**TUS, **OCTETS, **ana.headers, "Upload-Offset": "0"}
    endless = (bytes(1024 * 1024) for _ in range(21))
    assert requests.patch(f"{address}{where}", headers=given, data=endless, timeout=60).status_code == 413
    pieces = (PHOTO[start : start + 100_000] for start in range(0, len(PHOTO), 100_000))
    assert requests.patch(f"{address}{where}", headers=given, data=pieces, timeout=60).status_code == 204
    assert store_of(app.config["RUHU"]).size(sha256(PHOTO)) == len(PHOTO)


def test_of_several_writers_of_one_piece_one_wins(app: Flask, ana: Someone) -> None:
    """Retries that overtake each other (a proxy, two tabs) never mix their bytes; every round has one winner."""
    content, pieces = PHOTO[:60_000], 6
    step = len(content) // pieces
    where = create(app.test_client(), ana, content).headers["Location"]

    def put(offset: int) -> int:
        return patch(app.test_client(), ana, where, offset, content[offset : offset + step]).status_code

    with ThreadPoolExecutor(8) as threads:
        for number in range(pieces):
            answers = sorted(threads.map(put, [number * step] * 8))
            assert answers == [204] + [409] * 7
    assert head(app.test_client(), ana, where).headers["Upload-Offset"] == str(len(content))
    assert store_of(app.config["RUHU"]).open(sha256(content)).read() == content


def test_many_uploads_of_the_same_file_at_once_are_one_blob(app: Flask, ana: Someone) -> None:
    content = PHOTO[:50_000]

    def send(_: int) -> int:
        client = app.test_client()
        return patch(client, ana, create(client, ana, content).headers["Location"], 0, content).status_code

    with ThreadPoolExecutor(8) as threads:
        assert set(threads.map(send, range(16))) == {204}
    with app.app_context(), db.read() as session:
        assert session.scalar(select(func.count()).select_from(BlobHolder)) == 1
    assert list(app.config["RUHU"].staging.iterdir()) == []
