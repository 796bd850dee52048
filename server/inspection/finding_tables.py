"""Findings, the steps taken on them, and the errands that came of them."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, UtcDateTime
from server.db import now
from server.sealing.columns import SealedWords
from server.sealing.json_columns import SealedJson

SOURCES = ("hand", "photo", "rule", "discrepancy")


class Finding(Base):
    """Something that is to be put right, in a village or a household of it.

    `source`: what it comes from, and `source_ref` which one of these, so that each is opened once. `about`: what the
    source says, {rule?, property?, codes?, inspection?, first?, second?}. `photo_id`: the attachment that shows it,
    `slot`: what that shows. `author_id`: who made what the finding is about. `state`, `due_on` and `last` (the number
    of steps) are what follows from the steps (finding_course.py), kept beside them so that lists can ask for it.
    """

    __tablename__ = "finding"
    __table_args__ = (
        UniqueConstraint("source", "source_ref"),
        Index("ix_finding_region", "region_code", "state"),
        Index("ix_finding_household", "household_id"),
        Index("ix_finding_opened", "opened_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    household_id: Mapped[str | None] = mapped_column(ForeignKey("entity.id"))
    source: Mapped[str] = mapped_column(String(12))
    source_ref: Mapped[str] = mapped_column(String(200))
    about: Mapped[dict[str, Any]] = mapped_column(SealedJson("finding.about", damaged={}))
    kind: Mapped[str] = mapped_column(String(20))
    text: Mapped[str] = mapped_column(SealedWords("finding.text"))
    photo_id: Mapped[str | None] = mapped_column(ForeignKey("attachment.id"))
    slot: Mapped[str | None] = mapped_column(String(60))
    author_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    opened_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    state: Mapped[str] = mapped_column(String(12))
    due_on: Mapped[date | None]
    last: Mapped[int] = mapped_column(default=0)


class FindingStep(Base):
    """One step on a finding; none is ever changed. `id` is its author's own. `n` counts from 1.

    `said`: {due?, lead?, partner?, check?}; `op_id`: the op that brought it, whose files are in `op_file`.
    """

    __tablename__ = "finding_step"
    __table_args__ = (UniqueConstraint("finding_id", "n"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("finding.id"))
    n: Mapped[int]
    step: Mapped[str] = mapped_column(String(12))
    side: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    text: Mapped[str] = mapped_column(SealedWords("finding_step.text"), default="")
    said: Mapped[dict[str, Any]] = mapped_column(SealedJson("finding_step.said", damaged={}))
    op_id: Mapped[str | None] = mapped_column(ForeignKey("op_log.op_id"))


class FindingErrand(Base):
    """An errand that a finding led to: `check` (somebody sees on the spot whether it was put right) or `similar`."""

    __tablename__ = "finding_errand"
    __table_args__ = (Index("ix_finding_errand_finding", "finding_id"),)

    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"), primary_key=True)
    finding_id: Mapped[str] = mapped_column(ForeignKey("finding.id"))
    kind: Mapped[str] = mapped_column(String(8))
