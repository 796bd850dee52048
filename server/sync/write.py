"""Decides for each record of a submission whether its author may write it and on what base, then applies it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.accounts.tables import HelperOf
from server.db import ask, upsert
from server.forms.canonical import canonical
from server.forms.dataset import Dataset, Parent
from server.forms.instance import EntityWrite
from server.forms.policy import RECORD_STATES, STATE_WORD
from server.geo.tables import Region
from server.registry.tables import Entity
from server.sending import Found, Ready, among
from server.sync import corrections, scope
from server.sync.apply import apply_write
from server.sync.authority import rank_of
from server.sync.case import Case, Verdict
from server.sync.clock import observed_at
from server.sync.definitions import datasets
from server.sync.derive import recount
from server.sync.envelope import Named, SubmissionOp, finding
from server.sync.grounds import known_base, lost
from server.sync.merge_state import STATE
from server.sync.place import in_area, path_of, remember_path
from server.sync.record import Origin, Outcome, RecordWrite
from server.sync.record_rows import COLUMNS, RecordRow, on_shelf
from server.sync.tables import BranchStep, Submission
from server.sync.vocabulary import todays_base

WRITING = ("cadre", "supervisor", "admin")


def write_records(session: Session, case: Case, submission: SubmissionOp) -> list[Outcome] | Verdict:
    """All records of the submission written, parents first; or why none of them is."""
    named = _named(case, submission)
    if named is not None and _disagree(case, named):
        return Verdict("quarantined", "entities.mismatch", _difference(named, case.writes))
    origin = _origin(session, case, submission)
    pending = sorted(case.writes, key=lambda write: write.parent is not None)
    made = {(write.dataset, write.id) for write in pending}
    judged = [_record(session, case, write, made, (named or {}).get((write.dataset, write.id))) for write in pending]
    refused = next((record for record in judged if isinstance(record, Verdict)), None)
    if refused is not None:
        return refused
    records = _in_place(session, case, origin, [record for record in judged if isinstance(record, RecordWrite)])
    if isinstance(records, Verdict):
        return records
    defined = datasets()
    outcomes = [apply_write(session, defined[one.dataset], origin, one, case.known_record(one.id)) for one in records]
    outcomes += recount(session, origin, records, outcomes)
    case.findings += [finding(f"{o.dataset}/{o.id}/{key}", "base.differs") for o in outcomes for key in o.differs]
    _take_steps(session, case)
    return outcomes


def _in_place(session: Session, case: Case, origin: Origin, records: list[RecordWrite]) -> list[RecordWrite] | Verdict:
    """Of a correction: the records in the place of what it corrects, and those that it no longer speaks of."""
    places = corrections.steads(session, origin.corrects)
    if not places:
        return records
    gone = corrections.taken_back(session, places, records)
    may = scope.visible_entities(case.powers, WRITING)
    mine = set(session.scalars(select(Entity.id).where(Entity.id.in_({one.id for one in gone}), may)))
    if len(mine) < len(gone):
        return lost(case)
    here = [
        replace(one, base_version=places[one.id].base_version, base={}, stead=places[one.id], branch=None)
        if one.id in places
        else one
        for one in records
    ]
    return [*here, *gone]


def _named(case: Case, submission: SubmissionOp) -> dict[tuple[str, str], Named] | None:
    """What the envelope names, with its bases in today's words."""
    if submission.entities is None:
        return None
    return {
        (item.dataset, item.id): replace(item, base=todays_base(item.dataset, item.base, case.known_words))
        if item.base
        else item
        for item in submission.entities
    }


def _disagree(case: Case, named: Mapping[tuple[str, str], Named]) -> bool:
    """Whether envelope and instance name other records; who answers for the op takes the instance's word."""
    return case.sponsor is None and named.keys() != {(write.dataset, write.id) for write in case.writes}


def _difference(named: Mapping[tuple[str, str], Named], writes: tuple[EntityWrite, ...]) -> str:
    written = {(write.dataset, write.id) for write in writes}
    odd = sorted(written ^ named.keys())[:5]
    return ", ".join(f"{dataset} {record_id}" for dataset, record_id in odd)


