"""What judging many submissions asks for, read in a few queries before the first of them is judged."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import ask
from server.sending import Ready, among
from server.sync import assignments, loans
from server.sync.case import Case
from server.sync.desk import Desk, read_heads, read_versions
from server.sync.kinds.lookalikes_ahead import read_lookalikes_ahead
from server.sync.tables import OpLog, Submission
from server.sync.vocabulary import vocabulary
from server.sync.write import known_records

_KNOWN = Ready(select(Submission.instance_id).where(among(Submission.instance_id, "ids")))
_NUMBERED = Ready(
    select(OpLog.seq, OpLog.op_id).where(OpLog.install_id == bindparam("install"), among(OpLog.seq, "seqs"))
)


def read_ahead(session: Session, desk: Desk, cases: Sequence[Case]) -> None:
    """The records that the ops name with their written values, and what is stored already under the ops' ids."""
    _read_records(session, cases)
    loans.read_lent(session, cases)
    assignments.read_open(session, cases)
    _read_first(session, cases)
    _read_reused(session, cases)
    # A record of older words is rewritten before it is read (migrate_records.py).
    known = {id: one for case in cases for id, (one, _) in case.known.items()}
    ready = {id: one for id, one in known.items() if one.vocabulary >= vocabulary(one.dataset).size}
    read_heads(session, desk, {write.id for case in cases for write in case.writes if write.id in ready})
    bases = {(id, base) for case in cases for id, base in _bases(case) if id in ready}
    read_versions(session, desk, {(id, base) for id, base in bases if 0 < base < ready[id].version})
    desk.lookalikes = read_lookalikes_ahead(session, desk.heads, cases)


def _read_records(session: Session, cases: Sequence[Case]) -> None:
    by_actor: dict[Actor, list[Case]] = defaultdict(list)
    for case in cases:
        by_actor[case.powers].append(case)
    for actor, theirs in by_actor.items():
        found = known_records(session, actor, {id for case in theirs for id in _ids(case)})
        for case in theirs:
            case.known = {id: found[id] for id in _ids(case) if id in found}


def _ids(case: Case) -> list[str]:
    """The records that an op writes, those above them, and the household that its form is about."""
    ids = [id for write in case.writes for id in (write.id, write.parent)]
    return list(dict.fromkeys(id for id in (*ids, case.subject) if id))


def _read_first(session: Session, cases: Sequence[Case]) -> None:
    ids = [case.submission.instance_id for case in cases if case.submission]
    known = ask(session, _KNOWN, {"ids": ids}).scalars()  # mostly none
    rows = session.scalars(select(Submission).where(Submission.instance_id.in_(known))) if known else ()
    found = {row.instance_id: row for row in rows}
    for case in cases:
        case.first = found.get(case.submission.instance_id) if case.submission else None


def _read_reused(session: Session, cases: Sequence[Case]) -> None:
    """Whether an install gave an op's number to another one too."""
    numbered: dict[str, list[Case]] = defaultdict(list)
    for case in cases:
        if case.row.install_id and case.row.seq:
            numbered[case.row.install_id].append(case)
    for install_id, theirs in numbered.items():
        ops = defaultdict[int | None, set[str]](set)
        wanted = {"install": install_id, "seqs": [case.row.seq for case in theirs]}
        for seq, op_id in ask(session, _NUMBERED, wanted).all():
            ops[seq].add(op_id)
        for case in theirs:
            case.is_reused = len(ops[case.row.seq] - {case.row.op_id}) > 0


def _bases(case: Case) -> Iterator[tuple[str, int]]:
    """The versions that the op may have been based on, as its envelope or its instance says."""
    for named in (case.submission.entities if case.submission else None) or ():
        yield named.id, named.base_version
    for write in case.writes:
        yield from ((write.id, version) for version in (write.trunk_version, write.base_version) if version)
