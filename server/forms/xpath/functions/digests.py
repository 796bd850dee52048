"""Digests, encodings, signatures, identifiers."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
import string
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from server.forms.xpath import code
from server.forms.xpath.code import Code, Kind
from server.forms.xpath.errors import EvaluationError
from server.forms.xpath.functions.registry import Wants, plain, special
from server.forms.xpath.java import to_int
from server.forms.xpath.syntax import Call

if TYPE_CHECKING:
    from server.forms.xpath.compiler import Compiler

_TEXT = Wants.TEXT
_ALGORITHMS = {"MD5": "md5", "SHA1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512"}
_ENCODINGS: dict[str, Callable[[bytes], str]] = {
    "BASE64": lambda content: base64.b64encode(content).decode("ascii"),
    "HEX": bytes.hex,
}
_NOT_BASE64 = re.compile(r"[^A-Za-z0-9+/=]")
_TAIL = re.compile(r"[^B-Za-z0-9+/]*\Z")
_SIGNATURE, _KEY = 64, 32
_DIGITS = string.digits + string.ascii_uppercase
_MAX_UUID = 1_000


@plain("digest", wants=(_TEXT, _TEXT, _TEXT), gives=Kind.TEXT, optional=1)
def _digest(text: str, algorithm: str, encoding: str = "base64") -> str:
    name, encode = _ALGORITHMS.get(algorithm.upper().replace("-", "")), _ENCODINGS.get(encoding.upper())
    if name is None or encode is None:
        raise EvaluationError("digest", name=algorithm if name is None else encoding)
    return encode(hashlib.new(name, text.encode("utf-8", "replace"), usedforsecurity=False).digest())


@plain("base64-decode", wants=(_TEXT,), gives=Kind.TEXT)
def _decode(text: str) -> str:
    return decoded(text).decode("utf-8", "replace")


def decoded(text: str) -> bytes:
    """Base64 with anything else in it passed over; nothing when it is cut short."""
    kept = _NOT_BASE64.sub("", text)
    if len(kept) % 4:
        return b""
    # A sign of padding counts wherever only A's, signs and what is passed over follow it.
    tail = _TAIL.search(text, 1)
    padding = tail[0].count("=") if tail else 0
    content = base64.b64decode(kept.replace("=", "A"))
    return content[: max(len(content) - padding, 0)]


@plain("extract-signed", wants=(_TEXT, _TEXT), gives=Kind.TEXT)
def _extract_signed(text: str, public_key: str) -> str:
    """The message behind an Ed25519 signature of 64 bytes; "" when the signature does not fit."""
    content, key = decoded(text), decoded(public_key)[:_KEY]
    signature, message = content[:_SIGNATURE], content[_SIGNATURE:]
    if len(signature) < _SIGNATURE or len(key) < _KEY:
        return ""
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return ""
    return message.decode("utf-8", "replace")


@special("uuid", least=0, most=1)
def _uuid(call: Call, arguments: list[Code], compiler: Compiler) -> Code:
    if not arguments:
        return Code(Kind.TEXT, lambda node, context: str(uuid.uuid4()))
    length = code.number(arguments[0])

    def run(node: object, context: object) -> str:
        count = min(to_int(length(node, context)), _MAX_UUID)  # type: ignore[arg-type]
        return "".join(secrets.choice(_DIGITS) for _ in range(count))

    return Code(Kind.TEXT, run)
