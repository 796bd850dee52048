"""What the sender is told about each op, from what is stored: so a resend gets the same answer as a lost one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.db import ask
from server.sending import Ready, among
from server.sync import quarantine
from server.sync.conflicts import open_conflicts
from server.sync.envelope import RawOp
from server.sync.named_files import missing_files
from server.sync.op_row import OpRow, stored_ops
from server.sync.record_rows import record_of
from server.sync.tables import Submission, has_findings

_ASKED = Ready(
    select(Submission.op_id, Submission.findings).where(
        among(Submission.op_id, "ops"), Submission.person_id == bindparam("person"), has_findings()
    )
)


@dataclass(frozen=True)
class Result:
    """One op's result in the words of the wire contract; `findings` are questions to the author, not refusals."""

    op_id: str | None
    status: str
    code: str | None = None
    detail: str | None = None
    first: dict[str, Any] | None = None
    entities: list[dict[str, Any]] = field(default_factory=list)
    missing_attachments: list[str] = field(default_factory=list)
    findings: list[dict[str, Any]] = field(default_factory=list)

    def for_wire(self) -> dict[str, Any]:
        optional = {"code": self.code, "detail": self.detail, "first": self.first}
        present = {name: value for name, value in optional.items() if value is not None}
        lists = {"entities": self.entities, "missing_attachments": self.missing_attachments}
        found = {"findings": self.findings} if self.findings else {}
        return {"op_id": self.op_id, "status": self.status} | present | lists | found


def answer_all(
    session: Session,
    actor: Actor,
    ops: Sequence[RawOp],
    judged: Sequence[OpRow],
    left: Sequence[str],
    findings: bool = True,
) -> tuple[Result, ...]:
    """Results in the order sent; an op judged now is told its verdict once, every repetition is a duplicate.

    `left`: ops that were judged by this push before its other ones. `findings`: whether they are asked for.
    """
    rows = {row.op_id: row for row in judged}
    stored = {op.op_id for op in ops if op.op_id} - rows.keys()
    if stored:
        rows |= stored_ops(session, stored)
    sources = {_source(row) for row in rows.values()} - rows.keys()
    known = rows | (stored_ops(session, sources) if sources else {})
    new = {row.op_id for row in judged}.union(left)
    bare = {op.op_id for op in ops if op.op_id in new and not op.body.get("attachments")}
    wanted = {_source(row): row.kind for row in rows.values() if not _misses_nothing(row, bare)}
    kept = _Kept(known, missing_files(session, wanted), _questions(session, actor, rows) if findings else {})
    told: set[str] = set()
    results = []
    for op in ops:
        row = rows.get(op.op_id or "")
        is_new = op.op_id in new and op.op_id not in told
        results.append(_result(session, actor, op, row, kept, is_new))
        told.add(op.op_id or "")
    return tuple(results)


@dataclass(frozen=True)
class _Kept:
    """What is stored of a push. By the ids of ops: their rows, with those of their sources; names of the files that do
    not lie here yet; and what the author was found to be asked.
    """

    rows: Mapping[str, OpRow]
    missing: Mapping[str, list[str]]
    findings: Mapping[str, list[dict[str, Any]]]


def _misses_nothing(row: OpRow, bare: Set[str | None]) -> bool:
    """Whether the op brought a new submission without files."""
    return row.kind == "submission" and row.op_id in bare and row.status != "duplicate"


def _source(row: OpRow) -> str:
    """The op that brought what this one says: its own, or the first with the same content."""
    return row.detail if row.status == "duplicate" and row.detail else row.op_id


def _questions(session: Session, actor: Actor, rows: Mapping[str, OpRow]) -> dict[str, list[dict[str, Any]]]:
    """What the author's own submissions were found to ask, by op. One query for all."""
    source = {op_id: _source(row) for op_id, row in rows.items()}
    wanted = {"ops": list(set(source.values())), "person": actor.id}
    found = {row.op_id: _for_author(row.findings) for row in ask(session, _ASKED, wanted)}
    return {op_id: found[brought] for op_id, brought in source.items() if brought in found}


def _for_author(findings: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Those that a person can answer: about what was filled in, in words, not about the envelope."""
    return [
        {key: finding[key] for key in ("path", "kind", "message")}
        for finding in findings
        if isinstance(finding.get("message"), dict)
    ]


def _result(
    session: Session,
    actor: Actor,
    op: RawOp,
    row: OpRow | None,
    kept: _Kept,
    is_new: bool,
) -> Result:
    if row is None:
        seq = seq_of(actor, op)
        aside = quarantine.keep(session, actor, "op.unreadable", op.raw, install_id=actor.install_id, seq=seq)
        return Result(None, "unreadable", "op.unreadable", aside)
    findings = kept.findings.get(row.op_id, [])
    if row.person_id != actor.id or row.content_hash != op.content_hash:
        return _other_content(session, actor, op, findings)
    if row.status == "duplicate" or not (is_new or row.status == "held"):
        return _repeated(session, row, kept, findings)
    return Result(
        row.op_id,
        str(row.status),
        row.code,
        row.detail,
        entities=row.entities or [],
        missing_attachments=kept.missing.get(row.op_id, []),
        findings=findings,
    )


def _repeated(session: Session, row: OpRow, kept: _Kept, findings: list[dict[str, Any]]) -> Result:
    """What became of the op the first time, with its records as they stand now."""
    source = kept.rows.get(_source(row), row)
    return Result(
        row.op_id,
        "duplicate",
        first=_first(source),
        entities=[_record(session, item) for item in source.entities or []],
        missing_attachments=kept.missing.get(source.op_id, []),
        findings=findings,
    )


def _other_content(session: Session, actor: Actor, op: RawOp, findings: list[dict[str, Any]]) -> Result:
    code = "op.resent_with_other_content"
    seq = seq_of(actor, op)
    quarantine.keep(session, actor, code, op.raw, op_id=op.op_id, install_id=actor.install_id, seq=seq)
    return Result(op.op_id, "quarantined", code, findings=findings)


def seq_of(actor: Actor, op: RawOp) -> int | None:
    """The op's number if it counts for the sender's install; of another install it would acknowledge what is unsent."""
    return op.seq if op.install_id in (None, actor.install_id) else None


def _first(row: OpRow) -> dict[str, Any]:
    words = {"status": row.status, "code": row.code, "detail": row.detail}
    return {name: value for name, value in words.items() if value is not None}


def _record(session: Session, item: dict[str, Any]) -> dict[str, Any]:
    entity = record_of(session, item["id"])
    if entity is None:
        return item
    conflicts = open_conflicts(session, entity)
    return {"dataset": entity.dataset, "id": entity.id, "version": entity.version, "conflicts": conflicts}
