"""The sides of a conflict: what was said, by which ops, of which record. One shape for all kinds of conflict.

A property's conflict has a side for each value; one about a broken rule a side for each author's record; a possible
duplicate a side for each record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.registry.tables import Conflict, Entity, Head
from server.sync.broken_rules import RULE, author_views, keys_named, rule_of
from server.sync.heads import keys_of
from server.sync.likeness import compared
from server.sync.lookalikes import SAME, makers_of, pair_of
from server.sync.merge_policy import Value
from server.sync.merge_state import STATE

KINDS = {SAME: "duplicate", RULE: "rule", STATE: "state"}


@dataclass(frozen=True)
class Side:
    """`head`: a written value of the op that speaks; `witnesses`: those of ops that say the same; `value`: what."""

    head: Head
    value: Value
    witnesses: tuple[Head, ...] = ()


def kind_of(conflict: Conflict) -> str:
    """What people differ about: a property, the state, a rule that is broken, or two records that look alike."""
    return KINDS.get(conflict.key.partition(":")[0], "property")


def sides(
    session: Session, datasets: Mapping[str, Dataset], disputed: Sequence[tuple[Conflict, Entity]]
) -> dict[str, list[Side]]:
    """The sides of each conflict, oldest first: of an open one those that stand."""
    ops = {op_id for conflict, _ in disputed for op_id in conflict.op_ids}
    rows = session.scalars(select(Head).where(Head.op_id.in_(ops)).order_by(Head.version, Head.op_id, Head.key)).all()
    found = {}
    for conflict, entity in disputed:
        dataset = datasets[entity.dataset]
        if pair_of(conflict):
            found[conflict.id] = _records(session, dataset, conflict, rows)
        elif rule_of(dataset, conflict.key):
            found[conflict.id] = _views(session, dataset, conflict, entity, rows)
        else:
            found[conflict.id] = _by_value(_standing(conflict, [conflict.key], rows))
    return found


def _standing(conflict: Conflict, keys: Sequence[str], rows: Sequence[Head]) -> list[Head]:
    return [
        head
        for head in rows
        if head.entity_id == conflict.entity_id
        and head.key in keys
        and head.op_id in conflict.op_ids
        and (conflict.state != "open" or (head.closed_by is None and head.withdrawn_at is None))
    ]


def _by_value(heads: Sequence[Head]) -> list[Side]:
    """Heads of one value together: the first speaks for them, the others are its witnesses."""
    groups: list[list[Head]] = []
    for head in heads:
        same = next((group for group in groups if group[0].value == head.value), None)
        if same is None:
            groups.append([head])
        else:
            same.append(head)
    return [Side(group[0], group[0].value, tuple(group[1:])) for group in groups]


def _views(
    session: Session, dataset: Dataset, conflict: Conflict, entity: Entity, rows: Sequence[Head]
) -> list[Side]:
    """What the record of each author said of the rule's properties."""
    rule = rule_of(dataset, conflict.key)
    if rule is None:
        return []
    views = author_views(session, dataset, entity, keys_of(session, dataset, entity), rule)
    by_op: dict[str, Head] = {}
    for head in _standing(conflict, keys_named(dataset, rule), rows):
        by_op.setdefault(head.op_id, head)
    return [Side(head, views.get(op_id, head.value)) for op_id, head in by_op.items()]


def _records(session: Session, dataset: Dataset, conflict: Conflict, rows: Sequence[Head]) -> list[Side]:
    """Both records, each as it is now, under the op that made it."""
    pair = pair_of(conflict) or ()
    makers = makers_of(session, pair)
    found = []
    for record in session.scalars(select(Entity).where(Entity.id.in_(pair)).order_by(Entity.created_at, Entity.id)):
        of_maker = [head for head in rows if (head.entity_id, head.op_id) == (record.id, makers.get(record.id))]
        shown = {name: record.values.get(name) for name in compared(dataset.alike)} if dataset.alike else {}
        found += [Side(head, shown) for head in of_maker[:1]]
    return found
