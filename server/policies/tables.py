"""Changes of policies as the desk makes them, and which households each would concern."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from server.columns import Base, Json, UtcDateTime
from server.db import now
from server.sealing.json_columns import SealedJson


class PolicyChange(Base):
    """A version that somebody proposes for a policy. State: draft, scheduled (its version is loaded), withdrawn.

    `area`: the beginning of a code, as in policy_version; `region_code`: the region that it names. `weighed`: waiting,
    running, ready or failed; `weighing` names the run that may write, `basis` the policy's hash that it looked at,
    `done` of `total` households. Without values it ends `version` on `valid_from`; `valid_until` is then the end
    that the version had before. `effect`: {households, lines: [{kind, name, before, after, households}]}.
    """

    __tablename__ = "policy_change"
    __table_args__ = (Index("ix_policy_change_region", "region_code"), Index("ix_policy_change_weighed", "weighed"))

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    policy: Mapped[str] = mapped_column(ForeignKey("policy.name"))
    version: Mapped[str] = mapped_column(String(80))
    area: Mapped[str] = mapped_column(String(12))
    region_code: Mapped[str] = mapped_column(ForeignKey("region.code"))
    valid_from: Mapped[date]
    valid_until: Mapped[date | None]
    status: Mapped[str] = mapped_column(String(12))
    source: Mapped[str]
    values: Mapped[dict[str, str]] = mapped_column("data", Json)
    state: Mapped[str] = mapped_column(String(10), default="draft")
    created_by: Mapped[str] = mapped_column(ForeignKey("person.id"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    scheduled_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    scheduled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    withdrawn_by: Mapped[str | None] = mapped_column(ForeignKey("person.id"))
    withdrawn_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    weighed: Mapped[str] = mapped_column(String(10), default="waiting")
    weighing: Mapped[str | None] = mapped_column(String(36))
    basis: Mapped[str | None] = mapped_column(String(40))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    beat_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    effect: Mapped[dict[str, Any] | None] = mapped_column(SealedJson("policy_change.effect", damaged={}))

    @property
    def ends(self) -> bool:
        """Whether it ends a version instead of beginning one."""
        return not self.values


class PolicyEffect(Base):
    """A household that a change concerns. `line`: the place in the change's list of what would be different."""

    __tablename__ = "policy_effect"

    change_id: Mapped[str] = mapped_column(ForeignKey("policy_change.id"), primary_key=True)
    line: Mapped[int] = mapped_column(primary_key=True)
    household_id: Mapped[str] = mapped_column(ForeignKey("entity.id"), primary_key=True)
