"""Reads a courier file (docs/COURIER.md): sealed to the server's key, in frames, so that memory stays bounded.

What is read is authentic to the file's own key only; who made it, the manifest's signature says.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.accounts.device_keys import is_signed, signature_of
from server.accounts.keys import public_jwk
from server.sync.blob_store import SHA256

FORMAT = "ruhu-courier-1"
MAGIC = b"RUHU-COURIER/1\n"
HEADER_BYTES = 8192
FRAME_BYTES = 1024 * 1024
TAG_BYTES = 16
MANIFEST_BYTES = 4 * 1024 * 1024
OP_BYTES = 16 * 1024 * 1024
MOST_OPS, MOST_FILES = 20_000, 5_000


class Damaged(Exception):
    """The file cannot be read from here on; `where` says what was being read."""

    def __init__(self, where: str) -> None:
        super().__init__(where)
        self.where = where


class OtherServer(Exception):
    """Sealed to a key that this server does not have."""


@dataclass(frozen=True)
class File:
    """A photo in the file: lower-case hex hash and size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Manifest:
    """What the file says it holds. `line`: its own bytes, which the signature covers; `ops`: hashes in order."""

    line: bytes
    signature: bytes
    install_id: str
    author: str
    created_at: str
    ops: tuple[str, ...]
    files: tuple[File, ...]


class Content:
    """The joined frames behind the header, read once from front to end. Everything raises Damaged."""

    def __init__(self, stream: IO[bytes], cipher: AESGCM, first_lines: bytes) -> None:
        self._stream, self._cipher, self._first_lines = stream, cipher, first_lines
        self._number = 0
        self._length = stream.read(4)
        self._buffer = bytearray()

    def line(self, most: int, where: str) -> bytes:
        """Up to the next newline, which is left out."""
        looked = 0
        while (end := self._buffer.find(b"\n", looked)) < 0:
            looked = len(self._buffer)
            if looked > most:
                raise Damaged(where)
            self._next_frame(where)
        if end > most:
            raise Damaged(where)
        found = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return found

    def pieces(self, size: int, where: str) -> Iterator[bytes]:
        """The next `size` bytes."""
        while size > 0:
            if not self._buffer:
                self._next_frame(where)
            piece = bytes(self._buffer[:size])
            del self._buffer[: len(piece)]
            size -= len(piece)
            yield piece

    def end(self) -> None:
        """Nothing is left, and the last frame said that it was the last."""
        while self._length:
            self._next_frame("end")
        if self._buffer:
            raise Damaged("end")

    def _next_frame(self, where: str) -> None:
        if len(self._length) != 4:
            raise Damaged(where)
        size = int.from_bytes(self._length, "big")
        if not TAG_BYTES <= size <= FRAME_BYTES + TAG_BYTES:
            raise Damaged(where)
        sealed = self._stream.read(size)
        self._length = self._stream.read(4)
        nonce = bytes(7) + self._number.to_bytes(4, "big") + (b"\1" if not self._length else b"\0")
        try:
            self._buffer += self._cipher.decrypt(nonce, sealed, self._first_lines)
        except (InvalidTag, ValueError) as error:
            raise Damaged(where) from error
        self._number += 1


def thumbprint(key: rsa.RSAPrivateKey) -> str:
    """RFC 7638, lower-case hex."""
    jwk = public_jwk(key)
    named = {name: jwk[name] for name in ("e", "kty", "n")}
    return hashlib.sha256(json.dumps(named, separators=(",", ":")).encode()).hexdigest()


def open_courier(stream: IO[bytes], key: rsa.RSAPrivateKey) -> tuple[Manifest, Content]:
    """The manifest, and the content behind it. Raises Damaged, OtherServer."""
    if stream.read(len(MAGIC)) != MAGIC:
        raise Damaged("header")
    line = stream.readline(HEADER_BYTES)
    header = _json_object(line, "header")
    if not line.endswith(b"\n") or header.get("format") != FORMAT:
        raise Damaged("header")
    if header.get("server_key") != thumbprint(key):
        raise OtherServer
    content = Content(stream, AESGCM(_content_key(header, key)), MAGIC + line)
    manifest = _manifest(content)
    if any(header.get(name) != getattr(manifest, name) for name in ("install_id", "author", "created_at")):
        raise Damaged("manifest")
    return manifest, content


def _content_key(header: Mapping[str, Any], key: rsa.RSAPrivateKey) -> bytes:
    hash_ = hashes.SHA256()
    oaep = padding.OAEP(mgf=padding.MGF1(hash_), algorithm=hash_, label=FORMAT.encode())
    try:
        found = key.decrypt(base64.b64decode(str(header.get("wrapped_key")), validate=True), oaep)
    except (ValueError, binascii.Error) as error:
        raise Damaged("header") from error
    if len(found) != 32:
        raise Damaged("header")
    return found


def _manifest(content: Content) -> Manifest:
    line = content.line(MANIFEST_BYTES, "manifest")
    found = _json_object(line, "manifest")
    ops, files = found.get("ops"), found.get("files")
    if not isinstance(ops, list) or not isinstance(files, list) or len(ops) > MOST_OPS or len(files) > MOST_FILES:
        raise Damaged("manifest")
    if not all(isinstance(op, str) and SHA256.fullmatch(op) for op in ops):
        raise Damaged("manifest")
    texts = {name: found.get(name) for name in ("install_id", "author", "created_at")}
    if not all(isinstance(text, str) and 0 < len(text) <= 64 and text.isprintable() for text in texts.values()):
        raise Damaged("manifest")
    signature = signature_of(content.line(HEADER_BYTES, "signature"))
    install_id, author, created_at = (str(text) for text in texts.values())
    return Manifest(line, signature, install_id, author, created_at, tuple(ops), tuple(_file(one) for one in files))


def _file(given: object) -> File:
    sha256, size = (given.get("sha256"), given.get("size")) if isinstance(given, dict) else (None, None)
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise Damaged("manifest")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise Damaged("manifest")
    return File(sha256, size)


def _json_object(line: bytes, where: str) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Damaged(where) from error
    if not isinstance(found, dict):
        raise Damaged(where)
    return found


def is_signed_by(manifest: Manifest, public_key_jwk: Mapping[str, Any] | None) -> bool:
    """Whether this device key signed the manifest."""
    return is_signed(public_key_jwk, manifest.signature, signed_bytes(manifest.line))


def signed_bytes(manifest_line: bytes) -> bytes:
    """What the device key signs: no other signature of the phone begins like this."""
    return FORMAT.encode() + b"\n" + manifest_line
