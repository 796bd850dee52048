"""Reads ops as they come: tolerant of everything, losing nothing. Pure.

The bytes that are kept are the op's JSON with sorted keys, so that "the same content" means "equal as JSON values".
What is judged is a cleaned copy: no NUL and no lone surrogates, which no database keeps, and no number beyond all
bounds, which is no JSON (Python reads 1e999 as infinity and would write it as such).
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from server.forms.parsed import Instance
from server.spelling import speller

spell_op = speller(sort_keys=True)  # in one way only: an op is known by its hash
_UNCLEAN = (b"\\u0000", b"\\ud", b"NaN", b"Infinity")
_UUID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII | re.IGNORECASE)
_HOLDERS = (dict, list)
_SURROGATES = re.compile("[\ud800-\udfff]")
LARGEST_SEQ = 2**53  # what JavaScript counts exactly
EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
DEEPEST = 60  # what is read of an op nests 6 deep; code that walks it must not run out of stack
MOST_FILES = 500  # far above any visit; each costs a row while the records are locked
MODES = ("in_person", "phone", "proxy", "video")


@dataclass(frozen=True)
class RawOp:
    """An element of `ops`. Without op_id, or nested too deep, it is unreadable: kept under `content_hash` only.

    `instance`: the filled form in it, where whoever took it in has read that already.
    """

    raw: bytes
    content_hash: str
    op_id: str | None
    install_id: str | None
    seq: int | None
    kind: str
    body: Mapping[str, Any]
    instance: Instance | None = None


@dataclass(frozen=True)
class Unread:
    """An element of `ops` that is no JSON: exactly its bytes, why, and what could be made out all the same."""

    raw: bytes
    why: str
    install_id: str | None = None
    seq: int | None = None


def read_op(element: object, instance: Instance | None = None) -> RawOp:
    """The op with what its envelope says, never failing for what nests no deeper than Python's JSON writer goes."""
    if isinstance(element, Unread):
        content_hash = hashlib.sha256(element.raw).hexdigest()
        return RawOp(element.raw, content_hash, None, element.install_id, element.seq, "", {})
    raw = spell_op(element).encode()
    content_hash = hashlib.sha256(raw).hexdigest()
    body = _body(element, raw)
    return RawOp(
        raw=raw,
        content_hash=content_hash,
        op_id=as_uuid(body.get("op_id")),
        install_id=as_text(body.get("install_id"), 64),
        seq=as_seq(body.get("seq")),
        kind=as_text(body.get("kind"), 40) or "",
        body=body,
        instance=instance,
    )


def _body(element: object, raw: bytes) -> dict[str, Any]:
    """What is judged of it; nothing when it is no object, or nests too deep."""
    if not isinstance(element, dict) or not (_is_flat(raw) or nesting(element) <= DEEPEST):
        return {}
    read: dict[str, Any] = element if _is_clean(raw) else cleaned(element)
    return read


def _is_flat(raw: bytes) -> bool:
    """Whether so few lists and objects open at all that they cannot nest too deep: so it is with nearly every op."""
    return raw.count(b"{") + raw.count(b"[") <= DEEPEST


def _is_clean(raw: bytes) -> bool:
    """Whether `cleaned` would change nothing: JSON in ASCII spells all that it looks for in one of these ways."""
    return not any(sign in raw for sign in _UNCLEAN)


def nesting(value: object) -> int:
    """How many lists and objects lie in each other at most, in what was read as JSON."""
    level: list[Any] = [value]
    depth = 0
    while level := [part for part in level if type(part) in _HOLDERS]:
        depth += 1
        level = [inner for part in level for inner in (part.values() if type(part) is dict else part)]
    return depth


def cleaned(value: Any) -> Any:
    """A copy in which every text and number can be stored."""
    if isinstance(value, str):
        return _SURROGATES.sub("\ufffd", value).replace("\x00", "\ufffd")
    if isinstance(value, list):
        return [cleaned(item) for item in value]
    if isinstance(value, dict):
        return {cleaned(key): cleaned(item) for key, item in value.items()}
    return None if isinstance(value, float) and not math.isfinite(value) else value


def as_uuid(value: object) -> str | None:
    """A UUID in its one spelling, with dashes; in lower case."""
    return value.lower() if isinstance(value, str) and _UUID.fullmatch(value) else None


def as_text(value: object, longest: int) -> str | None:
    return value if isinstance(value, str) and 0 < len(value) <= longest else None


