"""Ops of kind `feedback`: a complaint or a suggestion for the administrators. No record is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy.orm import Session

from server.failpoints import hit
from server.sync import feedback
from server.sync.case import Case, Verdict
from server.sync.envelope import as_text
from server.sync.grounds import quarantined, region_of, stopped

LONGEST = 4000


@dataclass(frozen=True)
class FeedbackOp:
    """`{about: complaint|suggestion, text, app_build?}`."""

    about: str
    text: str
    app_build: str


def read_feedback(body: Mapping[str, Any]) -> FeedbackOp | None:
    """What an op says; None without words, or about neither."""
    about, text = body.get("about"), as_text(body.get("text"), LONGEST)
    if about not in feedback.ABOUT or text is None or not text.strip():
        return None
    return FeedbackOp(str(about), text.strip(), as_text(body.get("app_build"), 64) or "")


def read(_session: Session, case: Case) -> None:
    case.said = read_feedback(case.op.body)
    if case.said is None:
        case.fault = ("op.incomplete", "about or text")


def judge(session: Session, case: Case) -> Verdict:
    kept = stopped(session, case)
    if kept is not None or not isinstance(case.said, FeedbackOp):
        return kept or quarantined(session, case, "op.incomplete")
    hit("push.judging")
    feedback.keep(session, case.row, asdict(case.said), region_of(session, case))
    return Verdict("applied")
