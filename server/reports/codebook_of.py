"""The codebook of a form as it is stored."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.orm import Session

from server.forms.dataset import Dataset
from server.forms.tables import FormVersion
from server.reports.codebook import codebook
from server.sync.definitions import model_of


def codebook_of(session: Session, datasets: Mapping[str, Dataset], form_id: str) -> bytes | None:
    """A workbook over all versions that were ever published, oldest first; None when there is none."""
    published = (FormVersion.form_id == form_id, FormVersion.state != "draft")
    order = (FormVersion.published_at, FormVersion.version)
    rows = session.scalars(select(FormVersion).where(*published).order_by(*order)).all()
    return codebook(rows, {row.version: model_of(row) for row in rows}, datasets) if rows else None
