"""The key by which draws are signed: Ed25519, beside the server's other keys, made at the first call."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from server.accounts.keys import keep_once

NAME = "draws_ed25519.pem"


@cache
def draw_key(folder: Path) -> Ed25519PrivateKey:
    """The key in `folder` (Settings.keys); several starting processes end with the same one."""
    path = folder / NAME
    if not path.exists():
        keep_once(path, Ed25519PrivateKey.generate())
    key = load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise SystemExit(f"{path} holds no Ed25519 key")
    return key
