"""What was on record of drawn households when the draw was made: the side of the comparison that the village wrote."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from server.inspection.facts import VISIT
from server.registry.tables import Entity, EntityVersion
from server.sync.tables import Submission

Recorded = dict[tuple[str, str], str | None]
HOUSEHOLD = "household"
# Where several records of a dataset stand below one household: which of them is meant.
MAIN = {"dwelling": ("is_main", "yes")}
BATCH = 500


def in_batches(ids: Collection[str]) -> Iterator[Sequence[str]]:
    """As many at once as both databases take in one list."""
    ordered = sorted(ids)
    return (ordered[start : start + BATCH] for start in range(0, len(ordered), BATCH))


def recorded_at(
    session: Session, households: Collection[str], facts: Collection[tuple[str, str]], at: datetime
) -> dict[str, Recorded]:
    """Household → (dataset, property) → value as it stood then. A key is absent where no single record is meant."""
    wanted = {dataset: [name for other, name in facts if other == dataset] for dataset, _ in facts if dataset != VISIT}
    found: dict[str, Recorded] = {household: {} for household in households}
    for some in in_batches(households):
        below: dict[tuple[str, str], list[Mapping[str, str | None]]] = defaultdict(list)
        for row in _versions(session, some, wanted, at):
            below[row.root_id, row.dataset].append(row.EntityVersion.values)
        for (household, dataset), records in below.items():
            values = _meant(dataset, records)
            if values is not None:
                found[household] |= {(dataset, name): values.get(name) for name in wanted[dataset]}
    return found


def _versions(
    session: Session, households: Sequence[str], datasets: Iterable[str], at: datetime
) -> Iterable[Any]:
    newest = (
        select(EntityVersion.entity_id, func.max(EntityVersion.version).label("version"))
        .join(Entity, Entity.id == EntityVersion.entity_id)
        .where(Entity.root_id.in_(households), Entity.dataset.in_(list(datasets)), EntityVersion.at <= at)
        .group_by(EntityVersion.entity_id)
        .subquery()
    )
    same = and_(EntityVersion.entity_id == newest.c.entity_id, EntityVersion.version == newest.c.version)
    query = select(EntityVersion, Entity.dataset, Entity.root_id).join(Entity, Entity.id == EntityVersion.entity_id)
    return session.execute(query.join(newest, same).order_by(EntityVersion.entity_id))


def _meant(dataset: str, records: Sequence[Mapping[str, str | None]]) -> Mapping[str, str | None] | None:
    if len(records) == 1:
        return records[0]
    name, value = MAIN.get(dataset, ("", ""))
    main = [record for record in records if name and record.get(name) == value]
    return main[0] if len(main) == 1 else None


def visits_of(session: Session, instance_ids: Collection[str]) -> dict[str, str | None]:
    """Instance → how the village said it met the household."""
    found: dict[str, str | None] = {}
    for some in in_batches(instance_ids):
        query = select(Submission.instance_id, Submission.contact_mode).where(Submission.instance_id.in_(some))
        found |= {row.instance_id: row.contact_mode for row in session.execute(query)}
    return found
