"""The written values of records, between their rows and the merge."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import now
from server.forms.dataset import Dataset
from server.registry.tables import Entity, Head
from server.sync import merge
from server.sync.desk import carry_off, change_head, lay, written_values
from server.sync.record import Edit, Origin, policy_of
from server.sync.record_rows import RecordRow

Rows = Sequence[Any]


class Keys(Mapping[str, merge.Key]):
    """The keys of a record at which something stands, by name. Most ops change few of many: so the writes of a key are
    made of their rows when somebody looks at it. What was taken back is remembered for decisions about its value.

    `rows`: of Head, oldest first, all or those of some keys (then nobody may ask which there are). `shown`: for each
    key whose value was shown last.
    """

    def __init__(self, dataset: Dataset, shown: Mapping[str, str], rows: Rows, are_all: bool = True) -> None:
        self._are_all = are_all
        self._dataset = dataset
        self._shown = shown
        self._rows = rows
        self._standing: dict[str, list[Any]] = {}
        self._gone: dict[str, list[Any]] = {}
        for row in rows:
            (self._gone if row.withdrawn_at else self._standing).setdefault(row.key, []).append(row)
        self._made: dict[str, merge.Key] = {}

    def __getitem__(self, name: str) -> merge.Key:
        found = self._made.get(name)
        if found is None:
            standing, gone = _writes(self._standing[name]), _writes(self._gone.get(name, ()))
            found = merge.Key(standing, self._shown.get(name), policy_of(self._dataset, name), gone)
            self._made[name] = found
        return found

    def __contains__(self, name: object) -> bool:
        return name in self._standing

    def __iter__(self) -> Iterator[str]:
        if not self._are_all:
            raise LookupError("some keys only were read")
        return iter(self._standing)

    def __len__(self) -> int:
        return len(self._standing)

    def written_since(self, version: int, lineage: str) -> dict[str, Rows]:
        """Rows of the keys that this line of work wrote after a version of the record, also those taken back."""
        if not self._rows or self._rows[-1].version <= version:
            return {}  # mostly
        names = {row.key for row in self._rows if row.version > version and row.lineage == lineage}
        return {name: [*self._standing.get(name, ()), *self._gone.get(name, ())] for name in names}


def keys_of(
    session: Session, dataset: Dataset, entity: Entity | RecordRow | None, names: Set[str] | None = None
) -> Keys:
    """All keys of a record, or those of these names; of a record that does not exist none."""
    if entity is None:
        return Keys(dataset, {}, ())
    return Keys(dataset, entity.shown, written_values(session, entity.id, names), names is None)


def empty_key(dataset: Dataset, name: str) -> merge.Key:
    """A key that nobody wrote yet."""
    return merge.Key((), None, policy_of(dataset, name))


def _writes(rows: Rows) -> tuple[merge.Write, ...]:
    return tuple([write_of(row) for row in rows])


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
        if known is write:
            continue
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


def head_row(entity_id: str, person_id: str, instance_id: str | None, name: str, write: merge.Write) -> dict[str, Any]:
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