def _origin(session: Session, case: Case, submission: SubmissionOp) -> Origin:
    """The op in its author's line of work, and the one that it corrects, also when that has no outcome yet."""
    deprecated = case.instance.deprecated_id if case.instance else None
    corrects = deprecated and session.scalar(
        select(Submission.op_id).where(Submission.instance_id == deprecated, Submission.person_id == case.row.person_id)
    )
    region = next((entity.region_code for entity, _ in case.known.values()), None)
    return Origin(
        case.row.op_id,
        case.row.person_id,
        case.lineage,
        case.row.seq,
        submission.instance_id,
        corrects or None,
        rank=rank_of(session, case.actor, region),
        observed=observed_at(submission.visit.ended_at or submission.visit.started_at, submission.clock),
    )


# Records by their ids, each with the path of its region and who of `people` helps its household.
_HELPS = and_(HelperOf.household_id == Entity.root_id, among(HelperOf.person_id, "people"))
_KNOWN = Ready(
    select(*COLUMNS, Region.path, HelperOf.person_id.label("helper"))
    .join(Region, Region.code == Entity.region_code)
    .join(HelperOf, _HELPS, isouter=True)
    .where(among(Entity.id, "ids"))
)


def known_records(session: Session, actor: Actor, ids: Collection[str]) -> dict[str, tuple[RecordRow, bool]]:
    """Those of the records that exist already, each with whether the author may write it."""
    return read_known(session, actor, ask_known(session, actor, ids))


def ask_known(session: Session, actor: Actor, ids: Collection[str]) -> Found | None:
    """The first half of `known_records`: they are asked for with what is asked next."""
    return ask(session, _KNOWN, {"ids": list(ids), "people": [actor.id]}) if ids else None


def read_known(session: Session, actor: Actor, rows: Found | None) -> dict[str, tuple[RecordRow, bool]]:
    """The second half of `known_records`."""
    found, may_write = {}, scope.sight_of(actor, WRITING)
    for *cells, path, helper in rows or ():
        record = on_shelf(session, cells)
        found[record.id] = (record, may_write(path, helper is not None))
        remember_path(session, record.region_code, path)
    return found


def _record(
    session: Session, case: Case, write: EntityWrite, made: set[tuple[str, str]], named: Named | None
) -> RecordWrite | Verdict:
    """The write with its base, or the verdict that keeps the op from being applied."""
    found = case.known.get(write.id)
    if found is None:
        return _new_record(session, case, write, made)
    entity, may = found
    if not may or entity.dataset != write.dataset:
        return lost(case)
    if write.parent != entity.parent_id and _names_parent(write) and _out_of_sight(case, write):
        return lost(case)
    if case.placed is not None and _sent_elsewhere(case, entity, write, named):
        write = _placed(case, write)
    elif _leaves_the_area(session, case, entity, write, named):
        return Verdict("quarantined", "region.unknown", write.id, region=entity.region_code)
    stated = _base_version(write, named)
    base_version = known_base(case, entity, stated)
    if base_version is None:
        return Verdict("quarantined", "entity.base_unknown", f"{write.id} {stated}", region=entity.region_code)
    return RecordWrite(
        write.dataset,
        write.id,
        _values(write),
        base_version,
        named.base if named else {},
        write.parent,
        None,
        write.label,
        None if named else branch_of(write),
    )


def _leaves_the_area(session: Session, case: Case, entity: RecordRow, write: EntityWrite, named: Named | None) -> bool:
    """Whether the write would put the record nowhere, or where its author may not write: a person decides that."""
    if not _sent_elsewhere(case, entity, write, named):
        return False
    code = write.values[datasets()[write.dataset].region_source or ""]
    return not in_area(session, case.powers, code, WRITING)


