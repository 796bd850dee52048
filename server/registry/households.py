"""Households with everything below them, as the cleaning rules look at them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from server.forms.rule_tree import GONE, Household, Record
from server.registry.number_hash import number_hash
from server.registry.tables import Entity

# How many other people have this ID number (its keyed hash), for those numbers that somebody shares.
Copies = Mapping[str, int]


def read_households(session: Session, ids: Collection[str], copies: Copies) -> list[Household]:
    """The active ones of these households, by id. `copies`: see shared_id_numbers."""
    columns = (Entity.id, Entity.dataset, Entity.root_id, Entity.region_code, Entity.values)
    wanted = select(*columns).where(Entity.root_id.in_(ids), Entity.state == "active")
    tops: dict[str, tuple[Record, str]] = {}
    below: dict[str, list[Record]] = defaultdict(list)
    for entity_id, dataset, root, region, values in session.execute(wanted.order_by(Entity.id)):
        if entity_id == root:
            tops[root] = (Record(dataset, entity_id, values), region)
        else:
            below[root].append(Record(dataset, entity_id, values))
    return [
        Household(record, region, _with_copies(below[root], copies)) for root, (record, region) in sorted(tops.items())
    ]


def shared_id_numbers(session: Session) -> dict[str, int]:
    """Hashes of ID numbers that several members of this database have, and how many: one pass over the members."""
    number = Entity.number_hash
    name, gone = GONE["member"]
    presence = func.coalesce(Entity.values[name].as_string(), "")
    rows = session.execute(
        select(number, func.count())
        .where(Entity.dataset == "member", Entity.state == "active", presence.not_in(gone), number.is_not(None))
        .group_by(number)
        .having(func.count() > 1)
    )
    return {str(row[0]): row[1] for row in rows}


def _with_copies(records: Sequence[Record], copies: Copies) -> list[Record]:
    """How many people elsewhere have a member's number; those of the same household are counted in the tree."""
    if not copies:
        return list(records)
    here: dict[str, int] = defaultdict(int)
    for record in records:
        here[_number(record)] += 1
    return [
        Record(record.dataset, record.id, record.values, max(0, copies[number] - here[number]))
        if (number := _number(record)) in copies
        else record
        for record in records
    ]


def _number(record: Record) -> str:
    """The hash of the ID number of a person who counts; empty where there is none."""
    name, gone = GONE.get(record.dataset, ("", ()))
    if record.values.get(name) in gone:
        return ""
    return number_hash(record.values) or ""
