"""Conflicts: opened when a key has several values, settled by a rule, closed by a person or by later work.

A conflict is never deleted: what it was about, who decided and why stay for ever. A key has at most one open at a time.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from server.db import now
from server.forms.dataset import Dataset
from server.registry.tables import Conflict
from server.sync.record import Edit, Origin, members
from server.sync.record_rows import RecordRow


def settle(
    session: Session, dataset: Dataset, entity_id: str, origin: Origin, edits: Sequence[Edit]
) -> tuple[str, ...]:
    """Brings the conflicts of a record in line with its heads; answers the ids of those that changed."""
    told = (edit for edit in edits if edit.after.policy.name != "derived")
    changed = [edit for edit in told if edit.before.several or edit.after.several]
    if not changed:
        return ()
    rows = session.scalars(select(Conflict).where(Conflict.entity_id == entity_id, Conflict.state == "open"))
    still_open = {row.key: row for row in rows}
    found = [_settle(session, dataset, entity_id, origin, edit, still_open.get(edit.name)) for edit in changed]
    session.flush()
    return tuple(row.id for row in found if row is not None)


def _settle(
    session: Session, dataset: Dataset, entity_id: str, origin: Origin, edit: Edit, row: Conflict | None
) -> Conflict | None:
    if edit.after.several and row is None:
        row = Conflict(
            id=str(uuid.uuid4()),
            entity_id=entity_id,
            key=edit.name,
            properties=list(members(dataset, edit.name)),
            state="open",
            op_ids=[],
        )
        session.add(row)
    if row is None:
        return None
    row.op_ids = sorted({*row.op_ids, *(head.op_id for head in edit.after.heads()), *_closed(edit)})
    if not edit.after.contested():
        _close(row, origin, edit)
    return row


def _closed(edit: Edit) -> list[str]:
    """The values that were open before this op: they were part of the conflict too."""
    return [head.op_id for head in edit.before.heads()] if edit.before.several else []


def _close(row: Conflict, origin: Origin, edit: Edit) -> None:
    by_rule = edit.after.settled()
    close(row, origin, _how(origin, edit, by_rule))
    if by_rule:
        row.state, row.rule = "settled_by_rule", edit.after.policy.name


def close(row: Conflict, origin: Origin, how: str | None = None) -> None:
    """Ends a conflict, and keeps by what; without `how`: by the decision about it, or by later work."""
    decided = origin.decides == row.id
    row.state, row.rule, row.closed_at = "resolved", None, now()
    row.resolution = {
        "op_id": origin.op_id,
        "person_id": origin.person_id,
        "at": row.closed_at.isoformat(),
        "how": how or ("chosen" if decided else "seen"),
        **((origin.decision or {}) if how or decided else {}),
    }


def _how(origin: Origin, edit: Edit, by_rule: bool) -> str:
    if by_rule:
        return "rule"
    if edit.write is None:
        return "withdrawn"
    return "chosen" if origin.resolves else "seen"


def open_conflicts(session: Session, entity: RecordRow) -> list[str]:
    """Ids of the record's open conflicts; a possible duplicate is one of both records."""
    if not entity.contested:
        return []
    mine = or_(Conflict.entity_id == entity.id, Conflict.key == f"@same:{entity.id}")
    is_open = (mine, Conflict.state == "open")
    return list(session.scalars(select(Conflict.id).where(*is_open).order_by(Conflict.id)))
