"""The body of a push, read so that one op which is no JSON harms none of its neighbours. Pure.

Mostly the body is JSON and is read at once. Where it is not, it is cut at the commas of its list of ops, on the bytes
as they came: each op is read by itself, and one that cannot be read becomes an `Unread` with exactly its bytes.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from typing import Any

from server.sync.envelope import Unread, as_seq, as_text, nesting

DEEPEST = 400  # deeper counts as unreadable: no program of ours would get through it
MOST_MARKS = 2 * 1024 * 1024  # brackets, commas and texts that are looked at: seconds for a body made to take minutes
MOST_OF_ONE = 200_000  # the same marks in an op that is larger than a push: its size is the text of its form

_BLANK = b" \t\r\n"
_TEXT = rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
_MARK = re.compile(_TEXT + rb'|["\[\]{},]', re.DOTALL)
_NAME = re.compile(rb"\s*(" + _TEXT + rb")\s*:", re.DOTALL)


class NotJson(ValueError):
    """The body has no list of ops that could be told apart. `at`: the byte where reading ended, if that is known."""

    def __init__(self, at: int | None = None) -> None:
        super().__init__()
        self.at = at


def read_body(body: bytes, most: int = sys.maxsize) -> object:
    """What the body says; of {"ops": [ … ]} each element that is no JSON is an Unread. Raises NotJson.

    Of a list that must be cut and has more than `most` elements none is read: it is refused, and each would cost time.
    """
    try:
        return parse(body)
    except (ValueError, RecursionError) as error:
        elements = _elements(body.removeprefix(b"\xef\xbb\xbf"))
        if elements is None:
            raise NotJson(_place(error)) from error
    return {"ops": [read_element(raw) for raw in elements] if len(elements) <= most else elements}


def is_crowded(body: bytes) -> bool:
    """Whether a large body is no long text but a heap of small values: to read it takes fifty times its size."""
    for count, mark in enumerate(_MARK.finditer(body)):
        if body[mark.start() : mark.end()] == b'"':  # a text without an end: it is no JSON, and reading stops there
            return False
        if count >= MOST_OF_ONE:
            return True
    return False


def read_element(raw: bytes) -> object:
    """One op as JSON; Unread when it is none."""
    raw = raw.strip(_BLANK)
    try:
        return parse(raw.decode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError) as error:
        said = dict(_scalars(raw))
        return Unread(raw, _why(error), as_text(said.get("install_id"), 64), as_seq(said.get("seq")))


def parse(text: bytes | str) -> object:
    """Strict JSON, in which no name stands twice; ValueError or RecursionError for anything else."""
    found: object = json.loads(text, parse_constant=_no_number, object_pairs_hook=_object)
    if nesting(found) > DEEPEST:
        raise ValueError("nests too deep")
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice in one object")
    return found


def _no_number(_name: str) -> None:
    """NaN and Infinity are no JSON, though Python would read them."""
    raise ValueError("NaN or Infinity is no number of JSON")


def _why(error: Exception) -> str:
    """The reason and where; never what stands there."""
    if isinstance(error, UnicodeDecodeError):
        return f"byte {error.start}: no UTF-8"
    if isinstance(error, json.JSONDecodeError):
        return f"character {error.pos}: {error.msg}"
    return "nests too deep" if isinstance(error, RecursionError) else str(error)[:120]


def _place(error: Exception) -> int | None:
    return getattr(error, "start", getattr(error, "pos", None))


def _elements(body: bytes) -> list[bytes] | None:
    """The bytes of each op; None unless exactly one list of ops can be seen."""
    lists = [value for name, value in _members(body) if name == "ops"]
    return _parts(lists[0], b"[") if len(lists) == 1 else None


def _scalars(raw: bytes) -> Iterator[tuple[str, object]]:
    """What an op that cannot be read as a whole says all the same: its plain values, those that stand once."""
    members = list(_members(raw))
    times = Counter(name for name, _ in members)
    for name, value in members:
        try:
            if times[name] == 1 and len(value) < 200 and value.strip(_BLANK)[:1] not in (b"[", b"{"):
                yield name, json.loads(value.decode())
        except ValueError:
            continue


def _members(raw: bytes) -> Iterator[tuple[str, bytes]]:
    """The names of an object with their values, of which nothing is read."""
    for part in _parts(raw, b"{") or ():
        if found := _NAME.match(part):
            yield found[1][1:-1].decode("utf-8", "replace"), part[found.end() :]


def _parts(raw: bytes, opening: bytes) -> list[bytes] | None:
    """What stands between the commas of a list or an object that takes up all of `raw`; None when it does not."""
    raw = raw.strip(_BLANK)
    if not raw.startswith(opening):
        return None
    parts, start, depth = list[bytes](), 1, 0
    for count, mark in enumerate(_MARK.finditer(raw)):
        kind = mark[0]
        if count > MOST_MARKS or kind == b'"':  # a text without an end
            return None
        depth += (kind in (b"[", b"{")) - (kind in (b"]", b"}"))
        if depth == 0:
            last = raw[start : mark.start()]
            whole = mark.end() == len(raw)
            return ([*parts, last] if parts or last.strip(_BLANK) else []) if whole else None
        if kind == b"," and depth == 1:
            parts.append(raw[start : mark.start()])
            start = mark.end()
    return None
