"""What a submission's own form finds in it: stored beside it, shown to reviewers, told to its author. Never refuses.

A crash of the evaluation is a finding too (`evaluation.failed`): our fault must not cost anybody a visit.
"""

from __future__ import annotations

import traceback
from datetime import date, datetime
from typing import Any

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from server.accounts.qualifications import holds
from server.db import CHINA
from server.forms.evaluation import FormPlan, check
from server.forms.evaluation.moment import moment_of
from server.sync.case import Case
from server.sync.definitions import form_plan
from server.sync.envelope import finding
from server.sync.seen_lists import seen_lists

log = structlog.get_logger()


def form_findings(session: Session, case: Case) -> list[dict[str, Any]]:
    """The findings of the form version that the submission was filled with; none where it is unknown."""
    if case.model is None or case.submission is None or case.instance is None:
        return []
    try:
        plan = form_plan(session, case.model)
        lists = seen_lists(session, case, plan)
        return [one.as_json() for one in check(plan, case.instance, lists, now=_moment(case, plan, case.instance.root))]
    except DBAPIError:
        raise
    except Exception as error:
        _log(case, error)
        return [finding(f"/{case.instance.root.tag}", "evaluation.failed")]


def _moment(case: Case, plan: FormPlan, root: Any) -> datetime:
    """When the form was filled: as it says itself, as the envelope says, else when it came."""
    said = moment_of(plan, root)
    if said is not None:
        return said
    visit = case.submission.visit if case.submission else None
    moment = (visit.ended_at or visit.started_at) if visit else None
    return (moment or case.row.received_at).astimezone(CHINA)


def visit_day(case: Case) -> date:
    """The day of the visit, by the envelope; else that of receipt."""
    visit = case.submission.visit if case.submission else None
    moment = (visit.started_at or visit.ended_at) if visit else None
    return (moment or case.row.received_at).astimezone(CHINA).date()


def lacks_qualification(session: Session, case: Case) -> str | None:
    """The qualification that the form asks for and its author did not hold on the day of the visit; None when none."""
    kind = case.model.settings.get("qualification") if case.model else None
    if not kind or holds(session, case.row.person_id, kind, visit_day(case)):
        return None
    return kind


def _log(case: Case, error: Exception) -> None:
    # Places only, no values: the text of an error may hold what the form says about people.
    places = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
    log.error("evaluation failed", op_id=case.row.op_id, kind=type(error).__name__, traceback=places)
