"""What the rules of a dataset say of the records that a submission wrote, as they stand after the merge.

Only rules about something that this submission wrote: nobody is asked about what others left. Never refuses.
"""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from typing import Any

import structlog
from sqlalchemy.orm import Session

from server.forms.rule import Rule
from server.forms.rules import check_record
from server.sync.case import Case
from server.sync.definitions import datasets
from server.sync.envelope import finding
from server.sync.form_findings import visit_day
from server.sync.record import Outcome
from server.sync.record_rows import one_record

log = structlog.get_logger()


def record_findings(session: Session, case: Case, written: Sequence[Outcome]) -> list[dict[str, Any]]:
    """Findings of kind `rule`, for the records that have a new version."""
    return [one for outcome in written if outcome.written for one in _of_record(session, case, outcome)]


def _of_record(session: Session, case: Case, outcome: Outcome) -> list[dict[str, Any]]:
    place = f"{outcome.dataset}/{outcome.id}"
    touched = {f"{write.dataset}.{name}" for write in case.writes if write.id == outcome.id for name in write.values}
    dataset = datasets()[outcome.dataset]
    asked = [rule for rule in dataset.rules if not touched.isdisjoint(rule.properties)]
    if not asked:
        return []
    try:
        entity = case.known_record(outcome.id) or one_record(session, outcome.id)
        broken = check_record(dataset, entity.values, visit_day(case), asked)
    except Exception as error:
        # A rule that crashes is our fault and must not cost anybody a visit.
        where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)]
        log.error("rules crashed", op_id=case.row.op_id, kind=type(error).__name__, traceback=where)
        return [finding(place, "evaluation.failed")]
    return [_told(place, rule) for rule in broken]


def _told(place: str, rule: Rule) -> dict[str, Any]:
    return {
        "path": place,
        "kind": "rule",
        "rule": f"{rule.over}.{rule.id}",
        "severity": rule.severity,
        "message": {"zh": rule.message["zh"] + rule.cure["zh"], "en": f"{rule.message['en']} {rule.cure['en']}"},
        "properties": list(rule.properties),
    }
