"""Ops of kind `finding_step`: steps that are taken offline. The village's side appeals, accepts, or reports that
something was put right; whoever is sent to look verifies it on the spot, sends it back, or closes it.

What cannot be taken any more (the finding has moved on) is set aside with its reason, so that nothing that somebody
wrote is lost; every attempt that fails is in the audit.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from server.errors import Problem
from server.failpoints import hit
from server.inspection import finding_steps
from server.inspection.finding_news import news_of, of_helper
from server.inspection.finding_steps import Asked
from server.sync.case import Case, Verdict
from server.sync.envelope import MOST_FILES, File, as_text, as_uuid, read_files
from server.sync.grounds import lost, quarantined, stopped
from server.sync.kinds import KINDS, Kind
from server.sync.named_files import keep_files
from server.sync.office_tables import OpFile
from server.sync.rights import BESIDE

KIND = "finding_step"
LONGEST = 5000
# What a step may fail on beside a finding that is not to be seen.
REFUSALS = ("finding.moved", "finding.own", "finding.not_yours")


@dataclass(frozen=True)
class StepOp:
    """`{finding_id, step, text, attachments, due?, check?}`; the op's own id is the step's. `check`: instance of the
    visit that saw it on the spot.
    """

    finding_id: str
    step: str
    text: str
    files: tuple[File, ...]
    due: date | None = None
    check: str | None = None


def register() -> None:
    """Makes the kind known to whoever judges ops, and findings to whoever gives households to helpers."""
    KINDS[KIND] = Kind(read, judge)
    BESIDE["finding"] = of_helper


def read_step(body: Mapping[str, Any]) -> StepOp | None:
    """The step in an op's body; None when a part is missing or too long."""
    finding_id, step, text = as_uuid(body.get("finding_id")), as_text(body.get("step"), 40), body.get("text") or ""
    files = tuple(file for file in read_files(body.get("attachments")) if file.sha256)
    if finding_id is None or step is None or not isinstance(text, str) or len(text) > LONGEST:
        return None
    if len(files) > MOST_FILES:
        return None
    return StepOp(finding_id, step, text, files, _day(body.get("due")), as_text(body.get("check"), 100))


def _day(value: object) -> date | None:
    """A day as YYYY-MM-DD; anything else says nothing, and the step then lacks it."""
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def read(_session: Session, case: Case) -> None:
    case.said = said = read_step(case.op.body)
    if said is None:
        case.fault = ("op.incomplete", "finding_id, step, text or attachments")
    else:
        case.touches.add(said.finding_id)


def judge(session: Session, case: Case) -> Verdict:
    kept = stopped(session, case)
    if kept is not None or not isinstance(case.said, StepOp):
        return kept or quarantined(session, case, "op.incomplete")
    said = case.said
    hit("push.judging")
    row = case.row
    asked = Asked(row.op_id, said.step, said.text, None, said.due, None, None, said.check, len(said.files), row.op_id)
    try:
        # The step is its author's, whoever lets it through.
        finding, _ = finding_steps.take(session, case.actor, said.finding_id, asked)
    except Problem as problem:
        return _refused(session, case, said, problem)
    keep_files(session, OpFile, case.row.op_id, said.files)
    return Verdict("applied", news=tuple(news_of(session, finding)))


def _refused(session: Session, case: Case, said: StepOp, problem: Problem) -> Verdict:
    finding_steps.note_refused(session, case.actor, said.finding_id, said.step, problem.code)
    if problem.code in REFUSALS:
        return quarantined(session, case, problem.code, problem.detail or said.step)
    if problem.code == "record.not_found":
        return lost(case)
    return quarantined(session, case, "op.incomplete", ", ".join(fault.where for fault in problem.faults))
