"""Merges a batch of households into the registry, or shows what that would do.

The writes go through the same door as everybody's (sync/apply.py). An import's base is what the imports before it
wrote: they are its own line of work. So a value that the register did not change writes nothing, and one that a cadre
changed meanwhile is never taken for seen: policy or a person decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from server import db
from server.db import upsert
from server.forms.rules import check_record
from server.imports.job import Job
from server.imports.keys import fingerprint, op_id, record_id
from server.imports.mapping import HOUSEHOLD, MEMBER
from server.imports.staging import SEVERAL, Record, Unit
from server.imports.tables import ImportKey
from server.imports.tally import Tally, Trouble
from server.registry.tables import Entity
from server.sending import Ready, among
from server.sync.apply import apply_write
from server.sync.desk import Desk, open_desk, read_heads
from server.sync.first_writes import FirstWrite, lookalikes, write_first
from server.sync.merge_state import ARCHIVED, SAME_AS
from server.sync.record import Origin, Outcome, RecordWrite
from server.sync.record_rows import RecordRow, one_record, records_by_id
from server.sync.vocabulary import vocabulary


@dataclass(frozen=True)
class Known:
    """The record of a key: its id, and what the register said of it last ("" for a record that no import wrote)."""

    id: str
    seen: str = ""


@dataclass
class Batch:
    """What one batch did."""

    outcomes: list[Outcome] = field(default_factory=list)
    keys: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class _Step:
    """One record on its way: the write, and what its key will stand for."""

    dataset: str
    record: Record
    origin: Origin
    write: RecordWrite
    seen: str
    is_new: bool


def known_keys(session: Session, job: Job, units: Sequence[Unit]) -> dict[tuple[str, str], Known]:
    """The records that the keys of these households and members stand for."""
    wanted = {
        HOUSEHOLD: [unit.household.key for unit in units],
        MEMBER: [member.key for unit in units for member in unit.members],
    }
    found: dict[tuple[str, str], Known] = {}
    for dataset, keys in wanted.items():
        for start in range(0, len(keys), 500):
            part = keys[start : start + 500]
            adopted = job.staging.adopted(dataset, part)
            found |= {(dataset, key): Known(entity) for key, entity in adopted.items()}
            found |= {(dataset, key): known for key, known in _written_under(session, job, dataset, part).items()}
            strange = [key for key in part if (dataset, key) not in found]
            others = job.staging.others(dataset, strange)
            before = _written_under(session, job, dataset, list(others))
            found |= {(dataset, others[key]): known for key, known in sorted(before.items())}
    return found | _that_stayed(session, job, found)


_ARCHIVED = Ready(select(Entity.id, Entity.values).where(among(Entity.id, "ids"), Entity.state == ARCHIVED))
# By the records alone: with the source beside them SQLite walks all of its keys.
_KEYS = Ready(
    select(ImportKey.source, ImportKey.dataset, ImportKey.key, ImportKey.entity_id).where(
        among(ImportKey.entity_id, "ids")
    )
)


def _that_stayed(session: Session, job: Job, found: Mapping[tuple[str, str], Known]) -> dict[tuple[str, str], Known]:
    """Where a person decided that a record is another one: that one, which no import of this source wrote yet.

    What the register says from then on would else be written to a record that nobody looks at any more.
    """
    rows = db.ask(session, _ARCHIVED, {"ids": sorted({known.id for known in found.values()})})
    gone = {id: same for id, values in rows if (same := values.get(SAME_AS))}
    own = {row.entity_id for row in _keys_of(session, job.source, sorted(gone.values()))} if gone else ()
    stayed = {key: gone[known.id] for key, known in found.items() if known.id in gone}
    return {key: Known(same) for key, same in stayed.items() if same not in own}


def _keys_of(session: Session, source: str, entity_ids: Sequence[str]) -> list[Any]:
    """What imports of a source know these records by: rows (source, dataset, key, entity_id)."""
    return [row for row in db.ask(session, _KEYS, {"ids": entity_ids}) if row.source == source]


def _written_under(session: Session, job: Job, dataset: str, keys: Sequence[str]) -> dict[str, Known]:
    """What earlier imports wrote under these keys."""
    rows = select(ImportKey.key, ImportKey.entity_id, ImportKey.seen).where(
        ImportKey.source == job.source, ImportKey.dataset == dataset, ImportKey.key.in_(keys)
    )
    return {row.key: Known(row.entity_id, row.seen) for row in session.execute(rows)}


class Merging:
    """One batch of an import, being looked at or applied. `known` and `tally` as in known_keys and tally.py."""

    def __init__(self, session: Session, job: Job, known: Mapping[tuple[str, str], Known], tally: Tally) -> None:
        self.session, self.job, self.known, self.tally = session, job, known, tally
        self.entities: dict[str, RecordRow] = {}
        self.batch = Batch()

    def merge(self, units: Sequence[Unit], *, look: bool = False) -> Batch:
        """Writes what changed. `look`: new records are only counted, the caller rolls back the rest."""
        with open_desk(self.session) as desk:
            self._load(units)
            steps = [step for unit in units for step in self._steps(unit)]
            firsts = {} if look else self._firsts(steps)
            self.batch.outcomes += write_first(self.session, list(firsts.values()))
            self._read_ahead(desk, [step for step in steps if step.write.id not in firsts])
            for step in steps:
                if step.write.id in firsts:
                    self._count(step, "new", step.write.values)
                else:
                    self._take(step, look)
        return self.batch

    def _read_ahead(self, desk: Desk, steps: Sequence[_Step]) -> None:
        """The written values of what will change. A record of older words is rewritten before it is read."""
        known = (self.entities.get(step.write.id) for step in steps)
        for part in _parts([one.id for one in known if one and one.vocabulary >= vocabulary(one.dataset).size]):
            read_heads(self.session, desk, part)

    def _firsts(self, steps: Sequence[_Step]) -> dict[str, FirstWrite]:
        """New households with their new members, by id: they can be written many at once."""
        households = [self._first(step, step.write.id, step.record.region) for step in steps if _is_new_household(step)]
        alike = lookalikes(self.session, households)
        found = {first.write.id: first for first in households if first.write.id not in alike}
        for step in steps:
            above = found.get(step.write.parent or "")
            if above is not None and step.is_new:
                found[step.write.id] = self._first(step, above.root, above.region)
        return found

    def _first(self, step: _Step, root: str, region: str | None) -> FirstWrite:
        if region is None:
            raise ValueError("a new record needs a region: judge it before")
        return FirstWrite(self.job.datasets[step.dataset], step.origin, step.write, region, root)

    def _origin(self, unit: Unit) -> Origin:
        job = self.job
        return Origin(op_id(job.id, unit.household.key), job.importer, job.lineage, job.number)

    def _load(self, units: Sequence[Unit]) -> None:
        """All records that exist, locked in sorted order and read in one go."""
        ids = {self._id(HOUSEHOLD, unit.household.key).id for unit in units}
        ids |= {self._id(MEMBER, member.key).id for unit in units for member in unit.members}
        ids.discard(SEVERAL)
        db.lock(self.session, ids)
        for part in _parts(sorted(ids)):
            self.entities |= records_by_id(self.session, part)

    def _id(self, dataset: str, key: str) -> Known:
        return self.known.get((dataset, key)) or Known(record_id(self.job.secret, key))

    def _steps(self, unit: Unit) -> Iterator[_Step]:
        """The household and its members, those that are refused left out and counted."""
        household = self._id(HOUSEHOLD, unit.household.key)
        there = household.id in self.entities
        above_is_fine = there and self._may(self.entities[household.id])
        if unit.household.values is not None:
            step = self._step(unit, HOUSEHOLD, unit.household, None)
            above_is_fine = above_is_fine or (step is not None and not there)
            if step is not None:
                yield step
        for member in unit.members:
            if above_is_fine:
                step = self._step(unit, MEMBER, member, household.id)
                if step is not None:
                    yield step
            else:
                code = "household.unknown" if unit.household.values is None else "household.refused"
                self._refuse(MEMBER, member, code)

    def _step(self, unit: Unit, dataset: str, record: Record, parent: str | None) -> _Step | None:
        found = self._id(dataset, record.key)
        entity = self.entities.get(found.id)
        if record.refused:
            self.tally.add(dataset, "refused")
            return None
        outside = entity is not None and not self._may(entity)
        if outside or found.id == SEVERAL:
            self._refuse(dataset, record, "record.outside" if outside else "match.several")
            return None
        above = self.job.datasets[dataset].parent
        values = dict(record.values or {}) | ({above.property: parent} if above else {})
        seen = fingerprint(self.job.secret, values)
        if entity is not None and seen == found.seen:
            self.tally.add(dataset, "unchanged")
            self.batch.keys.append(self._key(dataset, record, found.id, seen))
            return None
        write = RecordWrite(dataset, found.id, values, parent=parent, region=record.region)
        return _Step(dataset, record, self._origin(unit), write, seen, entity is None)

    def _may(self, entity: RecordRow) -> bool:
        return self.job.places.may(self.job.places.path_of(entity.region_code))

    def _refuse(self, dataset: str, record: Record, code: str) -> None:
        trouble = Trouble(code)
        self.tally.add(dataset, "refused")
        self.tally.note(record.sheet, record.row, [trouble])
        cells = {name: value or "" for name, value in (record.values or {}).items()}
        self.job.staging.refuse_later(record.sheet, record.row, dataset, cells, [trouble.reason(self.tally.words)])

    def _take(self, step: _Step, look: bool) -> None:
        if step.is_new and look:
            self._count(step, "new", step.write.values)
            return
        outcome = apply_write(self.session, self.job.datasets[step.dataset], step.origin, step.write)
        self.batch.outcomes.append(outcome)
        if not outcome.written:
            self._count(step, "unchanged")
            return
        kind = "new" if step.is_new else "conflicting" if outcome.contested else "changed"
        self._count(step, kind, one_record(self.session, outcome.id).values)

    def _count(self, step: _Step, kind: str, values: Mapping[str, str | None] | None = None) -> None:
        """Counts the record and notes what its key stands for; `values`: of what was written."""
        self.tally.add(step.dataset, kind)
        self.batch.keys.append(self._key(step.dataset, step.record, step.write.id, step.seen))
        if values is not None:
            self._check(step, values)

    def _check(self, step: _Step, values: Mapping[str, str | None]) -> None:
        """What the dataset's own rules say of the record: questions, never refusals."""
        broken = check_record(self.job.datasets[step.dataset], values, db.today())
        for rule in broken:
            code = f"rule.{rule.over}.{rule.id}"
            said, cure = rule.message, rule.cure
            self.tally.words[code] = (f"{said['zh']} / {said['en']}", f"{cure['zh']} / {cure['en']}")
            self.tally.note(step.record.sheet, step.record.row, [Trouble(code)])

    def _key(self, dataset: str, record: Record, entity_id: str, seen: str) -> dict[str, Any]:
        return {
            "source": self.job.source,
            "dataset": dataset,
            "key": record.key,
            "entity_id": entity_id,
            "seen": seen,
            "number": self.job.number,
        }


