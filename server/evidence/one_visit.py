"""When a visit was, and which submissions are one visit.

A correction brings the photos of what it replaces, and nobody used them twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.db import CHINA
from server.sync.tables import Submission

Corrections = Mapping[str, tuple[str, str | None]]  # instance → the instance that it corrects, and its household


def day_of(submission: Submission) -> date:
    """The day of the visit; where nobody said when it began, that of receipt."""
    return (submission.started_at or submission.received_at).astimezone(CHINA).date()


def same_visit(session: Session, submission: Submission) -> set[str]:
    """Instances that are the same visit as this one, with itself; all by the same person."""
    rows = session.execute(
        select(Submission.instance_id, Submission.deprecated_id, Submission.root_id).where(
            Submission.person_id == submission.person_id, Submission.deprecated_id.is_not(None)
        )
    )
    corrections = {row.instance_id: (str(row.deprecated_id), row.root_id) for row in rows}
    return one_visit(submission.instance_id, submission.root_id, corrections)


def one_visit(instance_id: str, household: str | None, corrections: Corrections) -> set[str]:
    """What this one corrects, what corrects it, and other corrections of these about the same household. PURE.

    Two corrections of one visit both stand, so what they say of different households is not one visit.
    """
    line = _line(instance_id, corrections)
    first = next(reversed(line))
    found = set(line)
    for other, (_, of) in corrections.items():
        its_line = _line(other, corrections)
        beside = household is not None and of == household and next(reversed(its_line)) == first
        if beside or instance_id in its_line:
            found.add(other)
    return found


def _line(instance_id: str, corrections: Corrections) -> dict[str, None]:
    """The instance and those before it, as they correct each other in turn; a circle ends where it closes."""
    found, at = {instance_id: None}, instance_id
    while at in corrections and (at := corrections[at][0]) not in found:
        found[at] = None
    return found
