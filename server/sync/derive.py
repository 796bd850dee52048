"""Properties that follow from other records (policy `derived`): counted anew after each merge, never a conflict.

What a form reckoned by what its phone knew is a witness, no more: two visits that each added a child both say three.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.forms.rule_tree import Record, belongs
from server.registry.tables import Entity, EntityVersion
from server.sync.definitions import datasets
from server.sync.desk import carry_off
from server.sync.record import Origin, Outcome, RecordWrite
from server.sync.record_rows import RecordRow, change, one_record
from server.sync.store import outcome_of, store


def recount(
    session: Session, origin: Origin, records: Sequence[RecordWrite], written: Sequence[Outcome]
) -> list[Outcome]:
    """The households whose counts this op changed without writing them; those that it wrote say the count at once."""
    known = datasets()
    reckoned = {one.id for one in records if not known[one.dataset].counts.keys().isdisjoint(one.values)}
    changed = {one.root_id for one in written if one.written and (_is_counted(known, one) or one.id in reckoned)}
    if not changed:
        return []
    top = {one.root_id for one in written if one.id == one.root_id and one.written}
    found = []
    for root_id in sorted(changed):
        entity = one_record(session, root_id)
        counted = _counted(session, entity)
        if not counted:
            continue
        if root_id in top:
            _mend(session, entity, counted)
        else:
            found.append(_anew(session, origin, entity, counted))
    return found


def _is_counted(known: Mapping[str, Dataset], one: Outcome) -> bool:
    """Whether the record above says how many of this kind there are."""
    parent = known[one.dataset].parent
    return parent is not None and one.dataset in known[parent.dataset].counts.values()


def _counted(session: Session, entity: RecordRow) -> dict[str, str | None]:
    """The counts that are not what the record says. Where no record is known below, what people said stands."""
    wanted = datasets()[entity.dataset].counts
    if not wanted:
        return {}
    rows = session.execute(
        select(Entity.dataset, Entity.values).where(
            Entity.parent_id == entity.id, Entity.state == "active", Entity.dataset.in_(wanted.values())
        )
    )
    here: dict[str, int] = {}
    for dataset, values in rows:
        here[dataset] = here.get(dataset, 0) + belongs(Record(dataset, "", values))
    counted = {name: str(here[below]) for name, below in wanted.items() if below in here}
    return {name: text for name, text in counted.items() if entity.values.get(name) != text}


def _mend(session: Session, entity: RecordRow, counted: Mapping[str, str | None]) -> None:
    """The version that this op has just made says the count too."""
    carry_off(session)
    row = session.get_one(EntityVersion, (entity.id, entity.version), populate_existing=True)
    said: list[dict[str, Any]] = [
        {"property": name, "from": entity.values.get(name), "to": text, "shown": True} for name, text in counted.items()
    ]
    row.changes = [change for change in row.changes if change["property"] not in counted] + said
    change(session, entity, values={**entity.values, **counted})
    row.values = dict(entity.values)
    session.flush()


def _anew(session: Session, origin: Origin, entity: RecordRow, counted: Mapping[str, str | None]) -> Outcome:
    """A version of the household that only its count made."""
    dataset = datasets()[entity.dataset]
    write = RecordWrite(entity.dataset, entity.id, {}, base_version=entity.version)
    stored = store(session, dataset, origin, write, entity, (), counted)
    return outcome_of(session, entity, (), stored)
