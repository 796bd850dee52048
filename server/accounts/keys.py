"""The server's RSA key, to which phones wrap their data key, so that a forgotten PIN loses nothing."""

from __future__ import annotations

import base64
import binascii
import os
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from server.errors import Problem


@cache
def server_key(folder: Path) -> rsa.RSAPrivateKey:
    """The key in `folder`, made at the first call; several starting processes end with the same one."""
    path = folder / "server_rsa.pem"
    if not path.exists():
        keep_once(path, rsa.generate_private_key(public_exponent=65537, key_size=3072))
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SystemExit(f"{path} holds no RSA key")
    return key


def keep_once(path: Path, key: PrivateKeyTypes) -> None:
    """Writes the new key, unless another process was first: then that one stands."""
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    write_once(path, pem)


def write_once(path: Path, content: bytes) -> None:
    """As `keep_once`, for a key that is written in its own way."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(name, path)  # fails when another process was first: its key stands
    except FileExistsError:
        pass
    finally:
        Path(name).unlink()


def _b64(number: int) -> str:
    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def public_jwk(key: rsa.RSAPrivateKey) -> dict[str, Any]:
    numbers = key.public_key().public_numbers()
    return {"kty": "RSA", "alg": "RSA-OAEP-256", "n": _b64(numbers.n), "e": _b64(numbers.e), "ext": True}


def unwrap(key: rsa.RSAPrivateKey, wrapped: str, install_id: str) -> str:
    """Base64 of the data key that this install wrapped to the server (base64, RSA-OAEP-256); Problem key.unreadable.

    The install's id is the ciphertext's label: what another install wrapped does not open, whoever brings it.
    """
    hash_ = hashes.SHA256()
    oaep = padding.OAEP(mgf=padding.MGF1(hash_), algorithm=hash_, label=install_id.encode())
    try:
        return base64.b64encode(key.decrypt(base64.b64decode(wrapped, validate=True), oaep)).decode()
    except (ValueError, binascii.Error) as error:
        raise Problem("key.unreadable") from error
