"""The seal of a visit's photos: their capture records in a chain of hashes, each signed by the phone's key. PURE.

Record i is RFC 8785 JSON of the capture record with `seq` (from 1) and `prev_record_hash` (null in the first); its
signature is base64 of r and s over those bytes (client/src/lib/chain.ts writes it). The chain is made at save over the
photos that were kept, so a discarded shot leaves no gap; a gap says that a photo is missing, an open seal that a record
was changed after it was signed, or was signed by another browser profile.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import rfc8785

from server.accounts.device_keys import is_signed, signature_of

Record = Mapping[str, Any]


@dataclass(frozen=True)
class Link:
    """One attachment of the visit: the hash that it is bound to, and the capture record that came with it."""

    attachment_id: str
    sha256: str | None
    capture: Record | None


def broken(links: Iterable[Link], public_key_jwk: Mapping[str, Any] | None) -> dict[str, str]:
    """What is wrong with each seal, by attachment: unsigned, no_key, stripped, signature, other_photo, gap, previous,
    unreadable. A phone signs all photos of a visit or none, so of one without a signature among others it was taken.

    Attachments without a capture record are left out: other programs seal nothing.
    """
    links = list(links)
    sealed = [link for link in links if link.capture is not None and "seq" in link.capture]
    signed = any((link.capture or {}).get("signature") is not None for link in sealed)
    bare = [link for link in links if link.capture is not None and "seq" not in link.capture]
    found = {link.attachment_id: "stripped" for link in bare if signed}
    before: str | None = None
    for place, link in enumerate(sorted(sealed, key=_seq), 1):
        text = _text(link)
        fault = "unreadable" if text is None else _fault(link, text, place, before, public_key_jwk, signed)
        if fault is not None:
            found[link.attachment_id] = fault
        before = hashlib.sha256(text).hexdigest() if text is not None else None
    return found


def _seq(link: Link) -> tuple[int, str]:
    seq = (link.capture or {}).get("seq")
    return (seq if isinstance(seq, int) else 0, link.attachment_id)


def _text(link: Link) -> bytes | None:
    """The bytes that were signed; None for a record that JSON cannot say the same way twice."""
    record = {name: value for name, value in (link.capture or {}).items() if name != "signature"}
    try:
        return rfc8785.dumps(record)
    except rfc8785.CanonicalizationError:
        return None


def _fault(
    link: Link, text: bytes, place: int, before: str | None, public_key_jwk: Mapping[str, Any] | None, signed: bool
) -> str | None:
    record = link.capture or {}
    if record.get("signature") is None:
        return "stripped" if signed else "unsigned"
    if public_key_jwk is None:
        return "no_key"
    if not is_signed(public_key_jwk, signature_of(str(record["signature"])), text):
        return "signature"
    if link.sha256 is not None and record.get("photo_sha256") != link.sha256:
        return "other_photo"
    if record.get("seq") != place:
        return "gap"
    return None if record.get("prev_record_hash") == before else "previous"
