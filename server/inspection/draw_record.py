"""What is published of a draw: the freeze before the seed, the record after it, both signed. PURE.

A published document is JSON with sorted keys, one blank of indent, UTF-8 and one LF at the end (published()): there is
one way to write it, so no byte can change unseen. Its `signature` is Ed25519 over the document without that key, in
the same form. Files of a bundle: frame.csv, freeze.json, draw.json, exclusions.csv where households were left out, and
redraw.py, which checks and draws again without this program.
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from server.errors import Problem
from server.inspection.frame import Frame
from server.inspection.plan import Plan
from server.inspection.sampling import ALGORITHM, ENOUGH_DIGITS, Drawn
from server.inspection.sampling_messages import fault

FREEZE, DRAW = "ruhu-freeze/1", "ruhu-draw/1"
DICE, REVEAL = "dice", "reveal"
VERIFIER = Path(__file__).with_name("verify.py")
_SECRET = re.compile(r"[!-~]{16,200}", re.ASCII)
_HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


@dataclass(frozen=True)
class Commitment:
    """One of two parties: the SHA-256 of its secret (hex), and the secret once it is revealed."""

    party: str
    sha256: str
    secret: str | None = None

    def as_json(self) -> dict[str, str]:
        open_ = {} if self.secret is None else {"secret": self.secret}
        return {"party": self.party, "sha256": self.sha256, **open_}


@dataclass(frozen=True)
class Circumstances:
    """Who, when and how. `way`: dice or reveal. Moments in ISO 8601 with their zone; `said`: further texts to publish,
    such as the inspection's names and region.
    """

    way: str
    frozen_at: str
    frozen_by: str = ""
    commitments: tuple[Commitment, ...] = ()
    exclusions: bytes | None = None
    freeze: bytes | None = None
    drawn_at: str = ""
    drawn_by: str = ""
    said: Mapping[str, str] | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "seed_way": self.way,
            "frozen_at": self.frozen_at,
            "frozen_by": self.frozen_by,
            "exclusions_sha256": _sha256(self.exclusions),
            "said": dict(self.said or {}),
        }


def freeze_record(frame: Frame, plan: Plan, around: Circumstances) -> dict[str, Any]:
    """The document to be published before the seed, not yet signed. Raises Problem draw.refused."""
    check_commitments(around)
    return {
        "format": FREEZE,
        "algorithm": ALGORITHM,
        "frame_sha256": frame.sha256,
        "households": len(frame),
        "villages": len(set(zip(frame.townships, frame.villages, strict=True))),
        "plan": plan.canonical(),
        "plan_sha256": plan.sha256,
        "commitments": [{"party": one.party, "sha256": one.sha256} for one in around.commitments],
        **around.as_json(),
    }


def draw_record(drawn: Drawn, plan: Plan, around: Circumstances) -> dict[str, Any]:
    """The document of the draw, not yet signed."""
    return {
        "format": DRAW,
        "plan": plan.canonical(),
        "freeze_sha256": _sha256(around.freeze),
        "drawn_at": around.drawn_at,
        "drawn_by": around.drawn_by,
        "commitments": [one.as_json() for one in around.commitments],
        **around.as_json(),
        **drawn.as_json(),
    }


def signed(document: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The published bytes of the document with its signature."""
    signature = {
        "algorithm": "Ed25519",
        "public_key": public_key(key),
        "value": key.sign(published(document)).hex(),
    }
    return published({**document, "signature": signature})


def public_key(key: Ed25519PrivateKey) -> str:
    """64 hex digits; what is compared with the one that the office made known."""
    return key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw).hex()


def published(document: Mapping[str, Any]) -> bytes:
    return (json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1, allow_nan=False) + "\n").encode()


def bundle(record: bytes, frame: bytes, freeze: bytes | None = None, exclusions: bytes | None = None) -> bytes:
    """A zip of everything that was published, with the verifier; the same files give the same bytes."""
    files = {"draw.json": record, "frame.csv": frame, "freeze.json": freeze, "exclusions.csv": exclusions}
    files["redraw.py"] = VERIFIER.read_bytes()
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, content in sorted(files.items()):
            if content is not None:
                entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
                archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


# ---- The seed


def commitment_of(secret: str) -> str:
    """What a party publishes first: SHA-256 of the secret's bytes, hex. printf %s SECRET | sha256sum says the same."""
    return hashlib.sha256(secret.encode()).hexdigest()


def check_dice(given: str) -> str:
    """The digits of a seed that may be published: at least 20. Raises Problem draw.refused."""
    digits = "".join(given.split())
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 200):
        raise _refused("seed.digits")
    if len(digits) < ENOUGH_DIGITS:
        raise _refused("seed.short", least=ENOUGH_DIGITS, found=len(digits))
    return digits


def check_commitments(around: Circumstances) -> None:
    """Where the seed is to be revealed: two parties, each with a hash. Raises Problem draw.refused."""
    if around.way != REVEAL or not around.commitments:
        return
    for one in around.commitments:
        if not _HASH.fullmatch(one.sha256):
            raise _refused("commitment.shape", party=one.party)
    pairs = around.commitments
    if len(pairs) != 2 or pairs[0].party == pairs[1].party or pairs[0].sha256 == pairs[1].sha256:
        raise _refused("secret.parties")


def seed_of_two(commitments: Sequence[Commitment]) -> str:
    """Both secrets, joined by `-`, in the order of their hashes, which neither could foresee of the other.

    Raises Problem draw.refused where one is missing or is not what was committed to.
    """
    check_commitments(Circumstances(REVEAL, "", commitments=tuple(commitments)))
    for one in commitments:
        if one.secret is None:
            raise _refused("secret.missing", party=one.party)
        if not is_secret(one.secret):
            raise _refused("secret.shape", party=one.party)
        if commitment_of(one.secret) != one.sha256:
            raise _refused("secret.wrong", party=one.party)
    return "-".join(str(one.secret) for one in sorted(commitments, key=lambda one: one.sha256))


def is_secret(text: str) -> bool:
    """Long enough that nobody tries out what its hash belongs to. The hash itself does not tell."""
    return _SECRET.fullmatch(text) is not None


def _refused(name: str, **values: object) -> Problem:
    return Problem("draw.refused", faults=[fault(name, "seed", **values)])


def _sha256(content: bytes | None) -> str | None:
    return None if content is None else hashlib.sha256(content).hexdigest()
