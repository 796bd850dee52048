"""The written values of records, between their rows and the merge."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import now
from server.forms.dataset import Dataset
from server.registry.tables import Entity, Head
from server.sync import merge
from server.sync.desk import carry_off, change_head, lay, written_values
from server.sync.record import Edit, Origin, policy_of

Writes = dict[str, list[merge.Write]]


def keys_of(session: Session, dataset: Dataset, entity: Entity | None) -> dict[str, merge.Key]:
    """All keys of a record with their writes; what was taken back is remembered for decisions about its value."""
    return keys_and_gone(session, dataset, entity)[0]


def keys_and_gone(session: Session, dataset: Dataset, entity: Entity | None) -> tuple[dict[str, merge.Key], Writes]:
    """As `keys_of`, with all that was taken back, by key: also where nothing stands any more."""
    if entity is None:
        return {}, {}
    standing, gone = Writes(), Writes()
    for row in written_values(session, entity.id):
        (gone if row.withdrawn_at else standing).setdefault(row.key, []).append(write_of(row))
    keys = {
        name: merge.Key(tuple(found), entity.shown.get(name), policy_of(dataset, name), tuple(gone.get(name, ())))
        for name, found in standing.items()
    }
    return keys, gone


def empty_key(dataset: Dataset, name: str) -> merge.Key:
    """A key that nobody wrote yet."""
    return merge.Key((), None, policy_of(dataset, name))


def write_of(row: Head) -> merge.Write:
    """A stored written value as the merge knows it."""
    return merge.Write(
        op_id=row.op_id,
        value=row.value,
        version=row.version,
        base_version=row.base_version,
        saw=row.saw,
        lineage=row.lineage,
        seq=row.seq,
        corrects=row.corrects,
        resolves=frozenset(row.resolves or ()),
        rank=row.rank,
        observed=row.observed,
        closed_by=row.closed_by,
        implied=row.implied,
    )


def store_heads(session: Session, entity_id: str, origin: Origin, edit: Edit) -> None:
    """Writes down what the op changed among the writes of one key."""
    before = {write.op_id: write for write in edit.before.writes}
    for write in edit.after.writes:
        known = before.pop(write.op_id, None)
        if known is None and write.op_id != origin.op_id:
            _put_beside(session, entity_id, edit.name, write)
        elif known is None:
            lay(session, Head, head_row(entity_id, origin.person_id, origin.instance_id, edit.name, write))
        elif write.closed_by != known.closed_by:
            change_head(session, entity_id, edit.name, write.op_id, "closed_by", write.closed_by)
    for op_id in before:
        change_head(session, entity_id, edit.name, op_id, "withdrawn_at", now())


def _put_beside(session: Session, entity_id: str, name: str, write: merge.Write) -> None:
    """A value of an earlier op that counts from now on: it was withdrawn, or it is said by what the op changed."""
    carry_off(session)
    there = session.get(Head, (entity_id, name, write.op_id), populate_existing=True)
    if there is not None:
        there.closed_by, there.withdrawn_at = write.closed_by, None
        session.flush()
        return
    of_op = select(Head.person_id, Head.instance_id).where(Head.entity_id == entity_id, Head.op_id == write.op_id)
    author = session.execute(of_op.limit(1)).one()
    lay(session, Head, head_row(entity_id, author.person_id, author.instance_id, name, write))


def head_row(
    entity_id: str, person_id: str, instance_id: str | None, name: str, write: merge.Write
) -> dict[str, Any]:
    """The row of one written value."""
    return {
        "entity_id": entity_id,
        "key": name,
        "op_id": write.op_id,
        "value": dict(write.value),
        "version": write.version,
        "base_version": write.base_version,
        "saw": dict(write.saw) if write.saw is not None else None,
        "lineage": write.lineage,
        "seq": write.seq,
        "corrects": write.corrects,
        "resolves": sorted(write.resolves) or None,
        "rank": write.rank,
        "observed": write.observed,
        "person_id": person_id,
        "instance_id": instance_id,
        "closed_by": write.closed_by,
        "implied": write.implied,
    }
