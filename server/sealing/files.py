"""Files on the disk, sealed in pieces under a key of their own, which lies sealed in the database.

A piece is `length (4) · ciphertext · tag`. Its number and whether it is the last are authenticated: pieces that were
swapped or cut off at the end do not open.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from server.errors import Problem

PIECE = 256 * 1024
_LENGTH, _TAG = 4, 16  # bytes around each piece


def seal_file(source: Path, target: Path) -> bytes:
    """Writes `source` sealed to `target`, whole or not at all; the file's key."""
    key = AESGCM.generate_key(256)
    cipher, draft = AESGCM(key), target.with_name(f".{target.name}.sealing")
    with source.open("rb") as plain, draft.open("wb") as file:
        number, piece = 0, plain.read(PIECE)
        while True:
            following = plain.read(PIECE)
            sealed = cipher.encrypt(_nonce(number), piece, _end(not following))
            file.write(len(sealed).to_bytes(_LENGTH, "big") + sealed)
            if not following:
                break
            number, piece = number + 1, following
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)
    return key


def opened_file(path: Path, key: bytes) -> Iterator[bytes]:
    """The pieces of a sealed file. Problem sealed.unreadable before anything is sent, when already the first fails."""
    return _begun(_pieces(path, key))


def opened_part(path: Path, key: bytes, start: int, stop: int) -> Iterator[bytes]:
    """What lies from byte `start` to before `stop`; what lies before it is not read. Else as `opened_file`."""
    return _begun(_cut(_pieces(path, key, start // PIECE), start % PIECE, stop - start))


def _begun(pieces: Iterator[bytes]) -> Iterator[bytes]:
    first = next(pieces, b"")

    def all_of_them() -> Iterator[bytes]:
        yield first
        yield from pieces

    return all_of_them()


def _cut(pieces: Iterator[bytes], skipped: int, size: int) -> Iterator[bytes]:
    """`size` bytes behind the first `skipped` ones."""
    for piece in pieces:
        part = piece[skipped : skipped + size]
        yield part
        skipped, size = 0, size - len(part)
        if size <= 0:
            return


def _pieces(path: Path, key: bytes, number: int = 0) -> Iterator[bytes]:
    """From the piece with this number on."""
    try:
        cipher = AESGCM(key)
        with path.open("rb") as file:
            file.seek(number * (_LENGTH + PIECE + _TAG))
            sealed = _read(file)
            while sealed:
                following = _read(file)
                yield cipher.decrypt(_nonce(number), sealed, _end(not following))
                number, sealed = number + 1, following
    except (InvalidTag, ValueError) as error:
        raise Problem("sealed.unreadable", detail=path.name) from error


def _read(file: BinaryIO) -> bytes:
    return file.read(int.from_bytes(file.read(_LENGTH), "big"))


def _nonce(number: int) -> bytes:
    """The key seals this file only, so that counting never repeats a nonce."""
    return number.to_bytes(12, "big")


def _end(is_last: bool) -> bytes:
    return b"last" if is_last else b"more"