def _is_new_household(step: _Step) -> bool:
    return step.is_new and step.dataset == HOUSEHOLD


def keep_keys(session: Session, batch: Batch) -> None:
    """Writes down what the keys stand for and what the register says now. A record has one key: who got an ID number is
    not known by name any more, or somebody of that name would be taken for them later.
    """
    for start in range(0, len(batch.keys), 100):
        part = batch.keys[start : start + 100]
        _forget_former(session, part)
        statement = upsert(session, ImportKey)
        statement = statement.on_conflict_do_update(
            index_elements=["source", "dataset", "key"],
            set_={name: statement.excluded[name] for name in ("entity_id", "seen", "number")},
        )
        session.execute(statement, part)


def _forget_former(session: Session, keys: Sequence[Mapping[str, Any]]) -> None:
    here = {key["key"] for key in keys}
    for row in _keys_of(session, keys[0]["source"], [key["entity_id"] for key in keys]):
        if row.key not in here:
            session.execute(delete(ImportKey).filter_by(source=row.source, dataset=row.dataset, key=row.key))


def with_number(job: Job, number: int, importer: str) -> Job:
    """The job as if it had this place among the imports: for looking at what it would do."""
    return replace(job, number=number, importer=importer)


def _parts(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(ids), 500):
        yield ids[start : start + 500]
