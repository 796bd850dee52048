"""What identifies a record of a register: keyed hashes, and ids that come out the same at every import. PURE."""

from __future__ import annotations

import hashlib
import hmac
import json
import uuid
from collections.abc import Mapping, Sequence

# Names op ids within an import.
_OPS = uuid.UUID("3c1f4a52-7e0c-4d0e-9d55-0f3f5f1f8a17")


def key_hash(secret: bytes, dataset: str, way: int, parts: Sequence[str]) -> str:
    """Of the cells of one way to identify a record."""
    text = json.dumps([dataset, way, *parts], ensure_ascii=False)
    return hmac.digest(secret, text.encode(), "sha256").hex()


def record_id(secret: bytes, key: str) -> str:
    """A UUID in the form of version 4 for a record that is new, always the same for its key."""
    return str(uuid.UUID(bytes=hmac.digest(secret, f"id {key}".encode(), "sha256")[:16], version=4))


def op_id(import_id: str, household_key: str) -> str:
    """One op for each household of an import, so that a repetition is known as such."""
    return str(uuid.uuid5(_OPS, f"{import_id} {household_key}"))


def fingerprint(secret: bytes, values: Mapping[str, str | None]) -> str:
    """Keyed hash of what a register says of a record: the same at the next import, nothing is new."""
    text = json.dumps(values, sort_keys=True, ensure_ascii=False)
    return hmac.new(secret, b"values " + text.encode(), hashlib.sha256).hexdigest()[:32]
