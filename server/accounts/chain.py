"""The audit as a chain: what is hashed of each entry, and the key that vouches for the chain's end. Hashing is PURE.

Each hash covers the entry and the hash before it, so a changed, removed or inserted entry breaks the chain where it
stands. Hashes alone could be reckoned anew by whoever writes to the database, and the last entries cut off: so the end
is vouched for by a key that lies beside the database, not in it.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

from server.accounts.keys import write_once

FORMAT = "ruhu-audit-1"
START = "0" * 64  # what the first entry has before it


@dataclass(frozen=True)
class Link:
    """One entry as it is hashed. `at`: the moment in UTC; `region`: the area that it is about."""

    number: int
    id: int
    at: datetime
    person_id: str | None
    action: str
    subject: str
    region: str | None
    detail: Any

    def for_wire(self) -> dict[str, Any]:
        """All of it, as it is exported and hashed."""
        return {**vars(self), "at": self.at.astimezone(UTC).isoformat(), "detail": self.detail or None}


def link_hash(before: str, link: dict[str, Any]) -> str:
    """SHA-256 (hex) of format, hash before and entry, as JSON with sorted names, no spaces, UTF-8."""
    text = json.dumps([FORMAT, before, link], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def vouched(key: bytes, number: int, hash: str) -> str:
    """HMAC-SHA-256 (hex) over the chain's end."""
    return hmac.new(key, f"{FORMAT} {number} {hash}".encode(), hashlib.sha256).hexdigest()


@cache
def chain_key(folder: Path) -> bytes:
    """The key in `folder`, made at the first call; several starting processes end with the same one."""
    path = folder / "audit.key"
    if not path.exists():
        write_once(path, secrets.token_hex(32).encode())
    return bytes.fromhex(path.read_text("ascii").strip())
