"""What judging many submissions asks for, read in a few queries before the first of them is judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

from sqlalchemy import Select, String, literal_column, null, select, union_all
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.columns import BigInt
from server.db import ask
from server.forms.instance import EntityWrite
from server.sending import Found, Ready, among
from server.sync import assignments, followers, loans
from server.sync.awaited import awaited
from server.sync.case import Case
from server.sync.definitions import datasets
from server.sync.desk import Desk, read_heads, read_heads_at, read_versions
from server.sync.kinds.lookalikes_ahead import concerns_likeness, read_lookalikes_ahead
from server.sync.merge_state import STATE
from server.sync.office_tables import Assignment
from server.sync.record import key_of
from server.sync.record_rows import RecordRow
from server.sync.tables import OpLog, Submission
from server.sync.vocabulary import vocabulary
from server.sync.write import ask_known, read_known

_NO_NAME, _NO_NUMBER = null().cast(String), null().cast(BigInt)


def _found(what: str, id: Any, *, name: Any = _NO_NAME, number: Any = _NO_NUMBER) -> Select[Any]:
    return select(literal_column(f"'{what}'").label("what"), name.label("name"), number.label("number"), id.label("id"))


# What mostly is not there is asked for by id alone, in one statement: `what` it is, the name or number that was asked
# for, and the id that was found.
_THERE = Ready(
    union_all(
        _found("errand", Assignment.id).where(*assignments.OPEN),
        _found("first", Submission.instance_id).where(among(Submission.instance_id, "instances")),
        _found("waiting", OpLog.op_id, name=OpLog.waits_for).where(
            among(OpLog.waits_for, "names"), OpLog.status == "held"
        ),
        _found("numbered", OpLog.op_id, name=OpLog.install_id, number=OpLog.seq).where(
            among(OpLog.install_id, "installs"), among(OpLog.seq, "numbers")
        ),
    )
)


def read_ahead(session: Session, desk: Desk, cases: Sequence[Case]) -> None:
    """The records that the ops name with their written values, and what is stored already under the ops' ids."""
    names = {case.row.op_id: list(awaited(case)) for case in cases}
    there = ask(session, _THERE, _asked(cases, {one for some in names.values() for one in some}))
    _read_records(session, cases)
    loans.read_lent(session, cases)
    _give_there(session, cases, names, there)
    followers.ask_ahead(session, {one.root_id for case in cases for one in case.in_sight()})
    # A record of older words is rewritten before it is read (migrate_records.py).
    known = {id: one for case in cases for id, (one, _) in case.known.items()}
    ready = {id: one for id, one in known.items() if one.vocabulary >= vocabulary(one.dataset).size}
    writes = [(case, write) for case in cases for write in case.writes if write.id in ready]
    few = {write.id: keys for case, write in writes if (keys := _keys(case, write, ready[write.id])) is not None}
    read_heads_at(session, desk, few)
    read_heads(session, desk, {write.id for _, write in writes} - few.keys())
    bases = {(id, base) for case in cases for id, base in _bases(case) if id in ready}
    read_versions(session, desk, {(id, base) for id, base in bases if 0 < base < ready[id].version})
    desk.lookalikes = read_lookalikes_ahead(session, desk.heads, cases)


def _keys(case: Case, write: EntityWrite, entity: RecordRow) -> Set[str] | None:
    """The keys of the record at which apply.py will look at what was written: those of which the op says anything new.
    None: at all of them, as its author did not see the record as it is, or more than values is spoken of.
    """
    is_newest = {base for id, base in _bases(case) if id == write.id} == {entity.version}
    corrects = case.instance is not None and case.instance.deprecated_id
    if not is_newest or corrects or STATE in entity.values or concerns_likeness(write, entity):
        return None
    dataset = datasets()[write.dataset]
    odd = [name for name, text in write.values.items() if text != entity.values.get(name)]
    return {STATE, *(key_of(dataset, name) for name in odd)}


def _read_records(session: Session, cases: Sequence[Case]) -> None:
    by_actor: dict[Actor, list[Case]] = defaultdict(list)
    for case in cases:
        by_actor[case.powers].append(case)
    wanted = {actor: {id for case in theirs for id in _ids(case)} for actor, theirs in by_actor.items()}
    asked = {actor: ask_known(session, actor, ids) for actor, ids in wanted.items()}
    for actor, theirs in by_actor.items():
        found = read_known(session, actor, asked[actor])
        for case in theirs:
            case.known = {id: found[id] for id in _ids(case) if id in found}


def _ids(case: Case) -> list[str]:
    """The records that an op writes, those above them, and the household that its form is about."""
    ids = [id for write in case.writes for id in (write.id, write.parent)]
    return list(dict.fromkeys(id for id in (*ids, case.subject) if id))


def _give_there(session: Session, cases: Sequence[Case], names: Mapping[str, Sequence[str]], there: Found) -> None:
    """Open errands, submissions stored before, held ops that wait (for one of `names`), ops with the same number."""
    errands, stored = list[str](), list[str]()
    waiting, numbered = defaultdict[str, set[str]](set), defaultdict[tuple[str | None, int | None], set[str]](set)
    for what, name, number, id in there:
        if what == "errand":
            errands.append(id)
        elif what == "first":
            stored.append(id)
        elif what == "waiting":
            waiting[name].add(id)
        else:
            numbered[name, number].add(id)
    assignments.read_open(session, cases, errands)
    _give_first(session, cases, stored)
    for case in cases:
        row = case.row
        case.waiting = frozenset(op_id for name in names[row.op_id] for op_id in waiting.get(name, ()))
        case.is_reused = not numbered.get((row.install_id, row.seq), set()) <= {row.op_id}


def _asked(cases: Sequence[Case], names: Set[str]) -> dict[str, list[Any]]:
    sent = [case.submission for case in cases if case.submission]
    numbered = [case.row for case in cases if case.row.install_id and case.row.seq]
    return {
        "people": list({case.row.person_id for case in cases}),
        "forms": list({one.form_id for one in sent}),
        "instances": [one.instance_id for one in sent],
        "names": list(names),
        "installs": list({row.install_id for row in numbered}),
        "numbers": list({row.seq for row in numbered}),
    }


def _give_first(session: Session, cases: Sequence[Case], known: Sequence[str]) -> None:
    rows = session.scalars(select(Submission).where(Submission.instance_id.in_(known))) if known else ()
    found = {row.instance_id: row for row in rows}
    for case in cases:
        case.first = found.get(case.submission.instance_id) if case.submission else None


def _bases(case: Case) -> Iterator[tuple[str, int]]:
    """The versions that the op may have been based on, as its envelope or its instance says."""
    for named in (case.submission.entities if case.submission else None) or ():
        yield named.id, named.base_version
    for write in case.writes:
        yield from ((write.id, version) for version in (write.trunk_version, write.base_version) if version)
