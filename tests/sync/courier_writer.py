"""Writes courier files as docs/COURIER.md says: the reference for the phone's writer, and the tests' own."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

FORMAT = "ruhu-courier-1"


def device_jwk(key: ec.EllipticCurvePrivateKey) -> dict[str, str]:
    """What the sign-in sends as device.public_key_jwk."""
    numbers = key.public_key().public_numbers()
    return {"kty": "EC", "crv": "P-256", "x": _b64url(numbers.x, 32), "y": _b64url(numbers.y, 32)}


def courier_file(
    server_public_key_jwk: Mapping[str, str],
    device_key: ec.EllipticCurvePrivateKey | None,
    install_id: str,
    author: str,
    ops: Sequence[Mapping[str, Any] | bytes],
    files: Sequence[bytes] = (),
    *,
    created_at: str = "2026-11-22T08:00:00+08:00",
    frame: int = 1024 * 1024,
    **more: Any,
) -> bytes:
    """A whole file. `more` goes into the manifest; `frame`: bytes of content in a frame."""
    lines = [op if isinstance(op, bytes) else json.dumps(op, ensure_ascii=False).encode() for op in ops]
    named = {"format": FORMAT, "install_id": install_id, "author": author, "created_at": created_at}
    manifest = {
        **named,
        "app_build": "test",
        "ops": [hashlib.sha256(line).hexdigest() for line in lines],
        "files": [{"sha256": hashlib.sha256(file).hexdigest(), "size": len(file)} for file in files],
        **more,
    }
    line = json.dumps(manifest).encode()
    signature = base64.b64encode(_sign(device_key, FORMAT.encode() + b"\n" + line)) if device_key else b""
    content = b"\n".join([line, signature, *lines]) + b"\n" + b"".join(files)
    secret = os.urandom(32)
    header = {
        **named,
        "server_key": _thumbprint(server_public_key_jwk),
        "wrapped_key": base64.b64encode(_wrap(server_public_key_jwk, secret)).decode(),
        "ops": len(lines),
        "files": len(files),
    }
    first_lines = b"RUHU-COURIER/1\n" + json.dumps(header).encode() + b"\n"
    return first_lines + _frames(AESGCM(secret), first_lines, content, frame)


def _frames(cipher: AESGCM, first_lines: bytes, content: bytes, size: int) -> bytes:
    starts = range(0, max(len(content), 1), size)
    out = b""
    for number, start in enumerate(starts):
        last = b"\1" if number == len(starts) - 1 else b"\0"
        nonce = bytes(7) + number.to_bytes(4, "big") + last
        sealed = cipher.encrypt(nonce, content[start : start + size], first_lines)
        out += len(sealed).to_bytes(4, "big") + sealed
    return out


def _sign(key: ec.EllipticCurvePrivateKey, text: bytes) -> bytes:
    r, s = decode_dss_signature(key.sign(text, ec.ECDSA(hashes.SHA256())))
    return r.to_bytes(32, "big") + s.to_bytes(32, "big")


def _wrap(jwk: Mapping[str, str], secret: bytes) -> bytes:
    n, e = (int.from_bytes(base64.urlsafe_b64decode(jwk[name] + "=="), "big") for name in ("n", "e"))
    oaep = padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=FORMAT.encode())
    return rsa.RSAPublicNumbers(e, n).public_key().encrypt(secret, oaep)


def _thumbprint(jwk: Mapping[str, str]) -> str:
    text = json.dumps({name: jwk[name] for name in ("e", "kty", "n")}, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def _b64url(number: int, size: int) -> str:
    return base64.urlsafe_b64encode(number.to_bytes(size, "big")).rstrip(b"=").decode()
