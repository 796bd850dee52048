"""Ops of kind `answer`: the author of a submission answers what a supervisor asked about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from server.failpoints import hit
from server.sync import questions
from server.sync.case import Case, Verdict
from server.sync.envelope import MOST_FILES, File, as_uuid, read_files
from server.sync.grounds import lost, quarantined, stopped

LONGEST = 5000


@dataclass(frozen=True)
class AnswerOp:
    """`{question_id, text, attachments}`; a photo alone is an answer too."""

    question_id: str
    text: str
    files: tuple[File, ...]


def read_answer(body: Mapping[str, Any]) -> AnswerOp | None:
    """The answer in an op's body; None when a part of it is missing or too long."""
    question_id, text = as_uuid(body.get("question_id")), body.get("text") or ""
    files = read_files(body.get("attachments"))
    if question_id is None or not isinstance(text, str) or len(text) > LONGEST or len(files) > MOST_FILES:
        return None
    return AnswerOp(question_id, text.strip(), files) if text.strip() or files else None


def read(_session: Session, case: Case) -> None:
    case.said = said = read_answer(case.op.body)
    if said is None:
        case.fault = ("op.incomplete", "question_id, text or attachments")
    else:
        case.touches.add(said.question_id)


def judge(session: Session, case: Case) -> Verdict:
    """The first answer closes the question; one that comes later is kept beside it."""
    kept = stopped(session, case)
    if kept is not None or not isinstance(case.said, AnswerOp):
        return kept or quarantined(session, case, "op.incomplete")
    question = questions.find(session, case.powers, case.said.question_id)
    if question is None:
        return lost(case)
    hit("push.judging")
    questions.answer(session, question, case.row, case.said.text, case.said.files)
    return Verdict("applied", news=(questions.told(session, question),))
