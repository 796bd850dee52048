"""Whether a record is active or archived: archive is a write to the property `@state`. Pure.

Nobody says of a record that it is active; whoever changes it takes that for granted. So next to a written state stand
the changes of those who had not seen it: archive against change is a conflict, the record stays visible, neither wins.
Changes count only while somebody wrote a state, and by what their authors saw, so no order of arrival matters.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from server.sync.merge import Key, Write, add, seen_value, shown_anew
from server.sync.merge_policy import Policy, Value

STATE = "@state"
ACTIVE, ARCHIVED = "active", "archived"
STATES = (ACTIVE, ARCHIVED)
# Of a record that was registered twice: the id of the one that stays.
SAME_AS = "@same_as"
# While people differ the record stays visible.
POLICY = Policy("worst", STATE, (ARCHIVED, ACTIVE))


def state_value(state: str | None) -> Value:
    """The value of the key; a record of which nobody said anything is active."""
    return {STATE: ARCHIVED if state == ARCHIVED else ACTIVE}


def state_key(key: Key, edits: Iterable[Write]) -> Key:
    """The key with what the record's changes say of it.

    `edits`: one write for each op that changed the record, valued with the state that its author saw at the base.
    """
    written = [replace(write, closed_by=None) for write in key.writes if not write.implied]
    if not written:
        return Key((), None, POLICY, key.gone)
    spoken = {write.op_id for write in written}
    said = [edit for edit in edits if edit.op_id not in spoken and _took_for_active(edit, written)]
    made = Key((), None, POLICY, key.gone)
    for write in sorted([*written, *said], key=lambda write: (write.version, write.op_id)):
        made = add(made, write)
    return shown_anew(replace(made, shown=key.shown if key.shown in _ops(made) else made.shown))


def _took_for_active(edit: Write, written: Iterable[Write]) -> bool:
    """Whether its author saw the record as active: at the base, and by the own earlier word."""
    at_base = edit.saw or state_value(None)
    seen = seen_value(at_base, edit.base_version, edit.lineage, edit.seq, written)
    return seen == state_value(ACTIVE)


def _ops(key: Key) -> set[str]:
    return {write.op_id for write in key.writes}


def edits_of(keys: Mapping[str, Key], states: Mapping[int, str | None]) -> list[Write]:
    """What the changes of a record say of its state. `states`: the state shown at each version that somebody had.

    A decision on a conflict says nothing of it: who decides between two values need not have looked at the record.
    """
    found: dict[str, Write] = {}
    for name, key in keys.items():
        for write in key.writes:
            if name != STATE and not write.resolves:
                found.setdefault(write.op_id, _said(write, states))
    return list(found.values())


def _said(write: Write, states: Mapping[int, str | None]) -> Write:
    saw = state_value(states.get(write.base_version)) if write.base_version else None
    return Write(
        op_id=write.op_id,
        value=state_value(ACTIVE),
        version=write.version,
        base_version=write.base_version,
        saw=saw,
        lineage=write.lineage,
        seq=write.seq,
        corrects=write.corrects,
        rank=write.rank,
        observed=write.observed,
        implied=True,
    )
