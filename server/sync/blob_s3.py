"""The store in a bucket of an S3-compatible server. A key is `<prefix>sha256/ab/cd/<hash>`.

Bytes are put in one request that names their SHA-256, which the server checks before the key appears: no half object
and no multipart upload that somebody has to clean up. (S3 takes up to 5 GB in one request; a photo has 20 MiB.)
boto3, because it is AWS's own client, released weekly, and the only one whose behaviour the makers of other servers
test against. It is imported when it is needed: a store in a folder does without.
"""

from __future__ import annotations

import base64
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, BinaryIO, cast

from server.config import S3
from server.errors import Problem
from server.failpoints import hit
from server.sync.blob_store import PIECE, SHA256, BlobStore, Entry, new_file, parts_of, room, sha256_of

_MISSING = ("404", "NoSuchKey", "NotFound")
_SECONDS = 20  # for a connection, and between two bytes of an answer
_TRIES = 3


@dataclass(frozen=True)
class S3Store(BlobStore):
    """A bucket; `at` says where and with which keys."""

    at: S3

    def key(self, sha256: str) -> str:
        return self.at.prefix + "/".join(parts_of(sha256))

    def exists(self, sha256: str) -> bool:
        try:
            self.size(sha256)
        except FileNotFoundError:
            return False
        return True

    def size(self, sha256: str) -> int:
        return int(self._ask("head_object", Key=self.key(sha256))["ContentLength"])

    def open(self, sha256: str) -> BinaryIO:
        return cast(BinaryIO, io.BufferedReader(_Remote(self, self.key(sha256), self.size(sha256)), PIECE))

    @contextmanager
    def local(self, sha256: str) -> Iterator[Path]:
        with new_file(self.staging) as (path, file):
            with self.open(sha256) as stream, room():
                shutil.copyfileobj(stream, file, PIECE)
                file.flush()
            if sha256_of(path) != sha256:
                raise OSError(f"the store gave other bytes for {sha256}")
            yield path

    def put_file(self, path: Path, sha256: str) -> None:
        if self.exists(sha256):
            return
        checksum = base64.b64encode(bytes.fromhex(sha256)).decode()
        hit("store.putting")
        with path.open("rb") as body:
            self._ask("put_object", Key=self.key(sha256), Body=body, ChecksumSHA256=checksum)
        hit("store.put")

    def remove(self, sha256: str) -> None:
        self._ask("delete_object", Key=self.key(sha256))

    def entries(self) -> Iterator[Entry]:
        wanted: dict[str, Any] = {"Prefix": f"{self.at.prefix}sha256/"}
        while True:
            page = self._ask("list_objects_v2", **wanted)
            for item in page.get("Contents", ()):
                name = item["Key"].rpartition("/")[2]
                if SHA256.fullmatch(name):
                    yield Entry(name, item["Size"], item["LastModified"])
            if not page.get("IsTruncated"):
                return
            wanted["ContinuationToken"] = page["NextContinuationToken"]

    def is_ready(self) -> bool:
        try:
            self._ask("head_bucket")
        except (Problem, OSError):
            return False
        return True

    def read(self, key: str, start: int, stop: int) -> bytes:
        """Bytes from `start` up to and without `stop`."""
        answer = self._ask("get_object", Key=key, Range=f"bytes={start}-{stop - 1}")
        return self._body(answer)

    def _body(self, answer: dict[str, Any]) -> bytes:
        errors = _errors()
        try:
            return bytes(answer["Body"].read())
        except errors as error:
            raise Problem("server.store_away", retry_after=30) from error

    def _ask(self, what: str, **arguments: Any) -> dict[str, Any]:
        """One request, tried again by the client; FileNotFoundError, Problem server.store_away."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            answer: dict[str, Any] = getattr(_client(self.at), what)(Bucket=self.at.bucket, **arguments)
        except ClientError as error:
            code = error.response.get("Error", {}).get("Code", "")
            if code in _MISSING and "Key" in arguments:
                raise FileNotFoundError(arguments["Key"]) from error
            raise Problem("server.store_away", detail=f"S3: {code}", retry_after=30) from error
        except BotoCoreError as error:
            raise Problem("server.store_away", detail=f"S3: {type(error).__name__}", retry_after=30) from error
        return answer


class _Remote(io.RawIOBase):
    """An object as a file that seeks; each read is one request for a range."""

    def __init__(self, store: S3Store, key: str, size: int) -> None:
        self._store, self._key, self._size, self._at = store, key, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        return self._at

    def readinto(self, buffer: Any) -> int:
        stop = min(self._size, self._at + len(buffer))
        if stop <= self._at:
            return 0
        piece = self._store.read(self._key, self._at, stop)
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)


def _errors() -> tuple[type[Exception], ...]:
    from botocore.exceptions import BotoCoreError
    from urllib3.exceptions import HTTPError

    return BotoCoreError, HTTPError, OSError


@cache
def _client(at: S3) -> Any:
    import boto3
    from botocore.config import Config

    config = Config(
        connect_timeout=_SECONDS, read_timeout=_SECONDS, retries={"mode": "standard", "max_attempts": _TRIES},
        s3={"addressing_style": "path" if at.path_style else "virtual"}, max_pool_connections=16,
        # Only what we name ourselves: older servers refuse the checksums that newer clients add.
        request_checksum_calculation="when_required", response_checksum_validation="when_required",
    )  # fmt: skip
    return boto3.client(
        "s3", endpoint_url=at.endpoint or None, region_name=at.region, aws_access_key_id=at.key,
        aws_secret_access_key=at.secret, config=config,
    )
