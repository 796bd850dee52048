"""People, what they may do and where, and the installs they do it from."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, BigInt, Json, UtcDateTime
from server.db import now
from server.sealing.json_columns import SealedJson

ROLES = ("cadre", "inspector", "supervisor", "admin", "auditor")


class Person(Base):
    __tablename__ = "person"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    username: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(64))
    password_hash: Mapped[str] = mapped_column(String(200))
    active: Mapped[bool] = mapped_column(default=True)
    must_change: Mapped[bool] = mapped_column(default=False, server_default=false())  # the password is another's choice
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class RoleGrant(Base):
    """A role holds for a region and everything below it."""

    __tablename__ = "role_grant"
    __table_args__ = (UniqueConstraint("person_id", "role", "region_code"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    role: Mapped[str] = mapped_column(String(12))
    region_code: Mapped[str | None] = mapped_column(ForeignKey("region.code"))


class HelperOf(Base):
    """Lead (A岗) or deputy (B岗) helper of a named household."""

    __tablename__ = "helper_of"
    __table_args__ = (Index("ix_helper_of_household", "household_id"),)

    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), primary_key=True)
    household_id: Mapped[str] = mapped_column(ForeignKey("entity.id"), primary_key=True)
    position: Mapped[str] = mapped_column(String(8))


class Loan(Base):
    """A household lent to a person for one form, such as an inspection: only what that form reads of it is shown.

    It holds until `ended_at`, at the latest to the end of `until`.
    """

    __tablename__ = "loan"
    __table_args__ = (Index("ix_loan_person", "person_id"), Index("ix_loan_household", "household_id"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    household_id: Mapped[str] = mapped_column(ForeignKey("entity.id"))
    form_id: Mapped[str] = mapped_column(String(100))
    until: Mapped[date | None]
    lent_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    lent_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Qualification(Base):
    """What a person is certified for (such as `house_appraiser`), from a day on, up to and with `valid_until`.

    A withdrawn one was never right: it counts on no day. One that ended gets its last day.
    """

    __tablename__ = "qualification"
    __table_args__ = (Index("ix_qualification_person", "person_id", "kind"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    kind: Mapped[str] = mapped_column(String(40))
    number: Mapped[str] = mapped_column(String(80))
    issued_by: Mapped[str] = mapped_column(String(120))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    added_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Install(Base):
    """One person in one browser profile. `acked_seq`: every op up to it is stored.

    What the phone last said of itself, at `said_at`: ops that wait in it, since when the oldest does, and by how many
    seconds its clock is ahead of the server's (behind: negative).
    """

    __tablename__ = "install"

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    name: Mapped[str] = mapped_column(String(100), default="")
    model: Mapped[str] = mapped_column(String(100), default="")
    app_build: Mapped[str] = mapped_column(String(64), default="")
    public_key_jwk: Mapped[dict[str, Any] | None] = mapped_column(Json)
    acked_seq: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    last_seen_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    said_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outbox_count: Mapped[int | None]
    outbox_oldest: Mapped[datetime | None] = mapped_column(UtcDateTime)
    clock_ahead_s: Mapped[int | None]


class Enrolment(Base):
    """A code by which a person begins on a phone without typing a password; stored hashed, good once and not for long.

    `install_id`: who used it; the same install may ask again, when the answer was lost on the way.
    """

    __tablename__ = "enrolment"
    __table_args__ = (Index("ix_enrolment_person", "person_id", "created_at"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), unique=True)
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"))
    issued_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    install_id: Mapped[str | None] = mapped_column(ForeignKey("install.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Token(Base):
    """A signed-in install (kind api), a desk (kind console), or an ODK client (kind openrosa); stored hashed."""

    __tablename__ = "token"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[str] = mapped_column(ForeignKey("person.id"), index=True)
    install_id: Mapped[str | None] = mapped_column(ForeignKey("install.id"))
    csrf_hash: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    revoked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class LoginAttempt(Base):
    """Failed sign-ins by name and by address, for back-off."""

    __tablename__ = "login_attempt"

    key: Mapped[str] = mapped_column(String(130), primary_key=True)
    failures: Mapped[int] = mapped_column(default=0)
    blocked_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)


class AuditEntry(Base):
    """Who did something that must be answerable: key recovery, token issue, reveal, decision.

    Written with its transaction; put into the chain soon after (server/sync/audit_chain.py), which gives it `number`
    (1, 2, 3 …), `region_code` (the smallest area that holds what it is about; None: no area, or several counties) and
    `hash` (SHA-256, hex, over all of that and the hash before it).
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        UniqueConstraint("number"),
        Index("ix_audit_entry_person", "person_id", "number"),
        Index("ix_audit_entry_region", "region_code", "number"),
        Index("ix_audit_entry_subject", "subject"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    person_id: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(200))
    detail: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("audit_entry.detail", damaged={}))
    number: Mapped[int | None] = mapped_column(BigInt)
    region_code: Mapped[str | None] = mapped_column(String(20))
    hash: Mapped[str | None] = mapped_column(String(64))