def as_seq(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= LARGEST_SEQ else None


@dataclass(frozen=True)
class Named:
    """A record as the envelope names it: what the author had seen."""

    dataset: str
    id: str
    base_version: int
    base: Mapping[str, Any]


@dataclass(frozen=True)
class File:
    """An attachment as the envelope names it."""

    name: str
    sha256: str | None
    size: int | None
    media_type: str
    slot: str | None
    capture: Mapping[str, Any] | None


@dataclass(frozen=True)
class Visit:
    """When, how and where, as the phone declared it; what is absurd is left out and named in `findings`."""

    started_at: datetime | None = None
    ended_at: datetime | None = None
    contact_mode: str | None = None
    location: Mapping[str, Any] | None = None
    findings: tuple[dict[str, Any], ...] = ()


@dataclass(frozen=True)
class SubmissionOp:
    """The parts of an op of kind `submission`; `entities` None: bases come from the instance."""

    instance_id: str
    form_id: str
    form_version: str
    instance_xml: str
    visit: Visit
    entities: tuple[Named, ...] | None
    files: tuple[File, ...]
    depends_on: tuple[str, ...]
    clock: Mapping[str, Any] = field(default_factory=dict)


def read_submission(body: Mapping[str, Any]) -> SubmissionOp | None:
    """The submission in an op's body; None when one of its four texts is missing or it names too many files."""
    texts = [body.get(name) for name in ("instance_id", "form_id", "form_version", "instance_xml")]
    instance_id, form_id, form_version, xml = (text if isinstance(text, str) else "" for text in texts)
    if not (0 < len(instance_id) <= 100 and 0 < len(form_id) <= 100 and len(form_version) <= 64 and xml):
        return None
    files = read_files(body.get("attachments"))
    if len(files) > MOST_FILES:
        return None
    return SubmissionOp(
        instance_id,
        form_id,
        form_version,
        xml,
        read_visit(body.get("visit")),
        _entities(body.get("entities")),
        files,
        depends_on(body),
        read_clock(body),
    )


def depends_on(body: Mapping[str, Any]) -> tuple[str, ...]:
    named = body.get("depends_on")
    return tuple(found for item in named if (found := as_uuid(item))) if isinstance(named, list) else ()


def read_clock(body: Mapping[str, Any]) -> dict[str, Any]:
    """What the phone said of its clock, and when it made the op."""
    clock = body.get("clock")
    return {"device_time": body.get("device_time")} | (clock if isinstance(clock, dict) else {})


def _entities(value: object) -> tuple[Named, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(
        Named(
            str(item.get("dataset", "")),
            str(item.get("id", "")).lower(),
            as_version(item.get("base_version")),
            item["base"] if isinstance(item.get("base"), dict) else {},
        )
        for item in value
        if isinstance(item, dict)
    )


def as_version(value: object) -> int:
    """A version of a record; 0, which stands for none, for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else 0


def read_files(value: object) -> tuple[File, ...]:
    """The files that an op names; what is no file is passed over."""
    items = [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
    return tuple(file for item in items if (file := _file(item)))


def _file(item: Mapping[str, Any]) -> File | None:
    name, sha256, size = as_text(item.get("name"), 255), item.get("sha256"), item.get("size")
    if name is None:
        return None
    is_hash = isinstance(sha256, str) and re.fullmatch("[0-9a-f]{64}", sha256)
    return File(
        name=name,
        sha256=sha256 if is_hash else None,
        size=size if isinstance(size, int) and not isinstance(size, bool) and 0 <= size < 2**53 else None,
        media_type=as_text(item.get("media_type"), 100) or "application/octet-stream",
        slot=as_text(item.get("slot"), 60),
        capture=item["capture"] if isinstance(item.get("capture"), dict) else None,
    )


def read_visit(value: object) -> Visit:
    """The visit; a time outside 2000–2100 or an end before the start is a finding, never a refusal."""
    visit = value if isinstance(value, dict) else {}
    findings: list[dict[str, Any]] = []
    started, ended = (_moment(visit, name, findings) for name in ("started_at", "ended_at"))
    if started and ended and ended < started:
        findings.append(finding("visit/ended_at", "visit.ends_before_start"))
    mode = visit.get("contact_mode")
    location = visit.get("location")
    return Visit(
        started,
        ended,
        mode if mode in MODES else None,
        location if isinstance(location, dict) else None,
        tuple(findings),
    )


def _moment(visit: Mapping[str, Any], name: str, findings: list[dict[str, Any]]) -> datetime | None:
    text = visit.get(name)
    if text is None:
        return None
    moment = parse_time(text)
    if moment is None or not EARLIEST <= moment < LATEST:
        findings.append(finding(f"visit/{name}", "visit.time_absurd", str(text)[:60]))
        return None
    return moment


def parse_time(text: object) -> datetime | None:
    """An RFC 3339 time with its zone; None when it is none."""
    try:
        moment = datetime.fromisoformat(text) if isinstance(text, str) else None
        return moment.astimezone(UTC) if moment and moment.tzinfo else None
    except (ValueError, OverflowError):
        return None


def finding(path: str, code: str, message: str = "") -> dict[str, Any]:
    """A finding about the envelope, in the shape of the form's own (kind: envelope)."""
    return {"path": path, "kind": "envelope", "code": code, "message": message}
