"""One submission as typed JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.forms.dataset import Dataset
from server.reports.answer_export import submission_on_wire
from server.reports.answered import Reader
from server.reports.selection import submission_row
from server.sync.definitions import form_model


def submission_answers(
    session: Session, actor: Actor, datasets: Mapping[str, Dataset], instance_id: str
) -> dict[str, Any] | None:
    """The answers as this person may see them; None when the submission is not there, or its form version is not."""
    row = submission_row(session, actor, instance_id)
    if row is None:
        return None
    model = form_model(session, row.Submission.form_id, row.Submission.form_version)
    return submission_on_wire(row, Reader(model, datasets)) if model is not None else None
