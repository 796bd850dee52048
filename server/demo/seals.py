"""Seals the demo's photos as its phones would (client/src/lib/chain.ts), each phone with a key of its own. PURE.

The keys come from the demo's dice, so that a load that was cut off goes on with the same ones. They protect nothing:
whoever reads this can sign as a demo phone, as everybody can sign in with the demo's password.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import rfc8785
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from server.demo.seed import dice

Record = Mapping[str, Any]


@cache
def key_of(install: str) -> ec.EllipticCurvePrivateKey:
    """The P-256 key of this install, the same on every run."""
    return ec.derive_private_key(dice(f"key {install}").getrandbits(255) + 1, ec.SECP256R1())


def public_key_jwk(install: str) -> dict[str, str]:
    """What a phone hands in when somebody signs in on it (RFC 7517)."""
    numbers = key_of(install).public_key().public_numbers()
    x, y = (base64.urlsafe_b64encode(n.to_bytes(32, "big")).decode().rstrip("=") for n in (numbers.x, numbers.y))
    return {"kty": "EC", "crv": "P-256", "x": x, "y": y}


def sealed(records: Sequence[Record], install: str) -> list[dict[str, Any]]:
    """The capture records of one visit with `seq`, `prev_record_hash` and `signature`."""
    chain: list[dict[str, Any]] = []
    before: str | None = None
    for seq, record in enumerate(records, 1):
        linked = {**record, "seq": seq, "prev_record_hash": before}
        text = rfc8785.dumps(linked)
        chain.append({**linked, "signature": _sign(install, text)})
        before = hashlib.sha256(text).hexdigest()
    return chain


def _sign(install: str, text: bytes) -> str:
    """Base64 of r and s, as WebCrypto writes them."""
    r, s = decode_dss_signature(key_of(install).sign(text, ec.ECDSA(hashes.SHA256())))
    return base64.b64encode(r.to_bytes(32, "big") + s.to_bytes(32, "big")).decode()
