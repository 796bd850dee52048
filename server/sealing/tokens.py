"""Sealing bytes with AES-256-GCM. Knows keys and places, neither database nor settings.

A token is `key id (6 bytes) · nonce (12) · ciphertext · tag (16)`. The place (table.column) is authenticated, so that
a token which was moved to another column does not open.
"""

from __future__ import annotations

import binascii
import hmac
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ID, NONCE, TAG = 6, 12, 16
SECRET = 32  # bytes of a key
MARK = b"\x00s"  # no JSON, no XML and no other text that we keep begins so
WORD = "~s1:"  # begins a token that stands as text; the rest is Base64
_PLAIN, _SMALLER = b"p", b"z"
_SMALL = 200  # bytes: below that compressing gains nothing
_ROUND = 32  # bytes: lengths of short values would say what they are


class Unopened(Exception):
    """The token is damaged, was moved, or its key is not there."""


@dataclass(frozen=True)
class Key:
    """One key in use; `id` names it in tokens."""

    id: bytes
    secret: bytes = field(repr=False)
    _cipher: AESGCM = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_cipher", AESGCM(self.secret))

    def seal(self, plain: bytes, place: bytes) -> bytes:
        nonce = os.urandom(NONCE)
        return self.id + nonce + self._cipher.encrypt(nonce, plain, place)

    def open(self, token: bytes, place: bytes) -> bytes:
        """Raises Unopened."""
        try:
            return self._cipher.decrypt(token[ID : ID + NONCE], token[ID + NONCE :], place)
        except (InvalidTag, ValueError) as error:
            raise Unopened("damaged or moved") from error

    def digest(self, text: str) -> str:
        """A keyed hash of `text` for finding equals: `key id:HMAC-SHA-256`, the latter cut to 160 bits, in hex."""
        return f"{self.id.hex()}:{hmac.digest(self.secret, text.encode('utf-8', 'surrogatepass'), 'sha256').hex()[:40]}"


def new_key() -> Key:
    return Key(os.urandom(ID), os.urandom(SECRET))


def opened(keys: Mapping[bytes, Key], token: bytes, place: bytes) -> bytes:
    """What the token holds. Raises Unopened."""
    key = keys.get(token[:ID])
    if key is None:
        raise Unopened("its key is not there")
    return key.open(token, place)


# Compressors are not for several threads at once.
_own = threading.local()


def packed(key: Key, content: bytes, place: bytes) -> bytes:
    """A payload, compressed and sealed, with its mark."""
    how, smaller = _PLAIN, content
    if len(content) >= _SMALL:
        if not hasattr(_own, "press"):
            _own.press, _own.unpress = zstandard.ZstdCompressor(level=1), zstandard.ZstdDecompressor()
        how, smaller = _SMALLER, _own.press.compress(content)
    return MARK + how + key.seal(smaller, place + how)


def unpacked(keys: Mapping[bytes, Key], token: bytes, place: bytes) -> bytes:
    """Raises Unopened."""
    how = token[2:3]
    content = opened(keys, token[3:], place + how)
    if how == _PLAIN:
        return content
    if not hasattr(_own, "unpress"):
        _own.press, _own.unpress = zstandard.ZstdCompressor(level=1), zstandard.ZstdDecompressor()
    found: bytes = _own.unpress.decompress(content)
    return found


def is_packed(stored: bytes) -> bool:
    return stored.startswith(MARK)


def worded(key: Key, text: bytes, place: bytes) -> str:
    """A short text sealed, as a word that JSON can hold. Filled up with spaces: its end must not be one that counts."""
    rounded = text + b" " * (-len(text) % _ROUND)
    return WORD + binascii.b2a_base64(key.seal(rounded, place), newline=False).decode("ascii")


def unworded(keys: Mapping[bytes, Key], word: str, place: bytes) -> bytes:
    """With the spaces that filled it up. Raises Unopened."""
    try:
        token = binascii.a2b_base64(word[len(WORD) :], strict_mode=True)
    except (binascii.Error, ValueError) as error:
        raise Unopened("no token") from error
    return opened(keys, token, place)


def key_of(stored: bytes | str) -> bytes | None:
    """The id of the key that a token was sealed with; None when it is none."""
    if isinstance(stored, bytes):
        return stored[3 : 3 + ID] if is_packed(stored) else None
    if not stored.startswith(WORD):
        return None
    try:
        return binascii.a2b_base64(stored[len(WORD) : len(WORD) + 4 * ID // 3])
    except binascii.Error:
        return None
