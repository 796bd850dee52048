"""The heads of a record after its words changed. PURE.

Carrying values over keeps every write. Where two old values became one, a write may now be seen by more later ones than
before; those are closed too, exactly as if all ops had come in today's words. What was closed (also by a person's
decision) stays closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from server.sync import merge
from server.sync.merge_policy import REVIEW, Policy, Value

Carry = Callable[[Value], Value]


def carried_keys(
    keys: Mapping[str, merge.Key],
    carry: Carry,
    key_of: Callable[[str], str],
    policy_of: Callable[[str], Policy] = lambda name: REVIEW,
) -> dict[str, merge.Key]:
    """All keys of a record with their values carried; a key is called as today's property or group is."""
    writes: dict[str, dict[str, merge.Write]] = {}
    shown: dict[str, str | None] = {}
    for name, key in keys.items():
        for write in key.writes:
            for new_name, part in _parts(name, write, carry, key_of).items():
                same = writes.setdefault(new_name, {})
                known = same.get(part.op_id)
                same[part.op_id] = _joined(known, part) if known else part
                shown.setdefault(new_name, key.shown)
    return {name: _closed(list(found.values()), shown[name], policy_of(name)) for name, found in writes.items()}


def _parts(
    name: str, write: merge.Write, carry: Carry, key_of: Callable[[str], str]
) -> dict[str, merge.Write]:
    """The write in today's words, by today's keys; nearly always one."""
    value = carry(write.value)
    saw = None if write.saw is None else carry(write.saw)
    by_key: dict[str, dict[str, str | None]] = {}
    for prop, text in value.items():
        by_key.setdefault(key_of(prop), {})[prop] = text
    return {
        new_name: replace(write, value=part, saw=None if saw is None else {prop: saw.get(prop) for prop in part})
        for new_name, part in (by_key or {name: {}}).items()
    }


def _joined(one: merge.Write, other: merge.Write) -> merge.Write:
    """Two writes of one op that now belong to one key."""
    saw = None if one.saw is None and other.saw is None else {**(one.saw or {}), **(other.saw or {})}
    both = one.closed_by and other.closed_by
    return replace(one, value={**one.value, **other.value}, saw=saw, closed_by=both or None)


def _closed(writes: list[merge.Write], shown: str | None, policy: Policy) -> merge.Key:
    settled = tuple(
        write if write.closed_by else replace(write, closed_by=_closer(write, writes, policy)) for write in writes
    )
    known = shown if any(write.op_id == shown for write in settled) else None
    return merge.shown_anew(merge.Key(settled, known, policy))


def _closer(write: merge.Write, writes: list[merge.Write], policy: Policy) -> str | None:
    return next((other.op_id for other in writes if other is not write and merge.sees(other, write, policy)), None)
