"""Keeps what is said of a record's state in step with what changes in the record (merge_state.py is the rule)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.registry.tables import EntityVersion, Head
from server.sync import merge
from server.sync.desk import carry_off
from server.sync.merge_state import ARCHIVED, STATE, edits_of, state_key
from server.sync.record import Edit
from server.sync.record_rows import RecordRow


def with_state(
    session: Session, entity: RecordRow | None, keys: Mapping[str, merge.Key], edits: Sequence[Edit]
) -> list[Edit]:
    """These edits with what they say of the record's state. `keys`: before them. Free while nobody archived."""
    own = next((edit for edit in edits if edit.name == STATE), None)
    if entity is None or (own is None and STATE not in keys):
        return list(edits)
    after = {**keys, **{edit.name: edit.after for edit in edits}}
    before = own.before if own else keys[STATE]
    key = state_key(after.get(STATE) or before, edits_of(after, _states(session, entity, after)))
    others = [edit for edit in edits if edit.name != STATE]
    if own is None and key.writes == before.writes:
        return others
    return [*others, Edit(STATE, before, key, own.write if own else None)]


def _states(session: Session, entity: RecordRow, keys: Mapping[str, merge.Key]) -> dict[int, str | None]:
    """The state shown at each version that the author of a change had before him."""
    carry_off(session)
    versions = {write.base_version for key in keys.values() for write in key.writes if write.base_version}
    rows = session.execute(
        select(EntityVersion.version, EntityVersion.values).where(
            EntityVersion.entity_id == entity.id, EntityVersion.version.in_(versions)
        )
    )
    return {version: values.get(STATE) for version, values in rows}


def state_now(session: Session, entity: RecordRow, edits: Sequence[Edit]) -> str:
    """Whether the record is active. One of which nobody says anything any more is archived: it was a mistake."""
    if entity.values.get(STATE) == ARCHIVED:
        return ARCHIVED
    if entity.state == ARCHIVED or any(not edit.after.heads() for edit in edits):
        carry_off(session)
        standing = (Head.entity_id == entity.id, Head.withdrawn_at.is_(None), Head.implied.is_(False))
        return "active" if session.scalar(select(Head.op_id).where(*standing).limit(1)) else ARCHIVED
    return entity.state or "active"
