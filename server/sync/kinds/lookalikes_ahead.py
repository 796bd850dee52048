"""Reads ahead what may look like the records that a round of submissions makes or renames."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from server import db
from server.forms.dataset import Dataset
from server.forms.instance import EntityWrite
from server.forms.policy import STATE_WORD
from server.sync.case import Case
from server.sync.definitions import datasets
from server.sync.likeness import compared
from server.sync.lookalikes import SAME, Lookalikes, names_of, open_values, pairs_of, place_of, read_others
from server.sync.record_rows import RecordRow


def read_lookalikes_ahead(
    session: Session, heads: Mapping[str, Sequence[Any]], cases: Sequence[Case]
) -> Lookalikes | None:
    """None when no record of the round can begin or cease to look like another one. Their places are locked."""
    concerned = [
        (write, case.known.get(write.id, (None, False))[0])
        for case in cases
        for write in case.writes
        if concerns_likeness(write, case.known.get(write.id, (None, False))[0])
    ]
    if not concerned:
        return None
    near = Lookalikes()
    for write, entity in concerned:
        _expect(near, datasets()[write.dataset], heads, write, entity)
    db.lock(session, near.places)
    near.pairs = pairs_of(session, list(near.records))
    named = {write.dataset for write, _ in concerned}
    read_others(session, [datasets()[name] for name in sorted(named)], near)
    return near


def concerns_likeness(write: EntityWrite, entity: RecordRow | None) -> bool:
    """Whether the write may make or end a likeness. What is missed here is found when it is written."""
    dataset = datasets().get(write.dataset)
    if dataset is None or dataset.alike is None:
        return False
    if entity is None or SAME in entity.contested:
        return True
    above = dataset.parent.property if dataset.parent else dataset.region_source
    names = [name for name in (*compared(dataset.alike), above) if name in write.values]
    is_state_said = write.values.get(STATE_WORD) not in (None, entity.state)
    return is_state_said or any(write.values[name] != entity.values.get(name) for name in names if name)


def _expect(
    near: Lookalikes, dataset: Dataset, heads: Mapping[str, Sequence[Any]], write: EntityWrite, entity: RecordRow | None
) -> None:
    """Notes the places where the record may come to lie and the names that it may bear."""
    region = write.values.get(dataset.region_source or "")
    place = write.parent if dataset.parent else f"alike:{region}" if region else None
    near.places |= {place} if place else set()
    near.names |= {name for name in (write.values.get(dataset.label_property), write.label) if name}
    if entity is None:
        return
    near.places.add(place_of(entity))
    if entity.id in heads:
        standing = [(row.key, row.value) for row in heads[entity.id] if not row.withdrawn_at and not row.closed_by]
        near.records[entity.id], near.values[entity.id] = entity, open_values(dataset, standing)
        near.names |= names_of(dataset, entity, near.values[entity.id])
