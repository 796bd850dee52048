"""A person's decision on a conflict: an op like any other, which can come late, twice, or against another decision.

It answers the heads that its author had on screen; a head that came meanwhile stays open. What it decided, who and why
are kept with the conflict for ever.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.forms.canonical import canonical
from server.forms.dataset import Dataset
from server.registry.tables import Conflict, Entity
from server.sync import merge, scope
from server.sync.authority import rank_of
from server.sync.definitions import datasets
from server.sync.envelope import as_uuid
from server.sync.heads import keys_of
from server.sync.merge_policy import Value
from server.sync.record import Edit, Origin, Outcome, RecordWrite, members
from server.sync.store import outcome_of, store

ALWAYS = ("supervisor", "admin")
LONGEST_REASON = 2000
MOST_SEEN = 200


@dataclass(frozen=True)
class Resolution:
    """`choose`: the op of a head, or "value" with `value`; `seen`: the op of every head that was on screen."""

    conflict_id: str
    choose: str
    value: object
    reason: str
    seen: tuple[str, ...]


def read_resolution(body: Mapping[str, Any]) -> Resolution | None:
    """The decision in an op's body; None when a part of it is missing."""
    conflict_id, seen, reason = as_uuid(body.get("conflict_id")), body.get("seen"), body.get("reason")
    choose = "value" if body.get("choose") == "value" else as_uuid(body.get("choose"))
    if conflict_id is None or choose is None or not isinstance(seen, list) or not isinstance(reason, str):
        return None
    ops = tuple(op_id for item in seen[:MOST_SEEN] if (op_id := as_uuid(item)))
    if not ops or not reason.strip() or len(reason) > LONGEST_REASON:
        return None
    return Resolution(conflict_id, choose, body.get("value"), reason.strip(), ops)


def entity_of(session: Session, resolution: Resolution) -> str | None:
    """The record that the conflict is about."""
    return session.scalar(select(Conflict.entity_id).where(Conflict.id == resolution.conflict_id))


def may_resolve(actor: Actor, dataset: Dataset) -> tuple[str, ...]:
    """The roles in which people may settle conflicts of this dataset."""
    return tuple(dict.fromkeys((*ALWAYS, *dataset.resolvers)))


def resolve(session: Session, actor: Actor, origin: Origin, resolution: Resolution) -> Outcome | str:
    """The record after the decision, or the code of why nothing was decided."""
    row = session.get(Conflict, resolution.conflict_id)
    entity = session.get(Entity, row.entity_id) if row else None
    if row is None or entity is None or not _in_sight(session, actor, entity):
        return "scope.lost"
    dataset = datasets()[entity.dataset]
    key = keys_of(session, dataset, entity).get(row.key)
    value = _value(dataset, row.key, key, resolution) if key else None
    if key is None or value is None:
        return "resolution.value_unknown"
    made = _write(entity, key, value, origin, resolution, rank_of(session, actor, entity.region_code))
    edit = Edit(row.key, key, merge.add(key, made), made)
    stored = store(session, dataset, _decided(origin, resolution), _record(entity, value), entity, [edit])
    return outcome_of(session, entity, [edit], stored)


def _in_sight(session: Session, actor: Actor, entity: Entity) -> bool:
    roles = may_resolve(actor, datasets()[entity.dataset])
    clause = scope.visible_entities(actor, roles) if "cadre" in roles else scope.in_regions(actor, roles)
    return session.scalar(select(Entity.id).where(Entity.id == entity.id, clause)) is not None


def _value(dataset: Dataset, name: str, key: merge.Key, resolution: Resolution) -> Value | None:
    """The chosen head's value, or the value given: of a group all its properties."""
    if resolution.choose != "value":
        return next((write.value for write in key.writes if write.op_id == resolution.choose), None)
    names = members(dataset, name)
    given = resolution.value if isinstance(resolution.value, dict) else {names[0]: resolution.value}
    if set(given) != set(names):
        return None
    return {name: canonical(given[name], dataset.properties[name].type) for name in names}


def _write(
    entity: Entity, key: merge.Key, value: Value, origin: Origin, resolution: Resolution, rank: int
) -> merge.Write:
    """The decision as a write. What was on screen stands for its witnesses too; another decision only for itself."""
    on_screen = [write.value for write in key.writes if write.op_id in resolution.seen]
    witnesses = (write.op_id for write in key.writes if write.value in on_screen and not write.resolves)
    resolved = frozenset([*witnesses, *resolution.seen])
    return merge.Write(
        op_id=origin.op_id,
        value=value,
        version=entity.version + 1,
        base_version=0,  # it answers what it lists, and nothing by being shown
        saw=None,
        lineage=f"op:{origin.op_id}",
        seq=None,
        resolves=resolved,
        rank=rank,
    )


def _decided(origin: Origin, resolution: Resolution) -> Origin:
    decision = {"choose": resolution.choose, "value": resolution.value, "reason": resolution.reason}
    return Origin(
        op_id=origin.op_id,
        person_id=origin.person_id,
        lineage=origin.lineage,
        seq=origin.seq,
        resolves=frozenset(resolution.seen),
        decision={name: part for name, part in decision.items() if part is not None},
    )


def _record(entity: Entity, value: Value) -> RecordWrite:
    return RecordWrite(entity.dataset, entity.id, value, base_version=entity.version)