def _sent_elsewhere(case: Case, entity: RecordRow, write: EntityWrite, named: Named | None) -> bool:
    """Whether the write names another region than the record's."""
    source = datasets()[write.dataset].region_source
    if source is None or source not in write.values:
        return False
    code = write.values[source]
    return code not in (entity.region_code, entity.values.get(source)) and not _sent_back(case, named, source, code)


def _placed(case: Case, write: EntityWrite) -> EntityWrite:
    """The write with the region that a supervisor chose for its household, which is noted in the submission."""
    source = datasets()[write.dataset].region_source
    if case.placed is None or source is None:
        return write
    case.findings.append(finding(f"{write.dataset}/{write.id}/{source}", "region.chosen", case.placed))
    return replace(write, values={**write.values, source: case.placed})


def _sent_back(case: Case, named: Named | None, name: str, value: str | None) -> bool:
    """Whether the author sends what was on screen: then nothing of it is written, unless in place of an earlier op."""
    if named is None or name not in named.base or (case.instance and case.instance.deprecated_id):
        return False
    return canonical(named.base[name], "text") == value


def _names_parent(write: EntityWrite) -> bool:
    parent = datasets()[write.dataset].parent
    return parent is not None and parent.property in write.values


def _out_of_sight(case: Case, write: EntityWrite) -> bool:
    """Whether the record is to go to a household that its author may not write."""
    above = case.known.get(write.parent or "")
    return not (above and above[1])


def _new_record(session: Session, case: Case, write: EntityWrite, made: set[tuple[str, str]]) -> RecordWrite | Verdict:
    if not write.create:
        return lost(case)
    dataset = datasets()[write.dataset]
    region = None
    if dataset.parent:
        if not _has_parent(case, dataset.parent, write.parent or "", made):
            return lost(case)
    else:
        write = _placed(case, write)
        region = _region_for_new(session, case.powers, dataset, write)
        if region is None:
            return Verdict("quarantined", "region.unknown", write.id)
    branch = branch_of(write)
    return RecordWrite(write.dataset, write.id, _values(write), 0, {}, write.parent, region, write.label, branch)


def _values(write: EntityWrite) -> dict[str, str | None]:
    """What is written, with the record's state under its own name; no word on the state leaves it as it is."""
    values = dict(write.values)
    state = values.pop(STATE_WORD, None)
    return values | ({STATE: state} if state in RECORD_STATES else {})


def _has_parent(case: Case, parent: Parent, parent_id: str, made: set[tuple[str, str]]) -> bool:
    """Whether the record above is of the right kind and in sight, or made by the same op."""
    above = case.known.get(parent_id)
    if above is not None:
        entity, may = above
        return may and entity.dataset == parent.dataset
    return (parent.dataset, parent_id) in made


def _region_for_new(session: Session, actor: Actor, dataset: Dataset, write: EntityWrite) -> str | None:
    """The region that the record names, if it lies in the author's area; else the author's one area."""
    named = write.values.get(dataset.region_source or "")
    path = path_of(session, named)
    if path is not None:
        return named if actor.covers(path, WRITING) else None
    own = session.scalars(select(Region.code).where(Region.path.in_(actor.paths(WRITING)))).all()
    return own[0] if len(own) == 1 else None


def _base_version(write: EntityWrite, named: Named | None) -> int:
    """The server version that the author had: as the envelope says, else the trunk of the ODK branch."""
    if named is not None:
        return named.base_version
    if write.branch_id and write.base_version:
        return write.trunk_version or 1  # born on the phone: its creation made version 1
    return write.base_version or 0


def branch_of(write: EntityWrite) -> tuple[str, int] | None:
    """The ODK branch and the step on it; a create is step 0."""
    return (f"branch:{write.branch_id[:60]}", write.base_version or 0) if write.branch_id else None


def _take_steps(session: Session, case: Case) -> None:
    """Writes down the branch steps, so that the ones after them may follow."""
    for write in case.writes:
        branch = branch_of(write)
        if branch:
            statement = upsert(session, BranchStep).values(branch_id=branch[0], step=branch[1])
            session.execute(statement.on_conflict_do_nothing())
