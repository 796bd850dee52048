"""Signatures of phones: P-256 keys that a browser profile made and cannot give away. PURE.

WebCrypto writes a signature as r and s, 32 bytes each; `cryptography` wants them as DER.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

SIGNATURE_BYTES = 64


def signature_of(text: str | bytes) -> bytes:
    """The bytes of a signature in base64; what cannot be read is no signature."""
    try:
        return base64.b64decode(text, validate=True)
    except (ValueError, binascii.Error):
        return b""


def is_signed(public_key_jwk: Mapping[str, Any] | None, signature: bytes, content: bytes) -> bool:
    """Whether the key of this JWK (RFC 7517: kty EC, crv P-256) signed the content with SHA-256."""
    if public_key_jwk is None or len(signature) != SIGNATURE_BYTES:
        return False
    r, s = (int.from_bytes(half, "big") for half in (signature[:32], signature[32:]))
    try:
        _key(public_key_jwk).verify(encode_dss_signature(r, s), content, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError, TypeError, KeyError):
        return False
    return True


def _key(jwk: Mapping[str, Any]) -> ec.EllipticCurvePublicKey:
    if (jwk["kty"], jwk["crv"]) != ("EC", "P-256"):
        raise ValueError("no P-256 key")
    x, y = (int.from_bytes(base64.urlsafe_b64decode(str(jwk[name]) + "=="), "big") for name in ("x", "y"))
    return ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
