"""What goes back and forth between village and office: questions, contact attempts, drafts, assignments, hand-overs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, BigInt, Json, UtcDateTime
from server.db import now
from server.sealing.columns import SealedText, SealedWords


class Question(Base):
    """A supervisor asks the author of a submission. State: open, answered, closed (without an answer, and why)."""

    __tablename__ = "question"
    __table_args__ = (
        Index("ix_question_instance", "instance_id"),
        Index("ix_question_asked", "asked_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("submission.instance_id"))
    attachment_id: Mapped[str | None] = mapped_column(ForeignKey("attachment.id"))
    path: Mapped[str | None] = mapped_column(String(500))
    text: Mapped[str] = mapped_column(SealedWords("question.text"))
    asked_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    state: Mapped[str] = mapped_column(String(10), default="open")
    closed_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_why: Mapped[str | None] = mapped_column(SealedWords("question.closed_why"))


class Answer(Base):
    """One answer to a question; the first closes it, later ones are kept too."""

    __tablename__ = "answer"
    __table_args__ = (Index("ix_answer_question", "question_id"),)

    op_id: Mapped[str] = mapped_column(ForeignKey("op_log.op_id"), primary_key=True)
    question_id: Mapped[str] = mapped_column(ForeignKey("question.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    text: Mapped[str] = mapped_column(SealedWords("answer.text"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class ContactAttempt(Base):
    """A try to reach a household: by an op of its own, or by a form that says how the try ended (`instance_id`).

    `independent`: by somebody who checks the village's work, so kept from it.
    """

    __tablename__ = "contact_attempt"
    __table_args__ = (Index("ix_contact_attempt_entity", "entity_id", "received_at"),)

    op_id: Mapped[str] = mapped_column(ForeignKey("op_log.op_id"), primary_key=True)
    entity_id: Mapped[str] = mapped_column(ForeignKey("entity.id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    disposition: Mapped[str] = mapped_column(String(60))
    instance_id: Mapped[str | None] = mapped_column(ForeignKey("submission.instance_id"))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact_mode: Mapped[str | None] = mapped_column(String(12))
    location: Mapped[dict[str, Any] | None] = mapped_column(Json)
    independent: Mapped[bool] = mapped_column(default=False)


class Feedback(Base):
    """A complaint or a suggestion about the app or the work, for the administrators of its author's area."""

    __tablename__ = "feedback"
    __table_args__ = (Index("ix_feedback_received", "received_at", "op_id"),)

    op_id: Mapped[str] = mapped_column(ForeignKey("op_log.op_id"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    about: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(SealedText("feedback.text"))
    app_build: Mapped[str] = mapped_column(String(64), default="")
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    read_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))


class Draft(Base):
    """An unfinished form handed over for safe keeping; it wrote nothing. `is_newest`: of this form by this person."""

    __tablename__ = "draft"
    __table_args__ = (
        Index("ix_draft_instance", "instance_id"),
        Index("ix_draft_person", "person_id"),
        Index("ix_draft_received", "received_at", "op_id"),
    )

    op_id: Mapped[str] = mapped_column(ForeignKey("op_log.op_id"), primary_key=True)
    instance_id: Mapped[str] = mapped_column(String(100))
    form_id: Mapped[str] = mapped_column(String(100))
    form_version: Mapped[str] = mapped_column(String(64))
    entity_id: Mapped[str | None] = mapped_column(String(36))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    install_id: Mapped[str | None] = mapped_column(String(64))
    seq: Mapped[int | None] = mapped_column(BigInt)
    instance_xml: Mapped[str] = mapped_column(SealedText("draft.instance_xml"))
    saved_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    is_newest: Mapped[bool] = mapped_column(default=True)


class _NamedFile:
    """What is kept of a file that an op names."""

    name: Mapped[str] = mapped_column(String(255), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int | None] = mapped_column(BigInt)
    media_type: Mapped[str] = mapped_column(String(100))
    slot: Mapped[str | None] = mapped_column(String(60))
    capture: Mapped[dict[str, Any] | None] = mapped_column(Json)


class DraftFile(_NamedFile, Base):
    """A file that a draft names. Its bytes stay in the store as long as the draft does."""

    __tablename__ = "draft_file"
    __table_args__ = (Index("ix_draft_file_sha256", "sha256"),)

    op_id: Mapped[str] = mapped_column(ForeignKey("draft.op_id"), primary_key=True)


