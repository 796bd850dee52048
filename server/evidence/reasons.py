"""Reasons to look at photos, in words; for those who review where the photos belong."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import Session

from server.accounts.actor import Actor
from server.evidence.checks import Check
from server.evidence.findings import in_words
from server.evidence.tables import PhotoCheck
from server.sync.review import REVIEWERS
from server.sync.scope import announced, in_regions, visible_submissions
from server.sync.tables import Attachment, Submission

READERS = (*REVIEWERS, "auditor")


def may_review(actor: Actor, roles: tuple[str, ...] = READERS) -> ColumnElement[bool]:
    """Clause on Submission: in an area where the actor looks over the work of others."""
    return and_(in_regions(actor, roles, Submission.region_code), announced(actor, roles))


def reasons_of(session: Session, actor: Actor, attachment_ids: Collection[str]) -> dict[str, list[dict[str, Any]]]:
    """Each photo's reasons {code, level, value, limit, inputs, rule, message}; a photo without any has no entry.

    Other photos that a reason is about (`inputs.others`, `inputs.other`) are named to those who may see them, and
    counted in `inputs.hidden` for the rest.
    """
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    checks = select(PhotoCheck).where(PhotoCheck.attachment_id.in_(attachment_ids)).order_by(PhotoCheck.code)
    rows = session.scalars(checks).all()
    seen = _visible(session, actor, {other for row in rows for other in others_in(row.inputs)})
    for row in rows:
        found[row.attachment_id].append(_told(row, seen))
    return found


def reasons_in_words(session: Session, actor: Actor, checks: Sequence[Check]) -> list[dict[str, Any]]:
    """As reasons_of, of checks that are not stored."""
    seen = _visible(session, actor, {other for one in checks for other in others_in(one.inputs)})
    return [_told(one, seen) for one in checks]


def _told(one: Check | PhotoCheck, seen: Collection[str]) -> dict[str, Any]:
    told = {name: getattr(one, name) for name in ("code", "level", "value", "limit", "rule")}
    return in_words({**told, "inputs": _shown(one.inputs, seen)})


def others_in(inputs: Mapping[str, Any]) -> list[str]:
    """Attachments that a reason names."""
    return [*inputs.get("others", ()), *([inputs["other"]] if "other" in inputs else [])]


def _visible(session: Session, actor: Actor, attachment_ids: Collection[str]) -> set[str]:
    query = (
        select(Attachment.id)
        .join(Submission, Submission.instance_id == Attachment.instance_id)
        .where(Attachment.id.in_(attachment_ids), visible_submissions(actor))
    )
    return set(session.scalars(query)) if attachment_ids else set()


def _shown(inputs: Mapping[str, Any], seen: Collection[str]) -> dict[str, Any]:
    hidden = [other for other in others_in(inputs) if other not in seen]
    if not hidden:
        return dict(inputs)
    shown = dict(inputs)
    if inputs.get("other") in hidden:  # neither which photo nor when it was taken
        shown = {name: value for name, value in inputs.items() if name not in ("other", "at")}
    if "others" in shown:
        shown["others"] = [other for other in shown["others"] if other in seen]
    return {**shown, "hidden": len(hidden)}
