"""What enters and what leaves: raw ops, submissions, their files, and the feeds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, ForeignKey, Index, String, UniqueConstraint, cast, text
from sqlalchemy.orm import Mapped, defer, mapped_column

from server.columns import Base, BigInt, Json, UtcDateTime
from server.db import now
from server.geo.column import Shape
from server.sealing.columns import UNREADABLE, SealedBytes, SealedText, SealedWords
from server.sealing.json_columns import SealedJson

# Stands among the findings of a submission when they do not open.
LOST_FINDING = {"path": "", "kind": "envelope", "code": "sealed.unreadable", "message": UNREADABLE}


class OpLog(Base):
    """Every op as received, before anybody judged it. `status` is NULL until then."""

    __tablename__ = "op_log"
    __table_args__ = (
        Index("ix_op_log_install_seq", "install_id", "seq"),
        Index("ix_op_log_waits_for", "waits_for"),
        Index("ix_op_log_status", "status"),
    )

    op_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    install_id: Mapped[str | None] = mapped_column(String(64))
    seq: Mapped[int | None] = mapped_column(BigInt)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(40))
    raw: Mapped[bytes] = mapped_column(SealedBytes("op_log.raw"))
    content_hash: Mapped[str] = mapped_column(String(64))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    attempts: Mapped[int] = mapped_column(default=0)
    tried_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    status: Mapped[str | None] = mapped_column(String(12))
    code: Mapped[str | None] = mapped_column(String(60))
    detail: Mapped[str | None] = mapped_column(SealedWords("op_log.detail"))
    waits_for: Mapped[str | None] = mapped_column(String(80))
    region_code: Mapped[str | None] = mapped_column(String(20))
    entities: Mapped[list[dict[str, Any]] | None] = mapped_column(Json)
    judged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Submission(Base):
    """One filled form, immutable. Place and visit are as the phone declared them."""

    __tablename__ = "submission"
    __table_args__ = (
        # With what counts and lists ask of each row, so that PostgreSQL need not look at the rows themselves.
        Index(
            "ix_submission_area",
            "region_code",
            "received_at",
            postgresql_include=["instance_id", "root_id", "person_id", "independent", "review", "op_id"],
        ),
        Index(
            "ix_submission_of",
            "root_id",
            "received_at",
            postgresql_include=["instance_id", "region_code", "person_id", "independent"],
        ),
        Index("ix_submission_received", "received_at", "instance_id"),
        Index("ix_submission_review", "review", "region_code"),
        Index("ix_submission_deprecated", "deprecated_id"),
        # What says who may see a submission, for those that something else names: a photo, a question, a review.
        Index(
            "ix_submission_seen",
            "instance_id",
            postgresql_include=["region_code", "person_id", "root_id", "independent"],
        ).ddl_if(dialect="postgresql"),
        # Narrow ones for counting a whole county: the usual visits, those asked behind the village's back, first words.
        Index(
            "ix_submission_usual", "region_code", "received_at", postgresql_where=text("independent IS FALSE")
        ).ddl_if(dialect="postgresql"),
        Index(
            "ix_submission_blind",
            "region_code",
            "received_at",
            postgresql_where=text("independent IS TRUE"),
            postgresql_include=["person_id", "root_id", "first_review_at"],
        ).ddl_if(dialect="postgresql"),
        Index(
            "ix_submission_judged",
            "region_code",
            "first_review_at",
            postgresql_where=text("independent IS FALSE AND first_review_at IS NOT NULL"),
        ).ddl_if(dialect="postgresql"),
        Index("ix_submission_geom", "geom", postgresql_using="gist").ddl_if(dialect="postgresql"),
    )

    instance_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    op_id: Mapped[str] = mapped_column(ForeignKey("op_log.op_id"), unique=True)
    form_id: Mapped[str] = mapped_column(String(100))
    form_version: Mapped[str] = mapped_column(String(64))
    instance_xml: Mapped[str] = mapped_column(SealedText("submission.instance_xml"))
    xml_hash: Mapped[str] = mapped_column(String(64))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    install_id: Mapped[str | None] = mapped_column(String(64))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))
    root_id: Mapped[str | None] = mapped_column(String(36))
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    started_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    contact_mode: Mapped[str | None] = mapped_column(String(12))
    location: Mapped[dict[str, Any] | None] = mapped_column(Json)
    geom: Mapped[BaseGeometry | None] = mapped_column(Shape("POINT"))
    clock: Mapped[dict[str, Any] | None] = mapped_column(Json)
    deprecated_id: Mapped[str | None] = mapped_column(String(100))
    findings: Mapped[list[dict[str, Any]]] = mapped_column(SealedJson("submission.findings", damaged=[LOST_FINDING]))
    review: Mapped[str] = mapped_column(String(12), default="received")
    # When the first word on it was said: the time of its earliest Review (tests/sync/test_review.py reckons it anew).
    first_review_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # Filled with a form that cadres are not offered: asked behind their back, so kept from them and from helpers.
    independent: Mapped[bool] = mapped_column(default=False)


class Review(Base):
    """What a supervisor said of a submission; the newest counts, all are kept. `comments`: [{text, path?}]."""

    __tablename__ = "review"
    __table_args__ = (
        Index("ix_review_first", "instance_id", "at"),
        Index("ix_review_at", "at", "instance_id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("submission.instance_id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    state: Mapped[str] = mapped_column(String(12))
    comments: Mapped[list[dict[str, str]]] = mapped_column(
        SealedJson("review.comments", damaged=[{"text": UNREADABLE}])
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


def without_xml() -> Any:
    """Option for queries of submissions that need no answers: the sealed instance is neither read nor opened."""
    return defer(Submission.instance_xml, raiseload=True)


def has_findings() -> ColumnElement[bool]:
    """Clause on Submission: something was found in it. As text, which both databases write alike."""
    return cast(Submission.findings, String) != "[]"


class Attachment(Base):
    """A file that a submission names, and who named it. `blob` is set once bytes with this hash may be bound to it."""

    __tablename__ = "attachment"
    __table_args__ = (
        UniqueConstraint("instance_id", "name"),
        Index("ix_attachment_sha256", "sha256"),
        Index("ix_attachment_blob", "blob"),
        Index("ix_attachment_person", "person_id"),
        Index(
            "ix_attachment_missing",
            "instance_id",
            sqlite_where=text("blob IS NULL"),
            postgresql_where=text("blob IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    instance_id: Mapped[str] = mapped_column(ForeignKey("submission.instance_id"))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(255))
    slot: Mapped[str | None] = mapped_column(String(60))
    sha256: Mapped[str | None] = mapped_column(String(64))
    size: Mapped[int | None] = mapped_column(BigInt)
    media_type: Mapped[str] = mapped_column(String(100), default="application/octet-stream")
    capture: Mapped[dict[str, Any] | None] = mapped_column(Json)
    blob: Mapped[str | None] = mapped_column(ForeignKey("blob.sha256"))
    bound_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    # The op of the answer that brought it; NULL for the submission's own files.
    answer_id: Mapped[str | None] = mapped_column(String(36), index=True)


class Blob(Base):
    """Bytes in the store, named by their SHA-256. `unneeded_since`: a sweep found then that nothing refers to them."""

    __tablename__ = "blob"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int] = mapped_column(BigInt)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    unneeded_since: Mapped[datetime | None] = mapped_column(UtcDateTime)


class BlobHolder(Base):
    """Who uploaded these bytes and may therefore name them. `held_at`: when we last told this person that we have them.
    """

    __tablename__ = "blob_holder"

    sha256: Mapped[str] = mapped_column(ForeignKey("blob.sha256"), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    held_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class Upload(Base):
    """A file on its way (tus). `received`: bytes on stable storage; state open, finished, expired.

    `description` is the Upload-Metadata header as it came.
    """

    __tablename__ = "upload"
    __table_args__ = (Index("ix_upload_person_state", "person_id", "state"), Index("ix_upload_sha256", "sha256"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    sha256: Mapped[str] = mapped_column(String(64))
    size: Mapped[int] = mapped_column(BigInt)
    received: Mapped[int] = mapped_column(BigInt, default=0)
    description: Mapped[str] = mapped_column(SealedWords("upload.description"), default="")
    state: Mapped[str] = mapped_column(String(10), default="open")
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Quarantine(Base):
    """What could not be applied, kept with its reason until a person looks."""

    __tablename__ = "quarantine"
    __table_args__ = (UniqueConstraint("code", "content_hash"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    op_id: Mapped[str | None] = mapped_column(String(36), index=True)
    instance_id: Mapped[str | None] = mapped_column(String(100))
    code: Mapped[str] = mapped_column(String(60))
    detail: Mapped[str | None] = mapped_column(SealedWords("quarantine.detail"))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"), index=True)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    install_id: Mapped[str | None] = mapped_column(String(64))
    seq: Mapped[int | None] = mapped_column(BigInt)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    state: Mapped[str] = mapped_column(String(10), default="open")
    content_hash: Mapped[str] = mapped_column(String(80))
    raw: Mapped[bytes] = mapped_column(SealedBytes("quarantine.raw"))


class FeedCounter(Base):
    """The last number given in a scope; taken by the last statements of a writing transaction.

    `floor`: the highest number that compaction dropped. Who stands below it may have missed what was dropped.
    """

    __tablename__ = "feed_counter"

    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    n: Mapped[int] = mapped_column(BigInt)
    floor: Mapped[int] = mapped_column(BigInt, default=0, server_default="0")
    compacted_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Feed(Base):
    """The newest news about one thing in one scope. `space` and `ref` name the thing, `type` says what happened."""

    __tablename__ = "feed"
    __table_args__ = (Index("uq_feed_scope_n", "scope", "n", unique=True),)

    scope: Mapped[str] = mapped_column(String(80), primary_key=True)
    space: Mapped[str] = mapped_column(String(12), primary_key=True)
    ref: Mapped[str] = mapped_column(String(180), primary_key=True)
    n: Mapped[int] = mapped_column(BigInt)
    type: Mapped[str] = mapped_column(String(12))
    payload: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("feed.payload", damaged={}))
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class BranchStep(Base):
    """A step of an ODK client's offline branch that was judged; the next one may follow."""

    __tablename__ = "branch_step"

    branch_id: Mapped[str] = mapped_column(String(80), primary_key=True)
    step: Mapped[int] = mapped_column(primary_key=True)


class ServerFact(Base):
    """Single facts about this server, such as its epoch."""

    __tablename__ = "server_fact"

    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(String(200))