class OpFile(_NamedFile, Base):
    """A file that an op names which is neither a submission nor an answer nor a draft, such as a step on a finding.

    It is there when the op's author uploaded its bytes.
    """

    __tablename__ = "op_file"
    __table_args__ = (Index("ix_op_file_sha256", "sha256"),)

    op_id: Mapped[str] = mapped_column(ForeignKey("op_log.op_id"), primary_key=True)


class Assignment(Base):
    """A form that a person is to fill for a household by a day, and why. State: open, done, withdrawn.

    `reason_en`: the reason in English, where the program says it; what a person wrote stands once. `stop`: its place in
    the walk, from 1.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        Index("ix_assignment_person", "person_id", "state"),
        Index("ix_assignment_entity", "entity_id"),
        Index("ix_assignment_made", "made_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    form_id: Mapped[str] = mapped_column(String(100))
    entity_id: Mapped[str] = mapped_column(ForeignKey("entity.id"))
    due: Mapped[date | None]
    reason: Mapped[str] = mapped_column(SealedWords("assignment.reason"))
    reason_en: Mapped[str | None] = mapped_column(SealedWords("assignment.reason_en"))
    stop: Mapped[int | None]
    made_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    state: Mapped[str] = mapped_column(String(10), default="open")
    done_by: Mapped[str | None] = mapped_column(ForeignKey("submission.instance_id"))


class Placement(Base):
    """Why a person set or corrected the place of a record. The place itself is the op's value of its merge group.

    `suggested`: of an accepted suggestion, what it went by: {n, spread_m, rule}.
    """

    __tablename__ = "placement"
    __table_args__ = (Index("ix_placement_entity", "entity_id"),)

    op_id: Mapped[str] = mapped_column(ForeignKey("op_log.op_id"), primary_key=True)
    entity_id: Mapped[str] = mapped_column(ForeignKey("entity.id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    source: Mapped[str] = mapped_column(String(12))
    reason: Mapped[str] = mapped_column(SealedWords("placement.reason"))
    suggested: Mapped[dict[str, Any] | None] = mapped_column(Json)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class DatumDoubt(Base):
    """The positions of one phone, person and day that look as if they were in another datum (geo/doubt.py).

    `east_m`, `north_m`: the common shift; `apart_m`: median distance to the houses as declared, `left_m` under the
    likely datum, of `n` households; `limits`: {datum_pairs, datum_shift_m, datum_left_percent}; `rule`: version of the
    policy. State: open, gone (later visits of the batch said otherwise), explained, confirmed; the latter two are a
    person's word, with `note`. Nothing is converted by any of it.
    """

    __tablename__ = "datum_doubt"
    __table_args__ = (
        UniqueConstraint("install_id", "person_id", "day"),
        Index("ix_datum_doubt_region", "region_code", "state"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    install_id: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    day: Mapped[date]
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    likely: Mapped[str] = mapped_column(String(12))
    n: Mapped[int]
    east_m: Mapped[float]
    north_m: Mapped[float]
    apart_m: Mapped[float]
    left_m: Mapped[float]
    limits: Mapped[dict[str, Any]] = mapped_column(Json)
    rule: Mapped[str] = mapped_column(String(80))
    state: Mapped[str] = mapped_column(String(10), default="open")
    found_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    word_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    word_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    note: Mapped[str | None] = mapped_column(SealedWords("datum_doubt.note"))


class InstallScope(Base):
    """A feed that an install holds rows of: from its first pull until it has wiped them.

    State: held, revoking (the person may no longer see it; since `revoking_since`), wiped (as the install said, with
    the `count` of records that it removed). `region_code`: whose supervisors look after it. `reached`: the feed's last
    number when the install last fetched from it; None where nobody kept it.
    """

    __tablename__ = "install_scope"
    __table_args__ = (Index("ix_install_scope_state", "state", "region_code"),)

    install_id: Mapped[str] = mapped_column(ForeignKey("install.id"), primary_key=True)
    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    state: Mapped[str] = mapped_column(String(10), default="held")
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    held_since: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    revoking_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    wiped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    count: Mapped[int | None] = mapped_column(BigInt)
    reached: Mapped[int | None] = mapped_column(BigInt)
