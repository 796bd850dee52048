"""Reasons to look at photos, in words; for those who review where the photos belong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from typing import Any

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.evidence.findings import in_words
from server.evidence.tables import PhotoCheck
from server.sync.review import REVIEWERS
from server.sync.scope import regions_below
from server.sync.tables import Submission

READERS = (*REVIEWERS, "auditor")


def may_review(actor: Actor, roles: tuple[str, ...] = READERS) -> ColumnElement[bool]:
    """Clause on Submission: in an area where the actor looks over the work of others."""
    return Submission.region_code.in_(regions_below(actor.paths(roles)))


def reasons_of(session: Session, attachment_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Each photo's reasons {code, level, value, limit, inputs, rule, message}; a photo without any has no entry."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    checks = select(PhotoCheck).where(PhotoCheck.attachment_id.in_(attachment_ids)).order_by(PhotoCheck.code)
    for row in session.scalars(checks):
        told = {name: getattr(row, name) for name in ("code", "level", "value", "limit", "inputs", "rule")}
        found[row.attachment_id].append(in_words(told))
    return found
