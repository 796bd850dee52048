"""The written values of records, between their rows and the merge."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.registry.tables import Entity, Head
from server.sync import merge


def keys_of(session: Session, entity: Entity | None) -> dict[str, merge.Key]:
    """All keys of a record with all their writes."""
    if entity is None:
        return {}
    writes: dict[str, list[merge.Write]] = {}
    rows = session.scalars(select(Head).where(Head.entity_id == entity.id).order_by(Head.version))
    for row in rows:
        writes.setdefault(row.key, []).append(_write_of(row))
    return {name: merge.Key(tuple(found), entity.shown.get(name)) for name, found in writes.items()}


def _write_of(row: Head) -> merge.Write:
    return merge.Write(
        row.op_id, row.value, row.version, row.base_version, row.saw, row.lineage, row.seq, row.corrects, row.closed_by
    )


def head_row(entity_id: str, person_id: str, instance_id: str | None, name: str, write: merge.Write) -> Head:
    """The row of one written value."""
    return Head(
        entity_id=entity_id,
        key=name,
        op_id=write.op_id,
        value=dict(write.value),
        version=write.version,
        base_version=write.base_version,
        saw=dict(write.saw) if write.saw is not None else None,
        lineage=write.lineage,
        seq=write.seq,
        corrects=write.corrects,
        person_id=person_id,
        instance_id=instance_id,
        closed_by=write.closed_by,
    )
