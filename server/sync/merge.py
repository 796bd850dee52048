"""The merge: by causality and values, never by clocks. Pure: values in, values out.

A record is a set of keys; a key is a property or a merge group, and its value is an object {property: text}. Each key
keeps the values that ops wrote. A written value is a *head* while no other write has seen it. Several heads with one
value are one head with several witnesses. Heads are a function of the set of writes, so the order in which ops arrive
decides neither the heads nor what is contested; it may decide which of them is shown meanwhile
(docs/decisions/2026-11-21-heads-by-what-was-seen.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

Value = Mapping[str, str | None]


@dataclass(frozen=True)
class Write:
    """A value that an op gave to a key.

    `version`: the record version that the op made; `base_version` and `saw`: the version its author had before him and
    the key's value there. `lineage` and `seq`: the install (or ODK branch) and the op's place in it. `corrects`: the op
    of the submission that this one replaces. `closed_by`: an op that saw this write.
    """

    op_id: str
    value: Value
    version: int
    base_version: int
    saw: Value | None
    lineage: str
    seq: int | None
    corrects: str | None = None
    closed_by: str | None = None


@dataclass(frozen=True)
class Sent:
    """What an op says of one key: the values in its instance, and the base values its sender named (or {})."""

    values: Value
    base: Value


@dataclass(frozen=True)
class Key:
    """All writes of one key, and the op whose value is shown (None: nothing was ever written)."""

    writes: tuple[Write, ...]
    shown: str | None

    def heads(self) -> tuple[Write, ...]:
        return tuple(write for write in self.writes if write.closed_by is None)

    def values(self) -> tuple[Value, ...]:
        """The distinct values of the heads, oldest first."""
        distinct: list[Value] = []
        for head in sorted(self.heads(), key=lambda head: head.version):
            if head.value not in distinct:
                distinct.append(head.value)
        return tuple(distinct)

    def contested(self) -> bool:
        return len(self.values()) > 1

    def shown_value(self) -> Value:
        return next((write.value for write in self.writes if write.op_id == self.shown), {})


def seen_value(at_base: Value, base_version: int, lineage: str, seq: int | None, writes: Iterable[Write]) -> Value:
    """What the author saw of a key: the server's value at the base, overlaid by the author's own later writes."""
    if seq is None:
        return at_base
    own = [
        write
        for write in writes
        if write.lineage == lineage and write.seq is not None and write.seq < seq and write.version > base_version
    ]
    return max(own, key=lambda write: write.seq or 0).value if own else at_base


def touched(sent: Sent, seen: Value) -> bool:
    """Whether the author changed the key: some value differs from what was on screen."""
    return any(
        value != seen.get(name) and not (name in sent.base and value == sent.base[name])
        for name, value in sent.values.items()
    )


def base_differs(sent: Sent, seen: Value) -> bool:
    """Whether the sender's base and our history disagree about what the author saw."""
    return any(name in sent.values and value != seen.get(name) for name, value in sent.base.items())


def written_value(sent: Sent, seen: Value, properties: Sequence[str]) -> Value:
    """The whole object that the op leaves: what it sent, and of a group's other members what was on screen."""
    return {name: sent.values.get(name, seen.get(name)) for name in properties}


def sees(later: Write, earlier: Write) -> bool:
    """Whether `later`'s author had `earlier` before him when he wrote."""
    shown = earlier.version <= later.base_version and later.saw is not None and earlier.value == later.saw
    own = (
        later.lineage == earlier.lineage
        and later.seq is not None
        and earlier.seq is not None
        and earlier.seq < later.seq
    )
    return shown or own or later.corrects == earlier.op_id


def add(key: Key, write: Write) -> Key:
    """The key after one more write, under policy `review`: what is shown stays while it is a head."""
    if any(known.op_id == write.op_id for known in key.writes):
        return key
    overtaken = next((known.op_id for known in key.writes if sees(known, write)), None)
    known = tuple(
        replace(old, closed_by=write.op_id) if old.closed_by is None and sees(write, old) else old for old in key.writes
    )
    result = Key((*known, replace(write, closed_by=overtaken)), key.shown)
    return replace(result, shown=shown_now(result))


def shown_now(key: Key) -> str | None:
    """The op that was shown, while its value is a head; else the oldest head's."""
    heads = sorted(key.heads(), key=lambda head: head.version)
    if not heads:
        return key.shown
    before = key.shown_value()
    same = [head.op_id for head in heads if head.value == before]
    if key.shown is not None and same:
        return key.shown if key.shown in same else same[0]
    return heads[0].op_id
