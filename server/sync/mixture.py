"""A record put together from what several people wrote, which breaks a rule that each of them had kept. Pure.

Who broke the rule alone is told so (a finding); here nobody did, so a person is asked. While a property is contested
itself, that question comes first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from server.sync.merge import Key, Write

Texts = Mapping[str, str | None]


@dataclass(frozen=True)
class Mixed:
    """The ops whose mixture breaks a rule; `views`: the record as the author of each left it."""

    ops: tuple[str, ...]
    views: Mapping[str, Texts]


def writers(keys: Mapping[str, Key], names: Sequence[str]) -> dict[str, Write]:
    """The ops whose values stand open at these keys, each with one of its writes; none while a key is contested."""
    found: dict[str, Write] = {}
    for name in names:
        if name in keys:
            if keys[name].contested():
                return {}
            found |= {head.op_id: head for head in keys[name].heads()}
    return found


def view_of(write: Write, keys: Mapping[str, Key], at_base: Texts) -> dict[str, str | None]:
    """The record as its author left it: what was there at the base, the own earlier work, and what the op wrote."""
    view = dict(at_base)
    for key in keys.values():
        for earlier in sorted(key.writes, key=lambda one: (one.seq or 0, one.version)):
            if earlier.op_id == write.op_id or _own_before(earlier, write):
                view |= earlier.value
    return view


def _own_before(earlier: Write, write: Write) -> bool:
    return (
        earlier.lineage == write.lineage
        and earlier.seq is not None
        and write.seq is not None
        and earlier.seq < write.seq
        and earlier.version > write.base_version
    )


def mixture(
    keys: Mapping[str, Key],
    names: Sequence[str],
    bases: Mapping[int, Texts],
    breaks: Callable[[Texts], bool],
) -> Mixed | None:
    """What a person is to look at, if the rule that `breaks` tells is broken by a mixture only.

    `names`: the keys of the rule's properties; `bases`: the record at the versions that authors had.
    """
    found = writers(keys, names)
    if len(found) < 2:
        return None
    views = {op_id: view_of(write, keys, bases.get(write.base_version, {})) for op_id, write in found.items()}
    if any(breaks(view) for view in views.values()):
        return None
    return Mixed(tuple(sorted(found)), views)
